//! Generators that make pictures from noise as ONNX models.

mod dcgan;
mod equalised;
mod export;
mod laplacian;
mod maker;
mod noise;
mod progressive;
mod residual;
mod stack;
mod style;

pub use export::generator_onnx;
pub use noise::{FirstStage, Noise, NoiseNetwork};
