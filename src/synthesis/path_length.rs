//! Regularisation of how far codes move pictures.

use burn::tensor::{Device, Tensor, TensorData};

use super::generator::SynthesisGenerator;
use super::generator_input::GeneratorInput;
use crate::config::Recipe;
use crate::kernels::mean;
use crate::method::MethodState;
use crate::nn::NamedTensors;

/// Share of the newest lengths in their moving mean.
const NEWEST: f64 = 0.01;
/// Added to squared lengths: the root has no gradient at 0.
const MIN_SQUARE: f64 = 1e-16;
/// Part of the state of a method, and its only tensor.
const STATE: &str = "path_length";
const MEAN: &str = "mean";

/// How far the lengths of the gradients of pictures with respect to the codes that lead a style generator are from their moving mean.
///
/// A length is that of the gradient of the inner product of a picture and a normal direction, which is divided by the root of the number
/// of pixels: squares are summed over the values of a code and averaged over the layers. As many times as strong every so many steps of
/// the generator. Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", 2020, section 3.2.
#[derive(Debug)]
pub(super) struct PathLength {
    weight: f64,
    /// Steps of the generator from one loss to the next.
    every: u64,
    /// Steps from one of the generator to the next.
    generator_every: u64,
    /// `[1]`, without automatic differentiation.
    mean: Tensor<1>,
}

impl PathLength {
    /// That of a recipe, before all steps, on `device`, which has no automatic differentiation.
    pub(super) fn new(recipe: &Recipe, device: &Device) -> Self {
        Self {
            weight: recipe.synthesis.path_length,
            every: recipe.synthesis.path_length_every as u64,
            generator_every: recipe.optim.discriminator_steps as u64,
            mean: Tensor::zeros([1], device),
        }
    }

    /// How many values the directions of step `step`, counted from 1, have for so many values of pictures: as many, or none where there is
    /// no loss.
    pub(super) fn direction_count(&self, step: u64, values: usize) -> usize {
        if self.is_due(step) { values } else { 0 }
    }

    /// The weighted loss, `[1]`, of step `step` for the pictures of `input`, which have this shape, in these `directions`. None in steps
    /// without one.
    pub(super) fn loss(
        &mut self,
        network: &SynthesisGenerator,
        input: &GeneratorInput,
        (directions, shape): (Vec<f32>, [usize; 4]),
        step: u64,
    ) -> Option<Tensor<1>> {
        if !self.is_due(step) {
            return None;
        }
        let [.., height, width] = shape;
        let directions = Tensor::from_data(TensorData::new(directions, shape), &self.mean.device());
        let directions = directions / ((height * width) as f64).sqrt();
        let gradients = network.code_gradients(input, directions)?;
        let count = gradients.len() as f64;
        let squares = gradients
            .into_iter()
            .map(|gradient| gradient.square().sum_dim(1));
        let squares = squares.reduce(|sum, squares| sum + squares)?;
        let lengths = (squares / count + MIN_SQUARE).sqrt();
        let newest = mean(lengths.clone().inner());
        self.mean = self.mean.clone() * (1.0 - NEWEST) + newest * NEWEST;
        let apart = lengths - self.mean.clone().reshape([1, 1, 1, 1]);
        Some(mean(apart.square()) * (self.weight * self.every as f64))
    }

    /// Puts the moving mean into the state of a method. Each of several processes has its own.
    pub(super) fn keep(&self, state: &mut MethodState) {
        if self.weight > 0.0 {
            let mean = (MEAN.to_owned(), self.mean.to_data());
            state.insert(STATE, (NamedTensors([mean].into()), 0));
            state.own.insert(STATE.to_owned());
        }
    }

    /// Takes it out again.
    pub(super) fn restore(&mut self, state: &mut MethodState) {
        let (mut tensors, _) = state.take(STATE);
        if let Some(mean) = tensors.0.remove(MEAN) {
            self.mean = Tensor::from_data(mean, &self.mean.device());
        }
    }

    fn is_due(&self, step: u64) -> bool {
        let update = step / self.generator_every;
        let is_update = step.is_multiple_of(self.generator_every) && update > 0;
        self.weight > 0.0 && is_update && (update - 1).is_multiple_of(self.every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mode;

    #[test]
    fn losses_come_with_every_so_many_steps_of_the_generator() {
        let due = |recipe: &Recipe| -> Vec<u64> {
            let path = PathLength::new(recipe, &Device::flex());
            (1..=20)
                .filter(|&step| path.direction_count(step, 3) == 3)
                .collect()
        };
        let mut recipe = Recipe::defaults(Mode::Generate);
        assert!(due(&recipe).is_empty());
        recipe.synthesis.path_length = 2.0;
        assert_eq!(due(&recipe), [1, 5, 9, 13, 17]);
        recipe.optim.discriminator_steps = 3;
        recipe.synthesis.path_length_every = 2;
        assert_eq!(due(&recipe), [3, 9, 15]);
    }
}
