//! What the methods share: layers, generators, discriminators, GAN losses and the optimiser.
//!
//! A generator lists its layers once, in `forward_with`, over a [`LayerOps`]: either each layer is computed at once, or they are
//! recorded and computed in [bands](forward_in_bands) of rows.
//!
//! A network that is added implements [`Network`], becomes a variant of `GeneratorArch` or `DiscriminatorArch`, and gets a
//! fixture from PyTorch; a generator also gets its layers in `style::onnx`.

mod activation;
mod adam;
mod augment;
mod average;
mod bands;
mod blur;
mod convolution;
mod discriminator;
mod discriminator_layer;
mod downsample;
mod dropout;
mod encoder_features;
mod feature_matching;
mod forward_mode;
mod gan_loss;
mod generator;
mod image_pool;
mod input_gradient;
mod instance_noise;
mod layer_ops;
mod local_enhancer;
mod minibatch_deviation;
mod norm;
mod patch_gan;
mod penalties;
mod reducer;
mod residual;
mod resnet;
mod safetensors;
mod spectral_names;
mod spectral_norm;
mod spread;
mod tensors;
mod trainable;
mod transposed;
mod unet;
mod upsampling;
mod weight_init;

pub use activation::Activation;
pub(crate) use activation::LEAKY_SLOPE;
pub use adam::{Adam, clip_weights};
pub use augment::{AugmentDraw, DiffAugment};
pub use bands::{BandLimits, StoreError, TensorRows, forward_in_bands, forward_memory};
pub use blur::{blur_downsample, blur_upsample};
pub(crate) use convolution::full_precision;
pub use convolution::{Convolution, Padding};
pub use discriminator::Discriminator;
pub use discriminator_layer::{DiscriminatorLayer, discriminator_features, discriminator_logits};
pub use downsample::downsample;
pub(crate) use downsample::downsample_gradient;
pub use dropout::dropout;
pub use feature_matching::{FeatureMatching, Judgement};
pub use forward_mode::{ForwardMode, NormStats};
pub use gan_loss::{GanLoss, WEIGHT_CLIP};
pub use generator::Generator;
pub use image_pool::ImagePool;
pub use input_gradient::{Critic, input_gradient, input_gradient_before};
pub use instance_noise::InstanceNoise;
pub use layer_ops::LayerOps;
pub use local_enhancer::LocalEnhancer;
pub(crate) use norm::NORM_EPSILON;
pub use norm::Norm;
pub use patch_gan::{PatchGan, PixelGan};
pub use penalties::Penalties;
pub use reducer::{OptimiserStep, Reducer};
pub use residual::{DownBlock, ResidualBlock, UpBlock};
pub use resnet::{ResnetConfig, ResnetGenerator};
pub use tensors::{NamedTensors, Network, TensorError};
pub use trainable::Trainable;
pub use transposed::TransposedConvolution;
pub use unet::Unet;
pub use upsampling::{Upsampling, doubled};
pub use weight_init::WeightInit;
