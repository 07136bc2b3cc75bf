//! Generators as ONNX models.

mod activations;
mod attribute;
mod context_encoder;
mod continuation;
mod dcgan;
mod description;
mod equalised;
mod generators;
mod graph;
mod kept_luminance;
mod layers;
mod message;
mod model;
mod network;
mod noise;
mod norms;
mod options;
mod progressive;
mod resampling;
mod residual;
mod sizes;
mod srresnet;
mod style;
mod unet;

pub use message::*;
pub use model::{onnx_file, onnx_model};
pub use network::{Holes, OnnxInput, OnnxNetwork};
pub use noise::{Noise, NoiseNetwork};
pub use options::{OnnxError, OnnxOptions};
pub use sizes::PictureSizes;
