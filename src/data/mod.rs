//! Pictures: reading them, finding them in the folder layouts, preparing and serving them.

mod picture;
mod pixels;

pub use picture::{MAX_PIXELS, Picture, PictureError, has_picture_extension, read_picture};
pub use pixels::{grey, pixels_from_values, values_from_pixels};
