//! Translating pictures: plan, decode, pad, translate, crop, encode.
//!
//! [`plan`] decides every output path before any work; [`run`] does the work with decoding and encoding beside the network.
//! Networks come in through [`Translator`]: nothing here knows what kind they are. [`fill`] does the same for networks that fill
//! holes in photos.

mod animations;
mod bands;
mod collisions;
mod error;
mod fill;
mod hidden_colours;
mod input;
mod inputs;
mod instance_files;
mod joint_pass;
mod label_network;
mod looks;
mod maps;
mod matched;
mod network;
mod network_pass;
mod options;
mod output;
mod output_format;
mod output_values;
mod padding;
mod passthrough;
mod pattern;
mod picture;
mod pipeline;
mod pipeline_runner;
mod plan;
mod prepared;
mod reading;
mod recorder;
mod report;
mod report_file;
mod resized;
mod row_access;
mod row_buffer;
mod run;
mod shard;
mod sidecars;
mod size_choice;
mod tiles;
mod translator;

pub use animations::Animations;
pub use error::ApplyError;
pub use fill::{
    FillOptions, FillWindow, Filler, HoleSupport, MaskError, MaskLookup, MaskSource,
    MaskSourceError, NetworkFiller, fill,
};
pub use hidden_colours::TransparentPixels;
pub use label_network::LabelTranslator;
pub use looks::{Looks, SampleOptions};
pub use network::NetworkTranslator;
pub use options::{ApplyOptions, Depth, OnExisting, OutputSize, PairHalf, SizeError};
pub use output_format::OutputFormat;
pub use padding::Padding;
pub use plan::{Plan, PlannedPicture, Task, plan, plan_inputs};
pub use recorder::Event;
pub use report::{FileReport, Status, Summary};
pub use row_access::RowAccess;
pub use run::run;
pub use shard::{Shard, ShardChoice, ShardError};
pub use size_choice::{SizeChoice, size_and_restore};
pub use tiles::{TileError, TileSize, Tiling};
pub use translator::{MapSpec, Translator};
