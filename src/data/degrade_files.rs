//! Folders of spoilt pictures beside what they were, to measure networks that recover them.

use std::path::Path;

use image::RgbImage;

use super::augmentation::sample_random;
use super::conversion::{Conversion, Progress, Reduced, convert_all, list_inputs, write_png};
use super::degrade::DegradeSettings;
use super::error::DataError;
use crate::picture::{Raster, read_rgb};

/// Folders of what is written: the spoilt pictures, what they were, and the smaller ones enlarged again.
const INPUT: &str = "input";
const TARGET: &str = "target";
const BICUBIC: &str = "bicubic";

/// Spoils each picture in `input`, with draws from `seed` and its place, and writes to `output`, as PNG under the same relative name:
/// the spoilt picture to `input/`, the picture, cut to a multiple of the scale, to `target/`, and, where it became smaller, the
/// spoilt picture at its size again by bicubic interpolation to `bicubic/`: what a network is to surpass.
///
/// Files that are there already are replaced only with `overwrite`.
///
/// # Errors
/// A file is there already, a setting makes no sense, the folder is missing or empty, two pictures would get the same name, the
/// output is within the input, or
/// cannot be written.
pub fn write_degraded(
    input: &Path,
    output: &Path,
    settings: &DegradeSettings,
    seed: u64,
    overwrite: bool,
    progress: Progress<'_>,
) -> Result<Conversion, DataError> {
    settings.validate()?;
    let mut outputs = vec![output.join(INPUT), output.join(TARGET)];
    let scale = settings.downscale.unwrap_or(1);
    if scale > 1 {
        outputs.push(output.join(BICUBIC));
    }
    let files = list_inputs(input, &outputs)?;
    let reduced = Reduced::default();
    let conversion = convert_all(&files, &outputs, overwrite, progress, |index| {
        let file = &files[index];
        let picture = read_rgb(&file.path)?;
        reduced.see(&[&picture]);
        let picture = Raster::new(picture.pixels, 3);
        let (width, height) = picture.size();
        let cut = (width / scale * scale, height / scale * scale);
        if cut.0 == 0 || cut.1 == 0 {
            return Err(DataError::Unsuitable {
                path: file.path.clone(),
                message: format!("is {width}x{height}, too small to be made {scale} times smaller"),
            });
        }
        let target = picture.cropped((0, 0), cut);
        let random = &mut sample_random(seed, 0, index as u64);
        let spoilt = settings.apply(&target, random);
        let enlarged = (scale > 1).then(|| spoilt.clone().resized(cut));
        let made = [spoilt, target].into_iter().chain(enlarged);
        for (raster, folder) in made.zip(&outputs) {
            let (width, height) = (raster.width as u32, raster.height as u32);
            let picture = RgbImage::from_raw(width, height, raster.bytes);
            let picture = picture.expect("a raster of colours has three bytes for each pixel");
            write_png(&picture.into(), folder, file.stem())?;
        }
        Ok(())
    })?;
    Ok(reduced.told(conversion))
}
