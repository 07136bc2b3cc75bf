//! Taking transparency off pictures and putting it back.

use image::DynamicImage;

use super::samples::{Subpixel, with_samples};

/// The last channel of a picture with alpha.
pub(crate) fn alpha(picture: &DynamicImage) -> Option<DynamicImage> {
    fn of<T: Subpixel>(levels: &[T], channels: usize, size: (u32, u32)) -> Option<DynamicImage> {
        let alpha = levels
            .chunks_exact(channels)
            .map(|pixel| pixel[channels - 1]);
        T::into_image(alpha.collect(), 1, size)
    }
    if !picture.color().has_alpha() {
        return None;
    }
    let size = (picture.width(), picture.height());
    with_samples!(
        picture,
        levels,
        channels,
        of(levels.as_raw(), channels, size),
        None
    )
}

/// Whether nothing shines through.
pub(crate) fn is_opaque(picture: &DynamicImage) -> bool {
    fn of<T: Subpixel>(levels: &[T], channels: usize) -> bool {
        let mut pixels = levels.chunks_exact(channels);
        pixels.all(|pixel| pixel[channels - 1].to_u16() == T::MAX_SAMPLE)
    }
    !picture.color().has_alpha()
        || with_samples!(
            picture,
            levels,
            channels,
            of(levels.as_raw(), channels),
            true
        )
}

/// The picture without its alpha.
pub(crate) fn without_alpha(picture: DynamicImage) -> DynamicImage {
    fn colours<T: Subpixel>(
        levels: &[T],
        channels: usize,
        size: (u32, u32),
    ) -> Option<DynamicImage> {
        let pixels = levels.chunks_exact(channels);
        let colours = pixels.flat_map(|pixel| &pixel[..channels - 1]).copied();
        T::into_image(colours.collect(), channels - 1, size)
    }
    if !picture.color().has_alpha() {
        return picture;
    }
    let size = (picture.width(), picture.height());
    let opaque = with_samples!(
        &picture,
        levels,
        channels,
        colours(levels.as_raw(), channels, size),
        None
    );
    opaque.unwrap_or(picture)
}

/// A picture with transparency of the same size, which becomes as deep as the picture; an error if it is of another size.
pub(crate) fn with_alpha(
    colours: DynamicImage,
    alpha: DynamicImage,
) -> Result<DynamicImage, String> {
    fn interleave_alpha<T: Subpixel>(
        colours: &[T],
        alpha: &[T],
        channels: usize,
        size: (u32, u32),
    ) -> Option<DynamicImage> {
        let mut levels = Vec::with_capacity(colours.len() + alpha.len());
        for (colour, &alpha) in colours.chunks_exact(channels).zip(alpha) {
            levels.extend_from_slice(colour);
            levels.push(alpha);
        }
        T::into_image(levels, channels + 1, size)
    }
    let size = (colours.width(), colours.height());
    let picture = match colours {
        DynamicImage::ImageLuma8(grey) => interleave_alpha(&grey, &alpha.into_luma8(), 1, size),
        DynamicImage::ImageRgb8(colours) => {
            interleave_alpha(&colours, &alpha.into_luma8(), 3, size)
        }
        DynamicImage::ImageLuma16(grey) => interleave_alpha(&grey, &alpha.into_luma16(), 1, size),
        DynamicImage::ImageRgb16(colours) => {
            interleave_alpha(&colours, &alpha.into_luma16(), 3, size)
        }
        _ => None,
    };
    picture.ok_or_else(|| "the transparency is of another size".to_owned())
}
