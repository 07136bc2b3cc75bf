//! Pictures from noise: generative adversarial networks without an input picture, and what is made with them.
//!
//! The folder has all of its own: networks, losses and steps (`Generate`), and the making of pictures with a trained style
//! (`Sampler`). Elsewhere stand the recipe's keys (`config/synthesis.rs`), the plain data set (`data/plain.rs`), a line in
//! `train/methods.rs` and the verb (`cli/sample.rs`).

mod classes;
mod dcgan_discriminator;
mod dcgan_generator;
mod generate;
mod halvings;
mod interpolation;
mod noise;
mod sampler;
mod sheet;

pub use classes::Classes;
pub use dcgan_discriminator::DcganDiscriminator;
pub use dcgan_generator::DcganGenerator;
pub use generate::Generate;
pub use interpolation::{Interpolation, interpolate};
pub use noise::{MIN_TRUNCATION, normal_noise, truncated_noise};
pub use sampler::{Code, Sampler, SamplerError};
pub use sheet::sheet;
