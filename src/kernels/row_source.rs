//! Rows of features in several pieces, and how they are merged into the input of a layer.

use burn::tensor::Tensor;
use burn::tensor::activation::leaky_relu;

use super::norm::ChannelScaling;

/// Rows, and what is applied to each value: first the scaling, then the leaky ReLU.
#[derive(Debug, Clone)]
pub struct RowSource {
    /// Contiguous rows, each `[batch, channels, rows, width]`; not empty.
    pub pieces: Vec<Tensor<4>>,
    /// A factor and an offset for each channel, or for each channel of each picture.
    pub scaling: Option<ChannelScaling>,
    /// The slope of a leaky ReLU for negative values, at least 0.
    pub slope: Option<f64>,
}

/// How several sources are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// Added.
    Sum,
    /// Joined along the channels.
    Concatenation,
}

/// Padding around rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowPadding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns on each side.
    pub sides: usize,
    /// Whether the padding mirrors the rows, without repeating the outermost; else it is zeros.
    pub mirrored: bool,
}

impl RowSource {
    /// A source whose values stay unchanged.
    pub fn plain(pieces: Vec<Tensor<4>>) -> Self {
        Self {
            pieces,
            scaling: None,
            slope: None,
        }
    }

    /// All rows in one tensor, scaled and activated.
    pub(super) fn values(&self) -> Tensor<4> {
        let mut values = Tensor::cat(self.pieces.clone(), 2);
        if let Some(ChannelScaling { factor, offset }) = &self.scaling {
            let channels = values.dims()[1];
            let per_channel = |numbers: &Tensor<1>| {
                let pictures = numbers.dims()[0] / channels;
                numbers.clone().reshape([pictures, channels, 1, 1])
            };
            values = values * per_channel(factor) + per_channel(offset);
        }
        match self.slope {
            Some(slope) => leaky_relu(values, slope),
            None => values,
        }
    }
}
