//! A page as it is stored, for maps of ids: samples are not stretched, inverted, converted or looked up.

use image::metadata::Orientation;

use super::compression::loss;
use super::layout::{colours, is_alpha};
use super::page::{Page, photometric};
use super::read::{OpenPage, open};
use crate::picture::bands::Bands;
use crate::picture::byte_source::ByteSource;
use crate::picture::decode::DecodeError;
use crate::picture::limits::PictureLimits;

/// The samples of the first page, and what they are.
pub(crate) struct StoredPage {
    pub(crate) bands: Bands,
    /// Bits of a sample in the file.
    pub(crate) bits: usize,
    pub(crate) look: StoredLook,
    /// Whether the last sample is transparency.
    pub(crate) has_alpha: bool,
    pub(crate) orientation: Option<Orientation>,
}

/// How samples look.
pub(crate) enum StoredLook {
    /// Grey, colours, or bands that are neither.
    Direct { white_is_zero: bool },
    /// Places in this palette.
    Palette(Vec<[u8; 3]>),
    /// Colours that are converted before they are shown.
    Converted,
}

/// Reads the first page of a file. The inner error is the name of a compression that may have changed the samples.
pub(crate) fn decode_stored(
    bytes: ByteSource<'_>,
    limits: PictureLimits,
) -> Result<Result<StoredPage, &'static str>, DecodeError> {
    let OpenPage { chunks, header, .. } = open(bytes, limits, None)?;
    let page = &chunks.page;
    if let Some(name) = loss(page, bytes) {
        return Ok(Err(name));
    }
    let (look, has_alpha) = (look(page), has_alpha(page));
    let bits = page.bits;
    Ok(Ok(StoredPage {
        bands: chunks.into_bands()?,
        bits,
        look,
        has_alpha,
        orientation: header.orientation,
    }))
}

fn look(page: &Page) -> StoredLook {
    match page.photometric {
        photometric::PALETTE => {
            StoredLook::Palette(colours(page.palette.as_deref().unwrap_or_default()))
        }
        photometric::WHITE_IS_ZERO
        | photometric::BLACK_IS_ZERO
        | photometric::RGB
        | photometric::MASK => StoredLook::Direct {
            white_is_zero: page.photometric == photometric::WHITE_IS_ZERO,
        },
        _ => StoredLook::Converted,
    }
}

/// Whether the sample after grey or colours is transparency; without a word about it a fourth one is.
fn has_alpha(page: &Page) -> bool {
    let first = page.extra.as_ref().and_then(|extra| extra.first());
    match page.samples {
        2 => is_alpha(first),
        4 => page.photometric == photometric::RGB && first != Some(&0),
        _ => false,
    }
}
