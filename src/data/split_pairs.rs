//! From side-by-side pictures to two folders.

use std::path::Path;

use super::aligned::halves;
use super::conversion::{Conversion, Progress, Reduced, convert_all, list_inputs, write_png};
use super::error::DataError;
use crate::picture::read_rgb;

/// Writes the left half of each picture in `input` to `output/A` and the right half to `output/B`, as PNG under the same
/// relative name.
///
/// Files that are there already are replaced only with `overwrite`.
///
/// # Errors
/// A file is there already, the folder is missing or empty, two pictures would get the same name, the output is within the
/// input, or cannot be written.
pub fn split_pairs(
    input: &Path,
    output: &Path,
    overwrite: bool,
    progress: Progress<'_>,
) -> Result<Conversion, DataError> {
    let outputs = [output.join("A"), output.join("B")];
    let files = list_inputs(input, &outputs)?;
    let reduced = Reduced::default();
    let conversion = convert_all(&files, &outputs, overwrite, progress, |index| {
        let file = &files[index];
        let pair = read_rgb(&file.path)?;
        reduced.see(&[&pair]);
        let (a, b) = halves(&file.path, &pair)?;
        for (half, folder) in [(a, &outputs[0]), (b, &outputs[1])] {
            write_png(&half.pixels.into(), folder, file.stem())?;
        }
        Ok(())
    })?;
    Ok(reduced.told(conversion))
}
