//! Ids in TIFF files: of the first page.

use image::ImageFormat;

use super::map::MAX_ID;
use super::stored::{SampleError, StoredPixels, StoredSamples};
use crate::picture::bands::Bands;
use crate::picture::byte_source::ByteSource;
use crate::picture::formats::tiff::{StoredLook, StoredPage, decode_stored};
use crate::picture::limits::PictureLimits;
use crate::picture::sample_type::SampleClass;

pub(super) fn decode(bytes: &[u8], limits: PictureLimits) -> Result<StoredSamples, SampleError> {
    let page = decode_stored(ByteSource::Memory(bytes), limits)?.map_err(|name| {
        SampleError::Unfit(format!(
            "is a TIFF compressed with {name}, which can change ids: save maps of labels and instances with Deflate, LZW or as PNG"
        ))
    })?;
    let levels = levels(&page.bands)?;
    let (width, height) = page.bands.size();
    let (bits, orientation) = (page.bits, page.orientation);
    let stored = StoredSamples {
        size: (width, height),
        bits,
        format: ImageFormat::Tiff,
        pixels: pixels(page, levels)?,
    };
    Ok(stored.upright(orientation))
}

fn pixels(page: StoredPage, levels: Vec<u32>) -> Result<StoredPixels, SampleError> {
    let (channels, bits) = (page.bands.band_count(), page.bits);
    match (page.look, channels) {
        (StoredLook::Palette(palette), 1) => {
            return Ok(StoredPixels::Indices {
                places: levels,
                palette,
            });
        }
        (StoredLook::Direct { white_is_zero }, 1) => {
            return Ok(StoredPixels::Grey {
                levels,
                brightest: u32::MAX >> (32 - bits.min(32)),
                white_is_zero,
            });
        }
        (StoredLook::Direct { .. }, _) if page.has_alpha || channels == 3 => {}
        (StoredLook::Converted, _) => {
            return Err(SampleError::Unfit(
                "has colours that are converted before they are shown, not ids: save it with one band of ids"
                    .to_owned(),
            ));
        }
        _ => {
            return Err(SampleError::Unfit(format!(
                "has {channels} bands, and a map of ids has one: save the band that holds them alone"
            )));
        }
    }
    let levels: Result<Vec<u16>, _> = levels.into_iter().map(u16::try_from).collect();
    let levels = levels.map_err(|_| {
        SampleError::Unfit(
            "has colours of more than 16 bits, not ids: save it with one band of ids".to_owned(),
        )
    })?;
    let brightest = (u32::from(u16::MAX) >> (16 - bits.min(16))) as u16;
    StoredPixels::from_channels(&levels, channels, brightest)
}

/// The samples as whole numbers from 0 on.
fn levels(bands: &Bands) -> Result<Vec<u32>, SampleError> {
    let sample = bands.sample_type();
    if sample.class() == SampleClass::Float {
        return Err(SampleError::Unfit(
            "holds floating-point numbers, not ids: save it as PNG with 16 bits".to_owned(),
        ));
    }
    let mut levels = Vec::with_capacity(bands.bytes.len() / sample.size());
    for bytes in bands.bytes.chunks_exact(sample.size()) {
        let number = sample.read(bytes);
        if !(0.0..=f64::from(u32::MAX)).contains(&number) {
            return Err(SampleError::Unfit(format!(
                "holds the number {number}, and ids are from 0 to {MAX_ID}: give such pixels an id of their own, such as 255, and save it with unsigned numbers"
            )));
        }
        levels.push(number as u32);
    }
    Ok(levels)
}
