//! The CycleGAN training step.

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::cycle_losses::CycleLosses;
use super::discriminator::DomainDiscriminator;
use super::kept_luminance::KeptLuminance;
use super::sliced_wasserstein::SlicedWasserstein;
use crate::config::Recipe;
use crate::data::Batch;
use crate::kernels::mean;
use crate::method::{Adversary, Loss, Method, MethodState, MicroBatch, MicroBatches, StepContext};
use crate::nn::{
    Adam, Discriminator, ForwardMode, Generator, JointForward, NamedTensors, NormStats,
    ReferenceBatch, ReferencePictures, TensorError, Trainable, WeightInit,
};

const GENERATOR_A2B: &str = "generator_a2b";
const GENERATOR_B2A: &str = "generator_b2a";
const DISCRIMINATOR_A: &str = "discriminator_a";
const DISCRIMINATOR_B: &str = "discriminator_b";
/// The parts of the state with the patches of recent pictures, of the sides with discriminator A and with discriminator B.
const PATCHES: [&str; 2] = ["patches_a", "patches_b"];

/// Two generators between domains A and B, held together by cycle consistency, and a discriminator for each domain.
///
/// As in the reference implementation discriminator A judges domain B, and discriminator B judges domain A. Zhu, Park,
/// Isola and Efros, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", 2017.
#[derive(Debug)]
pub struct CycleGan {
    a2b: Trainable<Generator>,
    b2a: Trainable<Generator>,
    discriminator_a: DomainDiscriminator,
    discriminator_b: DomainDiscriminator,
    /// Weights of the cycles that start in A and in B, and of the identity loss as a fraction of these.
    cycle_a: f64,
    cycle_b: f64,
    identity: f64,
    /// How generators see real and translated pictures in one pass.
    joint: JointForward,
    reference: Option<ReferencePictures>,
    /// Of the side with discriminator A, then of the side with discriminator B.
    sliced: [Option<SlicedWasserstein>; 2],
    kept: KeptLuminance,
    micro_batches: MicroBatches,
    /// Without automatic differentiation.
    device: Device,
}

