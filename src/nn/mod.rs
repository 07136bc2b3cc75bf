//! What the methods share: layers, generators, discriminators, GAN losses and the optimiser.
//!
//! A generator lists its layers once, in `forward_with`, over a [`LayerOps`]: either each layer is computed at once, or on one picture
//! when the next one reads it, or they are recorded and computed in [bands](forward_in_bands) of rows.
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
mod equalised;
mod feature_matching;
mod forward_mode;
mod fused;
mod gan_loss;
mod generator;
mod gradients;
mod halving;
mod image_pool;
mod input_gradient;
mod instance_noise;
mod joint_forward;
mod latent_code;
mod layer_ops;
mod linear;
mod local_enhancer;
mod minibatch_deviation;
mod minibatch_discrimination;
mod minibatch_layers;
mod norm;
mod norm_trace;
mod normal_law;
mod patch_gan;
mod penalties;
mod pixel_shuffle;
mod prelu;
mod reducer;
mod reference_batch;
mod reference_pictures;
mod residual;
mod resnet;
mod safetensors;
mod spectral_names;
mod spectral_norm;
mod spread;
mod srresnet;
mod tensors;
mod trainable;
mod transposed;
mod unet;
mod upsampling;
mod vgg;
mod weight_init;

pub use activation::Activation;
pub(crate) use activation::{LEAKY_SLOPE, leaky_relu_slopes};
pub use adam::{Adam, clip_weights};
pub use augment::{AugmentDraw, DiffAugment};
pub use bands::{BandLimits, StoreError, TensorRows, forward_in_bands, forward_memory};
pub use blur::blur_downsample;
pub(crate) use convolution::full_precision;
pub use convolution::{Convolution, Padding};
pub use discriminator::Discriminator;
pub use discriminator_layer::{
    DiscriminatorLayer, discriminator_features, discriminator_logits, discriminator_part,
};
pub use downsample::downsample;
pub(crate) use downsample::downsample_gradient;
pub use dropout::dropout;
pub use equalised::{Equalisation, EqualisedConvolution, SQUARES_EPSILON};
pub use feature_matching::{FeatureMatching, Judgement};
pub use forward_mode::{ForwardMode, NormStats};
pub use gan_loss::{GanLoss, WEIGHT_CLIP};
pub use generator::Generator;
pub use halving::{Halving, double_filtered, double_filtered_gradient};
pub use image_pool::ImagePool;
pub use input_gradient::{Critic, Trace, input_gradient};
pub use instance_noise::InstanceNoise;
pub use joint_forward::JointForward;
pub use latent_code::{code_between, code_tensor, draw_code, with_code};
pub use layer_ops::LayerOps;
pub use linear::Linear;
pub use local_enhancer::LocalEnhancer;
pub use minibatch_discrimination::MinibatchDiscrimination;
pub use minibatch_layers::MinibatchLayers;
pub use norm::Norm;
pub(crate) use norm_trace::NORM_EPSILON;
pub use normal_law::NormalLaw;
pub use patch_gan::{PatchGan, PixelGan};
pub use penalties::Penalties;
pub use pixel_shuffle::pixel_shuffle;
pub use prelu::Prelu;
pub use reducer::{OptimiserStep, Reducer};
pub use reference_batch::ReferenceBatch;
pub use reference_pictures::ReferencePictures;
pub use residual::{DownBlock, ResidualBlock, UpBlock};
pub use resnet::{ResnetConfig, ResnetGenerator};
pub use srresnet::{Enlargement, Srresnet, SrresnetBlock};
pub(crate) use tensors::values_now;
pub use tensors::{NamedTensors, Network, TensorError};
pub use trainable::Trainable;
pub use transposed::TransposedConvolution;
pub use unet::Unet;
pub use upsampling::{Upsampling, doubled, enlarged};
pub use vgg::Vgg19;
pub use weight_init::WeightInit;
