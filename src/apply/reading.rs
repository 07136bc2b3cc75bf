//! From a picture file to what a network sees, and what goes past the network.

use std::path::Path;
use std::sync::Arc;

use image::DynamicImage;

use super::hidden_colours::{TransparentPixels, fill_hidden_of};
use super::options::{ApplyOptions, Depth, OutputSize, PairHalf};
use super::padding::Padding;
use super::passthrough::{BandTarget, Passthrough};
use super::resized::{resized_alpha, resized_colours, resized_planes, whole};
use super::tiles::InputPlanes;
use super::translator::InputSpec;
use crate::config::Colours;
use crate::picture::{
    Amount, Bands, Metadata, Picture, PictureError, PictureLimits, Raster, SampleType,
    SpooledPicture, Transparency, ValueRange, fill_hidden, grey_value, has_integer_samples,
    is_16_bit, lightness_values, normalized_values, read_bands, read_page, read_picture,
    spool_picture,
};

/// How pictures are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadOptions<'a> {
    pub(super) size: OutputSize,
    pub(super) half: Option<PairHalf>,
    pub(super) restore: bool,
    pub(super) depth: Depth,
    pub(super) transparent: TransparentPixels,
    pub(super) limits: PictureLimits,
    pub(super) range: Option<ValueRange>,
    /// The page that is read; none for the first, of which a note says so if there are more.
    pub(super) page: Option<usize>,
    /// Where large pictures are kept while they are translated.
    pub(super) folder: &'a Path,
}

impl<'a> ReadOptions<'a> {
    pub(super) fn new(options: &ApplyOptions, folder: &'a Path) -> Self {
        Self {
            size: options.size,
            half: options.half,
            restore: options.restore,
            depth: options.depth,
            transparent: options.transparent,
            limits: options.limits,
            range: options.range,
            page: None,
            folder,
        }
    }
}

/// A picture as its file holds it.
pub(super) enum LoadedInput {
    Spooled(Picture<SpooledPicture>),
    /// One that will have another size, which takes all of it.
    Whole(Picture),
    /// One that is not of 8 or 16 bits, or not grey or colours, or of which only some numbers are used.
    Bands(Picture<Bands>),
}

/// Reads a picture that a network of so many input channels can take.
pub(super) fn read(
    path: &Path,
    reading: ReadOptions<'_>,
    channels: usize,
) -> Result<LoadedInput, String> {
    if !is_usual(channels) || reading.range.is_some() {
        let picture = read_bands(path, reading.page, reading.limits);
        let picture = picture.map_err(|error| unreadable_for(error, channels))?;
        let sample = picture.pixels.sample_type();
        if !is_usual(channels) || sample != SampleType::Unsigned8 {
            if reading.half.is_some() {
                return Err(format!(
                    "`{}` has no halves that `--side` could take: it is not of 8 or 16 bits in grey or colour",
                    path.display()
                ));
            }
            check_bands(path, picture.pixels.band_count(), channels)?;
            return Ok(LoadedInput::Bands(picture));
        }
    }
    let (picture, colour) = match (reading.size, reading.page) {
        (OutputSize::Keep, None) if reading.half.is_none() => {
            let original = spool_picture(path, reading.limits, reading.folder);
            let original = original.map_err(|error| unreadable_for(error, channels))?;
            let colour = original.pixels.colour();
            (LoadedInput::Spooled(original), colour)
        }
        (_, page) => {
            let original = match page {
                None => read_picture(path, reading.limits),
                Some(page) => read_page(path, page, reading.limits),
            };
            let mut original = original.map_err(|error| unreadable_for(error, channels))?;
            if let Some(half) = reading.half {
                original.pixels = half_of(&original.pixels, half, path)?;
            }
            let colour = original.pixels.color();
            (LoadedInput::Whole(original), colour)
        }
    };
    if has_integer_samples(colour) {
        Ok(picture)
    } else {
        Err(unsupported(path))
    }
}

/// One half of a picture, as in training: of an odd width the last column is left out.
fn half_of(picture: &DynamicImage, half: PairHalf, path: &Path) -> Result<DynamicImage, String> {
    let (width, height) = (picture.width() / 2, picture.height());
    if width == 0 {
        return Err(format!("`{}` is too narrow to have halves", path.display()));
    }
    let left = match half {
        PairHalf::Left => 0,
        PairHalf::Right => width,
    };
    Ok(picture.crop_imm(left, 0, width, height))
}

/// Whether pictures have so many channels: grey or colour.
pub(super) fn is_usual(channels: usize) -> bool {
    matches!(channels, 1 | 3)
}

