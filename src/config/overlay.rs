//! Settings on top of a mode's defaults: recipe files and `--set`.

use std::path::Path;

use toml::{Table, Value};

use super::error::ConfigError;
use super::mode::Mode;
use super::recipe::Recipe;
use super::schema::check;
use super::tables::{lookup, merge, single, to_table};
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
        check(&mut table, origin)?;
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
        let mut table = single(section, name, value.into());
        check(&mut table, origin)?;
        merge(&mut self.table, table);
        Ok(())
    }

    /// Whether the settings name this key.
    pub(super) fn has(&self, section: &str, key: &str) -> bool {
        lookup(&self.table, section, key).is_some()
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
            if self.has(section, key) {
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
                        return Err(wrong_value(&format!("{section}.{key}"), &error));
                    }
                }
            }
        }
        let recipe: Recipe = Value::Table(table)
            .try_into()
            .map_err(|error: toml::de::Error| wrong_value("recipe", &error))?;
        recipe.validate()?;
        Ok(recipe)
    }
}

/// A value of `key` that its type does not take, without the parser's excerpt of a text that the user did not write.
fn wrong_value(key: &str, error: &toml::de::Error) -> ConfigError {
    let key = key.to_owned();
    match choices(error.message()) {
        Some((given, choices)) => ConfigError::NoChoice {
            key,
            given,
            choices,
        },
        None => ConfigError::BadValue {
            key,
            message: error.message().replace('\n', ", "),
        },
    }
}

/// What was given and what can be, where the parser says "unknown variant `a`, expected" and "`b`", "`b` or `c`" or
/// "one of `b`, `c`, `d`".
fn choices(message: &str) -> Option<(String, Vec<String>)> {
    let named = message.strip_prefix("unknown variant `")?;
    let (given, expected) = named.split_once("`, expected ")?;
    let names = expected.split('`').skip(1).step_by(2);
    Some((given.to_owned(), names.map(str::to_owned).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{GeneratorArch, Policy};

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
        assert_eq!(
            error("[optim]\npolicy = \"cosin\""),
            "`optim.policy`: takes \"linear\", \"step\", \"plateau\", \"cosine\" or \"constant\", not \"cosin\"; \
             did you mean \"cosine\"?"
        );
        assert!(error("[optim]\npolicy = \"a`b\"").ends_with("\"constant\", not \"a`b\""));
        let far = error("[generator]\narch = \"unet_63\"");
        assert!(far.starts_with("`generator.arch`: takes \"unet_64\", "));
        assert!(far.ends_with(" or \"stack\", not \"unet_63\""), "{far}");
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
}