impl CycleGan {
    /// Networks with fresh weights, as `recipe` describes them.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let (a, b) = (recipe.data.input_channels, recipe.data.output_channels);
        let generator =
            |stream, from, to| Generator::new(&mut init(stream), &recipe.generator, from, to);
        let discriminator = |stream, channels| {
            Discriminator::new(&mut init(stream), &recipe.discriminator, channels)
        };
        let generators = [generator(0, a, b), generator(1, b, a)];
        let discriminators = [discriminator(2, b), discriminator(3, a)];
        Self::from_networks(recipe, generators, discriminators, device)
    }

    /// The method around given networks (A to B, B to A; discriminator of B, of A), which lie on the autodiff device of
    /// `device`.
    pub fn from_networks(
        recipe: &Recipe,
        generators: [Generator; 2],
        discriminators: [Discriminator; 2],
        device: &Device,
    ) -> Self {
        let adam = || Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        let [a2b, b2a] = generators
            .map(|network| Trainable::new(network, adam()).with_average(recipe.optim.ema));
        let [discriminator_a, discriminator_b] =
            discriminators.map(|network| Adversary::new(network, recipe));
        Self {
            a2b,
            b2a,
            discriminator_a,
            discriminator_b,
            cycle_a: recipe.loss.cycle_a,
            cycle_b: recipe.loss.cycle_b,
            identity: recipe.loss.identity,
            joint: JointForward::of_generator(&recipe.generator),
            reference: ReferencePictures::new(recipe),
            sliced: [recipe.data.output_channels, recipe.data.input_channels]
                .map(|channels| SlicedWasserstein::from_recipe(recipe, channels)),
            kept: KeptLuminance::from_recipe(&recipe.generator),
            micro_batches: MicroBatches::new(recipe, device),
            device: device.clone(),
        }
    }

    /// Gives the networks the pictures of the reference batch.
    fn load_reference(&mut self, pictures: NamedTensors) -> Result<(), TensorError> {
        let Some(reference) = &mut self.reference else {
            return Ok(());
        };
        let [a, b] = reference
            .choose(pictures, &self.device)?
            .map(ReferenceBatch::new);
        if reference.for_generators {
            self.a2b.set_reference(&a);
            self.b2a.set_reference(&b);
        }
        if reference.for_discriminators {
            self.discriminator_a.network.set_reference(&b);
            self.discriminator_b.network.set_reference(&a);
        }
        Ok(())
    }

    /// Collects what both generators learn from a part of the batch.
    fn translate(
        &mut self,
        part: MicroBatch<Batch>,
        context: StepContext<'_>,
    ) -> MicroBatch<Translated> {
        let share = part.share;
        part.map(|batch, rng| {
            let real_a = Tensor::<4>::from_data(batch.a, &self.device);
            let real_b = Tensor::<4>::from_data(batch.b, &self.device);
            let ([fake_b, fake_a], losses, mut gradients) =
                self.play(&real_a, &real_b, context, rng);
            self.a2b.collect(&mut gradients, share);
            self.b2a.collect(&mut gradients, share);
            Translated {
                real_a,
                real_b,
                fake_a,
                fake_b,
                losses,
            }
        })
    }

    /// Translates pictures; returns the translations (to B, to A), the losses of the generators and their gradients.
    fn play(
        &mut self,
        real_a: &Tensor<4>,
        real_b: &Tensor<4>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> ([Tensor<4>; 2], CycleLosses, Gradients) {
        let (a2b, b2a) = (self.a2b.network(), self.b2a.network());
        let mode = context.training_mode();
        let to_b = |pictures| a2b.forward(pictures, mode);
        let to_a = |pictures| b2a.forward(pictures, mode);
        let fake_b = to_b(real_a.clone());
        // What a network has to see goes through it together where that is the same. A generator into a domain should leave pictures of
        // it as they are.
        let together = if self.identity > 0.0 {
            let all = self.joint.attempt([&fake_b, real_b, real_a], to_a);
            all.map(|[recovered, fake, same]| (recovered, fake, Some(same)))
        } else {
            let both = self.joint.attempt([&fake_b, real_b], to_a);
            both.map(|[recovered, fake]| (recovered, fake, None))
        };
        let (recovered_a, fake_a, recovered_b, same) = match together {
            Some((recovered_a, fake_a, Some(same_a))) => {
                let [recovered_b, same_b] = self.joint.run([&fake_a, real_b], to_b);
                (recovered_a, fake_a, recovered_b, Some((same_a, same_b)))
            }
            Some((recovered_a, fake_a, None)) => {
                let recovered_b = to_b(fake_a.clone());
                (recovered_a, fake_a, recovered_b, None)
            }
            None => {
                let recovered_a = to_a(fake_b.clone());
                let fake_a = to_a(real_b.clone());
                let recovered_b = to_b(fake_a.clone());
                (recovered_a, fake_a, recovered_b, None)
            }
        };

        let distance = |one: Tensor<4>, other: &Tensor<4>| mean((one - other.clone()).abs());
        let (gan_a, judgement_a) = self
            .discriminator_a
            .generator_loss(&fake_b, real_b, context, rng);
        let (gan_b, judgement_b) = self
            .discriminator_b
            .generator_loss(&fake_a, real_a, context, rng);
        let cycle_a = distance(recovered_a, real_a) * self.cycle_a;
        let cycle_b = distance(recovered_b, real_b) * self.cycle_b;
        let identity = (self.identity > 0.0).then(|| {
            let (same_a, same_b) = same.unwrap_or_else(|| {
                let same_b = to_b(real_b.clone());
                (to_a(real_a.clone()), same_b)
            });
            (
                distance(same_b, real_b) * (self.cycle_b * self.identity),
                distance(same_a, real_a) * (self.cycle_a * self.identity),
            )
        });

        let mut loss = gan_a.clone() + gan_b.clone() + cycle_a.clone() + cycle_b.clone();
        if let Some((identity_a, identity_b)) = &identity {
            loss = loss + identity_a.clone() + identity_b.clone();
        }
        let pairs = [(&fake_b, real_b), (&fake_a, real_a)];
        let mut sliced = [None, None];
        for ((found, side), (fake, real)) in sliced.iter_mut().zip(&mut self.sliced).zip(pairs) {
            if let Some(side) = side {
                let term = side.loss(fake, real, rng);
                loss = loss + term.clone();
                *found = Some(term);
            }
        }
        loss = judgement_b.added_to(judgement_a.added_to(loss));
        let gradients = loss.backward();
        let losses = CycleLosses {
            gan: [gan_a, gan_b],
            matching: [judgement_a, judgement_b].map(|judgement| judgement.matching),
            cycle: [cycle_a, cycle_b],
            identity: identity.map(|(a, b)| [a, b]),
            sliced,
        };
        ([fake_b, fake_a], losses, gradients)
    }
}

