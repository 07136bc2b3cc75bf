//! One size of a run that grows.

/// The place of a recipe in a run whose pictures grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GrowthLevel {
    /// Side of the crop before, from which pictures fade over to the present one; none in the first level.
    pub from: Option<usize>,
    /// Side of the crop in the last level.
    pub last: usize,
    /// Epochs at this size.
    pub epochs: usize,
}
