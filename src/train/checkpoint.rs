//! Checkpoints: everything that a bit-exact resume needs, published atomically.
//!
//! A checkpoint is a folder `state/step-000500` with weights, Adam moments, averaged weights, image pools and `progress.json`
//! (step, time, state of the plateau schedule, sum of the epoch's losses). It is written as `.step-000500.tmp`, flushed, and renamed when all of it is
//! on the disk; then the weights, or their averages where
//! such are kept, get their public names in the style's folder (hard links, or copies where there are none), and
//! older checkpoints are removed. A kill at any moment leaves a complete checkpoint, once there is one, and resuming repeats
//! the publishing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::TrainError;
use super::packed::Parts;
use super::schedule::{Plateau, Schedule};
use crate::files::{self, FileError};
use crate::method::{Method, MethodState, average_part};
use crate::style::{Pace, StyleFolder, read_weights, write_weights};

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
    /// How steps and epochs go together.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub pace: Pace,
}

/// The parts that processes other than the first have for themselves, by process.
pub(super) type OwnParts = BTreeMap<usize, Parts>;

impl Checkpoint {
    /// The start of a run, with no step done.
    pub fn initial(schedule: &Schedule, pace: Pace) -> Self {
        Self {
            step: 0,
            seconds: 0.0,
            plateau: schedule.state(),
            epoch_loss: (0.0, 0),
            counts: BTreeMap::new(),
            pace,
        }
    }

    /// Writes the checkpoint, with what `others` have for themselves, publishes its weights, then removes older checkpoints.
    ///
    /// # Errors
    /// A file cannot be written; the checkpoint before then still exists.
    pub(super) fn save(
        &self,
        style: &StyleFolder,
        method: &dyn Method,
        others: OwnParts,
    ) -> Result<PathBuf, TrainError> {
        let folder = Self::folder(style, self.step);
        let unfinished = style.state().join(format!(".step-{:06}.tmp", self.step));
        remove_folder(&unfinished)?;
        // A run that was resumed at this step has nothing new to save.
        if !folder.is_dir() {
            if let Err(error) = self.write(&unfinished, method, others) {
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

    /// A style's latest checkpoint, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn latest(style: &StyleFolder) -> Result<Option<Self>, TrainError> {
        let latest = list_checkpoints(style)?.into_iter().max();
        latest.map(|(_, folder)| Self::read(&folder)).transpose()
    }

    fn read(folder: &Path) -> Result<Self, TrainError> {
        let text = files::read(&folder.join(PROGRESS));
        let text = text.map_err(|error| bad(folder, error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| bad(folder, format!("`{PROGRESS}`: {error}")))
    }

    fn write(
        &self,
        folder: &Path,
        method: &dyn Method,
        others: OwnParts,
    ) -> Result<(), TrainError> {
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
        let mut state = method.state();
        for (process, parts) in others {
            for (part, tensors) in parts {
                state.insert(&own_part(&part, process), (tensors, 0));
            }
        }
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

    /// Loads the latest checkpoint of a style, if there is one, into `method` and returns the position of the run, and what other
    /// processes had for themselves.
    ///
    /// # Errors
    /// A file cannot be read, is damaged or belongs to other networks.
    pub(super) fn resume(
        style: &StyleFolder,
        method: &mut dyn Method,
    ) -> Result<Option<(Self, OwnParts)>, TrainError> {
        let Some((_, folder)) = list_checkpoints(style)?.into_iter().max() else {
            return Ok(None);
        };
        let bad = |message: String| bad(&folder, message);
        let read =
            |name: &str| read_weights(&folder.join(name)).map_err(|error| bad(error.to_string()));
        let checkpoint = Self::read(&folder)?;
        for stem in method.networks() {
            let weights = read(&format!("{stem}.{EXTENSION}"))?;
            let loaded = method.load_weights(stem, weights);
            loaded.map_err(|error| bad(format!("`{stem}.{EXTENSION}`: {error}")))?;
        }
        let mut state = MethodState {
            tensors: BTreeMap::new(),
            counts: checkpoint.counts.clone(),
            ..MethodState::default()
        };
        let mut others = OwnParts::new();
        for part in checkpoint.counts.keys() {
            let tensors = read(&format!("{STATE_PREFIX}{part}.{EXTENSION}"))?;
            if let Some((part, process)) = owner(part) {
                let parts = others.entry(process).or_default();
                parts.insert(part.to_owned(), tensors);
            } else {
                state.tensors.insert(part.clone(), tensors);
            }
        }
        method
            .restore(state)
            .map_err(|error| bad(error.to_string()))?;
        // The earlier run may have been killed before it published this checkpoint or removed the one before.
        publish(style, &folder, method)?;
        checkpoint.remove_others(style)?;
        Ok(Some((checkpoint, others)))
    }
}

/// Between the name of a part and the number of the process that has it.
const OF_PROCESS: &str = "_process_";

/// The name of a part that a process other than the first has for itself.
fn own_part(part: &str, process: usize) -> String {
    format!("{part}{OF_PROCESS}{process}")
}

/// The part and the process that it belongs to, if that is not the first.
fn owner(name: &str) -> Option<(&str, usize)> {
    let (part, process) = name.rsplit_once(OF_PROCESS)?;
    Some((part, process.parse().ok()?))
}

fn is_usual(pace: &Pace) -> bool {
    *pace == Pace::default()
}

fn bad(folder: &Path, message: String) -> TrainError {
    TrainError::BadState {
        path: folder.to_owned(),
        message,
    }
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
