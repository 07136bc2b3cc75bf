//! What goes past the network, from a picture to its translation.

use std::sync::Arc;

use crate::picture::{Metadata, SpooledPicture};

/// Carried from input to output without passing through the network.
#[derive(Debug, Default)]
pub(super) struct Passthrough {
    /// A picture of the translation's size whose last channel is its transparency.
    pub(super) alpha: Option<Arc<SpooledPicture>>,
    /// Whether the translation has 16 bits.
    pub(super) is_16_bit: bool,
    pub(super) metadata: Metadata,
    /// What should be known about the translation.
    pub(super) notes: Vec<String>,
}
