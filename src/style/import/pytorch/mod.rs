//! Checkpoints of PyTorch: which tensors they hold and where their numbers lie, found without executing anything.
//!
//! A reader of its own, and not the `pytorch-reader` crate: that one refuses a whole file for one value that it cannot
//! represent (float8, a filled `defaultdict`, a sparse tensor), even where no weight depends on it.

mod container;
mod element;
mod error;
mod globals;
mod legacy;
mod open;
mod pickle;
mod rebuild;
mod stack;
mod stream;
mod tar_file;
mod tensor;
mod value;
mod zip_file;

pub(super) use element::Element;
pub(super) use error::PickleError;
pub(super) use open::open;
