//! `style.toml`: what a style is.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::StyleError;
use super::file_precision::FilePrecision;
use super::folder::StyleFolder;
use super::pace::Pace;
use crate::config::{Mode, Overlay, Recipe};
use crate::files;

/// Version of the style folder's format that this program writes.
pub const FORMAT_VERSION: u32 = 1;

/// The description of a style.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Who made the style; kept as it stands in the file.
    pub author: Option<String>,
    /// Under what terms it may be used; kept as it stands in the file.
    pub licence: Option<String>,
    /// Numbers of the weight files.
    pub weights: FilePrecision,
    /// How pictures are translated where nobody says otherwise.
    pub apply: ApplyDefaults,
    /// How far it has been trained.
    pub training: TrainingSummary,
    /// The recipe with every default filled in.
    pub recipe: Recipe,
}

/// Section `[apply]` of `style.toml`: how pictures are translated where nobody says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplyDefaults {
    /// Length of the shorter side, in pixels, at which larger pictures are translated, before they get their size back. The size
    /// of what a network draws, such as brush strokes, is one in pixels, and fits pictures of one size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shorter_side: Option<NonZeroU32>,
}

/// How far a style has been trained, and on what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingSummary {
    /// Steps done at the last checkpoint.
    pub steps: u64,
    /// Epoch of the last of them, from 1.
    pub epoch: u64,
    /// Whether the whole recipe has been run.
    pub finished: bool,
    /// Time spent, in seconds.
    pub seconds: f64,
    /// Samples in an epoch.
    pub samples: u64,
    /// Hash of the names and sizes of the training pictures.
    pub data_fingerprint: String,
    /// Width and height of the first training file, where files hold both pictures of a pair side by side; else empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pair_size: Vec<u32>,
    /// Device that it was trained on.
    pub device: String,
    /// Folder whose weights it began with; empty for fresh ones.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub initialised_from: String,
    /// Weight file of another program that the style was made from; empty for one that was trained here.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub imported_from: String,
    /// Losses of the last step.
    pub losses: BTreeMap<String, f64>,
    /// How its steps and epochs go together.
    #[serde(skip_serializing_if = "is_default")]
    pub pace: Pace,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format_version: u32,
    mode: Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    weights: FilePrecision,
    #[serde(default, skip_serializing_if = "is_default")]
    apply: ApplyDefaults,
    #[serde(default)]
    training: TrainingSummary,
    recipe: toml::Table,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Manifest {
    /// That of a style which `recipe` has not trained yet.
    pub fn new(recipe: Recipe) -> Self {
        Self {
            author: None,
            licence: None,
            weights: FilePrecision::default(),
            apply: ApplyDefaults::default(),
            training: TrainingSummary::default(),
            recipe,
        }
    }

    /// Reads `style.toml` of a style.
    ///
    /// # Errors
    /// The folder is no style, or the file is damaged or from a later version.
    pub fn read(folder: &StyleFolder) -> Result<Self, StyleError> {
        let path = folder.manifest();
        let Some(text) = folder.contents("style.toml")? else {
            return Err(StyleError::NotAStyle(folder.path().to_owned()));
        };
        let bad = |message: String| StyleError::BadManifest {
            path: path.clone(),
            message: message.trim_end().to_owned(),
        };
        let text = std::str::from_utf8(&text).map_err(|error| bad(error.to_string()))?;
        Self::from_toml(text, &path)
    }

    /// Parses the text of `style.toml`, which came from `path`.
    ///
    /// # Errors
    /// It is damaged or from a later version.
    pub fn from_toml(text: &str, path: &Path) -> Result<Self, StyleError> {
        let bad = |message: String| StyleError::BadManifest {
            path: path.to_owned(),
            message: message.trim_end().to_owned(),
        };
        let table: toml::Table = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
        let version = table
            .get("format_version")
            .and_then(toml::Value::as_integer);
        match version.and_then(|version| u32::try_from(version).ok()) {
            Some(found) if found > FORMAT_VERSION => {
                return Err(StyleError::TooNew {
                    path: path.to_owned(),
                    found,
                    known: FORMAT_VERSION,
                });
            }
            Some(_) => {}
            None => return Err(bad("it has no `format_version`".to_owned())),
        }
        let file: File = table
            .try_into()
            .map_err(|error: toml::de::Error| bad(error.message().replace('\n', ", ")))?;
        let recipe = Overlay::from_table(file.recipe, &format!("`{}`", path.display()))
            .and_then(|overlay| overlay.resolve(file.mode))
            .map_err(|source| StyleError::BadRecipe {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            author: file.author,
            licence: file.licence,
            weights: file.weights,
            apply: file.apply,
            training: file.training,
            recipe,
        })
    }

    /// Writes `style.toml` of a style.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, folder: &StyleFolder) -> Result<(), StyleError> {
        Ok(files::write_atomically(
            &folder.manifest(),
            self.to_toml().as_bytes(),
        )?)
    }

    /// The text of `style.toml`.
    pub fn to_toml(&self) -> String {
        let file = File {
            format_version: FORMAT_VERSION,
            mode: self.recipe.mode,
            author: self.author.clone(),
            licence: self.licence.clone(),
            weights: self.weights,
            apply: self.apply.clone(),
            training: self.training.clone(),
            recipe: self.recipe.to_table(),
        };
        toml::to_string(&file).expect("a manifest has only values that TOML has")
    }
}
