//! The size of translations as people choose it.

use std::str::FromStr;

use super::options::{OutputSize, SizeError};
use crate::config::{Preprocess, Recipe};
use crate::style::Manifest;

/// A size, or that of a style's training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeChoice {
    /// This size.
    Size(OutputSize),
    /// As large as the style saw its pictures in training.
    Training,
}

impl FromStr for SizeChoice {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        match text {
            "training" => Ok(Self::Training),
            size => size.parse().map(Self::Size),
        }
    }
}

/// The size at which pictures are translated, and whether translations get the size of their pictures back: what was asked for,
/// or what the style has for those who ask for nothing.
pub fn size_and_restore(
    asked: Option<SizeChoice>,
    restore: bool,
    manifest: &Manifest,
) -> (OutputSize, bool) {
    match (asked, manifest.apply.shorter_side) {
        (Some(size), _) => (size.resolve(&manifest.recipe), restore),
        (None, Some(side)) => (OutputSize::ShortAtMost(side.get()), true),
        (None, None) => (OutputSize::Keep, false),
    }
}

impl SizeChoice {
    /// The size, where `recipe` is that of the style. Training squashes some pictures to a square, `resize_and_crop`: here they
    /// keep their aspect ratio, and their shorter side has its length.
    fn resolve(self, recipe: &Recipe) -> OutputSize {
        let load_size = recipe.data.load_size as u32;
        match (self, recipe.data.preprocess) {
            (Self::Size(size), _) => size,
            (Self::Training, Preprocess::ResizeAndCrop | Preprocess::ScaleShortsideAndCrop) => {
                OutputSize::Short(load_size)
            }
            (Self::Training, Preprocess::ScaleWidth | Preprocess::ScaleWidthAndCrop) => {
                OutputSize::Width(load_size)
            }
            (Self::Training, Preprocess::Crop | Preprocess::None) => OutputSize::Keep,
        }
    }
}
