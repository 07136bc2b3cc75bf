//! Recipes: what to train and how, from the mode's defaults, a TOML file and command-line settings.

mod architectures;
mod builtin;
mod coarse_to_fine;
mod colours;
mod combinations;
mod conditioning;
mod contrastive;
mod defaults;
mod degradation;
mod dependent_defaults;
mod diff;
mod error;
mod extension;
mod game;
mod growth;
mod growth_level;
mod idle_settings;
mod inpainting;
mod labels;
mod latent;
mod latent_place;
mod made_inputs;
mod mode;
mod options;
mod overlay;
mod recipe;
mod reference;
mod sample_coupling;
mod schema;
mod sections;
#[cfg(test)]
mod settings;
mod sizes;
mod stages;
mod synthesis;
mod tables;
mod unused_keys;
mod validation;

pub use architectures::{DiscriminatorArch, GeneratorArch};
pub use builtin::BuiltinRecipe;
pub use colours::Colours;
pub use conditioning::{ClassSource, Condition};
pub use degradation::Degradation;
pub use diff::diff;
pub use error::ConfigError;
pub use growth_level::GrowthLevel;
pub use inpainting::ALEXNET_SIDE;
pub use latent_place::LatentPlace;
pub use mode::{Mode, Samples};
pub use options::{
    Augment, Direction, Distance, Downsample, GanObjective, HoleFill, InitKind, MaskKind, NormKind,
    Pages, Policy, Preprocess, UnlabelledKind, Upsample,
};
pub use overlay::Overlay;
pub use recipe::Recipe;
pub use sections::{
    ClassNorm, DataRecipe, DiscriminatorRecipe, EncoderRecipe, GeneratorRecipe, LossRecipe,
    OptimRecipe, SynthesisRecipe, TrainRecipe,
};
