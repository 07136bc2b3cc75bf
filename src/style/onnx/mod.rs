//! Generators as ONNX models.

mod attribute;
mod context_encoder;
mod continuation;
mod dcgan;
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
mod sizes;
mod srresnet;
mod unet;

pub use message::*;
pub use model::{onnx_file, onnx_model};
pub use network::{Holes, Noise, OnnxInput, OnnxNetwork};
pub use options::{OnnxError, OnnxOptions};
pub use sizes::PictureSizes;
