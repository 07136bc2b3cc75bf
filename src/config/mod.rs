//! Recipes: what to train and how, from the mode's defaults, a TOML file and command-line settings.

mod builtin;
mod conditioning;
mod contrastive;
mod defaults;
mod diff;
mod error;
mod extension;
mod game;
mod inpainting;
mod labels;
mod options;
mod overlay;
mod recipe;
mod stages;
mod synthesis;
mod unused_keys;
mod validation;

pub use builtin::BuiltinRecipe;
pub use conditioning::{ClassSource, Condition};
pub use diff::diff;
pub use error::ConfigError;
pub use inpainting::ALEXNET_SIDE;
pub use options::{
    Augment, Direction, DiscriminatorArch, Distance, Downsample, GanObjective, GeneratorArch,
    HoleFill, InitKind, MaskKind, Mode, NormKind, Pages, Policy, Preprocess, UnlabelledKind,
    Upsample,
};
pub use overlay::Overlay;
pub use recipe::{
    DataRecipe, DiscriminatorRecipe, EncoderRecipe, GeneratorRecipe, LossRecipe, OptimRecipe,
    Recipe, TrainRecipe,
};
