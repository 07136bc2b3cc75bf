//! Fuses scaling, leaky ReLU, merging and padding of rows into one pass over memory.

use burn::tensor::Tensor;
use burn::tensor::ops::PadMode;

use super::convolution::convolution;
use super::convolution_shape::ConvolutionShape;
#[cfg(feature = "flex")]
use super::flex;
use super::row_source::{Merge, RowPadding, RowSource};

/// Merges the rows of all `sources`, which have one batch, height and width and, to be added, the same channels, and pads them:
/// `[batch, channels, top + rows + bottom, width + 2 * sides]`.
pub fn fuse_rows(sources: &[RowSource], merge: Merge, padding: RowPadding) -> Tensor<4> {
    if let [
        RowSource {
            pieces,
            scaling: None,
            slope: None,
        },
    ] = sources
        && let [piece] = pieces.as_slice()
        && padding == RowPadding::default()
    {
        return piece.clone();
    }
    fuse(sources, merge, padding)
}

/// The convolution of what [`fuse_rows`] makes of `sources`, joined along their channels. Where the device can, one pass over memory does
/// both.
pub fn convolution_of_rows(
    sources: &[RowSource],
    padding: RowPadding,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    shape: ConvolutionShape,
) -> Tensor<4> {
    #[cfg(all(feature = "flex", target_arch = "x86_64"))]
    if let Some(output) = flex::convolution_of_rows(sources, padding, &weight, bias.as_ref(), shape)
    {
        return output;
    }
    let input = fuse_rows(sources, Merge::Concatenation, padding);
    convolution(input, weight, bias, shape)
}

/// Copies rows to memory of their own, so that the tensor that they were part of can be freed.
pub fn copy_rows(rows: Tensor<4>) -> Tensor<4> {
    let source = RowSource::plain(vec![rows]);
    fuse(&[source], Merge::Sum, RowPadding::default())
}

/// Whether [`fuse_rows`] is one pass over memory for this input: on the processor, without automatic differentiation.
pub fn has_fused_rows(input: &Tensor<4>) -> bool {
    #[cfg(feature = "flex")]
    return flex::is_plain(input);
    #[cfg(not(feature = "flex"))]
    return false;
}

fn fuse(sources: &[RowSource], merge: Merge, padding: RowPadding) -> Tensor<4> {
    #[cfg(feature = "flex")]
    if let Some(fused) = flex::fuse_rows(sources, merge, padding) {
        return fused;
    }
    let mut parts = sources.iter().map(RowSource::values);
    let fused = match merge {
        Merge::Concatenation => Tensor::cat(parts.collect(), 1),
        Merge::Sum => {
            let first = parts.next().expect("there is something to add");
            parts.fold(first, |sum, part| sum + part)
        }
    };
    if padding == RowPadding::default() {
        return fused;
    }
    let mode = if padding.mirrored {
        PadMode::Reflect
    } else {
        PadMode::Constant(0.0)
    };
    fused.pad(
        (padding.sides, padding.sides, padding.top, padding.bottom),
        mode,
    )
}