fn check_bands(path: &Path, bands: usize, channels: usize) -> Result<(), String> {
    // Grey is repeated, and colours become grey.
    if bands == channels || is_usual(bands) && is_usual(channels) {
        return Ok(());
    }
    Err(bands_message(path, bands, channels))
}

fn bands_message(path: &Path, bands: usize, channels: usize) -> String {
    let bands = match bands {
        1 => "1 band".to_owned(),
        more => format!("{more} bands"),
    };
    format!(
        "`{}` has {bands}; this style takes {channels}",
        path.display()
    )
}

/// As [`unreadable`], with the number of bands that the style takes.
fn unreadable_for(error: PictureError, channels: usize) -> String {
    match error {
        PictureError::Bands { path, bands } => bands_message(&path, bands, channels),
        error => unreadable(error),
    }
}

/// The border that a picture of the (width, height) `own` gets, once it has been resized as `reading` asks.
pub(super) fn padding_for(
    own: (usize, usize),
    reading: ReadOptions<'_>,
    spec: &InputSpec,
) -> Result<Padding, String> {
    let (width, height) = reading.size.for_input(own);
    let padding = Padding::new(height, width, spec.multiple, spec.smallest);
    let made = padding.enlarged(spec.scale);
    let most = reading.limits.pixels;
    if made.padded_height as u64 * made.padded_width as u64 > most {
        return Err(format!(
            "{width}x{height} becomes {}x{} {} this network: more than {} pixels; --max-pixels raises the limit",
            made.padded_width,
            made.padded_height,
            if spec.scale > 1 { "by" } else { "for" },
            Amount(most)
        ));
    }
    Ok(padding)
}

/// Why a picture cannot be read, with the flag that lets it be read.
pub(super) fn unreadable(error: PictureError) -> String {
    let flag = match error {
        PictureError::TooLarge { .. } => "--max-pixels",
        PictureError::TooLong { .. } => "--max-bytes",
        _ => return error.to_string(),
    };
    format!("{error}; {flag} raises the limit")
}

/// Floating-point numbers have no range that could be that of a network.
pub(super) fn unsupported(path: &Path) -> String {
    format!(
        "`{}` holds floating-point numbers, whose range only its maker knows: convert it to 16 bits",
        path.display()
    )
}

impl LoadedInput {
    /// Width and height.
    pub(super) fn size(&self) -> (usize, usize) {
        let (width, height) = match self {
            Self::Spooled(original) => original.pixels.size(),
            Self::Whole(original) => (original.pixels.width(), original.pixels.height()),
            Self::Bands(original) => return original.pixels.size(),
        };
        (width as usize, height as usize)
    }

