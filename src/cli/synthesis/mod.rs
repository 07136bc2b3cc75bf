//! What the command line has for styles that make pictures from noise.

mod code_source;
mod encode;
mod extension;
mod import;
mod sample;
mod sample_codes;
mod sample_output;
mod verb;

pub(super) use extension::Synthesis;
