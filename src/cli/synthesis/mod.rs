//! What the command line has for styles that make pictures from noise.

mod code_source;
mod encode;
mod import;
mod sample;
mod sample_codes;
mod sample_output;
mod verb;

pub(super) use import::import;
pub(super) use verb::SynthesisVerb;
pub(super) use verb::run;
