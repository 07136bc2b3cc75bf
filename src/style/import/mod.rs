//! Weight files from elsewhere: PyTorch checkpoints and safetensors, read without executing anything, recognised by
//! the names and shapes of their tensors, and put into a style.
//!
//! ```text
//! file ─> WeightFile (names, shapes) ─> FoundNetwork (where in its dictionaries) ─> Architecture
//!      ─> compared with a network of that recipe ─> style
//! ```
//!
//! The pickles of a checkpoint are scanned for names that weights do not need, before `pytorch-reader` reads the tensors. The
//! architecture is a guess from names and shapes, which need not be right: loading the tensors into a network of that recipe
//! lists everything that is missing, left over or of another shape.

mod architecture;
mod coarse_to_fine;
mod error;
mod fit;
mod globals;
mod network;
mod pickles;
mod placement;
mod recognise;
mod weight_file;

pub use architecture::{Architecture, Hints};
pub use error::ImportError;
pub use network::FoundNetwork;
pub use placement::{ImportOptions, Imported, import};
pub use weight_file::WeightFile;
