//! Pixels in and out of files: reading, writing, what surrounds the pixels in a file, and pixels on their way to values.
//!
//! Nothing here knows a data set, a network or a command. [`formats`] has one file or folder for each file format, reading and writing
//! side by side; [`metadata`] the blocks that stand beside the pixels.

mod byte_source;
mod contents;
mod decode;
mod encode;
mod error;
mod format;
mod formats;
mod id_map;
mod inks;
mod integrity;
mod levels;
mod limits;
mod metadata;
mod normalize;
mod output_pixels;
mod raster;
mod read;
mod resample;
mod samples;
mod spool;
mod spooled;
mod whole;

pub use error::PictureError;
pub use format::has_picture_extension;
pub use id_map::IdMap;
pub use integrity::is_cut_off;
pub use limits::{Amount, AmountError, MAX_BYTES, MAX_PIXELS, PictureLimits};
pub use metadata::{Field, Fields, Metadata, ProfileSpace, renewed_exif, renewed_xmp};
pub use normalize::{grey, levels_from_values, pixels_from_values, values_from_pixels};
pub use raster::Raster;
pub use read::{Original, Picture, picture_size, read_original, read_picture, spool_original};
pub use resample::resize_plane;
pub use samples::Level;
pub use spooled::{SpoolError, SpooledPicture};

pub(crate) use contents::Contents;
pub(crate) use encode::{Encoded, Encoding, encode};
pub(crate) use format::{format_of_bytes, old_name, with_extension};
pub(crate) use levels::{
    alpha, eight_bits, grey_value, is_deep, is_supported, picture_of, seen, values, with_alpha,
    with_levels,
};
pub(crate) use output_pixels::{Pixels, transparency};
pub(crate) use raster::Content;
pub(crate) use read::rgb;
pub(crate) use whole::is_half_written;
