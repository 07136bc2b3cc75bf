//! One forward pass for several batches of pictures.

use burn::tensor::Tensor;

use crate::config::{DiscriminatorRecipe, GeneratorRecipe};
use crate::kernels::computes_on_own_threads;

/// Most pixels of a pass. In larger ones the work done once for each pass matters little, and the memory that a pass holds matters more.
const MOST_PIXELS: usize = 1 << 16;

/// Passes batches through a network together where it makes of each picture what it would make of it alone.
///
/// What is done once for each pass, such as preparing the weights, is then done once for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JointForward {
    is_exact: bool,
}

impl JointForward {
    /// For generators of `recipe`.
    pub fn of_generator(recipe: &GeneratorRecipe) -> Self {
        Self {
            is_exact: recipe.norm.is_of_each_sample() && !recipe.dropout,
        }
    }

    /// For discriminators of `recipe`.
    pub fn of_discriminator(recipe: &DiscriminatorRecipe) -> Self {
        Self {
            is_exact: recipe.norm.is_of_each_sample() && !recipe.compares_samples(),
        }
    }

    /// What `forward` makes of each of the batches `[batch, channels, height, width]`. They go through it [together](Self::attempt) where they
    /// can, and one after the other where not.
    pub fn run<const N: usize>(
        self,
        batches: [&Tensor<4>; N],
        forward: impl Fn(Tensor<4>) -> Tensor<4>,
    ) -> [Tensor<4>; N] {
        let together = self.attempt(batches, &forward);
        together.unwrap_or_else(|| batches.map(|batch| forward(batch.clone())))
    }

    /// What `forward` makes of each of the batches, in one pass; `None` if it would make other things of them so, if they are large or
    /// differ in channels or size, or on devices other than `cpu`: what others gain has not been measured.
    pub fn attempt<const N: usize>(
        self,
        batches: [&Tensor<4>; N],
        forward: impl Fn(Tensor<4>) -> Tensor<4>,
    ) -> Option<[Tensor<4>; N]> {
        let dims = batches.map(Tensor::dims);
        let pixels = dims.map(|[count, _, height, width]| count * height * width);
        let is_alike = dims.iter().all(|other| other[1..] == dims[0][1..]);
        let is_small = pixels.iter().sum::<usize>() <= MOST_PIXELS;
        if !self.is_exact
            || !is_alike
            || !is_small
            || !computes_on_own_threads(&batches[0].device())
        {
            return None;
        }
        let outputs = forward(Tensor::cat(batches.map(Clone::clone).into(), 0));
        let mut start = 0;
        Some(dims.map(|[count, ..]| {
            start += count;
            outputs.clone().narrow(0, start - count, count)
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use burn::tensor::Device;

    use super::*;
    use crate::config::{Mode, NormKind, Recipe};
    use crate::nn::{ForwardMode, Generator, NormStats, WeightInit};

    fn forward_of(recipe: &Recipe) -> impl Fn(Tensor<4>) -> Tensor<4> {
        let device = Device::flex();
        let network = Generator::new(
            &mut WeightInit::from_recipe(recipe, 0, &device),
            &recipe.generator,
            3,
            3,
        );
        move |input| network.forward(input, ForwardMode::inference(NormStats::Batch, false))
    }

    #[test]
    fn batches_that_go_through_together_come_out_as_if_alone() {
        let mut recipe = Recipe::defaults(Mode::Cycle);
        recipe.generator.channels = 4;
        let picture = |count: usize, side: usize, scale: f32| {
            let values = (0..count * 3 * side * side).map(|index| (index as f32 * scale).sin());
            let values = values.collect::<Vec<_>>();
            Tensor::<1>::from_floats(values.as_slice(), &Device::flex())
                .reshape([count, 3, side, side])
        };
        for norm in [NormKind::Instance, NormKind::None, NormKind::Batch] {
            recipe.generator.norm = norm;
            let joint = JointForward::of_generator(&recipe.generator);
            let forward = forward_of(&recipe);
            for other in [24, 16] {
                let batches = [picture(1, 24, 0.37), picture(2, other, 0.11)];
                let passes = Cell::new(0);
                let outputs = joint.run(batches.each_ref(), |input| {
                    passes.set(passes.get() + 1);
                    forward(input)
                });
                let is_joint = norm != NormKind::Batch && other == 24;
                assert_eq!(passes.get(), if is_joint { 1 } else { 2 });
                for (output, batch) in outputs.into_iter().zip(batches) {
                    let alone = forward(batch);
                    assert_eq!(output.dims(), alone.dims());
                    let distance = (output - alone).abs().max().into_scalar::<f32>();
                    assert!(distance < 1e-5, "{norm:?} {other}: {distance}");
                }
            }
        }
    }

    #[test]
    fn large_pictures_go_through_one_after_the_other() {
        let joint = JointForward { is_exact: true };
        let passes = |side: usize| {
            let batches = [(); 2].map(|()| Tensor::zeros([1, 1, side, side], &Device::flex()));
            let passes = Cell::new(0);
            joint.run(batches.each_ref(), |input| {
                passes.set(passes.get() + 1);
                input
            });
            passes.get()
        };
        assert_eq!([passes(128), passes(256)], [1, 2]);
    }

    #[test]
    fn networks_that_compare_pictures_see_each_batch_alone() {
        let mut recipe = Recipe::defaults(Mode::Cycle);
        let is_joint = |recipe: &Recipe| {
            let generator = JointForward::of_generator(&recipe.generator).is_exact;
            let discriminator = JointForward::of_discriminator(&recipe.discriminator).is_exact;
            [generator, discriminator]
        };
        assert_eq!(is_joint(&recipe), [true, true]);
        recipe.generator.dropout = true;
        recipe.discriminator.minibatch_discrimination = 9;
        assert_eq!(is_joint(&recipe), [false, false]);
        recipe.discriminator.minibatch_discrimination = 0;
        recipe.discriminator.norm = NormKind::Spectral;
        assert_eq!(is_joint(&recipe), [false, false]);
    }
}
