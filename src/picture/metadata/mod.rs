//! What a file says about its picture besides the pixels.

mod blocks;
pub(super) mod exif;
pub(super) mod ifd;
pub(super) mod xmp;

pub use blocks::{IccColourSpace, Metadata};
pub use exif::{ExifField, ExifFields, updated_for_output as updated_exif};
pub use xmp::updated_for_output as updated_xmp;
