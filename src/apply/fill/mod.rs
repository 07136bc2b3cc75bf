//! Filling holes in photos: masks, windows around holes, coarse to fine, blending.
//!
//! [`fill`] does the work of [`run`](super::run) for networks that fill holes. Those come in through [`Filler`].

mod blend;
mod filler;
mod groups;
mod level;
mod mask_source;
mod nearest;
mod network;
mod photo;
mod planes;
mod run;
mod tile;
mod windows;

pub use filler::{Filler, Reach};
pub use mask_source::{MaskError, MaskSource, MaskSourceError, Masks};
pub use network::NetworkFiller;
pub use run::{FillOptions, fill};
