//! What a file says about its picture besides the pixels.

mod blocks;
pub(super) mod exif;
pub(super) mod ifd;
pub(super) mod xmp;

pub use blocks::{Metadata, ProfileSpace};
pub use exif::{Field, Fields, renewed as renewed_exif};
pub use xmp::renewed as renewed_xmp;
