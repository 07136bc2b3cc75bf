//! The generator of one level of a cascade.

use burn::module::Module;
use burn::tensor::Tensor;

use super::generator_input::GeneratorInput;
use super::normed_convolution::NormedConvolution;
use crate::config::{NormKind, Recipe};
use crate::kernels::relu;
use crate::nn::{Convolution, ForwardMode, Padding, WeightInit, full_precision};

/// Layers between the picture and its detail.
const HIDDEN: usize = 3;
/// Why there is a coarse picture.
const COARSE: &str = "levels but the coarsest one are given the picture of the level before";

/// Convolutions that keep the size, from a coarse picture and a plane of noise to the detail that is added to it.
///
/// A class becomes a plane too, by a linear layer. Denton, Chintala, Szlam and Fergus, "Deep Generative Image Models using a Laplacian
/// Pyramid of Adversarial Networks", 2015; layers of 3 x 3 with norms take the place of the paper's of 5 x 5 and 7 x 7.
#[derive(Module, Debug)]
pub struct DetailGenerator {
    /// From the class to a plane, where there are classes.
    plane: Option<Convolution>,
    hidden: Vec<NormedConvolution>,
    detail: Convolution,
}

impl DetailGenerator {
    /// The network of a level's `recipe`.
    pub(super) fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let (generator, side) = (&recipe.generator, recipe.data.crop_size);
        let (classes, picture) = (recipe.class_count(), recipe.data.output_channels);
        init.set_norm(NormKind::None);
        let plane = (classes > 0).then(|| {
            let channels = [classes, side * side];
            Convolution::new(init, channels, 1, 1, Padding::Zero(0), true)
        });
        init.set_norm(generator.norm);
        let mut above = picture + 1 + usize::from(classes > 0);
        let mut hidden = Vec::with_capacity(HIDDEN);
        for _ in 0..HIDDEN {
            let channels = [above, generator.channels];
            hidden.push(NormedConvolution::same(init, generator.norm, channels));
            above = generator.channels;
        }
        Self {
            plane,
            hidden,
            detail: Convolution::new(init, [above, picture], 3, 1, Padding::Zero(1), true),
        }
    }

    /// The coarse picture of `input` with its detail, `[batch, channels, side, side]`, about in [-1, 1], from `side * side` values of
    /// noise.
    pub(super) fn forward(&self, input: &GeneratorInput, mode: ForwardMode) -> Tensor<4> {
        let coarse = input.coarse.clone().expect(COARSE);
        let [batch, _, height, width] = coarse.dims();
        let as_plane = |values: Tensor<4>| values.reshape([batch, 1, height, width]);
        let mut seen = vec![coarse.clone(), as_plane(input.vectors.clone())];
        if let (Some(plane), Some(classes)) = (&self.plane, &input.classes) {
            let plane = plane.forward(classes.clone(), mode);
            seen.push(as_plane(full_precision(plane)));
        }
        let mut features = Tensor::cat(seen, 1);
        for layer in &self.hidden {
            features = relu(layer.forward(features, mode));
        }
        coarse + full_precision(self.detail.forward(features, mode))
    }
}
