//! From noise to the codes that lead a generator.

use burn::module::{Module, RunningState};
use burn::tensor::Tensor;

use super::pixel_norm::pixel_norm;
use crate::kernels::leaky_relu;
use crate::nn::{Equalisation, EqualisedConvolution, ForwardMode, LEAKY_SLOPE, WeightInit};

/// Share of the mean code that each step keeps.
const KEPT: f64 = 0.995;

/// The mapping network: linear layers from normalised noise to codes. Of a class, or whatever else it is told, a linear layer makes a
/// vector as long as the noise, which is normalised, too, and stands before it: beside 512 values a one among zeros would count for
/// nothing. That layer learns at the pace of the others of the generator.
///
/// Karras, Laine and Aila, "A Style-Based Generator Architecture for Generative Adversarial Networks", 2019; of classes Karras, Aittala,
/// Hellsten, Laine, Lehtinen and Aila, "Training Generative Adversarial Networks with Limited Data", 2020.
#[derive(Module, Debug)]
pub(super) struct Mapping {
    embedding: Option<EqualisedConvolution>,
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
        let is_told = classes > 0;
        let embedding = is_told.then(|| {
            EqualisedConvolution::new(init, [classes, latent], [1, 0], Equalisation::LINEAR)
        });
        let input = |place| {
            if place == 0 && is_told {
                2 * latent
            } else {
                latent
            }
        };
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
            embedding,
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
        let input = match (&self.embedding, classes) {
            (Some(embedding), Some(classes)) => {
                let told = pixel_norm(embedding.forward(classes.clone()));
                Tensor::cat(vec![told, vectors], 1)
            }
            _ => vectors,
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
