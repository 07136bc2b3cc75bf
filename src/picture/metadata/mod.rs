//! What a file says about its picture besides the pixels.

mod blocks;
mod colour_chunks;
pub(super) mod exif;
pub(super) mod ifd;
pub(super) mod xmp;

pub use blocks::{IccColourSpace, Metadata};
pub use colour_chunks::ColourChunks;
pub use exif::{ExifField, ExifFields, updated_for_output as updated_exif};
pub use xmp::updated_for_output as updated_xmp;
