//! From noise to the codes that lead a generator.

use burn::module::{Module, RunningState};
use burn::tensor::Tensor;

use super::pixel_norm::pixel_norm;
use crate::kernels::leaky_relu;
use crate::nn::{Equalisation, EqualisedConvolution, ForwardMode, LEAKY_SLOPE, WeightInit};

/// Share of the mean code that each step keeps.
const KEPT: f64 = 0.995;

/// The mapping network: linear layers from normalised noise, behind the class where there are classes, to codes.
///
/// Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative Adversarial Networks", 2019.
#[derive(Module, Debug)]
pub(super) struct Mapping {
    layers: Vec<EqualisedConvolution>,
    mean: MeanCode,
}

#[derive(Module, Debug)]
struct MeanCode {
    /// The moving average of all codes, `[latent]`.
    running_mean: RunningState<Tensor<1>>,
}

impl Mapping {
    /// `count` layers from vectors of `latent` values and classes to codes of `latent` values.
    pub(super) fn new(init: &mut WeightInit, count: usize, [latent, classes]: [usize; 2]) -> Self {
        let input = |place| if place == 0 { latent + classes } else { latent };
        let layers = (0..count)
            .map(|place| {
                EqualisedConvolution::new(
                    init,
                    [input(place), latent],
                    [1, 0],
                    Equalisation::MAPPING,
                )
            })
            .collect();
        let zeros = Tensor::zeros([latent], &init.device().clone().inner());
        Self {
            layers,
            mean: MeanCode {
                running_mean: RunningState::new(zeros),
            },
        }
    }

    /// The codes of `vectors`, both `[batch, latent, 1, 1]`, of pictures with these `classes`, `[batch, classes, 1, 1]`.
    pub(super) fn forward(
        &self,
        vectors: Tensor<4>,
        classes: Option<&Tensor<4>>,
        mode: ForwardMode,
    ) -> Tensor<4> {
        let vectors = pixel_norm(vectors);
        let input = match classes {
            Some(classes) => Tensor::cat(vec![classes.clone(), vectors], 1),
            None => vectors,
        };
        let next =
            |codes, layer: &EqualisedConvolution| leaky_relu(layer.forward(codes), LEAKY_SLOPE);
        let codes = self.layers.iter().fold(input, next);
        if mode.update_running {
            let running = &self.mean.running_mean;
            let newest = codes.clone().inner().mean_dim(0).flatten::<1>(0, 3);
            running.update(running.value_sync() * KEPT + newest * (1.0 - KEPT));
        }
        codes
    }

    /// `codes` with this share of their distance from the mean one.
    pub(super) fn truncated(&self, codes: Tensor<4>, share: f64) -> Tensor<4> {
        let latent = codes.dims()[1];
        let mean = self.mean.running_mean.value_sync();
        let mean = mean.reshape([1, latent, 1, 1]);
        mean.clone() + (codes - mean) * share
    }
}
