//! Writing masks as files, to train with, to fill with and to look at.

use std::path::Path;

use rayon::prelude::*;

use super::augmentation::sample_random;
use super::conversion::{
    Conversion, Progress, convert_all, list_inputs, nothing_replaced, write_png,
};
use super::error::DataError;
use super::masked::draw;
use super::transform::Size;
use crate::config::MaskKind;
use crate::files;
use crate::picture::{MAX_PIXELS, read_rgb};

/// What masks look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskSettings {
    /// Their shape; [`MaskKind::Folder`] is none that can be drawn.
    pub kind: MaskKind,
    /// By how much [`MaskKind::Centre`] is smaller on each side than half of the picture, in pixels.
    pub overlap: usize,
    /// With the place of a mask this decides its shape.
    pub seed: u64,
}

/// Where masks come from: how many of which size, or one for each picture of a folder.
#[derive(Debug, Clone, Copy)]
pub enum MaskPlan<'a> {
    /// This many masks of this size, called `000000.png` and so on.
    Count(usize, Size),
    /// A mask for each picture of a folder, of its size and under its name.
    ForPictures(&'a Path),
}

/// Writes masks into `output` as 8-bit grey PNG: white is what is to be filled.
///
/// Files that are there already are replaced only with `overwrite`.
///
/// # Errors
/// A mask is there already, a setting makes no sense, the folder of pictures is missing or empty, or a mask cannot be written.
pub fn write_masks(
    plan: MaskPlan<'_>,
    output: &Path,
    settings: MaskSettings,
    overwrite: bool,
    progress: Progress<'_>,
) -> Result<Conversion, DataError> {
    let write = |index: usize, size: Size, stem: &str| {
        let random = &mut sample_random(settings.seed, 0, index as u64);
        let mask = draw(settings.kind, size, settings.overlap, random);
        write_png(&mask.to_picture().into(), output, stem)
    };
    match plan {
        MaskPlan::ForPictures(input) => {
            let outputs = [output.to_owned()];
            let files = list_inputs(input, &outputs)?;
            convert_all(&files, &outputs, overwrite, progress, |index| {
                let file = &files[index];
                let (width, height) = read_rgb(&file.path)?.pixels.dimensions();
                let size = (width as usize, height as usize);
                if settings.leaves_nothing(size) {
                    return Err(DataError::Unsuitable {
                        path: file.path.clone(),
                        message: format!(
                            "is {width}x{height}: its centre has no pixel with this overlap"
                        ),
                    });
                }
                Ok(write(index, size, file.stem())?)
            })
        }
        MaskPlan::Count(count, size) => {
            let pixels = size.0 as u64 * size.1 as u64;
            let (width, height) = size;
            if pixels == 0 || pixels > MAX_PIXELS {
                return Err(DataError::BadSetting(format!(
                    "masks have from 1 to {MAX_PIXELS} pixels, not {width}x{height}"
                )));
            }
            if settings.leaves_nothing(size) {
                return Err(DataError::BadSetting(format!(
                    "the centre of {width}x{height} has no pixel with an overlap of {}: lower it",
                    settings.overlap
                )));
            }
            let stem = |index: usize| format!("{index:06}");
            if !overwrite {
                nothing_replaced(output, (0..count).map(stem))?;
            }
            files::create_folder(output)?;
            (0..count).into_par_iter().try_for_each(|index| {
                write(index, size, &stem(index))?;
                progress(index + 1, count);
                Ok::<_, DataError>(())
            })?;
            Ok(Conversion {
                converted: count,
                reduced: 0,
                failures: Vec::new(),
            })
        }
    }
}

impl MaskSettings {
    /// Whether nothing is left of the centre.
    fn leaves_nothing(self, (width, height): Size) -> bool {
        self.kind == MaskKind::Centre && width.min(height) / 2 <= 2 * self.overlap
    }
}
