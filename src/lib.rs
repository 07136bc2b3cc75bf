//! Image-to-image translation: networks that turn pictures into other pictures, trained on a person's own pictures.
//!
//! Dependencies between the modules point one way:
//! `cli -> {train, apply, evaluate, style} -> methods (paired, unpaired) -> {nn, data} -> kernels`.
//! `config` (recipes), `device` and `files` are used by all of them.

pub mod apply;
pub mod config;
pub mod data;
pub mod device;
pub mod evaluate;
pub mod files;
pub mod kernels;
pub mod nn;
