//! Previews: the same fixed samples after a number of steps, as one picture.

use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use image::{Rgb, RgbImage, imageops};

use super::error::TrainError;
use super::event::{Event, Listener};
use crate::files::{self, FileError};
use crate::picture::denormalize_u8;

/// Space between the pictures of a sheet, in pixels.
const GAP: u32 = 4;

/// Arranges rows of pictures, each `[1, channels, height, width]` in [-1, 1], on one white sheet.
pub fn contact_sheet(rows: &[Vec<TensorData>]) -> RgbImage {
    let pictures: Vec<Vec<RgbImage>> = rows
        .iter()
        .map(|row| row.iter().filter_map(picture).collect())
        .collect();
    let width_of = |row: &Vec<RgbImage>| row.iter().map(|one| one.width() + GAP).sum::<u32>();
    let height_of = |row: &Vec<RgbImage>| row.iter().map(RgbImage::height).max().unwrap_or(0);
    let width = pictures.iter().map(width_of).max().unwrap_or(0) + GAP;
    let height = pictures.iter().map(|row| height_of(row) + GAP).sum::<u32>() + GAP;
    let mut sheet = RgbImage::from_pixel(width, height, Rgb([255; 3]));
    let mut top = GAP;
    for row in &pictures {
        let mut left = GAP;
        for picture in row {
            imageops::replace(&mut sheet, picture, i64::from(left), i64::from(top));
            left += picture.width() + GAP;
        }
        top += height_of(row) + GAP;
    }
    sheet
}

/// The first picture of `[1, channels, height, width]` in [-1, 1].
pub(super) fn picture(data: &TensorData) -> Option<RgbImage> {
    let shape = data.shape();
    let (channels, height, width) = (shape[1], shape[2], shape[3]);
    let pixels = denormalize_u8(data.as_slice().ok()?, channels);
    // Of many bands the first three.
    let pixels = match channels {
        3 => pixels,
        1 | 2 => pixels
            .chunks_exact(channels)
            .flat_map(|pixel| [pixel[0]; 3])
            .collect(),
        _ => pixels
            .chunks_exact(channels)
            .flat_map(|pixel| &pixel[..3])
            .copied()
            .collect(),
    };
    RgbImage::from_raw(width as u32, height as u32, pixels)
}

/// The path of a step's preview.
pub(super) fn preview_path(folder: &Path, step: u64) -> PathBuf {
    folder.join(format!("step-{step:06}.png"))
}

/// Writes `step-000500.png` and so on into a folder.
#[derive(Debug)]
pub struct PreviewFile {
    folder: PathBuf,
}

impl PreviewFile {
    /// Creates `folder` for previews.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn new(folder: PathBuf) -> Result<Self, FileError> {
        files::create_folder(&folder)?;
        Ok(Self { folder })
    }
}

impl Listener for PreviewFile {
    fn on_event(&mut self, event: &Event) -> Result<(), TrainError> {
        if let Event::Preview { step, rows } = event {
            let path = preview_path(&self.folder, *step);
            files::write_png(&path, &contact_sheet(rows))?;
        }
        Ok(())
    }
}
