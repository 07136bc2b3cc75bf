//! The losses of a CycleGAN step.

use burn::tensor::Tensor;

use crate::method::{DiscriminatorLosses, Loss};

/// Losses of both generators: of the side with discriminator A, then of the side with discriminator B.
pub(super) struct CycleLosses {
    pub(super) gan: [Tensor<1>; 2],
    pub(super) matching: [Vec<(&'static str, Tensor<1>)>; 2],
    pub(super) cycle: [Tensor<1>; 2],
    pub(super) identity: Option<[Tensor<1>; 2]>,
    pub(super) sliced: [Option<Tensor<1>>; 2],
}

impl CycleLosses {
    /// With the losses of discriminators A and B, by the names that `metrics.jsonl` carries.
    pub(super) fn named(&self, judged: [DiscriminatorLosses; 2]) -> Vec<Loss> {
        let mut named = Vec::with_capacity(8);
        let names = [
            [
                "D_A",
                "D_penalty_A",
                "G_A",
                "G_means_A",
                "cycle_A",
                "idt_A",
                "SWD_A",
            ],
            [
                "D_B",
                "D_penalty_B",
                "G_B",
                "G_means_B",
                "cycle_B",
                "idt_B",
                "SWD_B",
            ],
        ];
        for (side, judged) in judged.into_iter().enumerate() {
            let [discriminator, penalty, gan, means, cycle, identity, sliced] = names[side];
            let loss = (judged.on_real + judged.on_fake) * 0.5;
            named.push(Loss::discriminator(discriminator, &loss));
            let value = judged.penalty;
            named.extend(value.map(|value| Loss::discriminator(penalty, &value)));
            named.push(Loss::generator(gan, &self.gan[side]));
            // Of unpaired pictures only means can be compared.
            let matching = self.matching[side].iter();
            named.extend(matching.map(|(_, value)| Loss::generator(means, value)));
            named.push(Loss::generator(cycle, &self.cycle[side]));
            if let Some(values) = &self.identity {
                named.push(Loss::generator(identity, &values[side]));
            }
            let value = self.sliced[side].iter();
            named.extend(value.map(|value| Loss::generator(sliced, value)));
        }
        named
    }
}
