//! Weight files from elsewhere: PyTorch checkpoints and safetensors, read without executing anything, recognized by
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
mod candidate;
mod coarse_to_fine;
mod contents;
mod diagnosis;
mod error;
mod fit;
mod fixed_filters;
mod limits;
mod naming;
mod network;
mod options;
mod placement;
mod pytorch;
mod recognize;
mod reparametrized;
mod shapes;
mod srresnet;
mod stored;
mod weight_file;

pub use architecture::{Architecture, Hints};
pub use error::ImportError;
pub use network::DetectedNetwork;
pub use options::ImportOptions;
pub use placement::{Imported, import, install_generator};
pub use weight_file::WeightFile;
