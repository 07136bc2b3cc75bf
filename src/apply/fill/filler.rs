//! What filling needs to know of a network.

/// Where in its window a network can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoleSupport {
    /// In a square of this side in the middle, which is all masked whatever the hole: it has learnt no other.
    CentreSquare(usize),
    /// Anywhere: it is told where the hole is.
    Anywhere,
}

/// A square part of a photo with a hole.
#[derive(Debug, Clone)]
pub struct FillWindow {
    /// `[channels, side, side]`, flattened, in [-1, 1]. What is in the hole does not count.
    pub values: Vec<f32>,
    /// `[side, side]`, flattened; true in the hole.
    pub mask: Vec<bool>,
}

/// A network that fills holes in square windows.
pub trait Filler {
    /// Channels of its windows: 3 (RGB) or 1 (grey).
    fn channels(&self) -> usize;

    /// Side of its windows, in pixels.
    fn side(&self) -> usize;

    /// Where in a window it can fill.
    fn reach(&self) -> HoleSupport;

    /// How many windows may be filled at once without an effect on each other.
    fn batch_size(&self) -> usize;

    /// Pixels over which what it fills in is blended into what is around the hole, unless the user asks for others.
    fn feather(&self) -> usize;

    /// Fills windows, not more than [`batch_size`](Self::batch_size) of them: for each, `[channels, side, side]`, flattened. What is
    /// returned outside its hole has no meaning.
    ///
    /// # Errors
    /// A message for the person whose photo it is.
    fn fill(&mut self, windows: Vec<FillWindow>) -> Result<Vec<Vec<f32>>, String>;
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
