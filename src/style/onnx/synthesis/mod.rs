//! Generators that make pictures from noise as ONNX models.

mod dcgan;
mod equalised;
mod laplacian;
mod noise;
mod progressive;
mod residual;
mod stack;
mod style;

pub use noise::{FirstStage, Noise, NoiseNetwork};
