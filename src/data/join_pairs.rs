//! From two folders to side-by-side pictures.

use std::path::Path;

use image::{DynamicImage, GenericImage, RgbImage};

use super::aligned::paired_files;
use super::conversion::{Conversion, Progress, Reduced, convert_all, ensure_outside, write_png};
use super::error::DataError;
use crate::picture::read_rgb;

/// Writes a PNG to `output` for each pair of pictures in `a` and `b` that have the same relative path but for the extension:
/// A in the left half, B in the right half.
///
/// Pairs that cannot be read or whose pictures have different sizes are failures of their own.
///
/// Files that are there already are replaced only with `overwrite`.
///
/// # Errors
/// A file is there already, a folder is missing or empty, pictures have no partner or two, the output is within an input, or
/// cannot be written.
pub fn join_pairs(
    a: &Path,
    b: &Path,
    output: &Path,
    overwrite: bool,
    progress: Progress<'_>,
) -> Result<Conversion, DataError> {
    let outputs = [output.to_owned()];
    for input in [a, b] {
        if !input.is_dir() {
            return Err(DataError::NotAFolder(input.to_owned()));
        }
        ensure_outside(input, &outputs)?;
    }
    let (a_files, b_files) = paired_files(a, a, b)?;
    let reduced = Reduced::default();
    let conversion = convert_all(&a_files, &outputs, overwrite, progress, |index| {
        let (a_path, b_path) = (&a_files[index].path, &b_files[index].path);
        let (a, b) = (read_rgb(a_path)?, read_rgb(b_path)?);
        reduced.see(&[&a, &b]);
        let (a, b) = (a.pixels, b.pixels);
        if a.dimensions() != b.dimensions() {
            return Err(DataError::SizesDiffer {
                a: a_path.clone(),
                a_size: a.dimensions(),
                b: b_path.clone(),
                b_size: b.dimensions(),
            });
        }
        let side_by_side = side_by_side(&a, &b);
        write_png(&side_by_side, output, a_files[index].stem())?;
        Ok(())
    })?;
    Ok(reduced.told(conversion))
}

/// Both pictures, which have one size, in one.
fn side_by_side(a: &RgbImage, b: &RgbImage) -> DynamicImage {
    let (width, height) = a.dimensions();
    let mut both = RgbImage::new(2 * width, height);
    for (picture, x) in [(a, 0), (b, width)] {
        both.copy_from(picture, x, 0)
            .expect("the canvas was made for two pictures of this size");
    }
    both.into()
}
