//! TIFF and BigTIFF files, decoded page by page, and each page by rows of its strips or tiles.

use image::DynamicImage;
use image::metadata::Orientation;

use super::chunks::{Chunks, SampleRows};
use super::compression;
use super::layout::PixelLayout;
use super::page::{Page, pages};
use crate::picture::alpha::with_alpha;
use crate::picture::bands::{Bands, needs_range};
use crate::picture::byte_source::ByteSource;
use crate::picture::decode::{DecodeError, RowDecoder};
use crate::picture::limits::PictureLimits;
use crate::picture::metadata::ifd::{Ifd, IfdReader};
use crate::picture::metadata::{Density, Exclusion, ExifFields, Georeference};
use crate::picture::sample_type::SampleType;
use crate::picture::samples::Subpixel;

const ORIENTATION: u16 = 274;
const XMP: u16 = 700;
const COLOUR_PROFILE: u16 = 34_675;

/// Pages of a file; smaller versions of a page and masks do not count.
pub(crate) fn page_count(bytes: ByteSource<'_>) -> usize {
    pages(bytes).len()
}

/// Width and height of the first page, before it is turned.
pub(crate) fn size(bytes: ByteSource<'_>) -> Option<(u32, u32)> {
    let tags = IfdReader::new(bytes)?;
    let first = tags.first()?;
    let side = |tag| u32::try_from(first.number(tag, tags)?).ok();
    side(256).zip(side(257))
}

/// A page that has been found in its file.
pub(super) struct OpenPage<'a> {
    pub(super) chunks: Chunks<'a>,
    mask: Option<Ifd>,
    /// All but the pixels.
    pub(super) header: RowDecoder<'a>,
}

/// Finds a page of a file; without a number the first one, with a note if there are more.
pub(super) fn open(
    bytes: ByteSource<'_>,
    limits: PictureLimits,
    number: Option<usize>,
) -> Result<OpenPage<'_>, DecodeError> {
    let damaged = |message: &str| DecodeError::Damaged(message.to_owned());
    let tags = IfdReader::new(bytes).ok_or_else(|| damaged("its header is cut off"))?;
    let pages = pages(bytes);
    let count = pages.len();
    let (directory, mask) = pages
        .into_iter()
        .nth(number.unwrap_or(0))
        .ok_or_else(|| damaged("it is cut off before its directory of pages"))?;
    let page = Page::of(&directory, tags, limits)?;
    compression::check(&page)?;
    // Many bands count as many pixels.
    let (width, height) = page.size;
    let samples = u64::from(width) * u64::from(height) * page.samples as u64;
    if samples > limits.pixels.saturating_mul(4) {
        return Err(DecodeError::TooLarge { width, height });
    }
    let value = |tag| {
        let entry = directory.find(tag)?;
        Some(tags.bytes(entry).into_owned())
    };
    let fields = ExifFields::of_directory(tags, &directory);
    let orientation = directory.number(ORIENTATION, tags);
    let orientation = orientation.and_then(|number| u8::try_from(number).ok());
    let mut notes = Vec::new();
    if count > 1 && number.is_none() {
        notes.push(format!("the first of its {count} pages"));
    }
    let header = RowDecoder {
        size: page.size,
        orientation: orientation.and_then(Orientation::from_exif),
        profile: value(COLOUR_PROFILE),
        xmp: value(XMP),
        density: fields.as_ref().and_then(Density::of_fields),
        exif: fields.map(ExifFields::block),
        georeference: Georeference::of(&directory, tags),
        exclusion: None,
        notes,
        blocks: Box::new(std::iter::empty()),
    };
    Ok(OpenPage {
        chunks: Chunks::new(bytes, page)?,
        mask,
        header,
    })
}

/// Reads the header of a page, which will be decoded as a picture; without a number that of the first page.
pub(crate) fn decode(
    bytes: ByteSource<'_>,
    limits: PictureLimits,
    number: Option<usize>,
) -> Result<RowDecoder<'_>, DecodeError> {
    let OpenPage {
        chunks,
        mask,
        mut header,
    } = open(bytes, limits, number)?;
    let page = &chunks.page;
    if !page.sample.is_plain() {
        let extent = chunks_extent(bytes, limits, number);
        return Err(DecodeError::Unsupported(needs_range(page.sample, extent?)));
    }
    let (layout, notes) = PixelLayout::of(page)?;
    header.notes.extend(notes);
    let valid = match mask {
        // What shines through already says more than a mask.
        Some(_) if layout.has_alpha() => {
            header.notes.push("without its mask".to_owned());
            None
        }
        Some(mask) => mask_of(bytes, &mask, limits, page.size)?,
        None => None,
    };
    let no_data = page.no_data.filter(|number| {
        let is_level = layout.keeps_samples() && number.fract().abs() <= 0.0;
        let [low, high] = page.sample.full_range().unwrap_or_default();
        !layout.has_alpha() && is_level && (low..=high).contains(number)
    });
    let excluded = if let Some(valid) = valid {
        header.exclusion = Some(Exclusion::MaskPage);
        Excluded::Mask(valid)
    } else if let Some(number) = no_data {
        header.exclusion = Some(Exclusion::NoData(number));
        Excluded::NoData(number)
    } else {
        Excluded::Nothing
    };
    if no_data.is_none() && page.no_data.is_some() && !layout.keeps_samples() {
        header.georeference = header.georeference.without_no_data();
        header
            .notes
            .push("its value for no data was left out".to_owned());
    }
    header.blocks = Box::new(Blocks {
        chunks,
        layout,
        excluded,
        next: 0,
    });
    Ok(header)
}

