//! Pixels in and out of files: reading, writing, what surrounds the pixels in a file, and pixels on their way to values.
//!
//! Nothing here knows a data set, a network or a command. `formats` has one file or folder for each file format, reading and writing
//! side by side; `metadata` the blocks that stand beside the pixels.

mod alpha;
mod animation;
mod bands;
mod byte_source;
mod cmyk;
mod colourise;
mod contents;
mod decode;
mod distance_transform;
mod encode;
mod error;
mod foreign;
mod format;
mod formats;
mod hidden_colours;
mod id_map;
mod integrity;
mod lab;
mod limits;
mod luminance;
mod metadata;
mod normalize;
mod output_metadata;
mod output_pixels;
mod raster;
mod read;
mod resample;
mod sample_reader;
mod sample_type;
mod samples;
mod spool;
mod spooled;
mod transparency;

pub use bands::{Bands, ValueRange};
pub use error::PictureError;
pub use foreign::ForeignFormat;
pub use format::has_picture_extension;
pub use id_map::{ColourMap, IdMap, MAX_ID, SampleFile};
pub(crate) use integrity::is_truncated_file;
pub use lab::rgb_values;
pub use limits::{Amount, AmountError, MAX_BYTES, MAX_PIXELS, PictureLimits};
pub use luminance::{KeptShares, LUMINANCE_EPSILON, Luminance, LuminanceMatch, LuminanceSums};
pub use metadata::{
    ColourChunks, Density, Exclusion, ExifField, ExifFields, Georeference, IccColourSpace,
    Metadata, updated_exif, updated_xmp,
};
pub use normalize::{denormalize, denormalize_u8, grey, normalize};
pub use raster::Raster;
pub use read::{
    Picture, RgbPicture, page_count, picture_size, read_bands, read_page, read_picture, read_rgb,
    spool_picture, upright_size,
};
pub use resample::{bicubic_weights, columns_first, resize_plane};
pub use sample_reader::{SampleOptions, SamplePicture, read_sample};
pub use sample_type::SampleType;
pub use samples::Subpixel;
pub use spooled::{SpoolError, SpooledPicture};

pub(crate) use alpha::alpha;
pub(crate) use animation::animation;
pub(crate) use colourise::{coloured, lightness_values};
pub(crate) use contents::FileContents;
pub(crate) use distance_transform::DistanceTransform;
pub(crate) use encode::{EncodeOptions, Encoded, PagePixels, encode, encode_tiff};
pub(crate) use format::{format_of_bytes, pnm_extension_note, with_extension};
pub(crate) use hidden_colours::{MAX_FILLED_PIXELS, fill_hidden};
pub(crate) use normalize::{grey_value, image_from_values, normalized_values};
pub(crate) use output_pixels::OutputPixels;
pub(crate) use raster::{RasterKind, network_values};
pub(crate) use read::rgb;
pub(crate) use samples::{colour_type, has_integer_samples, is_16_bit, to_8_bit, with_samples};
pub(crate) use transparency::Transparency;
