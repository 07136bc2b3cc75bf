//! The encoder of an autoencoder.

use burn::module::Module;
use burn::tensor::Tensor;

use super::halvings::{Halvings, INNERMOST, levels, width};
use crate::config::Recipe;
use crate::nn::{
    Convolution, ForwardMode, Network, NormalLaw, Padding, WeightInit, full_precision,
};

/// Strided convolutions down to 4 x 4, as in the discriminator of DCGAN, then the mean and the logarithm of the variance of the codes
/// that a picture may have come from.
///
/// Kingma and Welling, "Auto-Encoding Variational Bayes", 2014.
#[derive(Module, Debug)]
pub struct Encoder {
    halvings: Halvings,
    mean: Convolution,
    log_variance: Convolution,
}

impl Encoder {
    /// The encoder of `recipe`, as wide as its generator and with its norm.
    pub fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let generator = &recipe.generator;
        init.set_norm(generator.norm);
        let (side, latent) = (recipe.data.crop_size, generator.latent);
        let input = recipe.data.output_channels + recipe.class_count();
        let channels = [input, generator.channels];
        let halvings = Halvings::new(init, generator.norm, channels, side);
        let last = width(generator.channels, levels(side) - 1);
        let mut whole =
            || Convolution::new(init, [last, latent], INNERMOST, 1, Padding::Zero(0), true);
        Self {
            mean: whole(),
            log_variance: whole(),
            halvings,
        }
    }

    /// Maps `[batch, classes + channels, side, side]`, the picture in [-1, 1], to the law of its code, `[batch, latent, 1, 1]`.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> NormalLaw<4> {
        let mut features = self.halvings.features(input, mode);
        let last = features.pop().expect("the features end with the last ones");
        NormalLaw {
            mean: full_precision(self.mean.forward(last.clone(), mode)),
            log_variance: full_precision(self.log_variance.forward(last, mode)),
        }
    }
}

impl Network for Encoder {
    fn layer_name(&self, path: &str) -> String {
        match path.split_once('.') {
            Some(("halvings", path)) => format!("main.{}", Halvings::index(path)),
            Some((layer, _)) => layer.to_owned(),
            None => path.to_owned(),
        }
    }
}
