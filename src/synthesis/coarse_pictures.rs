//! The coarse pictures that a generator in training goes on from.

use burn::tensor::Tensor;

use super::staged_generator::StagedGenerator;
use crate::config::Recipe;
use crate::kernels::double_bilinear;
use crate::nn::Halving;

/// Where coarse pictures come from.
#[derive(Debug)]
pub(super) enum CoarsePictures {
    /// There are none.
    None,
    /// From the real pictures, halved and doubled again: levels of a cascade learn independently of each other.
    OfReal,
    /// From a first stage, whose weights stay.
    Made(Box<StagedGenerator>),
}

impl CoarsePictures {
    /// Those of `recipe`, as far as they need no first stage.
    pub(super) fn new(recipe: &Recipe) -> Self {
        if recipe.synthesis.is_level {
            Self::OfReal
        } else {
            Self::None
        }
    }

    /// Values of the noise that each is made of.
    pub(super) fn noise_length(&self) -> usize {
        match self {
            Self::None | Self::OfReal => 0,
            Self::Made(first) => first.noise_length(),
        }
    }

    /// Those of a step with these `real` pictures and `classes`, for which noise is taken from the end of `noise`.
    pub(super) fn of_step(
        &self,
        noise: &mut Vec<f32>,
        real: &Tensor<4>,
        classes: Option<&Tensor<4>>,
    ) -> Option<Tensor<4>> {
        match self {
            Self::OfReal => Some(double_bilinear(Halving::Mean.forward(real.clone()))),
            Self::None | Self::Made(_) => {
                let taken = real.dims()[0] * self.noise_length();
                let own = noise.split_off(noise.len() - taken);
                self.made(own, classes)
            }
        }
    }

    /// Those that a first stage makes of `noise`, where there is one.
    pub(super) fn made(&self, noise: Vec<f32>, classes: Option<&Tensor<4>>) -> Option<Tensor<4>> {
        match self {
            Self::None | Self::OfReal => None,
            Self::Made(first) => Some(first.pictures(noise, classes)),
        }
    }
}
