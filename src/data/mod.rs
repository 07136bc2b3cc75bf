//! Pictures: reading them, finding them in the folder layouts, preparing and serving them.

mod aligned;
mod augmentation;
mod batch;
mod cache;
mod check;
mod conversion;
mod dataset;
mod edges;
mod error;
mod folder;
mod layout;
mod loader;
mod pair;
mod picture;
mod pixels;
mod preprocess;
mod raster;
mod resample;
pub mod sample;
mod split;
mod truncation;
mod unaligned;

pub use batch::Batch;
pub use check::{CheckReport, SideReport};
pub use conversion::{Conversion, Progress};
pub use dataset::Dataset;
pub use edges::{EdgeSettings, edge_map, edges};
pub use error::DataError;
pub use folder::{PictureFile, find_pictures, find_some_pictures};
pub use layout::{Layout, Split};
pub use loader::Loader;
pub use pair::pair;
pub use picture::{MAX_PIXELS, Picture, PictureError, has_picture_extension, read_picture};
pub use pixels::{grey, pixels_from_values, values_from_pixels};
pub use preprocess::Preparation;
pub use split::split;
