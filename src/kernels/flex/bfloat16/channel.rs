//! The channels that a convolution reads.

/// Most pieces that the rows of a channel come in.
pub(in crate::kernels::flex) const PIECES: usize = 4;

/// One channel of pictures of a batch, and what is applied to its values before they are rounded: factor and offset, then the slope of negative
/// ones.
#[derive(Debug, Clone, Copy)]
pub(in crate::kernels::flex) struct Channel<'a> {
    /// The channel's plane of the first picture, and what follows it: that of the next picture comes after as many planes as there are channels.
    /// Or, of one picture, its rows in several pieces. The rest are empty.
    pub(in crate::kernels::flex) pieces: [&'a [f32]; PIECES],
    pub(in crate::kernels::flex) factor: f32,
    pub(in crate::kernels::flex) offset: f32,
    pub(in crate::kernels::flex) slope: f32,
}

impl<'a> Channel<'a> {
    /// The channels of a batch, `[batch, channels, height, width]`, unchanged, of `pixels` a plane.
    pub(super) fn all(values: &'a [f32], channels: usize, pixels: usize) -> Vec<Self> {
        let channel = |index: usize| Self {
            pieces: [&values[index * pixels..], &[], &[], &[]],
            factor: 1.0,
            offset: 0.0,
            slope: 1.0,
        };
        (0..channels).map(channel).collect()
    }

    /// Whether values stay unchanged.
    pub(super) fn is_plain(&self) -> bool {
        let unchanged = [1.0_f32, 0.0, 1.0].map(f32::to_bits);
        [self.factor, self.offset, self.slope].map(f32::to_bits) == unchanged
    }
}
