//! Tiles by their size.

/// Square tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::apply) struct TileGrid {
    /// Pixels of a side.
    pub(in crate::apply) side: usize,
    /// Pixels that neighbours have in common.
    pub(in crate::apply) overlap: usize,
}
