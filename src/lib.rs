//! Image-to-image translation: networks that turn pictures into other pictures, trained on a person's own pictures.
//!
//! Dependencies between the modules point one way: `cli` -> `serve` -> `train`, `apply`, `evaluate`, `synthesis`, `style` -> the methods (`paired`,
//! `unpaired`, `coarse_to_fine`, `inpainting`) -> `data`, `nn` -> `kernels`. `config` (recipes), `device` and `files` stand below
//! all of them. `docs/architecture.md` has the map.

pub mod apply;
pub mod cli;
pub mod coarse_to_fine;
pub mod config;
pub mod data;
pub mod device;
pub mod distributed;
pub mod evaluate;
pub mod features;
pub mod files;
mod html;
pub mod inpainting;
pub mod kernels;
pub mod method;
pub mod nn;
pub mod paired;
pub mod panics;
pub mod picture;
pub mod progress;
pub mod random;
#[cfg(feature = "serve")]
pub mod serve;
mod shell;
pub mod style;
pub mod synthesis;
pub mod train;
pub mod unpaired;
mod wording;
