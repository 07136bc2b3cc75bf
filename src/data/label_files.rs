//! Label maps of any kind as PNG files of ids, and what classes they hold.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use image::{DynamicImage, ImageBuffer};

use super::class_palette::ClassPalette;
use super::conversion::{Conversion, Progress, convert_all, list_inputs, write_png};
use super::error::DataError;
use crate::picture::{IdMap, PictureLimits, SampleFile};

/// How much of a folder of label maps a class takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassShare {
    /// Its pixels in all maps.
    pub pixels: u64,
    /// Maps that have at least one.
    pub maps: usize,
}

/// Writes the ids of each label map in `input` as grey PNG into `output`: of 8 bits, or of 16 where an id needs them.
///
/// With a palette maps hold colours, without one the ids are the samples as they are stored, or the places in the file's own
/// palette. Maps that cannot be read are failures of their own. The shares are those of the maps that were converted.
///
/// Files that are there already are replaced only with `overwrite`.
///
/// # Errors
/// A file is there already, a folder is missing or empty, two maps have one name, the output is within the input, or cannot be
/// written.
pub fn write_labels(
    input: &Path,
    output: &Path,
    palette: Option<&ClassPalette>,
    overwrite: bool,
    progress: Progress<'_>,
) -> Result<(Conversion, BTreeMap<u32, ClassShare>), DataError> {
    let outputs = [output.to_owned()];
    let files = list_inputs(input, &outputs)?;
    let shares: Mutex<BTreeMap<u32, ClassShare>> = Mutex::default();
    let conversion = convert_all(&files, &outputs, overwrite, progress, |index| {
        let path = &files[index].path;
        let unfit = |message| DataError::Unsuitable {
            path: path.clone(),
            message,
        };
        let file = SampleFile::read(path, PictureLimits::default())?;
        let map = match palette {
            None => file.ids()?,
            Some(palette) => palette.ids(file.colours()?).map_err(unfit)?,
        };
        let picture = grey(&map).ok_or_else(|| {
            let highest = map.highest();
            unfit(format!(
                "has the id {highest}, and PNG files hold ids up to 65535: number them anew"
            ))
        })?;
        write_png(&picture, output, files[index].stem())?;
        let own = counts(&map);
        let mut shares = shares
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for (id, pixels) in own {
            let share = shares.entry(id).or_default();
            share.pixels += pixels;
            share.maps += 1;
        }
        Ok(())
    })?;
    let shares = shares
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((conversion, shares))
}

/// The pixels of each id.
fn counts(map: &IdMap) -> BTreeMap<u32, u64> {
    let mut counts = BTreeMap::new();
    // Neighbours mostly have one id.
    for run in map.ids.chunk_by(|first, second| first == second) {
        *counts.entry(run[0]).or_default() += run.len() as u64;
    }
    counts
}

/// None where an id needs more than 16 bits.
fn grey(map: &IdMap) -> Option<DynamicImage> {
    let (width, height) = (map.width as u32, map.height as u32);
    if map.highest() <= u8::MAX.into() {
        let levels = map.ids.iter().map(|&id| id as u8).collect();
        return ImageBuffer::from_raw(width, height, levels).map(DynamicImage::ImageLuma8);
    }
    let levels: Result<Vec<u16>, _> = map.ids.iter().map(|&id| u16::try_from(id)).collect();
    ImageBuffer::from_raw(width, height, levels.ok()?).map(DynamicImage::ImageLuma16)
}
