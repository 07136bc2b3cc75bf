//! What a run is started with.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::config::{BuiltinRecipe, ConfigError, Mode, Overlay, Recipe};
use crate::serve::roots::{Place, Roots};
use crate::style::Registry;
use crate::train::{EvaluationLine, has_stalled};

/// Keys whose values are paths: clients name places below the roots instead.
const PATHS: [&str; 4] = [
    "data.root",
    "data.mask_folder",
    "data.palette",
    "loss.perceptual_weights",
];

/// A run to start.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::serve) struct RunRequest {
    /// Name of the new style.
    pub(in crate::serve) name: String,
    /// Name of a recipe in the program.
    recipe: String,
    /// The pictures; none for the sample in the program.
    #[serde(default)]
    data: Option<Place>,
    /// Settings that differ from the recipe, by `section.key`. Of keys that name files: ROOT/path.
    #[serde(default)]
    #[schema(value_type = Object)]
    settings: BTreeMap<String, Value>,
    /// Replace a style of this name.
    #[serde(default)]
    overwrite: bool,
}

/// A run to go on with.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::serve) struct ResumeRequest {
    /// Epochs in all, beyond those of the recipe.
    #[serde(default)]
    epochs: Option<u32>,
}

/// A run that cannot be started as asked.
#[derive(Debug, thiserror::Error)]
pub(in crate::serve) enum StartError {
    /// The name cannot be that of a style.
    #[error("`name`: letters, digits, `-`, `_`, `.` and spaces make a name")]
    BadName,
    /// The recipe or a setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The recipe has no mode, which a test excludes.
    #[error("the recipe names no mode")]
    NoMode,
    /// A path that is not below a root.
    #[error("`{0}` is no place below a root: write ROOT/path")]
    NoPlace(String),
    /// A value that no setting has.
    #[error("`{0}`: write a number, a text, true, false or a list of these")]
    BadValue(String),
    /// A run is to end before it does.
    #[error("`epochs`: the training has {0} already: write at least as many, or leave it out")]
    FewerEpochs(usize),
    /// A run that went on until it got no better is to go further.
    #[error(
        "`epochs`: the training is over, since {0} evaluations were no better (`train.stop_after`): begin another one"
    )]
    EndedEarly(u64),
}

impl RunRequest {
    /// Whether a style of the same name goes.
    pub(in crate::serve) fn overwrites(&self) -> bool {
        self.overwrite
    }

    /// The arguments of `translate train`, checked as it does.
    ///
    /// # Errors
    /// The name, a setting or a place is wrong.
    pub(in crate::serve) fn arguments(
        &self,
        roots: &Roots,
        registry: &Registry,
    ) -> Result<Vec<OsString>, StartError> {
        registry
            .place(&self.name)
            .map_err(|_| StartError::BadName)?;
        let mut overlay = BuiltinRecipe::find(&self.recipe)?.overlay()?;
        let mode: Mode = overlay.mode()?.ok_or(StartError::NoMode)?;
        let mut asked = Overlay::default();
        let mut arguments: Vec<OsString> = vec![
            format!("--config={}", self.recipe).into(),
            format!("--name={}", self.name).into(),
        ];
        for (key, value) in &self.settings {
            let text = setting_text(value).ok_or_else(|| StartError::BadValue(key.clone()))?;
            let text = if PATHS.contains(&key.as_str()) && !text.is_empty() {
                let inner = text.trim_matches('"');
                let path = roots.resolve_text(inner);
                let path = path.ok_or_else(|| StartError::NoPlace(key.clone()))?;
                toml::Value::String(path.to_string_lossy().into_owned()).to_string()
            } else {
                text
            };
            let setting = format!("{key}={text}");
            asked.set(&setting)?;
            arguments.push(format!("--set={setting}").into());
        }
        if let Some(place) = &self.data {
            let path = roots.resolve(place);
            let path = path.ok_or_else(|| StartError::NoPlace("data".to_owned()))?;
            let mut argument = OsString::from("--data=");
            argument.push(path);
            arguments.push(argument);
        }
        overlay.extend(asked.clone());
        asked.refuse_idle(&overlay.resolve(mode)?)?;
        if self.overwrite {
            arguments.push("--overwrite".into());
        }
        Ok(arguments)
    }
}

impl ResumeRequest {
    /// Refuses fewer epochs than `recipe`, that of the run, has, and more if it ended by its `evaluations`.
    pub(in crate::serve) fn check(
        &self,
        recipe: &Recipe,
        evaluations: &[EvaluationLine],
    ) -> Result<(), StartError> {
        let has = recipe.stage_epochs();
        let asked = self.epochs.map_or(has, |epochs| epochs as usize);
        if asked < has {
            return Err(StartError::FewerEpochs(has));
        }
        if asked > has && has_stalled(evaluations, recipe.train.stop_after) {
            return Err(StartError::EndedEarly(recipe.train.stop_after));
        }
        Ok(())
    }

    /// The arguments of `translate train` for the style `name`.
    pub(in crate::serve) fn arguments(&self, name: &str) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![format!("--name={name}").into(), "--resume".into()];
        if let Some(epochs) = self.epochs {
            arguments.push(format!("--epochs={epochs}").into());
        }
        arguments
    }
}

/// A value as it stands in a recipe.
fn setting_text(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::String(value) => Some(toml::Value::String(value.clone()).to_string()),
        Value::Array(values) => {
            let texts: Option<Vec<String>> = values.iter().map(setting_text).collect();
            Some(format!("[{}]", texts?.join(", ")))
        }
        Value::Null | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_clients_are_places_below_roots() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("photos")).unwrap();
        let roots = Roots::new(&[folder.path().join("photos")]).unwrap();
        let registry = Registry::new(folder.path().join("checkpoints"));
        let arguments = |settings: Value, name: &str| {
            let request = serde_json::json!({
                "name": name, "recipe": "pix2pix-small", "settings": settings,
                "data": {"root": "photos"},
            });
            let request: RunRequest = serde_json::from_value(request).unwrap();
            request.arguments(&roots, &registry)
        };
        let good = arguments(
            serde_json::json!({"train.max_steps": 5, "loss.gan": "lsgan"}),
            "x",
        );
        let good: Vec<String> = good
            .unwrap()
            .into_iter()
            .map(|argument| argument.into_string().unwrap())
            .collect();
        assert!(
            good.contains(&"--set=train.max_steps=5".to_owned()),
            "{good:?}"
        );
        assert!(
            good.contains(&"--set=loss.gan=\"lsgan\"".to_owned()),
            "{good:?}"
        );
        for (settings, name) in [
            (serde_json::json!({"data.root": "/etc"}), "x"),
            (serde_json::json!({"data.mask_folder": "photos/../.."}), "x"),
            (serde_json::json!({"nothing.here": 1}), "x"),
            (serde_json::json!({"loss.l1": {"a": 1}}), "x"),
            (serde_json::json!({"train.metrics": "l1"}), "x"),
            (serde_json::json!({}), "../x"),
            (serde_json::json!({}), "--overwrite"),
        ] {
            assert!(
                arguments(settings.clone(), name).is_err(),
                "{settings} {name}"
            );
        }
    }
}
