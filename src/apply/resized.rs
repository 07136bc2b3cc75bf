//! What goes past a network at the size of the translation.

use image::DynamicImage;

use crate::picture::{
    Raster, SpooledPicture, Subpixel, alpha, denormalize, image_from_values, is_16_bit,
    normalized_values, resize_plane,
};

/// Width and height.
type Size = (usize, usize);

/// Planes in [-1, 1] at another size.
pub(super) fn resized_planes(values: Vec<f32>, own: Size, size: Size) -> Vec<f32> {
    if own == size {
        return values;
    }
    let planes = values.chunks_exact(own.0 * own.1);
    // The filter overshoots at edges.
    planes
        .flat_map(|plane| resize_plane(plane, own, size))
        .map(|value| value.clamp(-1.0, 1.0))
        .collect()
}

/// A picture in colour at another size, without its transparency.
pub(super) fn resized_colours(picture: DynamicImage, size: Size) -> DynamicImage {
    let own = (picture.width() as usize, picture.height() as usize);
    if own == size {
        return picture;
    }
    let small = (size.0 as u32, size.1 as u32);
    let resized = if is_16_bit(picture.color()) {
        let values = resized_planes(normalized_values(&picture, 3), own, size);
        image_from_values(&values, 3, true, small)
    } else {
        let raster = Raster::new(picture.into_rgb8(), 3).resized(size);
        u8::into_image(raster.bytes, 3, small)
    };
    resized.expect("each value has given one level")
}

/// The transparency of a picture, if it has any, at another size.
pub(super) fn resized_alpha(picture: &DynamicImage, size: Size) -> Option<DynamicImage> {
    let alpha = alpha(picture)?;
    let own = (alpha.width() as usize, alpha.height() as usize);
    if own == size {
        return Some(alpha);
    }
    let resized = resized_planes(normalized_values(&alpha, 1), own, size);
    let size = (size.0 as u32, size.1 as u32);
    let picture = if is_16_bit(alpha.color()) {
        u16::into_image(denormalize(&resized, 1), 1, size)
    } else {
        u8::into_image(denormalize(&resized, 1), 1, size)
    };
    Some(picture.expect("each value has given one level"))
}

/// A picture that may be in a file, whole.
pub(super) fn whole(picture: &SpooledPicture) -> Result<DynamicImage, String> {
    picture.whole().map_err(|error| error.to_string())
}
