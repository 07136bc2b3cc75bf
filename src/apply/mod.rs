//! Translating pictures: plan, decode, pad, translate, crop, encode.
//!
//! [`plan`] decides every output path before any work; [`run`] does the work with decoding and encoding beside the network.
//! Networks come in through [`Translator`]: nothing here knows what kind they are. [`fill`] does the same for networks that fill
//! holes in photos.

mod bands;
mod error;
mod fill;
mod input;
mod instance_files;
mod label_network;
mod maps;
mod network;
mod options;
mod output;
mod output_format;
mod padding;
mod passthrough;
mod picture;
mod places;
mod plan;
mod prepared;
mod reading;
mod report;
mod run;
mod shard;
mod steps;
mod tally;
mod tiles;
mod translator;
mod work;

pub use error::ApplyError;
pub use fill::{
    FillOptions, Filler, MaskError, MaskSource, MaskSourceError, Masks, NetworkFiller, Reach, fill,
};
pub use label_network::{LabelTranslator, Sampling};
pub use network::NetworkTranslator;
pub use options::{ApplyOptions, Depth, Existing, Size, SizeError};
pub use output_format::OutputFormat;
pub use padding::Padding;
pub use plan::{Plan, PlannedPicture, Task, plan};
pub use report::{FileReport, Status, Summary};
pub use run::run;
pub use shard::{Shard, ShardChoice, ShardError};
pub use tally::Event;
pub use tiles::{RowAccess, Tile, TileError, Tiling};
pub use translator::{MapNeeds, Translator};
