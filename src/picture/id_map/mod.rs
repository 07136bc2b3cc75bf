//! Maps of ids: which class, or which instance, each pixel belongs to.
//!
//! Samples count as they are stored in the file: not stretched to a range, not inverted, not looked up in a palette. One file for each
//! format; [`stored`] is what all of them give.

mod bmp;
mod map;
mod png;
mod pnm;
mod sample_file;
mod stored;
mod tiff;
mod webp;

pub use map::{IdMap, MAX_ID};
pub use sample_file::{ColourMap, SampleFile};
