//! pix2pixHD: large pictures from label maps or pictures, coarse to fine.

mod clusters;
mod discriminator;
mod instances;
mod maps;
mod networks;
mod pix2pixhd;

pub use clusters::{FeatureClusters, FeatureCollector};
pub use discriminator::MultiscaleDiscriminator;
pub use instances::{Instances, class_of};
pub use maps::{build_condition, class_colours, instance_boundaries, one_hot};
pub use networks::{encoder, generator, input_channels};
pub use pix2pixhd::Pix2pixHd;
