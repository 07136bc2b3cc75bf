//! Weight files from elsewhere: PyTorch checkpoints and safetensors, read without executing anything, recognised by
//! the names and shapes of their tensors, and put into a style.

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
