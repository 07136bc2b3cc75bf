//! The recipes of the program as a form: every key with its documentation, which stands before it in the full recipes.

use std::sync::LazyLock;

use serde::Serialize;
use toml::{Table, Value};
use utoipa::ToSchema;

use crate::config::{BuiltinRecipe, ConfigError, Mode, Recipe};

/// A recipe that a run can begin with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::serve) struct RecipeForm {
    /// Its name.
    name: String,
    /// What it is for.
    summary: String,
    /// What it trains.
    mode: String,
    /// Its keys.
    keys: Vec<RecipeKey>,
}

/// A key of a recipe.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::serve) struct RecipeKey {
    /// `section.key`.
    key: String,
    /// What it is for.
    about: String,
    /// boolean, integer, number, text or list.
    kind: &'static str,
    /// Its value in this recipe.
    #[schema(value_type = Object)]
    value: serde_json::Value,
    /// The values that its documentation names; empty where others are allowed.
    choices: Vec<String>,
}

/// All recipes of the program, made once.
pub(in crate::serve) fn recipe_forms() -> &'static [RecipeForm] {
    static FORMS: LazyLock<Vec<RecipeForm>> =
        LazyLock::new(|| BuiltinRecipe::all().iter().filter_map(form).collect());
    &FORMS
}

fn form(builtin: &BuiltinRecipe) -> Option<RecipeForm> {
    let overlay = builtin.overlay().ok()?;
    let mode = overlay.mode().ok()??;
    let table = overlay.resolve(mode).ok()?.to_table();
    let full = BuiltinRecipe::find(mode.name()).ok()?;
    let about = documentation(&full.text);
    let mut keys = Vec::new();
    for (key, about) in about {
        let (section, name) = key.split_once('.')?;
        let value = table.get(section).and_then(Value::as_table);
        let value = value.and_then(|section| section.get(name));
        let value = value.cloned().or_else(|| default(mode, section, name));
        let Some(value) = value else { continue };
        keys.push(RecipeKey {
            kind: match &value {
                Value::Boolean(_) => "boolean",
                Value::Integer(_) => "integer",
                Value::Float(_) => "number",
                Value::Array(_) => "list",
                _ => "text",
            },
            choices: choices(&about, &value, |choice| {
                let mut other = overlay.clone();
                let setting = format!("{key}={}", Value::String(choice.to_owned()));
                // A choice may not fit the rest of the recipe; it must be one that its key has.
                let result = other.set(&setting).and_then(|()| other.resolve(mode));
                !matches!(result, Err(ConfigError::NoChoice { .. }))
            }),
            value: serde_json::to_value(&value).ok()?,
            key,
            about,
        });
    }
    Some(RecipeForm {
        name: builtin.name.clone(),
        summary: builtin.summary(),
        mode: mode.name().to_owned(),
        keys,
    })
}

fn default(mode: Mode, section: &str, name: &str) -> Option<Value> {
    let table: Table = Recipe::defaults(mode).to_table();
    table.get(section)?.as_table()?.get(name).cloned()
}

/// The keys of a recipe's text, each with the comment in front of it, in their order.
fn documentation(text: &str) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    let mut section = String::new();
    let mut comment = String::new();
    for line in text.lines() {
        if let Some(more) = line.strip_prefix('#') {
            if !comment.is_empty() {
                comment.push(' ');
            }
            comment.push_str(more.trim());
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut section);
        } else if let Some((key, _)) = line.split_once('=')
            && !section.is_empty()
        {
            keys.push((format!("{section}.{}", key.trim()), comment.clone()));
        }
        comment.clear();
    }
    keys
}

/// The values in quotation marks that a documentation names, if its key has one of them. Those of other keys are named too.
fn choices(about: &str, value: &Value, is_one: impl Fn(&str) -> bool) -> Vec<String> {
    let Some(value) = value.as_str() else {
        return Vec::new();
    };
    let mut named: Vec<String> = Vec::new();
    for text in about.split('"').skip(1).step_by(2) {
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        if !text.is_empty() && text.chars().all(is_word) && !named.iter().any(|it| it == text) {
            named.push(text.to_owned());
        }
    }
    if named.len() < 2 || !named.iter().any(|it| it == value) {
        return Vec::new();
    }
    named.retain(|choice| is_one(choice));
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_recipes_is_documented_and_choices_are_valid() {
        let forms = recipe_forms();
        assert_eq!(forms.len(), BuiltinRecipe::all().len());
        for form in forms {
            assert!(form.keys.len() > 20, "{}", form.name);
            for key in &form.keys {
                assert!(!key.about.is_empty(), "{}: {}", form.name, key.key);
                for choice in &key.choices {
                    let mut overlay = BuiltinRecipe::find(&form.name).unwrap().overlay().unwrap();
                    overlay.set(&format!("{}=\"{choice}\"", key.key)).unwrap();
                    let mode = overlay.mode().unwrap().unwrap();
                    // A choice may not fit the rest of a recipe, but it is always one that its key has.
                    let result = overlay.resolve(mode);
                    let wrong = matches!(result, Err(ConfigError::NoChoice { .. }));
                    assert!(!wrong, "{}: {choice}", key.key);
                }
            }
        }
        let small = forms
            .iter()
            .find(|form| form.name == "pix2pix-small")
            .unwrap();
        let value = |key: &str| &small.keys.iter().find(|it| it.key == key).unwrap().value;
        assert_eq!(value("data.crop_size"), 64);
        let arch = small
            .keys
            .iter()
            .find(|it| it.key == "generator.arch")
            .unwrap();
        assert!(arch.choices.contains(&"unet_64".to_owned()), "{arch:?}");
    }
}
