//! What `image` leaves out of BMP files.

use crate::picture::metadata::Density;

/// Length of the header that tells of pixels for each metre, and where.
const HEADER: usize = 14;
const LENGTH: u32 = 40;
const ACROSS: usize = 38;
const DOWN: usize = 42;

/// The size on paper.
pub(in crate::picture) fn density(bytes: &[u8]) -> Option<Density> {
    let number = |place: usize| {
        let bytes = bytes.get(place..)?.first_chunk().copied()?;
        Some(u32::from_le_bytes(bytes))
    };
    let across = number(ACROSS).filter(|_| number(HEADER) >= Some(LENGTH))?;
    Density::new(across.into(), number(DOWN)?.into())
}

/// Writes the size on paper into a file.
pub(in crate::picture) fn set_density(bytes: &mut [u8], density: Density) {
    for (place, number) in [(ACROSS, density.across), (DOWN, density.down)] {
        if let Some(bytes) = bytes.get_mut(place..place + 4) {
            bytes.copy_from_slice(&(number.round() as u32).to_le_bytes());
        }
    }
}