/// A part of the batch, translated.
struct Translated {
    real_a: Tensor<4>,
    real_b: Tensor<4>,
    fake_a: Tensor<4>,
    fake_b: Tensor<4>,
    losses: CycleLosses,
}

impl Method for CycleGan {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let parts = self.micro_batches.split(batch, context).into_iter();
        let translate = |part| self.translate(part, context);
        let mut parts: Vec<MicroBatch<Translated>> = parts.map(translate).collect();
        self.a2b.step(context.generator_step());
        self.b2a.step(context.generator_step());

        let judged_a = self.discriminator_a.update_on_pictures(
            &mut parts,
            |part| (&part.real_b, &part.fake_b),
            context,
        );
        let judged_b = self.discriminator_b.update_on_pictures(
            &mut parts,
            |part| (&part.real_a, &part.fake_a),
            context,
        );

        let judged = judged_a.into_iter().zip(judged_b);
        let named = parts
            .iter()
            .zip(judged)
            .map(|(part, (judged_a, judged_b))| {
                (part.share, part.content.losses.named([judged_a, judged_b]))
            });
        Loss::mean(named.collect())
    }

    fn preview_caption(&self) -> &'static str {
        "Each row: input, output, input recovered from the output."
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let row = |real: TensorData, there: &Generator, back: &Generator| {
            let input = Tensor::<4>::from_data(real.clone(), &self.device);
            let translated = there.forward(input, mode);
            let recovered = back.forward(translated.clone(), mode);
            let translated = self.kept.finish(translated.into_data(), &real);
            vec![real, translated, recovered.into_data()]
        };
        let (a2b, b2a) = (self.a2b.in_use(), self.b2a.in_use());
        vec![row(batch.a, &a2b, &b2a), row(batch.b, &b2a, &a2b)]
    }

    /// The translation into domain B, with a real picture of that domain, which shows something else.
    fn translations(&self, batch: Batch) -> Vec<(TensorData, TensorData)> {
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let input = Tensor::<4>::from_data(batch.a.clone(), &self.device);
        let translated = self.a2b.in_use().forward(input, mode);
        vec![(self.kept.finish(translated.into_data(), &batch.a), batch.b)]
    }

    fn set_reference(&mut self, batch: &Batch) -> Result<(), TensorError> {
        self.load_reference(ReferencePictures::named(batch.a.clone(), batch.b.clone()))
    }

    fn networks(&self) -> &'static [&'static str] {
        const ALL: &[&str] = &[
            GENERATOR_A2B,
            GENERATOR_B2A,
            DISCRIMINATOR_A,
            DISCRIMINATOR_B,
            ReferencePictures::STEM,
        ];
        match self.reference {
            Some(_) => ALL,
            None => &ALL[..4],
        }
    }

    fn weights(&self, network: &str) -> NamedTensors {
        match (network, &self.reference) {
            (GENERATOR_A2B, _) => self.a2b.weights(),
            (GENERATOR_B2A, _) => self.b2a.weights(),
            (DISCRIMINATOR_A, _) => self.discriminator_a.network.weights(),
            (ReferencePictures::STEM, Some(reference)) => reference.tensors().clone(),
            _ => self.discriminator_b.network.weights(),
        }
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        match network {
            GENERATOR_A2B => self.a2b.load_weights(weights),
            GENERATOR_B2A => self.b2a.load_weights(weights),
            DISCRIMINATOR_A => self.discriminator_a.network.load_weights(weights),
            ReferencePictures::STEM => self.load_reference(weights),
            _ => self.discriminator_b.network.load_weights(weights),
        }
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::default();
        state.insert_optimiser(GENERATOR_A2B, &self.a2b);
        state.insert_optimiser(GENERATOR_B2A, &self.b2a);
        self.discriminator_a.save(&mut state, DISCRIMINATOR_A);
        self.discriminator_b.save(&mut state, DISCRIMINATOR_B);
        for (sliced, part) in self.sliced.iter().zip(PATCHES) {
            if let Some(sliced) = sliced {
                sliced.save(&mut state, part);
            }
        }
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        state.restore_optimiser(GENERATOR_A2B, &mut self.a2b)?;
        state.restore_optimiser(GENERATOR_B2A, &mut self.b2a)?;
        let device = &self.device;
        for (sliced, part) in self.sliced.iter_mut().zip(PATCHES) {
            if let Some(sliced) = sliced {
                sliced.restore(&mut state, part, device)?;
            }
        }
        self.discriminator_a
            .restore(&mut state, DISCRIMINATOR_A, device)?;
        self.discriminator_b
            .restore(&mut state, DISCRIMINATOR_B, device)
    }
}
