//! Pictures as training sees them: 8 bits as Pillow prepares them, all others at their full precision.

use std::path::Path;

use image::ImageFormat;

use super::bands::{Bands, ValueRange};
use super::error::PictureError;
use super::hidden_colours::{MAX_FILLED_PIXELS, fill_hidden};
use super::limits::PictureLimits;
use super::normalize::{grey_value, normalized_values};
use super::raster::Raster;
use super::read::{read_bands, read_page, read_picture};
use super::sample_type::SampleType;
use super::samples::{has_integer_samples, is_16_bit};

/// How the pictures of a data set become values.
#[derive(Debug, Clone, Copy)]
pub struct SampleOptions {
    /// Channels that the network sees.
    pub channels: usize,
    /// Black and white of numbers that are not of 8 bits; none for all that 16 bits have.
    pub range: Option<ValueRange>,
    /// The page; none for the first.
    pub page: Option<usize>,
}

/// A picture that training takes.
#[derive(Debug, Clone)]
pub struct SamplePicture {
    /// The pixels.
    pub raster: Raster,
    /// What the bytes are, whatever the file is called.
    pub format: ImageFormat,
    /// What is not as it was in the file.
    pub notes: Vec<String>,
}

/// Reads the picture at `path`.
///
/// # Errors
/// The file cannot be read, is no picture, is too large, is damaged, or has other bands than the network takes.
pub fn read_sample(path: &Path, options: SampleOptions) -> Result<SamplePicture, PictureError> {
    let SampleOptions {
        channels,
        range,
        page,
    } = options;
    let limits = PictureLimits::default();
    let is_usual = matches!(channels, 1 | 3);
    if !is_usual || range.is_some() {
        let picture = read_bands(path, page, limits)?;
        if !is_usual || picture.pixels.sample_type() != SampleType::Unsigned8 {
            return Ok(SamplePicture {
                raster: band_raster(path, &picture.pixels, channels, range)?,
                format: picture.format,
                notes: picture.notes,
            });
        }
    }
    let picture = match page {
        None => read_picture(path, limits)?,
        Some(page) => read_page(path, page, limits)?,
    };
    let (mut pixels, format) = (picture.pixels, picture.format);
    // As in translating: what cannot be seen says nothing about a picture.
    let area = u64::from(pixels.width()) * u64::from(pixels.height());
    if area <= MAX_FILLED_PIXELS {
        pixels = fill_hidden(&pixels).unwrap_or(pixels);
    }
    let raster = if is_16_bit(pixels.color()) && has_integer_samples(pixels.color()) {
        let size = (pixels.width() as usize, pixels.height() as usize);
        Raster::from_values(&normalized_values(&pixels, channels), size)
    } else {
        Raster::new(pixels.into_rgb8(), channels)
    };
    Ok(SamplePicture {
        raster,
        format,
        notes: picture.notes,
    })
}

fn band_raster(
    path: &Path,
    bands: &Bands,
    channels: usize,
    range: Option<ValueRange>,
) -> Result<Raster, PictureError> {
    let unsupported = |message: String| PictureError::Unsupported {
        path: path.to_owned(),
        message,
    };
    // Eight bits have a range of their own, whatever that of the others is.
    let own = bands.sample_type().full_range();
    let range = match bands.sample_type() {
        SampleType::Unsigned8 => own,
        _ => range.or(own),
    };
    let range = range.ok_or_else(|| unsupported(bands.needs_range()))?;
    let values = bands.values(range);
    let (width, height) = bands.size();
    let area = width * height;
    let values = match (bands.band_count(), channels) {
        (own, wanted) if own == wanted => values,
        (1, 3) => values.repeat(3),
        (3, 1) => (0..area)
            .map(|place| grey_value([0, 1, 2].map(|band| values[band * area + place])))
            .collect(),
        (own, wanted) => {
            return Err(unsupported(format!(
                "it has {own} bands, and `data.input_channels` or `data.output_channels` says {wanted}"
            )));
        }
    };
    Ok(Raster::from_values(&values, (width, height)))
}
