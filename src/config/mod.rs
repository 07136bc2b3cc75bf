//! Recipes: what to train and how, from the mode's defaults, a TOML file and command-line settings.

mod error;
mod options;
mod overlay;
mod recipe;

pub use error::ConfigError;
pub use options::{
    Direction, DiscriminatorArch, GanObjective, GeneratorArch, Initialiser, Mode, NormKind, Policy,
    Preprocess, Upsample,
};
pub use overlay::{Overlay, difference};
pub use recipe::{
    DataRecipe, DiscriminatorRecipe, GeneratorRecipe, LossRecipe, OptimRecipe, Recipe, TrainRecipe,
};
