//! The sections of a recipe.

mod data;
mod discriminator;
mod encoder;
mod generator;
mod loss;
mod optim;
mod synthesis;
mod train;

pub use data::DataRecipe;
pub(super) use data::usual_reference_batch;
pub use discriminator::DiscriminatorRecipe;
pub use encoder::EncoderRecipe;
pub use generator::GeneratorRecipe;
pub use loss::LossRecipe;
pub(super) use loss::usual_r1_every;
pub use optim::OptimRecipe;
pub use synthesis::{ClassNorm, SynthesisRecipe};
pub use train::TrainRecipe;
