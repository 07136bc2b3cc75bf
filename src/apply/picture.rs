//! One picture: from its file to what a network takes, and from what the network gives to a file.

use std::path::Path;

use image::ImageFormat;

use super::maps::prepare_maps;
use super::padding::Padding;
use super::passthrough::Kept;
use super::prepared::Prepared;
use super::reading::{Reading, padding_for, read};
use super::steps::Finished;
use super::tiles::Ways;
use super::translator::Needs;
use crate::picture::{
    Encoding, Pixels, SpooledPicture, encode, picture_of, transparency, with_alpha,
};

/// What a network made of a picture.
pub(super) enum Output {
    /// `[channels, padded_height, padded_width]`, flattened.
    Values(Vec<f32>),
    /// The picture itself, without its transparency.
    Spooled(SpooledPicture),
}

/// Reads, resizes and pads a picture.
pub(super) fn prepare(
    path: &Path,
    reading: Reading<'_>,
    needs: Needs,
    ways: &Ways,
) -> Result<Prepared, String> {
    if let Some(maps) = needs.maps {
        return prepare_maps(path, reading, needs, maps, ways);
    }
    let picture = read(path, reading)?;
    let padding = padding_for(picture.size(), reading, needs)?;
    let (layer, kept) = picture.taken_apart(&padding, reading, needs.channels)?;
    Prepared::new(vec![layer], padding, kept, ways)
}

/// Crops and encodes what a network made of a picture.
pub(super) fn finish(
    output: Output,
    padding: &Padding,
    kept: Kept,
    channels: usize,
    format: ImageFormat,
    encoding: Encoding,
) -> Result<Finished, String> {
    let Kept {
        alpha,
        is_deep,
        metadata,
        notes,
    } = kept;
    let pixels = match output {
        Output::Values(values) => {
            let size = (padding.width as u32, padding.height as u32);
            let picture = picture_of(
                &cropped(values, padding, channels)?,
                channels,
                is_deep,
                size,
            );
            let picture = picture.ok_or("the network gave too few values")?;
            Pixels::Whole(match alpha {
                None => picture,
                Some(alpha) => with_alpha(picture, transparency(&alpha, 0..padding.height)?)?,
            })
        }
        Output::Spooled(colours) => Pixels::Spooled { colours, alpha },
    };
    encode(pixels, &metadata, format, encoding, notes).map(Finished::from)
}

/// The values of a whole picture, without its border.
fn cropped(values: Vec<f32>, padding: &Padding, channels: usize) -> Result<Vec<f32>, String> {
    let expected = channels * padding.padded_height * padding.padded_width;
    if values.len() != expected {
        return Err(format!(
            "the network gave {} values instead of {expected}",
            values.len()
        ));
    }
    let values = padding.crop(values);
    if values.iter().any(|value| !value.is_finite()) {
        return Err("the network gave values that are not finite numbers".to_owned());
    }
    Ok(values)
}
