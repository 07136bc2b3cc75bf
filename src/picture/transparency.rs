//! The transparency of a picture, which goes past a network and onto its translation.

use std::ops::Range;
use std::sync::Arc;

use image::DynamicImage;

use super::alpha::{alpha, with_alpha};
use super::spooled::SpooledPicture;

/// A picture of a translation's size, whose last channel is the transparency of both.
#[derive(Debug, Clone)]
pub(crate) struct Transparency {
    pub(crate) original: Arc<SpooledPicture>,
    /// Whether the colours of pixels that cannot be seen are those of the original.
    pub(crate) restores_hidden: bool,
}

impl Transparency {
    /// Puts the transparency of these rows onto their colours.
    pub(crate) fn put_onto(
        &self,
        colours: DynamicImage,
        rows: Range<usize>,
    ) -> Result<DynamicImage, String> {
        let original = self.original.rows(rows);
        let original = original.map_err(|error| error.to_string())?;
        let transparency = alpha(&original).unwrap_or_else(|| original.clone());
        let mut picture = with_alpha(colours, transparency)?;
        if self.restores_hidden {
            restore_hidden(&mut picture, &original);
        }
        Ok(picture)
    }
}

/// Copies the pixels that cannot be seen from the original, unless its colours would have to become grey.
fn restore_hidden(picture: &mut DynamicImage, original: &DynamicImage) {
    fn copy<T: Copy + Default + PartialEq>(pixels: &mut [T], original: &[T], channels: usize) {
        let originals = original.chunks_exact(channels);
        for (pixel, original) in pixels.chunks_exact_mut(channels).zip(originals) {
            if pixel[channels - 1] == T::default() {
                pixel.copy_from_slice(original);
            }
        }
    }
    if !original.color().has_alpha() || original.color().has_color() && !picture.color().has_color()
    {
        return;
    }
    match picture {
        DynamicImage::ImageLumaA8(picture) => copy(picture, &original.to_luma_alpha8(), 2),
        DynamicImage::ImageRgba8(picture) => copy(picture, &original.to_rgba8(), 4),
        DynamicImage::ImageLumaA16(picture) => copy(picture, &original.to_luma_alpha16(), 2),
        DynamicImage::ImageRgba16(picture) => copy(picture, &original.to_rgba16(), 4),
        _ => {}
    }
}