    /// What the network sees of the picture, resized as the padding says, and what goes past the network.
    ///
    /// Eight bits are resized and made grey as Pillow does it, which is what networks have been trained with. Sixteen bits keep
    /// their precision.
    pub(super) fn into_network_input(
        self,
        padding: &Padding,
        reading: ReadOptions<'_>,
        spec: &InputSpec,
    ) -> Result<(InputPlanes, Passthrough), String> {
        let own_size = self.size();
        let (channels, size) = (spec.channels, (padding.width, padding.height));
        let made_size = (size.0 * spec.scale, size.1 * spec.scale);
        let (layer, mut passthrough): (InputPlanes, Passthrough) = match self {
            Self::Bands(original) => {
                let bands = original.pixels;
                let sample = bands.sample_type();
                let range = reading.range.or(sample.full_range());
                let range = range.ok_or_else(|| bands.needs_range())?;
                let values = bands.values(range);
                let values =
                    resized_planes(fitted_channels(values, own_size, channels), own_size, size);
                let last_size = if reading.restore { own_size } else { made_size };
                let excluded = bands.excluded();
                let excluded = excluded.map(|excluded| at_size(&excluded, own_size, last_size));
                let nothing = bands.no_data().unwrap_or(f64::NAN);
                (
                    InputPlanes::Planes(values),
                    Passthrough {
                        bands: Some(BandTarget {
                            sample,
                            range,
                            excluded: excluded.map(|excluded| (excluded, nothing)),
                        }),
                        metadata: original.metadata,
                        notes: original.notes,
                        ..Passthrough::default()
                    },
                )
            }
            Self::Spooled(original) => {
                let mut pixels = Arc::new(original.pixels);
                let colour = pixels.colour();
                let (metadata, mut notes) = (original.metadata, original.notes);
                let mut alpha = colour.has_alpha().then(|| Arc::clone(&pixels));
                if alpha.is_some() && spec.scale > 1 && !reading.restore {
                    let enlarged = resized_alpha(&whole(&pixels)?, made_size);
                    alpha = spooled(enlarged, reading.folder)?;
                }
                if alpha.is_some()
                    && reading.transparent == TransparentPixels::Fill
                    && let Some(filled) = fill_hidden_of(&pixels, reading.folder, &mut notes)?
                {
                    pixels = Arc::new(filled);
                }
                let luminance = (spec.colours == Colours::Lab).then(|| Arc::clone(&pixels));
                let layer = InputPlanes::Picture {
                    pixels,
                    channels,
                    colours: spec.colours,
                };
                let is_16_bit = is_16_bit(colour);
                let passthrough = passthrough(alpha, is_16_bit, metadata, notes, reading);
                (
                    layer,
                    Passthrough {
                        luminance,
                        ..passthrough
                    },
                )
            }
            Self::Whole(original) => {
                let mut pixels = original.pixels;
                let unfilled = (reading.restore && pixels.color().has_alpha())
                    .then(|| SpooledPicture::of(&pixels, reading.folder));
                let unfilled = unfilled.transpose().map_err(|error| error.to_string())?;
                if reading.transparent == TransparentPixels::Fill {
                    pixels = fill_hidden(&pixels).unwrap_or(pixels);
                }
                let alpha = match unfilled {
                    Some(unfilled) => Some(Arc::new(unfilled)),
                    None => spooled(resized_alpha(&pixels, made_size), reading.folder)?,
                };
                let is_16_bit = is_16_bit(pixels.color());
                let mut luminance = None;
                let layer = if spec.colours == Colours::Lab {
                    let resized = resized_colours(pixels.clone(), size);
                    let lightness = lightness_values(&resized);
                    let kept = if reading.restore { pixels } else { resized };
                    luminance = spooled(Some(kept), reading.folder)?;
                    InputPlanes::Planes(lightness)
                } else if is_16_bit {
                    let values = normalized_values(&pixels, channels);
                    InputPlanes::Planes(resized_planes(values, own_size, size))
                } else {
                    InputPlanes::Raster(Raster::new(pixels.into_rgb8(), channels).resized(size))
                };
                let (metadata, notes) = (original.metadata, original.notes);
                let passthrough = passthrough(alpha, is_16_bit, metadata, notes, reading);
                (
                    layer,
                    Passthrough {
                        luminance,
                        ..passthrough
                    },
                )
            }
        };
        passthrough.restored = reading.restore.then_some(own_size);
        passthrough.own_size = own_size;
        if own_size != made_size && passthrough.restored.is_none() {
            let small = |(width, height): (usize, usize)| (width as u32, height as u32);
            let georeference = std::mem::take(&mut passthrough.metadata.georeference);
            passthrough.metadata.georeference =
                georeference.resized(small(own_size), small(made_size));
        }
        Ok((layer, passthrough))
    }
}

/// Which pixels have no data at another (width, height): each as the pixel of the old size in which its middle lies.
fn at_size(excluded: &[bool], own: (usize, usize), size: (usize, usize)) -> Vec<bool> {
    let place = |index: usize, own: usize, size: usize| (2 * index + 1) * own / (2 * size);
    let rows = (0..size.1).map(|y| place(y, own.1, size.1) * own.0);
    rows.flat_map(|row| (0..size.0).map(move |x| row + place(x, own.0, size.0)))
        .map(|index| excluded[index])
        .collect()
}

/// Planes of grey or colours for a network that takes the other; all others as they are.
fn fitted_channels(values: Vec<f32>, (width, height): (usize, usize), channels: usize) -> Vec<f32> {
    let area = width * height;
    match (values.len() / area.max(1), channels) {
        (1, 3) => values.repeat(3),
        (3, 1) => (0..area)
            .map(|place| grey_value([0, 1, 2].map(|band| values[band * area + place])))
            .collect(),
        _ => values,
    }
}

/// A picture that has become part of another, where it is kept if it is large.
fn spooled(
    picture: Option<DynamicImage>,
    folder: &Path,
) -> Result<Option<Arc<SpooledPicture>>, String> {
    let spooled = picture.map(|picture| SpooledPicture::of(&picture, folder));
    let spooled = spooled.transpose().map_err(|error| error.to_string())?;
    Ok(spooled.map(Arc::new))
}

fn passthrough(
    alpha: Option<Arc<SpooledPicture>>,
    is_16_bit: bool,
    metadata: Metadata,
    notes: Vec<String>,
    reading: ReadOptions<'_>,
) -> Passthrough {
    let alpha = alpha.map(|original| Transparency {
        original,
        restores_hidden: reading.transparent == TransparentPixels::Fill,
    });
    Passthrough {
        alpha,
        is_16_bit: is_16_bit && reading.depth == Depth::Keep,
        metadata,
        notes,
        ..Passthrough::default()
    }
}
