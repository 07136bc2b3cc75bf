//! How a discriminator of pairs is shown them, and learns from them.

use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;

use crate::method::{Adversary, AugmentedView, DiscriminatorLosses, MicroBatch, StepContext};
use crate::nn::Discriminator;

/// A discriminator that judges an input together with its output.
pub(super) type PairDiscriminator = Adversary<Discriminator>;

/// What a discriminator is shown in one step, `[batch, channels, height, width]` without gradients.
#[derive(Debug)]
pub(super) struct ShownPairs {
    pub(super) real: Tensor<4>,
    fake: Tensor<4>,
    pub(super) view: AugmentedView,
}

impl PairDiscriminator {
    /// What it is to be shown of `input` with its `target` and with what was generated, through the pool.
    pub(super) fn show(
        &mut self,
        [input, target, fake]: [&Tensor<4>; 3],
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> ShownPairs {
        let pair = |picture: Tensor<4>| Tensor::cat(vec![input.clone(), picture], 1);
        // Without its graph: the discriminator's step must not reach the generator.
        let fake = self.pool.query(pair(fake.clone().inner()), rng);
        let view = self.view(target, input.dims()[1], context, rng);
        let real = view.apply(pair(target.clone()));
        let fake = view.apply(fake);
        ShownPairs { real, fake, view }
    }

    /// Updates on the pairs that `shown` finds in each of `parts`, as often as the recipe says; returns the losses on each of them, part by
    /// part, in the last update.
    pub(super) fn update_on_pairs<P, const N: usize>(
        &mut self,
        parts: &mut [MicroBatch<P>],
        shown: impl Fn(&P) -> [&ShownPairs; N],
        context: StepContext<'_>,
    ) -> Vec<Vec<DiscriminatorLosses>> {
        self.update(parts, context, |discriminator, part, rng| {
            let shown = shown(part).into_iter();
            let losses = shown.map(|pairs| discriminator.losses_on(pairs, context, rng));
            let losses: Vec<DiscriminatorLosses> = losses.collect();
            let sum = losses.iter().map(DiscriminatorLosses::sum);
            let sum = sum.reduce(|sum, loss| sum + loss);
            (sum.expect("there are pairs to learn from") * 0.5, losses)
        })
    }

    /// Generated pairs come first, as in the reference implementation.
    fn losses_on(
        &self,
        pairs: &ShownPairs,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> DiscriminatorLosses {
        let (network, mode) = (self.network.network(), context.training_mode());
        let on_fake = network.forward(pairs.fake.clone(), mode);
        let on_real = network.forward(pairs.real.clone(), mode);
        DiscriminatorLosses {
            on_real: self.gan_loss.discriminator_on_real(on_real),
            on_fake: self.gan_loss.discriminator_on_fake(on_fake),
            penalty: self.penalty(&pairs.real, &pairs.fake, context, rng),
        }
    }
}
