//! The one thread that owns the device, and what it does with pictures.

mod cache;
mod filling;
mod folder;
mod loaded;
mod thread;
mod translation;

pub(super) use thread::start;
