//! Stride, padding and precision of convolutions.

use super::precision::Precision;

/// Stride and zero padding of a convolution, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvolutionShape {
    /// Step between neighbouring outputs, in input pixels.
    pub stride: usize,
    /// Rows and columns of zeros around the input.
    pub padding: usize,
    /// Precision of the computation, if the device offers it.
    pub precision: Precision,
}

/// Stride, padding and output padding of a transposed convolution, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransposedConvolutionShape {
    /// Step between the outputs of neighbouring inputs, in output pixels.
    pub stride: usize,
    /// Rows and columns cut off from each side of the full output.
    pub padding: usize,
    /// Rows and columns added at the bottom and the right of the output.
    pub output_padding: usize,
    /// Precision of the computation, if the device offers it.
    pub precision: Precision,
}
