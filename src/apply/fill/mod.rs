//! Filling holes in photos: masks, windows around holes, coarse to fine, blending.
//!
//! [`fill`] does the work of [`run`](super::run) for networks that fill holes. Those come in through [`Filler`].
//!
//! ```text
//! photo and mask ─> groups of holes, pieces of long ones ─> square around each ─> halved until the hole fits ─> window
//!       ─> network ─> doubled, refined tile by tile ─> blended at the border ─> samples of the photo, inside holes only
//! ```
//!
//! Photos keep their own depth and channels; only pixels in holes are written.

mod blend;
mod edge_diffusion;
mod filler;
mod groups;
mod mask_source;
mod membrane;
mod network;
mod photo;
mod planes;
mod pyramid_level;
mod run;
mod surroundings;
mod tile;
mod windows;

pub use filler::{FillWindow, Filler, HoleSupport};
pub use mask_source::{MaskError, MaskLookup, MaskSource, MaskSourceError};
pub use network::NetworkFiller;
pub use run::{FillOptions, fill};
