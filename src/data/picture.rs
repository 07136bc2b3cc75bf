//! Reading one picture file: by its bytes, upright, as 8-bit RGB.

use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, ImageReader, RgbImage};

use super::limits::{Amount, PictureLimits};
use super::original::read_original;
use super::spooled::SpoolError;
use crate::panics;

const EXTENSIONS: [&str; 12] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "bmp", "ppm", "pgm", "pnm",
];

/// A decoded picture.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The pixels, upright (EXIF orientation applied), 8-bit RGB. Alpha is dropped, palettes are looked up, grey is repeated.
    /// JPEG and WebP files are decoded to the bit as Pillow does.
    pub pixels: RgbImage,
    /// What the bytes are, whatever the file is called.
    pub format: ImageFormat,
}

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
    /// There is no place for the pixels.
    #[error(transparent)]
    NotKept(#[from] SpoolError),
}

/// Whether the file is called like a picture. What it really is, its bytes decide.
pub fn has_picture_extension(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| {
            EXTENSIONS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(extension))
        })
}

/// Reads the picture at `path`.
///
/// # Errors
/// The file cannot be read, is no picture, is too large, or is damaged; each error names it.
pub fn read_picture(path: &Path) -> Result<Picture, PictureError> {
    let original = read_original(path, PictureLimits::default())?;
    Ok(Picture {
        pixels: rgb(original.pixels, original.format),
        format: original.format,
    })
}

/// Width and height in the header of the picture at `path`; nothing where they cannot be told.
pub fn picture_size(path: &Path) -> Option<(u32, u32)> {
    let reader = ImageReader::open(path).ok()?.with_guessed_format().ok()?;
    panics::catch(|| reader.into_dimensions().ok()).ok()?
}

/// Pixels of any kind as 8-bit RGB. Samples of 16 bits lose their lower byte, as in Pillow; only those of PNM are rounded.
pub(super) fn rgb(image: DynamicImage, format: ImageFormat) -> RgbImage {
    let deep = image.color().bytes_per_pixel() == 2 * image.color().channel_count();
    if !deep || format == ImageFormat::Pnm {
        return image.into_rgb8();
    }
    let deep = image.into_rgb16();
    let (width, height) = deep.dimensions();
    let bytes = deep
        .into_raw()
        .into_iter()
        .map(|sample| (sample >> 8) as u8);
    RgbImage::from_raw(width, height, bytes.collect()).expect("each sample has given one byte")
}
