//! Building blocks that the methods share: layers, generators, discriminators, objectives and the optimiser.

mod adam;
mod behaviour;
mod convolution;
mod discriminator;
mod dropout;
mod generator;
mod image_pool;
mod initialise;
mod local_enhancer;
mod norm;
mod objective;
mod patch_gan;
mod residual;
mod resnet;
mod tensors;
mod trained;
mod unet;

pub use adam::{Adam, clip_weights};
pub use behaviour::{Behaviour, NormStats};
pub use convolution::{Convolution, Padding, Upsampling};
pub use discriminator::Discriminator;
pub use dropout::dropout;
pub use generator::Generator;
pub use image_pool::ImagePool;
pub use initialise::Initialise;
pub use local_enhancer::{LocalEnhancer, half_size};
pub(crate) use norm::NORM_EPSILON;
pub use norm::Norm;
pub use objective::{Objective, WEIGHT_CLIP};
pub use patch_gan::{PatchGan, PixelGan};
pub use residual::{DownBlock, ResidualBlock, UpBlock};
pub use resnet::{ResnetGenerator, ResnetShape};
pub use tensors::{NamedTensors, Network, TensorError};
pub use trained::Trained;
pub(crate) use unet::LEAKY_SLOPE;
pub use unet::Unet;