/// All samples of a page as they are, and its header, whose blocks are empty; without a number those of the first page.
pub(crate) fn decode_bands(
    bytes: ByteSource<'_>,
    limits: PictureLimits,
    number: Option<usize>,
) -> Result<(Bands, RowDecoder<'_>), DecodeError> {
    let OpenPage {
        chunks,
        mask,
        mut header,
    } = open(bytes, limits, number)?;
    if mask.is_some() {
        header.notes.push("without its mask".to_owned());
    }
    Ok((chunks.into_bands()?, header))
}

/// The lowest and the highest number of a page.
fn chunks_extent(
    bytes: ByteSource<'_>,
    limits: PictureLimits,
    number: Option<usize>,
) -> Result<Option<(f64, f64)>, DecodeError> {
    let chunks = open(bytes, limits, number)?.chunks;
    let page = &chunks.page;
    let (sample, no_data, width) = (page.sample, page.no_data, page.size.0);
    let mut extent: Option<(f64, f64)> = None;
    for rows in chunks {
        let rows = rows?;
        let bands = Bands {
            size: (width, rows.rows as u32),
            count: 1,
            sample,
            bytes: rows.bytes,
            no_data,
        };
        if let Some((low, high)) = bands.extent() {
            let (lowest, highest) = extent.unwrap_or((low, high));
            extent = Some((lowest.min(low), highest.max(high)));
        }
    }
    Ok(extent)
}

/// Of each pixel of a mask's page whether it has data; none for a mask of another size.
fn mask_of(
    bytes: ByteSource<'_>,
    mask: &Ifd,
    limits: PictureLimits,
    size: (u32, u32),
) -> Result<Option<Vec<u8>>, DecodeError> {
    let Some(tags) = IfdReader::new(bytes) else {
        return Ok(None);
    };
    let page = Page::of(mask, tags, limits)?;
    if page.size != size || page.samples != 1 || page.sample != SampleType::Unsigned8 {
        return Ok(None);
    }
    compression::check(&page)?;
    let mut valid = Vec::new();
    for rows in Chunks::new(bytes, page)? {
        let levels = rows?.bytes.into_iter();
        valid.extend(levels.map(|level| if level == 0 { 0 } else { 255 }));
    }
    Ok(Some(valid))
}

/// Which pixels have no data.
enum Excluded {
    Nothing,
    /// Those that are 0 here.
    Mask(Vec<u8>),
    /// Those all of whose samples are this number.
    NoData(f64),
}

/// The rows of a page that have not been decoded.
struct Blocks<'a> {
    chunks: Chunks<'a>,
    layout: PixelLayout,
    excluded: Excluded,
    next: usize,
}

impl Blocks<'_> {
    fn picture(&mut self, rows: SampleRows) -> Option<DynamicImage> {
        let page = &self.chunks.page;
        let size = (page.size.0, rows.rows as u32);
        let width = size.0 as usize;
        let valid = match &self.excluded {
            Excluded::Nothing => None,
            Excluded::Mask(valid) => valid
                .get(self.next * width..(self.next + rows.rows) * width)
                .map(<[u8]>::to_vec),
            Excluded::NoData(number) => {
                let sample = page.sample;
                let pixels = rows.bytes.chunks_exact(page.samples * sample.size());
                let is_no_data = |pixel: &[u8]| {
                    let mut samples = pixel.chunks_exact(sample.size());
                    samples.all(|bytes| (sample.read(bytes) - number).abs() < 0.5)
                };
                Some(
                    pixels
                        .map(|pixel| if is_no_data(pixel) { 0 } else { 255 })
                        .collect(),
                )
            }
        };
        self.next += rows.rows;
        let picture = self.layout.image(rows.bytes, page.sample, size)?;
        match valid {
            None => Some(picture),
            Some(valid) => with_alpha(picture, u8::into_image(valid, 1, size)?).ok(),
        }
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<DynamicImage, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = self.chunks.next()?;
        let impossible = || DecodeError::Damaged("its samples do not fit its header".to_owned());
        Some(rows.and_then(|rows| self.picture(rows).ok_or_else(impossible)))
    }
}
