//! Recipes: what to train and how, from the mode's defaults, a TOML file and command-line settings.

mod difference;
mod error;
mod options;
mod overlay;
mod recipe;
mod stages;
mod validation;

pub use difference::difference;
pub use error::ConfigError;
pub use options::{
    Direction, DiscriminatorArch, GanObjective, GeneratorArch, Initialiser, Mode, NormKind, Policy,
    Preprocess, Upsample,
};
pub use overlay::Overlay;
pub use recipe::{
    DataRecipe, DiscriminatorRecipe, EncoderRecipe, GeneratorRecipe, LossRecipe, OptimRecipe,
    Recipe, TrainRecipe,
};
