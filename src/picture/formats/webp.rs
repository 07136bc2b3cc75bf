//! WebP files; the decoder is that of `image`.

/// Whether a file has a lossy frame: a chunk `VP8 ` beside the header or in a frame of an animation.
pub(in crate::picture) fn has_lossy_frame(bytes: &[u8]) -> bool {
    const CHUNKS: usize = 12;
    const FRAME_HEADER: usize = 16;
    let mut place = CHUNKS;
    while let Some((name, length)) = bytes.get(place..place + 8).map(|head| head.split_at(4)) {
        match name {
            b"VP8 " => return true,
            // The chunks of a frame stand inside it.
            b"ANMF" => place += 8 + FRAME_HEADER,
            _ => {
                let length = length.iter().rev();
                let length = length.fold(0, |length, &byte| length << 8 | usize::from(byte));
                place += 8 + length + length % 2;
            }
        }
    }
    false
}
