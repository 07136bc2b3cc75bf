//! Detects damage that decoders accept silently: truncated JPEG and WebP data, and JPEGs with so many scans that decoding
//! takes hours.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use image::ImageFormat;

use super::format::guess_format;

/// JPEG files of more scans than this are refused. Encoders write about ten; a scan of a few bytes costs a pass over all pixels.
const MAX_SCANS: usize = 500;

/// Says what is wrong, if anything is.
pub(crate) fn find_damage(bytes: &[u8], format: ImageFormat) -> Option<String> {
    let complete = match format {
        ImageFormat::Jpeg => match jpeg_scans(bytes) {
            Some(scans) if scans > MAX_SCANS => {
                return Some(format!("it has {scans} scans, more than {MAX_SCANS}"));
            }
            scans => scans.is_some(),
        },
        ImageFormat::WebP => webp_is_complete(bytes),
        _ => true,
    };
    (!complete).then(|| "it is cut off before its end; copy or download it again".to_owned())
}

/// Whether a JPEG or WebP file ends before its picture does; no other format is looked into.
fn is_truncated(bytes: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Jpeg => jpeg_scans(bytes).is_none(),
        ImageFormat::WebP => !webp_is_complete(bytes),
        _ => false,
    }
}

/// The number of scans before the end-of-image marker of the picture itself; none if that marker is missing. Thumbnails in the
/// header have one of their own, so the segments are followed from the first to the last.
fn jpeg_scans(bytes: &[u8]) -> Option<usize> {
    const START_OF_SCAN: u8 = 0xDA;
    const END_OF_IMAGE: u8 = 0xD9;
    let mut position = 2;
    let mut scans = 0;
    loop {
        position += bytes
            .get(position..)?
            .iter()
            .position(|&byte| byte == 0xFF)?;
        match *bytes.get(position + 1)? {
            // A fill byte: the marker comes later.
            0xFF => position += 1,
            // Stuffed zeros, restart markers and others without contents.
            0x00 | 0x01 | 0xD0..=0xD8 => position += 2,
            END_OF_IMAGE => return Some(scans),
            // Between scans come tables and further scans; reserved markers in a scan are damage that decoders skip.
            0x02..=0xBF if scans > 0 => position += 2,
            marker => {
                let length = bytes.get(position + 2..position + 4)?.try_into().ok()?;
                position += 2 + usize::from(u16::from_be_bytes(length));
                scans += usize::from(marker == START_OF_SCAN);
            }
        }
    }
}

/// Whether the file is as long as its RIFF header says.
fn webp_is_complete(bytes: &[u8]) -> bool {
    bytes
        .get(4..8)
        .and_then(|size| size.try_into().ok())
        .is_some_and(|size| bytes.len() as u64 >= 8 + u64::from(u32::from_le_bytes(size)))
}

/// Enough of a file's end to find the last chunk of a PNG in.
const TAIL: u64 = 4096;

/// Whether the output at `path` is empty, or a picture of `format` that ends too early: outputs are renamed when they are
/// complete, but copying a folder, a full disk elsewhere or a power cut can leave files that are not. A file of another kind
/// belongs to somebody else and counts as whole; so does one that cannot be read.
pub(crate) fn is_truncated_file(path: &Path, format: ImageFormat) -> bool {
    ends_early(path, format).unwrap_or(false)
}

fn ends_early(path: &Path, format: ImageFormat) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(true);
    }
    let mut head = Vec::new();
    (&file).take(32).read_to_end(&mut head)?;
    if guess_format(&head) != Some(format) {
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
            !tail.ends_with(b"\xff\xd9") && is_truncated(&std::fs::read(path)?, format)
        }
        ImageFormat::WebP => number(4).is_none_or(|size| length < size + 8),
        ImageFormat::Bmp => number(2).is_none_or(|size| length < size),
        // The directory that says where the rows are stands at the end of what this program writes.
        ImageFormat::Tiff if head.starts_with(b"II*\0") => {
            number(4).is_none_or(|directory| length < directory + 2)
        }
        ImageFormat::Tiff if head.starts_with(b"II+\0") => {
            let (low, high) = (number(8), number(12));
            let directory = low.zip(high).map(|(low, high)| high << 32 | low);
            directory.is_none_or(|directory| length < directory.saturating_add(8))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_ends_early_is_truncated() {
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
            assert!(!is_truncated_file(&path, format), "{name}");
            let whole = std::fs::read(&path).unwrap();
            for length in [0, 40, whole.len() / 2, whole.len() - 1] {
                // Behind the directory of a TIFF come a few values that nothing tells about.
                if format == ImageFormat::Tiff && length == whole.len() - 1 {
                    continue;
                }
                std::fs::write(&path, &whole[..length]).unwrap();
                assert!(is_truncated_file(&path, format), "{length} bytes of {name}");
            }
            let longer = [&whole[..], b"and more"].concat();
            std::fs::write(&path, longer).unwrap();
            assert!(!is_truncated_file(&path, format), "longer {name}");
            std::fs::write(&path, "somebody's text").unwrap();
            assert!(!is_truncated_file(&path, format), "{name}");
        }
        assert!(!is_truncated_file(
            &folder.path().join("absent"),
            ImageFormat::Png
        ));
    }
}
