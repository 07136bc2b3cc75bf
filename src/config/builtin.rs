//! The recipes that travel in the program: the files of `configs/`.

use rust_embed::RustEmbed;

use super::error::ConfigError;
use super::overlay::Overlay;
use crate::wording::nearest;

#[derive(RustEmbed)]
#[folder = "configs"]
struct Files;

/// A recipe that travels in the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltinRecipe {
    /// Its name: that of its file without the extension.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl BuiltinRecipe {
    /// All of them, sorted by name.
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = Files::iter()
            .filter_map(|file| {
                let text = Files::get(&file)?.data.into_owned();
                Some(Self {
                    name: file.strip_suffix(".toml")?.to_owned(),
                    text: String::from_utf8(text).ok()?,
                })
            })
            .collect();
        all.sort_by(|first, second| first.name.cmp(&second.name));
        all
    }

    /// The one of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn find(name: &str) -> Result<Self, ConfigError> {
        let all = Self::all();
        if let Some(found) = all.iter().find(|recipe| recipe.name == name) {
            return Ok(found.clone());
        }
        let known: Vec<String> = all.into_iter().map(|recipe| recipe.name).collect();
        Err(ConfigError::NoRecipe {
            name: name.to_owned(),
            known: known.join(", "),
            nearest: nearest(name, known),
        })
    }

    /// Its settings.
    ///
    /// # Errors
    /// Its text is wrong, which a test excludes.
    pub fn overlay(&self) -> Result<Overlay, ConfigError> {
        Overlay::from_toml(&self.text, &format!("the recipe `{}`", self.name))
    }

    /// The first sentence of the comment at its beginning.
    pub fn summary(&self) -> String {
        let comment = self.text.lines().map_while(|line| line.strip_prefix('#'));
        let words: Vec<&str> = comment.flat_map(str::split_whitespace).collect();
        let text = words.join(" ");
        let end = text.find(". ").unwrap_or(text.len());
        text[..end].trim_end_matches('.').to_owned()
    }
}
