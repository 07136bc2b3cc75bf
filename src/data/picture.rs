//! Reading one picture file: by its bytes, upright, as 8-bit RGB.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use super::damage::damage;
use super::jpeg::JpegDecoder;
use crate::panics;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, ImageResult, Limits, RgbImage,
};

/// Pictures of more pixels than this are refused before memory is taken for them: a header can promise anything.
pub const MAX_PIXELS: u64 = 1 << 28;

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
    /// The header promises more pixels than [`MAX_PIXELS`].
    #[error("`{}` is {width}x{height}: more than {MAX_PIXELS} pixels are not read, make it smaller", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Width in the header.
        width: u32,
        /// Height in the header.
        height: u32,
    },
    /// The data is damaged or cut off.
    #[error("`{}` is damaged: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        message: String,
    },
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
    let (image, format) = read_image(path)?;
    Ok(Picture {
        pixels: rgb(image, format),
        format,
    })
}

/// Reads the picture at `path` as it is: upright, with the channels and the depth of the file, and its format.
///
/// # Errors
/// As [`read_picture`].
pub fn read_image(path: &Path) -> Result<(DynamicImage, ImageFormat), PictureError> {
    let bytes = read_bytes(path)?;
    // Decoders have had bugs that panic on damaged files; such a file is a damaged file like any other.
    panics::caught(|| decode(&bytes, path)).unwrap_or_else(|message| {
        Err(PictureError::Damaged {
            path: path.to_owned(),
            message: format!("the decoder failed: {message}"),
        })
    })
}

/// Width and height in the header of the picture at `path`; nothing where they cannot be told.
pub fn picture_size(path: &Path) -> Option<(u32, u32)> {
    let reader = ImageReader::open(path).ok()?.with_guessed_format().ok()?;
    panics::caught(|| reader.into_dimensions().ok()).ok()?
}

/// The bytes of a file that must not be empty.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, PictureError> {
    let unreadable = |source| PictureError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let read = (&mut file).take(64).read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    // A film, a disk image or a sparse file that is called like a picture is not read to its end.
    if !bytes.is_empty() && image::guess_format(&bytes).is_err() {
        return Err(PictureError::NotAPicture(path.to_owned()));
    }
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.is_empty() {
        return Err(PictureError::Empty(path.to_owned()));
    }
    Ok(bytes)
}

fn decode(bytes: &[u8], path: &Path) -> Result<(DynamicImage, ImageFormat), PictureError> {
    let not_a_picture = || PictureError::NotAPicture(path.to_owned());
    let damaged = |message: String| PictureError::Damaged {
        path: path.to_owned(),
        message,
    };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| not_a_picture())?;
    let format = reader.format().ok_or_else(not_a_picture)?;
    if let Some(message) = damage(bytes, format) {
        return Err(damaged(message));
    }
    // The limit is on pixels, checked below; the decoder's own is the memory of the largest picture of 16-bit RGBA.
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_PIXELS * 8);
    reader.limits(limits);
    let decoder: ImageResult<Box<dyn ImageDecoder + '_>> = match format {
        ImageFormat::Jpeg => JpegDecoder::new(bytes).map(|decoder| Box::new(decoder) as _),
        _ => reader.into_decoder().map(|decoder| Box::new(decoder) as _),
    };
    let mut decoder = decoder.map_err(|error| match error {
        ImageError::Unsupported(_) => not_a_picture(),
        error => damaged(error.to_string()),
    })?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooLarge {
            path: path.to_owned(),
            width,
            height,
        });
    }
    if width == 0 || height == 0 {
        return Err(not_a_picture());
    }
    // A damaged EXIF block does not make the picture unreadable: it then has no orientation.
    let orientation = decoder.orientation();
    let mut image =
        DynamicImage::from_decoder(decoder).map_err(|error| damaged(error.to_string()))?;
    if let Ok(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok((image, format))
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
