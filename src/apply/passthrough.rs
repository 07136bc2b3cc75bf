//! What goes past the network, from a picture to its translation.

use crate::picture::{Metadata, Transparency};

/// Carried from input to output without passing through the network.
#[derive(Debug, Default)]
pub(super) struct Passthrough {
    /// The transparency of the translation.
    pub(super) alpha: Option<Transparency>,
    /// Width and height that the translation is brought back to.
    pub(super) restored: Option<(usize, usize)>,
    /// Whether the translation has 16 bits.
    pub(super) is_16_bit: bool,
    pub(super) metadata: Metadata,
    /// What should be known about the translation.
    pub(super) notes: Vec<String>,
}
