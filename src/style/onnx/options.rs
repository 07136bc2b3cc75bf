//! What can be chosen about an ONNX model.

use super::message::{MAX_OPSET_VERSION, MAX_PROTOBUF_BYTES};
use crate::nn::{NormStats, TensorError};
use crate::style::file_precision::FilePrecision;

/// What a model is written with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnnxOptions {
    /// Where batch normalisation takes its statistics from.
    pub norm_stats: NormStats,
    /// Numbers of weights, and of the features of convolutions.
    pub precision: FilePrecision,
    /// Height and width of pictures; `None` leaves them open.
    pub size: Option<[usize; 2]>,
    /// Number of pictures; `None` leaves it open.
    pub batch: Option<usize>,
    /// Operator set; `None` takes the lowest that has the model's operators.
    pub opset: Option<i64>,
}

/// A generator that cannot be written as ONNX as asked for.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// The weights are not those of the network.
    #[error(transparent)]
    Weights(#[from] TensorError),
    /// The file would be larger than the format allows.
    #[error(
        "the model takes {bytes} bytes, and an ONNX file ends at {MAX_PROTOBUF_BYTES} (2 GiB): export it as safetensors, or train a style with fewer `generator.channels`"
    )]
    TooLarge {
        /// Size of the file.
        bytes: usize,
    },
    /// A size that the network does not take.
    #[error(
        "a {side} of {size} is not possible: {takes}; take {}",
        alternatives(nearest)
    )]
    BadSize {
        /// `width` or `height`.
        side: &'static str,
        /// Size asked for.
        size: usize,
        /// Sizes that are possible, for people.
        takes: String,
        /// The nearest of them.
        nearest: Vec<usize>,
    },
    /// An operator set that lacks an operator of the model, or that is not known.
    #[error(
        "operator set {opset} is not possible: this model needs {min} or later, and {MAX_OPSET_VERSION} is the latest that is known"
    )]
    BadOpset {
        /// Operator set asked for.
        opset: i64,
        /// The lowest that has all operators.
        min: i64,
    },
}

fn alternatives(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    sizes.join(" or ")
}
