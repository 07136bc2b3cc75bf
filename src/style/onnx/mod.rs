//! Generators as ONNX models.

mod activations;
pub(crate) mod attribute;
mod context_encoder;
mod continuation;
mod description;
mod generators;
pub(crate) mod graph;
mod kept_luminance;
pub(crate) mod layers;
mod message;
mod model;
mod network;
mod norms;
mod options;
mod picture_maker;
mod resampling;
mod sizes;
mod srresnet;
mod unet;

pub use message::*;
pub use model::{onnx_file, onnx_model};
pub use network::{Holes, OnnxInput, OnnxNetwork};
pub use options::{OnnxError, OnnxOptions};
pub use picture_maker::NoPicture;
pub(crate) use picture_maker::PictureMaker;
pub use sizes::PictureSizes;
