//! What goes past the network, from a picture to its translation.

use std::sync::Arc;

use crate::picture::{
    LuminanceMatch, Metadata, SampleType, SpooledPicture, Transparency, ValueRange,
};

/// Carried from input to output without passing through the network.
#[derive(Debug, Default)]
pub(super) struct Passthrough {
    /// The transparency of the translation.
    pub(super) alpha: Option<Transparency>,
    /// Width and height that the translation is brought back to.
    pub(super) restored: Option<(usize, usize)>,
    /// Whether the translation has 16 bits.
    pub(super) is_16_bit: bool,
    /// The picture whose luminance the translation keeps, of the translation's size; none where a network gives all of it.
    pub(super) luminance: Option<Arc<SpooledPicture>>,
    /// How brightness and contrast of the translation are changed; none where it has its own.
    pub(super) matching: Option<LuminanceMatch>,
    /// What the translation's numbers are, where they are not those of a picture of 8 or 16 bits.
    pub(super) bands: Option<BandTarget>,
    /// Width and height of the picture in its file.
    pub(super) own_size: (usize, usize),
    pub(super) metadata: Metadata,
    /// What should be known about the translation.
    pub(super) notes: Vec<String>,
}

/// Numbers of a picture of bands, which its translation has too.
#[derive(Debug, Clone)]
pub(super) struct BandTarget {
    pub(super) sample: SampleType,
    /// Black and white.
    pub(super) range: ValueRange,
    /// The pixels without data, and what they hold.
    pub(super) excluded: Option<(Vec<bool>, f64)>,
}

impl BandTarget {
    /// Numbers of 8 or 16 bits that use all that they have.
    pub(super) fn plain(is_16_bit: bool) -> Self {
        let (sample, white) = if is_16_bit {
            (SampleType::Unsigned16, 65_535.0)
        } else {
            (SampleType::Unsigned8, 255.0)
        };
        Self {
            sample,
            range: [0.0, white],
            excluded: None,
        }
    }
}
