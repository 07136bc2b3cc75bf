//! Settings on top of a mode's defaults: recipe files and `--set`.

use std::path::Path;

use toml::{Table, Value};

use super::error::ConfigError;
use super::options::Mode;
use super::recipe::Recipe;
use super::unused_keys::unused_keys;
use crate::files;

/// Keys and values from the user, checked against the keys of recipes and their types.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    table: Table,
}

impl Overlay {
    /// Reads a recipe file.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or has an unknown key or a value of the wrong type.
    pub fn from_file(path: &Path) -> Result<Self, ConfigError> {
        Self::from_toml(&files::read_text(path)?, &format!("`{}`", path.display()))
    }

    /// Reads recipe text; `origin` names it in errors.
    ///
    /// # Errors
    /// The text is not TOML, or has an unknown key or a value of the wrong type.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, ConfigError> {
        let table = toml::from_str(text).map_err(|error| ConfigError::Syntax {
            origin: origin.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        Self::from_table(table, origin)
    }

    /// Checks a parsed recipe; `origin` names it in errors.
    ///
    /// # Errors
    /// An unknown key or a value of the wrong type.
    pub fn from_table(mut table: Table, origin: &str) -> Result<Self, ConfigError> {
        check(&mut table, &schema(), "", origin)?;
        Ok(Self { table })
    }

    /// The mode that the settings name.
    ///
    /// # Errors
    /// The mode does not exist.
    pub fn mode(&self) -> Result<Option<Mode>, ConfigError> {
        self.table
            .get("mode")
            .map(|value| {
                value.clone().try_into().map_err(|_| ConfigError::BadValue {
                    key: "mode".to_owned(),
                    message: format!(
                        "{value} is not a mode, take \"pix2pix\", \"cycle\", \"contrastive\", \"pix2pixhd\", \"inpaint\", \"generate\" or \"vae\""
                    ),
                })
            })
            .transpose()
    }

    /// Adds one `section.key=value`. A value that is not TOML is taken as a string, so that names need no quotes.
    ///
    /// # Errors
    /// The setting has no `=`, names an unknown key, or has a value of the wrong type.
    pub fn set(&mut self, setting: &str) -> Result<(), ConfigError> {
        let bad = || ConfigError::BadSetting(setting.to_owned());
        let (key, text) = setting.split_once('=').ok_or_else(bad)?;
        let (section, name) = key.trim().split_once('.').ok_or_else(bad)?;
        let text = text.trim();
        let value = toml::from_str::<Table>(&format!("value = {text}"))
            .ok()
            .and_then(|mut table| table.remove("value"))
            .unwrap_or_else(|| Value::String(text.to_owned()));
        self.insert(section, name, value, &format!("`--set {setting}`"))
    }

    /// Adds one value, as a dedicated flag does; `origin` names it in errors.
    ///
    /// # Errors
    /// The key is unknown or the value has the wrong type.
    pub fn insert(
        &mut self,
        section: &str,
        name: &str,
        value: impl Into<Value>,
        origin: &str,
    ) -> Result<(), ConfigError> {
        let inner = Table::from_iter([(name.to_owned(), value.into())]);
        let mut table = Table::from_iter([(section.to_owned(), Value::Table(inner))]);
        check(&mut table, &schema(), "", origin)?;
        merge(&mut self.table, table);
        Ok(())
    }

    /// Lays `over` on top of these settings.
    pub fn extend(&mut self, over: Self) {
        merge(&mut self.table, over.table);
    }

    /// Resolves the recipe: the defaults of `mode` with these settings on top.
    ///
    /// # Errors
    /// A value is not one that its key can have, does not fit the others, or belongs to another mode.
    pub fn resolve(&self, mode: Mode) -> Result<Recipe, ConfigError> {
        for (section, key) in unused_keys(mode) {
            if lookup(&self.table, section, key).is_some() {
                return Err(ConfigError::BadValue {
                    key: format!("{section}.{key}"),
                    message: format!("has no effect in mode {}: leave it out", mode.name()),
                });
            }
        }
        let mut defaults = Recipe::defaults(mode);
        let own = |key| lookup(&self.table, "generator", key);
        defaults.apply_dependent_defaults(own("latent"), own("arch"));
        let mut table = to_table(&defaults);
        merge(&mut table, self.table.clone());
        table.insert("mode".to_owned(), mode.name().into());
        // One section at a time, so that an error can name its key.
        for (section, values) in &table {
            if let Value::Table(values) = values {
                for (key, value) in values {
                    let mut probe = to_table(&Recipe::defaults(mode));
                    merge(&mut probe, single(section, key, value.clone()));
                    if let Err(error) = Value::Table(probe).try_into::<Recipe>() {
                        return Err(ConfigError::BadValue {
                            key: format!("{section}.{key}"),
                            message: plain_message(&error),
                        });
                    }
                }
            }
        }
        let recipe: Recipe = Value::Table(table)
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::BadValue {
                key: "recipe".to_owned(),
                message: plain_message(&error),
            })?;
        recipe.validate()?;
        Ok(recipe)
    }
}

impl Recipe {
    /// The recipe as TOML, without the keys that its mode does not use.
    pub fn to_toml(&self) -> String {
        self.to_table().to_string()
    }

