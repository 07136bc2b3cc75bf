//! From four inks to RGB, as Pillow does it: without colour management.

/// RGB of inks from 0 (none) to 255 (all), where the black ink leaves `light`.
pub(crate) fn cmyk_to_rgb8(inks: [u8; 3], light: u8) -> [u8; 3] {
    let light = u32::from(light);
    inks.map(|ink| {
        let product = u32::from(ink) * light + 128;
        // The product divided by 255 and rounded, at most `light`.
        (light - ((product >> 8) + product) / 256) as u8
    })
}

/// The same with 16 bits.
pub(crate) fn cmyk_to_rgb16(inks: [u16; 3], light: u16) -> [u16; 3] {
    const MAX: u64 = u16::MAX as u64;
    let light = u64::from(light);
    inks.map(|ink| (light - (u64::from(ink) * light + MAX / 2) / MAX) as u16)
}
