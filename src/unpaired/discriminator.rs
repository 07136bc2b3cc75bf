//! How the discriminator of one domain is shown pictures, and learns from them.

use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;

use crate::method::{Adversary, DiscriminatorLosses, MicroBatch, StepContext};
use crate::nn::{Discriminator, Judgement};

/// A discriminator of one domain.
pub(super) type DomainDiscriminator = Adversary<Discriminator>;

impl DomainDiscriminator {
    /// Updates on the real pictures and, through the pool, the generated ones that `pictures` finds in each of `parts`, as often as the
    /// recipe says; returns the losses on each part in the last update.
    pub(super) fn update_on_pictures<P>(
        &mut self,
        parts: &mut [MicroBatch<P>],
        pictures: impl Fn(&P) -> (&Tensor<4>, &Tensor<4>),
        context: StepContext<'_>,
    ) -> Vec<DiscriminatorLosses> {
        // Without its graph: the discriminator's step must not reach the generator.
        let mut pooled = |part: &mut MicroBatch<P>| {
            let (_, fake) = pictures(&part.content);
            self.pool.query(fake.clone().inner(), &mut part.rng)
        };
        let fakes: Vec<Tensor<4>> = parts.iter_mut().map(&mut pooled).collect();
        let mut fakes = fakes.iter().cycle();
        self.update(parts, context, |discriminator, part, rng| {
            let (real, _) = pictures(part);
            let fake = fakes.next().expect("there is one for each part");
            let real = discriminator.seen(real.clone(), context, rng);
            let fake = discriminator.seen(fake.clone(), context, rng);
            let penalty = discriminator.penalty(&real, &fake, context, rng);
            let (network, mode) = (discriminator.network.network(), context.training_mode());
            let forward = |pictures| network.forward(pictures, mode);
            let [of_real, of_fake] = discriminator.joint.run([&real, &fake], forward);
            let gan_loss = discriminator.gan_loss;
            let losses = DiscriminatorLosses {
                on_real: gan_loss.discriminator_on_real(of_real),
                on_fake: gan_loss.discriminator_on_fake(of_fake),
                penalty,
            };
            (losses.sum() * 0.5, losses)
        })
    }

    /// What the generator minimises on its pictures, `[1]`, and the losses of their features, compared with those of `real`.
    pub(super) fn generator_loss(
        &self,
        fake: &Tensor<4>,
        real: &Tensor<4>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> (Tensor<1>, Judgement) {
        let fake = self.seen(fake.clone(), context, rng);
        // Changed alike, and only where a loss asks for it.
        let real = if self.matching.compares() {
            self.seen(real.clone(), context, rng)
        } else {
            real.clone()
        };
        self.judge(fake, &real, context)
    }
}
