//! A folder to translate.

use std::path::PathBuf;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::apply::{FillOptions, OnExisting, TransparentPixels};
use crate::serve::roots::{Place, Roots};
use crate::serve::tasks::{
    Choices, FileChoices, OrderError, check_restore, direction, size, wrong,
};

/// A folder to translate. What is left out is as in `translate apply`, but for `existing`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::serve) struct JobRequest {
    /// The pictures: a folder, with all folders in it, or one picture.
    pub(in crate::serve) input: Place,
    /// The folder for the translations.
    pub(in crate::serve) output: Place,
    /// A folder of masks, matched by name, for styles that fill holes.
    #[serde(default)]
    masks: Option<Place>,
    /// Name of the style.
    pub(in crate::serve) style: String,
    /// AtoB or BtoA.
    #[serde(default)]
    direction: Option<String>,
    /// keep, 256, 640x480, 640x, x480, short:480 or training.
    #[serde(default)]
    size: Option<String>,
    /// Bring translations back to the size of their pictures.
    #[serde(default)]
    restore: bool,
    /// Decides what is drawn at random.
    #[serde(default)]
    seed: Option<u32>,
    /// same, png, jpg, webp or tiff.
    #[serde(default)]
    format: Option<String>,
    /// keep or 8.
    #[serde(default)]
    depth: Option<String>,
    /// Of JPEG files, 1 to 100.
    #[serde(default)]
    quality: Option<u8>,
    /// What happens to translations that exist: skip, which goes on with a job that was stopped, or overwrite.
    #[serde(default)]
    existing: Existing,
}

/// What happens to translations that exist.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Existing {
    #[default]
    Skip,
    Overwrite,
}

/// What a job does.
#[derive(Debug)]
pub(in crate::serve) struct JobChoices {
    pub(in crate::serve) input: PathBuf,
    pub(in crate::serve) output: PathBuf,
    pub(in crate::serve) masks: Option<PathBuf>,
    pub(in crate::serve) choices: Choices,
    pub(in crate::serve) files: FileChoices,
    pub(in crate::serve) how: FillOptions,
    pub(in crate::serve) existing: OnExisting,
}

/// A job that makes no sense.
#[derive(Debug, thiserror::Error)]
pub(in crate::serve) enum JobError {
    /// A value is wrong.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// A place is not below its root.
    #[error("`{0}` is no place below a root: name a root, and a path in it")]
    NoPlace(&'static str),
}

impl JobRequest {
    /// What it asks for, with its places.
    ///
    /// # Errors
    /// A value is none of those that its key can have, or a place is not below its root.
    pub(in crate::serve) fn choices(&self, roots: &Roots) -> Result<JobChoices, JobError> {
        let resolve = |key, place: &Place| roots.resolve(place).ok_or(JobError::NoPlace(key));
        let masks = self.masks.as_ref();
        let masks = masks.map(|place| resolve("masks", place)).transpose()?;
        let not_for_holes = [
            ("direction", self.direction.is_some()),
            ("size", self.size.is_some()),
            ("restore", self.restore),
        ];
        let wanted = not_for_holes.into_iter().find(|(_, is_given)| *is_given);
        if let (Some((key, _)), true) = (wanted, masks.is_some()) {
            return Err(wrong(key, "holes are filled without it: leave it out, or `masks`").into());
        }
        check_restore(self.restore, self.size.as_deref())?;
        let (format, depth) = (self.format.as_deref(), self.depth.as_deref());
        Ok(JobChoices {
            input: resolve("input", &self.input)?,
            output: resolve("output", &self.output)?,
            choices: Choices {
                direction: direction(self.direction.as_deref())?,
                size: size(self.size.as_deref())?,
                restore: self.restore,
                half: None,
                samples: 1,
                seed: self.seed.unwrap_or(0).into(),
                dropout: false,
                transparent: TransparentPixels::default(),
            },
            files: FileChoices::parse(format, depth, self.quality, masks.is_some())?,
            how: FillOptions::default(),
            existing: match self.existing {
                Existing::Skip => OnExisting::Skip,
                Existing::Overwrite => OnExisting::Overwrite,
            },
            masks,
        })
    }
}
