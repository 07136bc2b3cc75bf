//! File formats by their extensions and by their first bytes.

use std::io::Read;
use std::path::{Path, PathBuf};

use image::ImageFormat;

/// Formats that are read and written.
const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::WebP,
    ImageFormat::Tiff,
    ImageFormat::Bmp,
    ImageFormat::Pnm,
];

/// What the first bytes of a file say that it is.
pub(crate) fn format_of_bytes(path: &Path) -> Option<ImageFormat> {
    let mut first_bytes = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(32).read_to_end(&mut first_bytes).ok()?;
    let format = guess_format(&first_bytes)?;
    (!extensions(format).is_empty()).then_some(format)
}

/// The format that begins with these bytes. `image` does not know BigTIFF.
pub(crate) fn guess_format(first_bytes: &[u8]) -> Option<ImageFormat> {
    if first_bytes.starts_with(b"II+\0") || first_bytes.starts_with(b"MM\0+") {
        return Some(ImageFormat::Tiff);
    }
    image::guess_format(first_bytes).ok()
}

/// Extensions of the formats that are read and written, the usual one first. All of PNM's go together: readers look at its first two bytes.
fn extensions(format: ImageFormat) -> &'static [&'static str] {
    match format {
        ImageFormat::Png => &["png"],
        ImageFormat::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
        ImageFormat::WebP => &["webp"],
        ImageFormat::Tiff => &["tif", "tiff"],
        ImageFormat::Bmp => &["bmp"],
        ImageFormat::Pnm => &["ppm", "pgm", "pbm", "pam", "pnm"],
        _ => &[],
    }
}

/// `path` with an extension that fits `format`: its own where that one does.
pub(crate) fn with_extension(path: &Path, format: ImageFormat) -> PathBuf {
    let known = extensions(format);
    let own = path.extension().and_then(|extension| extension.to_str());
    if own.is_some_and(|own| known.iter().any(|known| known.eq_ignore_ascii_case(own))) {
        return path.to_owned();
    }
    path.with_extension(known.first().copied().unwrap_or_default())
}

/// What to say where the name of a PNM file tells another kind than the network's channels are: names are chosen before.
pub(crate) fn pnm_extension_note(output: Option<&Path>, channels: usize) -> Option<String> {
    let extension = output?.extension()?.to_str()?.to_ascii_lowercase();
    let what = match (extension.as_str(), channels) {
        ("pgm" | "pbm", 3) => "in colour (PPM)",
        ("ppm" | "pbm", 1) => "in grey (PGM)",
        _ => return None,
    };
    Some(format!("{what}, though its name ends in .{extension}"))
}

/// Whether the file is called like a picture. What it really is, its bytes decide.
pub fn has_picture_extension(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| {
            let known = FORMATS.into_iter().flat_map(extensions);
            known
                .into_iter()
                .any(|known| known.eq_ignore_ascii_case(extension))
        })
}
