//! Weight files from elsewhere: PyTorch checkpoints and safetensors, read without executing anything, recognized by
//! the names and shapes of their tensors, and put into a style.

mod architecture;
mod candidate;
mod coarse_to_fine;
mod contents;
mod diagnosis;
mod error;
mod fit;
mod limits;
mod naming;
mod network;
mod options;
mod placement;
mod pytorch;
mod recognize;
mod reparametrized;
mod shapes;
mod stored;
mod weight_file;

pub use architecture::{Architecture, Hints};
pub use error::ImportError;
pub use network::DetectedNetwork;
pub use options::ImportOptions;
pub use placement::{Imported, import};
pub use weight_file::WeightFile;
