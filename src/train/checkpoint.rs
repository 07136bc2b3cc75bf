//! Checkpoints: everything that a bit-exact resume needs, published atomically.
//!
//! A checkpoint is a folder `state/step-000500` with weights, Adam moments, averaged weights, image pools and `progress.json`
//! (step, time, state of the plateau schedule, sum of the epoch's losses). It is written as `.step-000500.tmp`, flushed, and renamed when all of it is
//! on the disk; then the weights, or their averages where
//! such are kept, get their public names in the style's folder (hard links, or copies where there are none), and
//! older checkpoints are removed. A kill at any moment leaves a complete checkpoint, once there is one, and resuming repeats
//! the publishing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::TrainError;
use super::schedule::{Plateau, Schedule};
use crate::config::Recipe;
use crate::files::{self, FileError};
use crate::method::{Method, MethodState, average_part};
use crate::style::{StyleFolder, initial_stem, read_weights, style_weights, write_weights};

const PROGRESS: &str = "progress.json";
/// Prefix of files with the state of a method besides its weights.
const STATE_PREFIX: &str = "state_";
const EXTENSION: &str = "safetensors";

/// The position of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Steps done.
    pub step: u64,
    /// Time spent on them, in seconds.
    pub seconds: f64,
    /// State of the learning-rate schedule.
    pub plateau: Plateau,
    /// Sum and number of the generator's losses in the epoch so far.
    pub epoch_loss: (f64, u64),
    /// Counts of the method's state.
    pub counts: BTreeMap<String, u64>,
}

impl Checkpoint {
    /// The start of a run, with no step done.
    pub fn initial(schedule: &Schedule) -> Self {
        Self {
            step: 0,
            seconds: 0.0,
            plateau: schedule.state(),
            epoch_loss: (0.0, 0),
            counts: BTreeMap::new(),
        }
    }

    /// Writes the checkpoint, publishes its weights, then removes older checkpoints.
    ///
    /// # Errors
    /// A file cannot be written; the checkpoint before then still exists.
    pub fn save(&self, style: &StyleFolder, method: &dyn Method) -> Result<PathBuf, TrainError> {
        let folder = Self::folder(style, self.step);
        let unfinished = style.state().join(format!(".step-{:06}.tmp", self.step));
        remove_folder(&unfinished)?;
        // A run that was resumed at this step has nothing new to save.
        if !folder.is_dir() {
            if let Err(error) = self.write(&unfinished, method) {
                // A full disk must not stay full of a checkpoint that nobody can use.
                let _ = std::fs::remove_dir_all(&unfinished);
                return Err(error);
            }
            std::fs::rename(&unfinished, &folder).map_err(FileError::context("write", &folder))?;
            files::sync_folder(&style.state())?;
        }
        publish(style, &folder, method)?;
        self.remove_others(style)?;
        Ok(folder)
    }

    /// The folder of the checkpoint of a step.
    pub fn folder(style: &StyleFolder, step: u64) -> PathBuf {
        style.state().join(format!("step-{step:06}"))
    }

    /// Removes all checkpoints but this one.
    fn remove_others(&self, style: &StyleFolder) -> Result<(), FileError> {
        for (step, folder) in list_checkpoints(style)? {
            if step != self.step {
                remove_folder(&folder)?;
            }
        }
        Ok(())
    }

    /// The step of a style's latest checkpoint, if there is one.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn latest_step(style: &StyleFolder) -> Result<Option<u64>, FileError> {
        Ok(list_checkpoints(style)?
            .into_iter()
            .map(|(step, _)| step)
            .max())
    }

    fn write(&self, folder: &Path, method: &dyn Method) -> Result<(), TrainError> {
        files::create_folder(folder)?;
        for stem in method.networks() {
            let weights = method.weights(stem);
            // A finite loss can lead to an update that is not finite; such weights never recover.
            if !weights.are_finite() {
                return Err(TrainError::NonFiniteWeights {
                    network: stem,
                    step: self.step,
                });
            }
            write_weights(&folder.join(format!("{stem}.{EXTENSION}")), &weights)?;
        }
        let state = method.state();
        for (part, tensors) in &state.tensors {
            let name = format!("{STATE_PREFIX}{part}.{EXTENSION}");
            write_weights(&folder.join(name), tensors)?;
        }
        let mut checkpoint = self.clone();
        checkpoint.counts = state.counts;
        let text = serde_json::to_vec_pretty(&checkpoint)
            .expect("a checkpoint has only numbers and names");
        files::write_atomically(&folder.join(PROGRESS), &text)?;
        Ok(files::sync_folder(folder)?)
    }

    /// Loads the latest checkpoint of a style, if there is one, into `method` and returns the position of the run.
    ///
    /// # Errors
    /// A file cannot be read, is damaged or belongs to other networks.
    pub fn resume(
        style: &StyleFolder,
        method: &mut dyn Method,
    ) -> Result<Option<Self>, TrainError> {
        let Some((_, folder)) = list_checkpoints(style)?.into_iter().max() else {
            return Ok(None);
        };
        let bad = |message: String| TrainError::BadState {
            path: folder.clone(),
            message,
        };
        let read =
            |name: &str| read_weights(&folder.join(name)).map_err(|error| bad(error.to_string()));
        let text = files::read(&folder.join(PROGRESS)).map_err(|error| bad(error.to_string()))?;
        let checkpoint: Self =
            serde_json::from_slice(&text).map_err(|error| bad(format!("`{PROGRESS}`: {error}")))?;
        for stem in method.networks() {
            let weights = read(&format!("{stem}.{EXTENSION}"))?;
            let loaded = method.load_weights(stem, weights);
            loaded.map_err(|error| bad(format!("`{stem}.{EXTENSION}`: {error}")))?;
        }
        let mut state = MethodState {
            tensors: BTreeMap::new(),
            counts: checkpoint.counts.clone(),
        };
        for part in checkpoint.counts.keys() {
            let tensors = read(&format!("{STATE_PREFIX}{part}.{EXTENSION}"))?;
            state.tensors.insert(part.clone(), tensors);
        }
        method
            .restore(state)
            .map_err(|error| bad(error.to_string()))?;
        // The earlier run may have been killed before it published this checkpoint or removed the one before.
        publish(style, &folder, method)?;
        checkpoint.remove_others(style)?;
        Ok(Some(checkpoint))
    }
}

