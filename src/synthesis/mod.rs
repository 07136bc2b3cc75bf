//! Pictures from noise: generative adversarial networks without an input picture, autoencoders, and what is made with them.
//!
//! The folder has all of its own: networks, losses and steps (`Generate`, `Autoencoder`), and what a trained style does
//! (`Sampler`, `Coder`). Elsewhere stand the recipe's keys (`config/synthesis.rs`), the data set of single pictures
//! (`data/single.rs`) and its classes (`data/picture_class.rs`), a line in `train/methods.rs` and the verbs (`cli/sample.rs`, `cli/encode.rs`).

mod arithmetic;
mod autoencoder;
mod classes;
mod coder;
mod dcgan_discriminator;
mod dcgan_generator;
mod encoder;
mod generate;
mod halvings;
mod interpolation;
mod nearest;
mod noise;
mod pixels;
mod preview_noise;
mod sampler;
mod sheet;

pub use arithmetic::{Arithmetic, ArithmeticError};
pub use autoencoder::Autoencoder;
pub use classes::Classes;
pub use coder::{CodeLaw, CodedPicture, Coder, CoderError};
pub use dcgan_discriminator::DcganDiscriminator;
pub use dcgan_generator::DcganGenerator;
pub use encoder::Encoder;
pub use generate::Generate;
pub use interpolation::{Interpolation, interpolate};
pub use nearest::nearest_pictures;
pub use noise::{MIN_TRUNCATION, normal_noise, truncated_noise};
pub use sampler::{Code, Sampler, SamplerError};
pub use sheet::sheet;
