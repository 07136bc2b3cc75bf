//! Styles: folders that hold a trained translation with all that is needed to use it and to train it further.

mod builtin;
mod error;
mod export;
mod export_onnx;
mod export_style;
mod file_precision;
mod filters;
mod first_stage;
mod folder;
pub mod import;
mod inpainter;
mod manifest;
pub mod onnx;
mod pace;
mod registry;
mod weights;

pub use error::StyleError;
pub use export::{generator_state_dict, network_state_dict};
pub use export_onnx::{OnnxFile, generator_onnx};
pub use export_style::export_style;
pub use file_precision::FilePrecision;
pub use first_stage::first_stage_folder;
pub use folder::StyleFolder;
pub use inpainter::load_inpainter;
pub use manifest::{ApplyDefaults, FORMAT_VERSION, Manifest, TrainingSummary};
pub use pace::Pace;
pub use registry::Registry;
pub use weights::{
    discriminator_stem, generator_stem, initial_stem, load_clusters, load_generator, map_weights,
    mapped_style_weights, read_weights, second_generator_stem, style_weights, write_weights,
};
