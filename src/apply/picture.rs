//! One picture: from its file to what a network takes, and from what the network gives to a file.

use std::path::Path;

use image::ImageFormat;

use super::maps::prepare_maps;
use super::matched::matched;
use super::output_values::Output;
use super::padding::Padding;
use super::passthrough::{BandTarget, Passthrough};
use super::pipeline::Finished;
use super::prepared::Prepared;
use super::reading::{ReadOptions, is_usual, padding_for, read};
use super::resized::{resized_planes, whole};
use super::tiles::SplitPolicy;
use super::translator::InputSpec;
use crate::picture::{
    Bands, EncodeOptions, Metadata, OutputPixels, PagePixels, SpooledPicture, Transparency,
    coloured, encode, encode_tiff, image_from_values, is_16_bit as has_16_bits, normalized_values,
};

/// Reads, resizes and pads a picture.
pub(super) fn prepare(
    path: &Path,
    reading: ReadOptions<'_>,
    spec: &InputSpec,
    split: &SplitPolicy,
) -> Result<Prepared, String> {
    if let Some(maps) = &spec.maps {
        return prepare_maps(path, reading, spec, maps, split);
    }
    let picture = read(path, reading, spec.channels)?;
    let padding = padding_for(picture.size(), reading, spec)?;
    let (layer, passthrough) = picture.into_network_input(&padding, reading, spec)?;
    Prepared::new(vec![layer], padding, passthrough, spec, split)
}

/// What a network made of a page, with what goes past it.
pub(super) struct FinishedPage {
    pub(super) output: Output,
    pub(super) padding: Padding,
    pub(super) passthrough: Passthrough,
}

/// Crops and encodes what a network made of the pages of a picture.
pub(super) fn finish(
    pages: Vec<FinishedPage>,
    channels: usize,
    format: ImageFormat,
    encoding: EncodeOptions,
) -> Result<Finished, String> {
    let is_single = pages.len() == 1;
    let mut made = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    for FinishedPage {
        output,
        padding,
        mut passthrough,
    } in pages
    {
        for note in std::mem::take(&mut passthrough.notes) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        let (metadata, pixels) = page_pixels(output, &padding, passthrough, channels, format)?;
        made.push((pixels, metadata));
    }
    let needs_tiff = |what: &str| format!("{what} go into no file but TIFF: add --format tiff");
    match made.pop() {
        Some((PagePixels::Picture(pixels), metadata)) if is_single => {
            return encode(pixels, &metadata, format, encoding, notes).map(Finished::from);
        }
        last => made.extend(last),
    }
    if format != ImageFormat::Tiff {
        return Err(match made.first() {
            Some((PagePixels::Bands(bands), _)) if is_single => needs_tiff(&bands.description()),
            _ => needs_tiff("several pages"),
        });
    }
    encode_tiff(made, notes).map(Finished::from)
}

/// The pixels of a page, with the metadata that belong to them.
fn page_pixels(
    output: Output,
    padding: &Padding,
    passthrough: Passthrough,
    channels: usize,
    format: ImageFormat,
) -> Result<(Metadata, PagePixels), String> {
    let Passthrough {
        alpha,
        restored,
        is_16_bit,
        luminance,
        matching,
        bands,
        metadata,
        ..
    } = passthrough;
    // Without transparency the colours would be seen.
    let alpha = alpha.map(|alpha| Transparency {
        restores_hidden: alpha.restores_hidden && format != ImageFormat::Jpeg,
        ..alpha
    });
    let own = (padding.width, padding.height);
    let (width, height) = restored.unwrap_or(own);
    let size = (width as u32, height as u32);
    let mut values = match output {
        Output::Spooled(colours) => {
            let colours = match &matching {
                Some(matching) => matched(&colours, matching, is_16_bit)?,
                None => colours,
            };
            let pixels = OutputPixels::Spooled {
                colours: restore(colours, own, (width, height))?,
                alpha,
            };
            return Ok((metadata, PagePixels::Picture(pixels)));
        }
        Output::Values(values) => cropped(values, padding, channels)?,
        Output::Cropped(values) => values,
    };
    if let Some(matching) = matching {
        matching.change_all(&mut values, channels);
    }
    let values = resized_planes(values, own, (width, height));
    let picture = if let Some(luminance) = luminance {
        coloured(&whole(&luminance)?, &values, is_16_bit)
    } else if bands.is_some() || !is_usual(channels) {
        let target = bands.unwrap_or_else(|| BandTarget::plain(is_16_bit));
        let mut made = Bands::from_values(&values, size, target.sample, target.range);
        if let Some((excluded, number)) = &target.excluded {
            made.exclude(excluded, *number);
        }
        let pixels = made.into_image().map_or_else(PagePixels::Bands, |picture| {
            PagePixels::Picture(OutputPixels::Whole(picture))
        });
        return Ok((metadata, pixels));
    } else {
        image_from_values(&values, channels, is_16_bit, size)
    };
    let picture = picture.ok_or("the network gave too few values")?;
    let picture = match alpha {
        None => picture,
        Some(alpha) => alpha.put_onto(picture, 0..height)?,
    };
    Ok((metadata, PagePixels::Picture(OutputPixels::Whole(picture))))
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
    let whole = whole(&picture)?;
    let colour = whole.color();
    let channels = usize::from(colour.channel_count());
    let values = resized_planes(normalized_values(&whole, channels), own, to);
    let size = (to.0 as u32, to.1 as u32);
    let resized = image_from_values(&values, channels, has_16_bits(colour), size);
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
