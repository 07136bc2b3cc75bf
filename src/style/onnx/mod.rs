//! Generators as ONNX models.

mod generators;
mod graph;
mod layers;
mod message;
mod model;

pub use message::*;
pub use model::{INPUT, OnnxError, onnx_file, onnx_model, side_text};
