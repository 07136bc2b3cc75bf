//! Pictures as browsers can show them.

use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, imageops::FilterType};

use crate::files::write_atomically;
use crate::picture::{PictureLimits, read_picture};

/// Pixels of the longer side of a preview.
pub(super) const PREVIEW_SIDE: u32 = 2560;

/// Bytes up to which a file that a browser can decode is shown as it is.
const SHOWN_AS_IT_IS: u64 = 12 << 20;

/// A file that a browser can show in place of the picture at `path`, of this size and format: itself, or a PNG or JPEG file in
/// `folder`, which is made when it is first asked for. Takes time and memory.
///
/// # Errors
/// The picture cannot be read, or the preview not written: a message for the person whose picture it is.
pub(super) fn preview(
    path: &Path,
    (width, height): (u32, u32),
    folder: &Path,
    limits: PictureLimits,
) -> Result<PathBuf, String> {
    let bytes = std::fs::metadata(path).map_or(u64::MAX, |metadata| metadata.len());
    let is_small = width.max(height) <= PREVIEW_SIDE && bytes <= SHOWN_AS_IT_IS;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if is_small && shows(path) {
        return Ok(path.to_owned());
    }
    let target = |extension: &str| folder.join(format!(".preview-{name}.{extension}"));
    for extension in ["png", "jpg"] {
        let target = target(extension);
        if target.is_file() {
            return Ok(target);
        }
    }
    let picture = read_picture(path, limits).map_err(|error| error.to_string())?;
    let mut pixels = picture.pixels;
    if width.max(height) > PREVIEW_SIDE {
        pixels = pixels.resize(PREVIEW_SIDE, PREVIEW_SIDE, FilterType::Triangle);
    }
    let (pixels, format, target) = if pixels.color().has_alpha() {
        (
            DynamicImage::ImageRgba8(pixels.into_rgba8()),
            ImageFormat::Png,
            target("png"),
        )
    } else {
        (
            DynamicImage::ImageRgb8(pixels.into_rgb8()),
            ImageFormat::Jpeg,
            target("jpg"),
        )
    };
    let mut encoded = std::io::Cursor::new(Vec::new());
    pixels
        .write_to(&mut encoded, format)
        .map_err(|error| error.to_string())?;
    write_atomically(&target, encoded.get_ref()).map_err(|error| error.to_string())?;
    Ok(target)
}

/// Whether browsers decode the file: by its first bytes, whatever it is called.
fn shows(path: &Path) -> bool {
    matches!(
        format_of(path),
        Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Bmp)
    )
}

/// What a file is by its first bytes.
pub(super) fn format_of(path: &Path) -> Option<ImageFormat> {
    crate::picture::format_of_bytes(path)
}

/// How clients call a format, and its media type.
pub(super) fn format_names(format: ImageFormat) -> (&'static str, &'static str) {
    match format {
        ImageFormat::Png => ("png", "image/png"),
        ImageFormat::Jpeg => ("jpg", "image/jpeg"),
        ImageFormat::WebP => ("webp", "image/webp"),
        ImageFormat::Tiff => ("tiff", "image/tiff"),
        ImageFormat::Bmp => ("bmp", "image/bmp"),
        _ => ("pnm", "image/x-portable-anymap"),
    }
}
