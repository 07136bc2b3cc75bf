//! Pictures from noise: generative adversarial networks without an input picture, autoencoders, and what is made with them.
//!
//! The folder has all of its own: networks, losses and steps ([`method`]), what a trained style does (`Sampler`, `Coder`, `Inversion`), ONNX
//! models of generators (`generator_onnx`), and generators from elsewhere (`PublicGenerator`). Besides there are the keys of recipes
//! (`config/synthesis/`, `config/sections/synthesis.rs`), the data set of single pictures with their classes and vectors (`data/single.rs`,
//! `data/picture_class.rs`, `data/embeddings.rs`) and the verbs (`cli/synthesis/`). Three lines lead here: its entry in `cli/extensions.rs` and
//! the declarations of the two folders in `lib.rs` and `cli/mod.rs`. Without them and the folders the program does all else as before; what
//! others need to know of its modes, `config/mode.rs` says.

mod arithmetic;
mod autoencoder;
mod batch_end;
mod cascade;
mod classes;
mod coarse_pictures;
mod coded_picture;
mod coder;
mod condition_code;
mod conditional_norm;
mod dcgan_generator;
mod detail_generator;
mod discriminator;
mod encoder;
mod generate;
mod generator;
mod generator_input;
mod growth;
mod halvings;
mod importance_bound;
mod input_source;
mod interpolation;
mod inversion;
mod judging_layer;
mod laplacian_generator;
mod latent_codes;
mod level_generator;
mod mapping;
mod methods;
mod modulated;
mod nearest;
mod noise;
mod normed_convolution;
mod onnx;
mod orthogonality;
mod path_length;
mod pixel_norm;
mod pixels;
mod preview;
mod progressive_generator;
mod progressive_trunk;
mod public_generator;
mod residual_generator;
mod residual_trunk;
mod sampler;
mod sheet;
mod sized_name;
mod stack_generator;
mod staged_generator;
mod style_generator;
mod style_trunk;
mod trunk;
mod usage;

pub use arithmetic::{Arithmetic, ArithmeticError, mean_of};
pub use autoencoder::Autoencoder;
pub use cascade::Cascade;
pub use classes::Classes;
pub use coded_picture::{CodedPicture, CoderError, PreparedPictures, ReadPictures};
pub use coder::{CodeLaw, Coder};
pub use dcgan_generator::DcganGenerator;
pub use discriminator::SynthesisDiscriminator;
pub use encoder::Encoder;
pub use generate::Generate;
pub use generator::SynthesisGenerator;
pub use generator_input::{GeneratorInput, StyleInput};
pub use growth::Growth;
pub use importance_bound::ImportanceBound;
pub use interpolation::{Interpolation, interpolate};
pub use inversion::{FoundCode, Inversion};
pub use latent_codes::{CodeKind, LatentCodes};
pub use methods::method;
pub use nearest::nearest_pictures;
pub use noise::{MIN_TRUNCATION, normal_noise, truncated_noise};
pub use onnx::{FirstStage, Noise, NoiseNetwork, generator_onnx};
pub use public_generator::PublicGenerator;
pub use sampler::{Code, Sampler, SamplerError};
pub use sheet::sheet;
pub use staged_generator::StagedGenerator;
pub use usage::is_usage;
