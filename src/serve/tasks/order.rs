//! What clients ask the network for.

use std::sync::Arc;

use serde::Deserialize;
use utoipa::ToSchema;

use super::choices::{
    Choices, FileChoices, OrderError, check_restore, choice, direction, half, size, wrong,
};
use crate::apply::FillOptions;
use crate::serve::pictures::StoredPicture;

/// Translations of one picture at most.
const MAX_SAMPLES: u32 = 16;

/// The largest feather and growth of a hole, in pixels.
const MAX_REACH: usize = 512;

/// A picture to translate. What is left out is as in `translate apply`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::serve) struct TranslationRequest {
    /// Identifier of the picture.
    pub(in crate::serve) picture: String,
    /// Identifier of its instance map, for styles that take one.
    #[serde(default)]
    pub(in crate::serve) instances: Option<String>,
    /// Name of the style: NAME, NAME@STEP or NAME/best.
    pub(in crate::serve) style: String,
    /// AtoB or BtoA.
    #[serde(default)]
    direction: Option<String>,
    /// keep, 256, 640x480, 640x, x480, short:480 or training.
    #[serde(default)]
    size: Option<String>,
    /// Bring the translation back to the size of the picture.
    #[serde(default)]
    restore: bool,
    /// left or right, of pictures that hold a pair side by side.
    #[serde(default)]
    side: Option<String>,
    /// Number of translations, for styles that vary: 1 to 16.
    #[serde(default)]
    samples: Option<u32>,
    /// Decides what is drawn at random.
    #[serde(default)]
    seed: Option<u32>,
    /// Dropout while translating, for varied results.
    #[serde(default)]
    dropout: bool,
    /// same, png, jpg, webp or tiff.
    #[serde(default)]
    format: Option<String>,
    /// keep or 8.
    #[serde(default)]
    depth: Option<String>,
    /// Of JPEG files, 1 to 100.
    #[serde(default)]
    quality: Option<u8>,
    /// What the network sees where a picture is fully transparent: fill or keep.
    #[serde(default)]
    transparent: Option<String>,
}

/// A hole to fill.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::serve) struct FillingRequest {
    /// Identifier of the photo.
    pub(in crate::serve) picture: String,
    /// Identifier of a picture of the same size that is white where the hole is.
    pub(in crate::serve) mask: String,
    /// Name of a style that fills holes.
    pub(in crate::serve) style: String,
    /// Pixels over which what is filled in is blended into what is around it; what is usual for the style if none.
    #[serde(default)]
    feather: Option<u32>,
    /// Pixels by which the hole is grown.
    #[serde(default)]
    dilate: Option<u32>,
    /// same, png, jpg, webp or tiff; by default PNG for JPEG, since pixels outside the hole stay what they are.
    #[serde(default)]
    format: Option<String>,
    /// keep or 8.
    #[serde(default)]
    depth: Option<String>,
    /// Of JPEG files, 1 to 100.
    #[serde(default)]
    quality: Option<u8>,
}

/// A translation that is asked for.
#[derive(Debug)]
pub(in crate::serve) struct Translation {
    pub(in crate::serve) picture: Arc<StoredPicture>,
    pub(in crate::serve) instances: Option<Arc<StoredPicture>>,
    pub(in crate::serve) style: String,
    pub(in crate::serve) choices: Choices,
    pub(in crate::serve) files: FileChoices,
}

/// A filling that is asked for.
#[derive(Debug)]
pub(in crate::serve) struct Filling {
    pub(in crate::serve) picture: Arc<StoredPicture>,
    pub(in crate::serve) mask: Arc<StoredPicture>,
    pub(in crate::serve) style: String,
    pub(in crate::serve) how: FillOptions,
    pub(in crate::serve) files: FileChoices,
}

/// What a task does.
#[derive(Debug)]
pub(in crate::serve) enum Order {
    /// Translates a picture.
    Translate(Translation),
    /// Fills a hole.
    Fill(Filling),
}

impl TranslationRequest {
    /// The order, with its pictures.
    ///
    /// # Errors
    /// A value is none of those that its key can have.
    pub(in crate::serve) fn order(
        self,
        picture: Arc<StoredPicture>,
        instances: Option<Arc<StoredPicture>>,
    ) -> Result<Translation, OrderError> {
        let samples = self.samples.unwrap_or(1);
        if !(1..=MAX_SAMPLES).contains(&samples) {
            let message = format!("write a number from 1 to {MAX_SAMPLES}");
            return Err(wrong("samples", message));
        }
        check_restore(self.restore, self.size.as_deref())?;
        let choices = Choices {
            direction: direction(self.direction.as_deref())?,
            size: size(self.size.as_deref())?,
            restore: self.restore,
            half: half(self.side.as_deref())?,
            samples: samples as usize,
            seed: self.seed.unwrap_or(0).into(),
            dropout: self.dropout,
            transparent: choice("transparent", self.transparent.as_deref())?,
        };
        let (format, depth) = (self.format.as_deref(), self.depth.as_deref());
        Ok(Translation {
            picture,
            instances,
            style: self.style,
            choices,
            files: FileChoices::parse(format, depth, self.quality, false)?,
        })
    }
}

impl FillingRequest {
    /// The order, with its pictures.
    ///
    /// # Errors
    /// A value is none of those that its key can have.
    pub(in crate::serve) fn order(
        self,
        picture: Arc<StoredPicture>,
        mask: Arc<StoredPicture>,
    ) -> Result<Filling, OrderError> {
        let reach = |key, value: Option<u32>| match value.map(|it| it as usize) {
            Some(value) if value > MAX_REACH => {
                Err(wrong(key, format!("write a number up to {MAX_REACH}")))
            }
            value => Ok(value),
        };
        let (format, depth) = (self.format.as_deref(), self.depth.as_deref());
        Ok(Filling {
            picture,
            mask,
            style: self.style,
            how: FillOptions {
                feather: reach("feather", self.feather)?,
                dilate: reach("dilate", self.dilate)?.unwrap_or(0),
            },
            files: FileChoices::parse(format, depth, self.quality, true)?,
        })
    }
}
