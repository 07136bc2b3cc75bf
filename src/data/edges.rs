//! Edge maps, so that anyone can make an edges-to-photo set from plain photos.

use std::path::Path;

use image::imageops::colorops::invert;
use image::{GrayImage, RgbImage};
use imageproc::edges::canny;
use imageproc::filter::gaussian_blur_f32;

use super::conversion::{Conversion, Progress, convert_all, list_inputs, write_png};
use super::error::DataError;
use crate::picture::{grey, read_rgb};

/// The strongest edge that a Sobel gradient of 8-bit pixels can give.
const STRONGEST: f32 = 1140.0;

/// What counts as an edge (Canny, 1986).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EdgeSettings {
    /// Edges at least this strong count where they go on from a strong one. Edge strength is the length of the Sobel gradient,
    /// up to 1140.
    pub low: f32,
    /// Edges at least this strong always count.
    pub high: f32,
    /// Standard deviation, in pixels, of a Gaussian blur before everything else, to get rid of texture; 0 for none. The
    /// detector's own blur of 1.4 pixels comes on top.
    pub blur: f32,
}

impl Default for EdgeSettings {
    /// Outlines and clear inner contours of ordinary photos.
    fn default() -> Self {
        Self {
            low: 30.0,
            high: 70.0,
            blur: 1.0,
        }
    }
}

impl EdgeSettings {
    /// Checks that the settings make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), DataError> {
        let Self { low, high, blur } = *self;
        let message = if !(low > 0.0 && low <= STRONGEST) {
            format!("the low threshold must be above 0 and at most {STRONGEST}, but is {low}")
        } else if !(high >= low && high <= STRONGEST) {
            format!(
                "the high threshold must be from the low one ({low}) to {STRONGEST}, but is {high}"
            )
        } else if !(0.0..=20.0).contains(&blur) {
            format!("the blur must be from 0 to 20 pixels, but is {blur}")
        } else {
            return Ok(());
        };
        Err(DataError::BadSetting(message))
    }
}

/// Writes the edge map of each picture in `input` to `output`, as PNG under the same relative name: black lines on white.
///
/// Files that are there already are replaced only with `overwrite`.
///
/// # Errors
/// A file is there already, a setting makes no sense, the folder is missing or empty, two pictures would get the same name, the
/// output is within the
/// input, or cannot be written.
pub fn write_edges(
    input: &Path,
    output: &Path,
    settings: &EdgeSettings,
    overwrite: bool,
    progress: Progress<'_>,
) -> Result<Conversion, DataError> {
    settings.validate()?;
    let outputs = [output.to_owned()];
    let files = list_inputs(input, &outputs)?;
    convert_all(&files, &outputs, overwrite, progress, |index| {
        let file = &files[index];
        let map = edge_map(&read_rgb(&file.path)?.pixels, settings);
        write_png(&map.into(), output, file.stem())?;
        Ok(())
    })
}

/// The edges of one picture, of its size: 0 on edges, 255 elsewhere. The settings are valid.
pub fn edge_map(picture: &RgbImage, settings: &EdgeSettings) -> GrayImage {
    let mut map = grey(picture);
    if settings.blur > 0.0 {
        map = gaussian_blur_f32(&map, settings.blur);
    }
    map = canny(&map, settings.low, settings.high);
    invert(&mut map);
    map
}
