//! One picture: from its file to what a network takes, and from what the network gives to a file.

use std::path::Path;

use image::ImageFormat;

use super::maps::prepare_maps;
use super::padding::Padding;
use super::passthrough::Passthrough;
use super::pipeline::Finished;
use super::prepared::Prepared;
use super::reading::{ReadOptions, padding_for, read, resized_planes};
use super::tiles::SplitPolicy;
use super::translator::InputSpec;
use crate::picture::{
    EncodeOptions, OutputPixels, SpooledPicture, Transparency, encode, image_from_values,
    is_16_bit, normalized_values,
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
    reading: ReadOptions<'_>,
    spec: InputSpec,
    split: &SplitPolicy,
) -> Result<Prepared, String> {
    if let Some(maps) = spec.maps {
        return prepare_maps(path, reading, spec, maps, split);
    }
    let picture = read(path, reading)?;
    let padding = padding_for(picture.size(), reading, spec)?;
    let (layer, passthrough) = picture.into_network_input(&padding, reading, spec.channels)?;
    Prepared::new(vec![layer], padding, passthrough, split)
}

/// Crops and encodes what a network made of a picture.
pub(super) fn finish(
    output: Output,
    padding: &Padding,
    passthrough: Passthrough,
    channels: usize,
    format: ImageFormat,
    encoding: EncodeOptions,
) -> Result<Finished, String> {
    let Passthrough {
        alpha,
        restored,
        is_16_bit,
        metadata,
        notes,
    } = passthrough;
    // Without transparency the colours would be seen.
    let alpha = alpha.map(|alpha| Transparency {
        restores_hidden: alpha.restores_hidden && format != ImageFormat::Jpeg,
        ..alpha
    });
    let own = (padding.width, padding.height);
    let (width, height) = restored.unwrap_or(own);
    let pixels = match output {
        Output::Values(values) => {
            let values = resized_planes(cropped(values, padding, channels)?, own, (width, height));
            let size = (width as u32, height as u32);
            let picture = image_from_values(&values, channels, is_16_bit, size);
            let picture = picture.ok_or("the network gave too few values")?;
            OutputPixels::Whole(match alpha {
                None => picture,
                Some(alpha) => alpha.put_onto(picture, 0..height)?,
            })
        }
        Output::Spooled(colours) => OutputPixels::Spooled {
            colours: restore(colours, own, (width, height))?,
            alpha,
        },
    };
    encode(pixels, &metadata, format, encoding, notes).map(Finished::from)
}

/// A large translation at another (width, height).
fn restore(
    picture: SpooledPicture,
    own: (usize, usize),
    to: (usize, usize),
) -> Result<SpooledPicture, String> {
    if own == to {
        return Ok(picture);
    }
    let whole = picture.whole().map_err(|error| error.to_string())?;
    let colour = whole.color();
    let channels = usize::from(colour.channel_count());
    let values = resized_planes(normalized_values(&whole, channels), own, to);
    let size = (to.0 as u32, to.1 as u32);
    let resized = image_from_values(&values, channels, is_16_bit(colour), size);
    let resized = resized.ok_or("the network gave too few values")?;
    SpooledPicture::of(&resized, picture.folder()).map_err(|error| error.to_string())
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
