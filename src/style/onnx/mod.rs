//! Generators as ONNX models.

mod activations;
mod attribute;
mod context_encoder;
mod continuation;
mod description;
mod generators;
mod graph;
mod kept_luminance;
mod layers;
mod message;
mod model;
mod network;
mod norms;
mod options;
mod resampling;
mod sizes;
mod srresnet;
mod synthesis;
mod unet;

pub use message::*;
pub use model::{onnx_file, onnx_model};
pub use network::{Holes, OnnxInput, OnnxNetwork};
pub use options::{OnnxError, OnnxOptions};
pub use sizes::PictureSizes;
pub use synthesis::{FirstStage, Noise, NoiseNetwork};