/// The initial weights of a run.
pub struct InitialWeights {
    /// Networks with loaded weights.
    pub loaded: Vec<String>,
    /// Networks with fresh weights.
    pub fresh: Vec<&'static str>,
}

/// Loads the weights that the style `source` has for the networks of the method, which `recipe` trains.
///
/// # Errors
/// There are none, or one is damaged or belongs to other networks.
pub fn load_initial_weights(
    source: &StyleFolder,
    recipe: &Recipe,
    method: &mut dyn Method,
) -> Result<InitialWeights, TrainError> {
    let stems = method.networks();
    let (mut loaded, mut fresh) = (Vec::new(), Vec::new());
    for &stem in stems {
        let file = initial_stem(source, recipe, stem);
        if !source.has_weights(file) {
            fresh.push(stem);
            continue;
        }
        let (path, weights) = (source.weights(file), style_weights(source, file)?);
        let (taken, all) = method.warm_start(stem, weights).map_err(|source| {
            TrainError::Style(crate::style::StyleError::BadWeights { path, source })
        })?;
        let mut text = stem.to_owned();
        // Writing to a string cannot fail.
        if file != stem {
            let _ = write!(text, " from {file}");
        }
        if taken < all {
            let _ = write!(text, " ({taken} of {all} tensors)");
        }
        loaded.push(text);
    }
    if loaded.is_empty() {
        let wanted: Vec<String> = stems
            .iter()
            .map(|stem| format!("{stem}.{EXTENSION}"))
            .collect();
        return Err(TrainError::NoInitialWeights {
            folder: source.path().to_owned(),
            wanted: wanted.join(", "),
        });
    }
    Ok(InitialWeights { loaded, fresh })
}

/// Gives the weights of a checkpoint their public names in the style's folder, each atomically.
fn publish(style: &StyleFolder, folder: &Path, method: &dyn Method) -> Result<(), FileError> {
    for stem in method.networks() {
        let average = average_part(stem);
        let average = folder.join(format!("{STATE_PREFIX}{average}.{EXTENSION}"));
        let source = if average.is_file() {
            average
        } else {
            folder.join(format!("{stem}.{EXTENSION}"))
        };
        let target = style.weights(stem);
        let link = target.with_extension("safetensors.tmp");
        let named = || {
            let _ = std::fs::remove_file(&link);
            // A hard link costs no space; some file systems have none.
            if std::fs::hard_link(&source, &link).is_err() {
                std::fs::copy(&source, &link)?;
                std::fs::File::open(&link)?.sync_all()?;
            }
            std::fs::rename(&link, &target)?;
            // Renaming does nothing if both already name one file, as after a kill.
            match std::fs::remove_file(&link) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        };
        named().map_err(FileError::context("write", &target))?;
    }
    files::sync_folder(style.path())
}

/// The complete checkpoints of a style, by step.
fn list_checkpoints(style: &StyleFolder) -> Result<Vec<(u64, PathBuf)>, FileError> {
    let state = style.state();
    if !state.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |source| FileError {
        action: "read",
        path: state.clone(),
        source,
    };
    let mut checkpoints = Vec::new();
    for entry in std::fs::read_dir(&state).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let step = name.and_then(|name| name.strip_prefix("step-"));
        if let Some(step) = step.and_then(|step| step.parse().ok()) {
            checkpoints.push((step, path));
        }
    }
    Ok(checkpoints)
}

fn remove_folder(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::context("remove", path)(error))
        }
        _ => Ok(()),
    }
}
