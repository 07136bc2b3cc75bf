//! What filling needs to know of a network.

/// Where in its window a network can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoleSupport {
    /// In a square of this side in the middle, which is all masked whatever the hole: it has learnt no other.
    CentreSquare(usize),
    /// Anywhere: it is told where the hole is.
    Anywhere,
}

/// A network that fills holes in square windows.
pub trait Filler {
    /// Channels of its windows: 3 (RGB) or 1 (grey).
    fn channels(&self) -> usize;

    /// Side of its windows, in pixels.
    fn side(&self) -> usize;

    /// Where in a window it can fill.
    fn reach(&self) -> HoleSupport;

    /// Fills one window: `[channels, side, side]`, flattened, values in [-1, 1], to the same.
    ///
    /// What is given where `mask` (`[side, side]`) is true does not count, and what is returned where it is false has no
    /// meaning.
    ///
    /// # Errors
    /// A message for the person whose photo it is.
    fn fill(&mut self, window: Vec<f32>, mask: &[bool]) -> Result<Vec<f32>, String>;
}

impl dyn Filler + '_ {
    /// Side of the largest hole that is filled in one window. What is larger is filled in a smaller copy first, where it has
    /// more context.
    pub(super) fn capacity(&self) -> usize {
        match self.reach() {
            HoleSupport::CentreSquare(side) => side,
            HoleSupport::Anywhere => self.side() * 3 / 8,
        }
    }
}
