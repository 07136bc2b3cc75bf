//! Why a picture cannot be read.

use std::path::PathBuf;

use super::foreign::ForeignFormat;
use super::limits::Amount;
use super::spooled::SpoolError;

/// A picture that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The system cannot read the file.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Zero bytes.
    #[error("`{}` is empty (0 bytes)", .0.display())]
    Empty(PathBuf),
    /// The bytes are of no picture format that is supported.
    #[error("`{}` is not a picture that can be read (JPEG, PNG, WebP, TIFF, BMP, PNM)", .0.display())]
    NotAPicture(PathBuf),
    /// The bytes are of a known format that is not read.
    #[error("`{}` is {}, which is not read: {}", path.display(), format.name, format.advice)]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: ForeignFormat,
    },
    /// The bytes are of a known format, but of a kind that is not supported.
    #[error("`{}` cannot be read: {message}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What is not supported.
        message: String,
    },
    /// The header promises more pixels than the limit.
    #[error("`{}` is {width}x{height}: more than {} pixels are not read", path.display(), Amount(*limit))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Width in the header.
        width: u32,
        /// Height in the header.
        height: u32,
        /// The most pixels.
        limit: u64,
    },
    /// The file is longer than the limit.
    #[error("`{}` has {bytes} bytes: more than {} bytes are not read", path.display(), Amount(*limit))]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length, or as much as has been seen of it.
        bytes: u64,
        /// The most bytes.
        limit: u64,
    },
    /// The data is damaged or cut off.
    #[error("`{}` is damaged: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        message: String,
    },
    /// Bands that are neither grey nor red, green and blue.
    #[error(
        "`{}` has {bands} bands, and pictures have 1 (grey) or 3 (red, green, blue): train with `data.input_channels={bands}`, or write three of them to a file of their own, as `gdal_translate -b 1 -b 2 -b 3` does",
        path.display()
    )]
    Bands {
        /// The file.
        path: PathBuf,
        /// Its bands.
        bands: usize,
    },
    /// The file is a picture, but not a map of ids.
    #[error("`{}` {message}", path.display())]
    NotAnIdMap {
        /// The file.
        path: PathBuf,
        /// Why not, and what to do.
        message: String,
    },
    /// The file is a picture, but shows no mask.
    #[error("`{}` {message}", path.display())]
    NotAMask {
        /// The file.
        path: PathBuf,
        /// Why not, and what to do.
        message: String,
    },
    /// There is no place for the pixels.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}
