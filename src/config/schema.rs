//! The keys of recipes and their types.

use toml::{Table, Value};

use super::error::ConfigError;
use super::mode::Mode;
use super::recipe::Recipe;
use super::tables::to_table;

/// Every key of recipes, with a value of its type.
fn schema() -> Table {
    let mut recipe = Recipe::defaults(Mode::Pix2pix);
    recipe.optim.lr_discriminator = Some(recipe.optim.lr);
    recipe.optim.extensions = vec![1];
    recipe.loss.gradient_penalty = Some(0.0);
    recipe.data.unlabelled = Some(0);
    to_table(&recipe)
}

/// Checks keys and values that the user has given; `origin` names them in errors. Integers given for fractional keys become floats,
/// and text given for lists is split at its commas.
///
/// # Errors
/// An unknown key or a value of the wrong type.
pub(super) fn check(table: &mut Table, origin: &str) -> Result<(), ConfigError> {
    check_against(&schema(), table, "", origin)
}

fn check_against(
    schema: &Table,
    table: &mut Table,
    prefix: &str,
    origin: &str,
) -> Result<(), ConfigError> {
    for (name, value) in table.iter_mut() {
        let key = format!("{prefix}{name}");
        let Some(model) = schema.get(name) else {
            return Err(ConfigError::UnknownKey {
                origin: origin.to_owned(),
                nearest: nearest(&key),
                key,
            });
        };
        if let (Value::Float(_), Value::Integer(whole)) = (model, &*value) {
            *value = Value::Float(*whole as f64);
        }
        if let (Value::Array(_), Value::String(text)) = (model, &*value) {
            *value = Value::Array(listed(text));
        }
        match (model, &mut *value) {
            (Value::Table(model), Value::Table(inner)) => {
                check_against(model, inner, &format!("{key}."), origin)?;
            }
            (model, value) if model.same_type(value) => {
                if value.as_integer().is_some_and(|whole| whole < 0) {
                    return Err(wrong_type(origin, &key, "a whole number, 0 or more", value));
                }
            }
            (model, value) => return Err(wrong_type(origin, &key, type_name(model), value)),
        }
    }
    Ok(())
}

/// The entries of a list given as text, such as `color,cutout` or `0,4`.
fn listed(text: &str) -> Vec<Value> {
    let entries = text.split(',').map(str::trim);
    entries
        .filter(|entry| !entry.is_empty())
        .map(|entry| match (entry.parse(), entry.parse()) {
            (Ok(whole), _) => Value::Integer(whole),
            (_, Ok(number)) => Value::Float(number),
            _ => Value::String(entry.to_owned()),
        })
        .collect()
}

fn wrong_type(origin: &str, key: &str, expected: &'static str, found: &Value) -> ConfigError {
    ConfigError::WrongType {
        origin: origin.to_owned(),
        key: key.to_owned(),
        expected,
        found: match found {
            Value::Table(_) => "a section".to_owned(),
            value => value.to_string(),
        },
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
    }
}

/// The name of a key without its section.
fn own_name(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// The key that was probably meant by `key`: one of its section with a name that differs by a letter, or else one with a name like it.
fn nearest(key: &str) -> Option<String> {
    let mut known = vec!["mode".to_owned()];
    for (section, values) in schema() {
        if let Value::Table(values) = values {
            known.extend(values.keys().map(|name| format!("{section}.{name}")));
            known.push(section);
        }
    }
    let section = key.rsplit_once('.').map(|(section, _)| section);
    let is_slip = |name: &String| {
        let own = name.rsplit_once('.');
        own.is_some_and(|(of, own)| {
            Some(of) == section && strsim::damerau_levenshtein(own, own_name(key)) == 1
        })
    };
    if let Some(name) = known.iter().find(|name| is_slip(name)) {
        return Some(name.clone());
    }
    let likeness = |name: &str| {
        let names = strsim::jaro_winkler(own_name(key), own_name(name));
        0.8 * names + 0.2 * strsim::jaro_winkler(key, name)
    };
    known
        .into_iter()
        .map(|name| (likeness(&name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|first, second| first.0.total_cmp(&second.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::resolved;
    use crate::config::{Augment, Overlay};

    #[test]
    fn keys_that_were_meant_are_those_with_a_name_like_it() {
        for (key, meant) in [
            ("data.cropsize", Some("data.crop_size")),
            ("batch_size", Some("data.batch_size")),
            ("optm.lr", Some("optim.lr")),
            ("lr", Some("optim.lr")),
            ("generator.chanels", Some("generator.channels")),
            ("loss.l_1", Some("loss.l1")),
            ("optim.rl", Some("optim.lr")),
            ("optim.clip_weights", None),
            ("train.wombat", None),
        ] {
            assert_eq!(nearest(key).as_deref(), meant, "{key}");
        }
    }

    #[test]
    fn lists_can_be_given_as_text() {
        let all = [Augment::Color, Augment::Translation, Augment::Cutout];
        for text in [
            "augment = [\"color\", \"translation\", \"cutout\"]",
            "augment = \"color, translation,cutout\"",
        ] {
            let overlay = Overlay::from_toml(&format!("[discriminator]\n{text}"), "file");
            let recipe = overlay.unwrap().resolve(Mode::Cycle).unwrap();
            assert_eq!(recipe.discriminator.augment, all);
        }
        let set = |text| resolved(Mode::Cycle, &[&format!("discriminator.augment={text}")]);
        let recipe = set("cutout").unwrap();
        assert_eq!(recipe.discriminator.augment, [Augment::Cutout]);
        assert!(set("colour").unwrap_err().starts_with(
            "`discriminator.augment`: takes \"color\", \"translation\" or \"cutout\", not \"colour\"; did you mean \"color\"?"
        ));
        assert_eq!(
            set("cutout,cutout").unwrap_err(),
            "`discriminator.augment`: names \"cutout\" twice"
        );
    }
}
