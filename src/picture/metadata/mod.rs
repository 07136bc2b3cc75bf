//! What a file says about its picture besides the pixels.

mod blocks;
mod colour_chunks;
mod density;
mod description;
pub(super) mod exif;
pub(super) mod georeference;
pub(super) mod ifd;
pub(super) mod xmp;

pub use blocks::{Exclusion, IccColourSpace, Metadata};
pub use colour_chunks::ColourChunks;
pub use density::Density;
pub(super) use description::{FileShape, Rewritten, rewritten as rewritten_description};
pub use exif::{ExifField, ExifFields, updated_for_output as updated_exif};
pub use georeference::Georeference;
pub use xmp::updated_for_output as updated_xmp;
