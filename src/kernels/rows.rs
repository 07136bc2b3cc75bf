//! Rows of features that lie in several pieces, put together for the layer that takes them.

use burn::tensor::Tensor;
use burn::tensor::activation::leaky_relu;
use burn::tensor::ops::PadMode;

#[cfg(feature = "flex")]
use super::flex;
use super::norm::ChannelScaling;

/// Rows, and what becomes of each value on the way: first the scaling, then the leaky ReLU.
#[derive(Debug, Clone)]
pub struct RowSource {
    /// Rows that follow on each other, each `[1, channels, rows, width]`; not empty.
    pub pieces: Vec<Tensor<4>>,
    /// A factor and an offset for each channel.
    pub scaling: Option<ChannelScaling>,
    /// The slope of a leaky ReLU for what is negative, at least 0.
    pub slope: Option<f64>,
}

/// How several sources become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// They are added.
    Sum,
    /// Their channels follow on each other.
    Concatenation,
}

/// What is put around rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowPadding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns on each side.
    pub sides: usize,
    /// Whether the border mirrors the rows, without repeating the outermost; otherwise it is zeros.
    pub mirrored: bool,
}

/// The rows of all `sources`, which have the same height and width and, to be added, the same channels, with a border:
/// `[1, channels, top + rows + bottom, width + 2 * sides]`.
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

/// The rows in memory of their own, so that what they were part of can go.
pub fn copy_rows(rows: Tensor<4>) -> Tensor<4> {
    let source = RowSource::plain(vec![rows]);
    fuse(&[source], Merge::Sum, RowPadding::default())
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

impl RowSource {
    /// A source whose values stay as they are.
    pub fn plain(pieces: Vec<Tensor<4>>) -> Self {
        Self {
            pieces,
            scaling: None,
            slope: None,
        }
    }

    fn values(&self) -> Tensor<4> {
        let mut values = Tensor::cat(self.pieces.clone(), 2);
        if let Some(ChannelScaling { factor, offset }) = &self.scaling {
            let per_channel = |numbers: &Tensor<1>| {
                let channels = numbers.dims()[0];
                numbers.clone().reshape([1, channels, 1, 1])
            };
            values = values * per_channel(factor) + per_channel(offset);
        }
        match self.slope {
            Some(slope) => leaky_relu(values, slope),
            None => values,
        }
    }
}
