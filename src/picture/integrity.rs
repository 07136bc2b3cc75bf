//! What is wrong with a file as a whole that its decoder does not say: it would fill up what is missing with grey, or work for
//! hours.

use image::ImageFormat;

/// JPEG files of more scans than this are refused. Encoders write about ten; a scan of a few bytes costs a pass over all pixels.
const MAX_SCANS: usize = 500;

/// Says what is wrong, if anything is.
pub(crate) fn damage(bytes: &[u8], format: ImageFormat) -> Option<String> {
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
pub fn is_cut_off(bytes: &[u8], format: ImageFormat) -> bool {
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
