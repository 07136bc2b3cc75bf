//! Pictures: reading them, finding them in the folder layouts, preparing and serving them.

mod aligned;
mod augmentation;
mod batch;
mod cache;
mod check;
mod conversion;
mod damage;
mod dataset;
mod edges;
mod error;
mod folder;
mod ids;
mod jpeg;
mod labelled;
mod labelled_check;
mod layout;
mod loader;
mod mask;
mod mask_files;
mod mask_shapes;
mod masked;
mod pair;
mod picture;
mod pixels;
mod preprocess;
mod raster;
mod resample;
pub mod sample;
mod split;
mod unaligned;

pub use batch::Batch;
pub use check::{CheckReport, SideReport};
pub use conversion::{Conversion, Progress};
pub use damage::is_cut_off;
pub use dataset::Dataset;
pub use edges::{EdgeSettings, edge_map, edges};
pub use error::DataError;
pub use folder::{PictureFile, find_pictures, find_some_pictures, is_hidden};
pub use ids::IdMap;
pub use labelled::{fit_to_data, sample_key};
pub use layout::{Layout, Split};
pub use loader::Loader;
pub use mask::Mask;
pub use mask_files::{MaskPlan, MaskSettings, masks};
pub use masked::HOLE_COLOUR;
pub use pair::pair;
pub use picture::{
    MAX_PIXELS, Picture, PictureError, has_picture_extension, picture_size, read_image,
    read_picture,
};
pub use pixels::{grey, pixels_from_values, values_from_pixels};
pub use preprocess::Preparation;
pub use raster::Raster;
pub use split::split;
