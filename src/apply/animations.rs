//! The pictures that are made of one input, as an animation.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::error::ApplyError;
use super::options::OnExisting;
use super::plan::{Plan, PlannedPicture};
use crate::files::{FileError, write_atomically};
use crate::picture::{PictureError, animation, read_rgb};

/// An animated GIF for each input of a plan: `NAME.gif` beside the pictures `NAME_1` to `NAME_N` that are its frames.
#[derive(Debug)]
pub struct Animations(Vec<Animation>);

#[derive(Debug)]
struct Animation {
    file: PathBuf,
    frames: Vec<PathBuf>,
}

/// An animation that cannot be made of its frames.
#[derive(Debug, thiserror::Error)]
pub enum AnimationError {
    /// A frame that was written cannot be read.
    #[error(transparent)]
    Frame(#[from] PictureError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Animations {
    /// Those of `plan`, which makes several pictures of each input. What is no picture has none.
    ///
    /// # Errors
    /// Two would have one name; one exists, and `existing` says that it must not.
    pub fn plan(plan: &Plan, existing: OnExisting) -> Result<Self, ApplyError> {
        let pictures: Vec<PlannedPicture> = plan.pictures().collect();
        let mut animations = Vec::new();
        let mut inputs: HashMap<PathBuf, &Path> = HashMap::new();
        for of_input in pictures.chunk_by(|one, other| one.input == other.input) {
            let outputs = of_input.iter().map(|picture| picture.task.output());
            let outputs: Option<Vec<&Path>> = outputs.collect();
            let Some((file, frames)) =
                outputs.map(|frames| (plan.animation_of(&of_input[0]), frames))
            else {
                continue;
            };
            let input = of_input[0].input.as_path();
            if let Some(first) = inputs.insert(file.clone(), input) {
                return Err(ApplyError::Collision {
                    first: first.to_owned(),
                    second: input.to_owned(),
                    output: file,
                    count: 1,
                });
            }
            animations.push(Animation {
                file,
                frames: frames.into_iter().map(Path::to_owned).collect(),
            });
        }
        if existing == OnExisting::Skip {
            animations.retain(|animation| !animation.file.exists());
        }
        let there = animations.iter().map(|animation| &animation.file);
        let there: Vec<&PathBuf> = there.filter(|file| file.exists()).collect();
        match (existing, there.first()) {
            (OnExisting::Refuse, Some(first)) => Err(ApplyError::OutputExists {
                first: (*first).clone(),
                count: there.len(),
            }),
            _ => Ok(Self(animations)),
        }
    }

    /// Writes those of which every frame is there, and returns how many: where a run ended early, some are not.
    ///
    /// # Errors
    /// A frame cannot be read, or a file not be written.
    pub fn write(&self) -> Result<usize, AnimationError> {
        let mut written = 0;
        for Animation { file, frames } in &self.0 {
            if !frames.iter().all(|frame| frame.exists()) {
                continue;
            }
            let pictures = frames
                .iter()
                .map(|frame| Ok(read_rgb(frame)?.pixels))
                .collect::<Result<Vec<_>, PictureError>>()?;
            let contents = animation(&pictures).map_err(FileError::context("write", file))?;
            write_atomically(file, &contents)?;
            written += 1;
        }
        Ok(written)
    }
}
