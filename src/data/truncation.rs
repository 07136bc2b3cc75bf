//! Files that were cut off, which decoders fill up with grey instead of refusing them.

use image::ImageFormat;

/// Says that the file ends before its picture does, for the formats whose decoder does not.
pub(super) fn truncation(bytes: &[u8], format: ImageFormat) -> Option<&'static str> {
    let complete = match format {
        ImageFormat::Jpeg => jpeg_is_complete(bytes),
        ImageFormat::WebP => webp_is_complete(bytes),
        _ => true,
    };
    (!complete).then_some("it is cut off before its end; copy or download it again")
}

/// Whether the end-of-image marker of the picture itself is there. Thumbnails in the header have one of their own, so the
/// segments are followed from the first to the last.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xDA;
    const END_OF_IMAGE: u8 = 0xD9;
    let mut position = 2;
    let mut in_scan = false;
    loop {
        let Some(offset) = bytes
            .get(position..)
            .and_then(|rest| rest.iter().position(|&byte| byte == 0xFF))
        else {
            return false;
        };
        position += offset;
        let Some(&marker) = bytes.get(position + 1) else {
            return false;
        };
        match marker {
            // A fill byte: the marker comes later.
            0xFF => position += 1,
            // Stuffed zeros, restart markers and others without contents.
            0x00 | 0x01 | 0xD0..=0xD8 => position += 2,
            END_OF_IMAGE => return true,
            // Between scans come tables and further scans; reserved markers in a scan are damage that decoders skip.
            0x02..=0xBF if in_scan => position += 2,
            _ => {
                let Some(&[high, low]) = bytes.get(position + 2..position + 4) else {
                    return false;
                };
                position += 2 + usize::from(u16::from_be_bytes([high, low]));
                in_scan = in_scan || marker == START_OF_SCAN;
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
