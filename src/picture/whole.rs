//! Whether an output that exists is whole. This program renames outputs when they are complete, but copying a folder, a full disk
//! elsewhere or a power cut can leave files that are not.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use image::ImageFormat;

use super::is_cut_off;

/// Enough of a file's end to find the last chunk of a PNG in.
const TAIL: u64 = 4096;

/// Whether the output at `path` is empty, or a picture of `format` that ends too early. One that is something else altogether is
/// somebody's, and counts as whole; so does one that cannot be read.
pub(crate) fn is_half_written(path: &Path, format: ImageFormat) -> bool {
    check(path, format).unwrap_or(false)
}

fn check(path: &Path, format: ImageFormat) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(true);
    }
    let mut head = Vec::new();
    (&file).take(32).read_to_end(&mut head)?;
    if image::guess_format(&head).ok() != Some(format) {
        return Ok(false);
    }
    let number = |at: usize| {
        let bytes = head.get(at..at + 4)?;
        Some(u64::from(u32::from_le_bytes(bytes.try_into().ok()?)))
    };
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    Ok(match format {
        ImageFormat::Png => !tail.windows(8).any(|bytes| bytes == b"IEND\xaeB`\x82"),
        // Few files have something after their end.
        ImageFormat::Jpeg => {
            !tail.ends_with(b"\xff\xd9") && is_cut_off(&std::fs::read(path)?, format)
        }
        ImageFormat::WebP => number(4).is_none_or(|size| length < size + 8),
        ImageFormat::Bmp => number(2).is_none_or(|size| length < size),
        // The directory that says where the rows are stands at the end of what this program writes.
        ImageFormat::Tiff if head.starts_with(b"II*\0") => {
            number(4).is_none_or(|directory| length < directory + 2)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_early_is_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let picture = image::RgbImage::from_fn(60, 40, |x, y| image::Rgb([x as u8, y as u8, 9]));
        for (name, format) in [
            ("a.png", ImageFormat::Png),
            ("a.jpg", ImageFormat::Jpeg),
            ("a.webp", ImageFormat::WebP),
            ("a.tif", ImageFormat::Tiff),
            ("a.bmp", ImageFormat::Bmp),
        ] {
            let path = folder.path().join(name);
            picture.save_with_format(&path, format).unwrap();
            assert!(!is_half_written(&path, format), "{name}");
            let whole = std::fs::read(&path).unwrap();
            for length in [0, 40, whole.len() / 2, whole.len() - 1] {
                // Behind the directory of a TIFF come a few values that nothing tells about.
                if format == ImageFormat::Tiff && length == whole.len() - 1 {
                    continue;
                }
                std::fs::write(&path, &whole[..length]).unwrap();
                assert!(is_half_written(&path, format), "{length} bytes of {name}");
            }
            let longer = [&whole[..], b"and more"].concat();
            std::fs::write(&path, longer).unwrap();
            assert!(!is_half_written(&path, format), "longer {name}");
            std::fs::write(&path, "somebody's text").unwrap();
            assert!(!is_half_written(&path, format), "{name}");
        }
        assert!(!is_half_written(
            &folder.path().join("absent"),
            ImageFormat::Png
        ));
    }
}