    /// The recipe as a table, without the keys that its mode does not use.
    pub fn to_table(&self) -> Table {
        let mut table = to_table(self);
        for (section, key) in unused_keys(self.mode) {
            if let Some(Value::Table(values)) = table.get_mut(section) {
                values.remove(key);
            }
        }
        // A section of which the mode uses nothing.
        table.retain(|_, value| !value.as_table().is_some_and(Table::is_empty));
        table
    }
}

/// Every key of recipes, with a value of its type.
fn schema() -> Table {
    let mut recipe = Recipe::defaults(Mode::Pix2pix);
    recipe.optim.lr_discriminator = Some(recipe.optim.lr);
    recipe.optim.extensions = vec![1];
    recipe.loss.gradient_penalty = Some(0.0);
    recipe.data.unlabelled = Some(0);
    to_table(&recipe)
}

fn to_table(recipe: &Recipe) -> Table {
    Table::try_from(recipe).expect("a recipe has only numbers, strings, booleans and sections")
}

fn single(section: &str, key: &str, value: Value) -> Table {
    let inner = Table::from_iter([(key.to_owned(), value)]);
    Table::from_iter([(section.to_owned(), Value::Table(inner))])
}

pub(super) fn lookup<'a>(table: &'a Table, section: &str, key: &str) -> Option<&'a Value> {
    table.get(section)?.as_table()?.get(key)
}

fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(value)) => merge(inner, value),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Checks `table` against the schema; integers given for fractional keys become floats, and text given for lists is split at
/// its commas.
fn check(table: &mut Table, schema: &Table, prefix: &str, origin: &str) -> Result<(), ConfigError> {
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
                check(inner, model, &format!("{key}."), origin)?;
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

fn nearest(key: &str) -> Option<String> {
    let mut known = vec!["mode".to_owned()];
    for (section, values) in schema() {
        if let Value::Table(values) = values {
            known.extend(values.keys().map(|name| format!("{section}.{name}")));
            known.push(section);
        }
    }
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(key, &name), name))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|first, second| first.0.total_cmp(&second.0))
        .map(|(_, name)| name)
}

/// The parser's message on one line, without the excerpt of a text that the user did not write.
fn plain_message(error: &toml::de::Error) -> String {
    error.message().replace('\n', ", ")
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;
    use crate::config::{Augment, GeneratorArch, Policy};

    fn error(text: &str) -> String {
        Overlay::from_toml(text, "`r.toml`")
            .and_then(|overlay| overlay.resolve(Mode::Pix2pix))
            .expect_err("this recipe is wrong")
            .to_string()
    }

    #[test]
    fn settings_win_over_the_file_and_the_file_over_defaults() {
        let mut overlay = Overlay::from_toml(
            "[data]\ncrop_size = 64\nload_size = 72\n[generator]\narch = \"unet_64\"",
            "file",
        )
        .unwrap();
        overlay.set("data.load_size=80").unwrap();
        overlay.set("optim.policy=cosine").unwrap();
        overlay.set("optim.lr=1").unwrap();
        let recipe = overlay.resolve(Mode::Pix2pix).unwrap();
        assert_eq!((recipe.data.crop_size, recipe.data.load_size), (64, 80));
        assert_eq!(recipe.generator.arch, GeneratorArch::Unet64);
        assert_eq!(recipe.optim.policy, Policy::Cosine);
        assert_eq!(recipe.optim.lr.to_bits(), 1.0f64.to_bits());
        assert_eq!(recipe.optim.epochs, 100);
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
        let mut overlay = Overlay::default();
        overlay.set("discriminator.augment=cutout").unwrap();
        let recipe = overlay.resolve(Mode::Cycle).unwrap();
        assert_eq!(recipe.discriminator.augment, [Augment::Cutout]);
        assert!(error("[discriminator]\naugment = \"colour\"").starts_with(
            "`discriminator.augment`: unknown variant `colour`, expected one of `color`"
        ));
        assert_eq!(
            error("[discriminator]\naugment = \"cutout,cutout\""),
            "`discriminator.augment`: names \"cutout\" twice"
        );
    }

    #[test]
    fn messages_name_the_key_and_the_remedy() {
        assert_eq!(
            error("[data]\ncropsize = 3"),
            "`r.toml`: unknown key `data.cropsize`, did you mean `data.crop_size`?"
        );
        assert_eq!(
            error("[data]\ncrop_size = \"big\""),
            "`r.toml`: `data.crop_size` must be a whole number, but is \"big\""
        );
        assert_eq!(
            error("[data]\ncrop_size = -4"),
            "`r.toml`: `data.crop_size` must be a whole number, 0 or more, but is -4"
        );
        assert!(
            error("[generator]\narch = \"unet_63\"").starts_with(
                "`generator.arch`: unknown variant `unet_63`, expected one of `unet_64`"
            )
        );
        assert!(error("[data]\ncrop_size = 100").contains("multiple of 256"));
        assert_eq!(
            error("[loss]\ncycle_a = 1"),
            "`loss.cycle_a`: has no effect in mode pix2pix: leave it out"
        );
        assert!(error("data = [").starts_with("`r.toml` is not valid TOML"));
        assert_eq!(
            error("data = 3"),
            "`r.toml`: `data` must be a section, but is 3"
        );
    }

    #[test]
    fn a_recipe_survives_its_own_text() {
        for &mode in Mode::value_variants() {
            let recipe = Recipe::defaults(mode);
            let text = recipe.to_toml();
            let again = Overlay::from_toml(&text, "text")
                .unwrap()
                .resolve(mode)
                .unwrap();
            assert_eq!(again, recipe);
        }
    }
}
