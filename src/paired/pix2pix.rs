//! The pix2pix training step.

use burn::tensor::{Device, Tensor, TensorData};

use super::pair_discriminator::{PairDiscriminator, ShownPairs};
use super::view::View;
use crate::config::Recipe;
use crate::data::Batch;
use crate::kernels::mean;
use crate::method::{
    Adversary, DiscriminatorLosses, Loss, Method, MethodState, MicroBatch, MicroBatches,
    StepContext,
};
use crate::nn::{
    Adam, Discriminator, ForwardMode, Generator, NamedTensors, NormStats, ReferenceBatch,
    ReferencePictures, TensorError, Trainable, Vgg19, WeightInit, enlarged,
};

const GENERATOR: &str = "generator";
const DISCRIMINATOR: &str = "discriminator";

/// A conditional generative adversarial network for pairs of pictures.
///
/// The discriminator judges the input together with the output; the generator also minimises the L1 distance to the
/// target. Isola, Zhu, Zhou and Efros, "Image-to-Image Translation with Conditional Adversarial Networks", 2017.
///
/// With a generator that enlarges, the discriminator is shown the input enlarged. With the weights of VGG19, the generator minimises
/// the distance between its features too, as in pix2pixHD.
#[derive(Debug)]
pub struct Pix2pix {
    generator: Trainable<Generator>,
    discriminator: PairDiscriminator,
    l1: f64,
    /// Weight of the adversarial loss; 0 leaves the discriminator out.
    adversarial: f64,
    vgg: Option<Vgg19>,
    perceptual: f64,
    /// How many times larger than its input the output is.
    scale: usize,
    view: View,
    norm_stats: NormStats,
    reference: Option<ReferencePictures>,
    micro_batches: MicroBatches,
    /// Without automatic differentiation.
    device: Device,
}

impl Pix2pix {
    /// Creates the networks of `recipe` with fresh weights.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let (input, output) = (recipe.data.input_channels, recipe.data.output_channels);
        let generator = Generator::new(&mut init(0), &recipe.generator, input, output);
        let judged = input + output;
        let discriminator = Discriminator::new(&mut init(1), &recipe.discriminator, judged);
        Self::from_networks(recipe, generator, discriminator, device)
    }

    /// Wraps given networks, which lie on the autodiff device of `device`.
    pub fn from_networks(
        recipe: &Recipe,
        generator: Generator,
        discriminator: Discriminator,
        device: &Device,
    ) -> Self {
        let adam = Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        Self {
            generator: Trainable::new(generator, adam).with_average(recipe.optim.ema),
            discriminator: Adversary::new(discriminator, recipe),
            l1: recipe.loss.l1,
            adversarial: recipe.loss.adversarial,
            vgg: None,
            perceptual: recipe.loss.perceptual,
            scale: recipe.generator.scale,
            view: View::new(recipe),
            norm_stats: NormStats::usual(recipe),
            reference: ReferencePictures::new(recipe),
            micro_batches: MicroBatches::new(recipe, device),
            device: device.clone(),
        }
    }

    /// Gives the networks the pictures of the reference batch.
    fn load_reference(&mut self, pictures: NamedTensors) -> Result<(), TensorError> {
        let Some(reference) = &mut self.reference else {
            return Ok(());
        };
        let [a, b] = reference.choose(pictures, &self.device)?;
        if reference.for_discriminators {
            let pairs = Tensor::cat(vec![a.clone(), b], 1);
            self.discriminator
                .network
                .set_reference(&ReferenceBatch::new(pairs));
        }
        if reference.for_generators {
            self.generator.set_reference(&ReferenceBatch::new(a));
        }
        Ok(())
    }

    /// Adds the perceptual loss of the recipe, with the weights of VGG19.
    ///
    /// # Errors
    /// The weights are incomplete.
    pub fn with_perceptual_loss(
        mut self,
        weights: &NamedTensors,
        recipe: &Recipe,
    ) -> Result<Self, TensorError> {
        let device = self.device.clone().autodiff();
        self.vgg = Some(Vgg19::from_weights(
            weights,
            recipe.train.precision,
            &device,
        )?);
        Ok(self)
    }

    /// What the generator makes of a part of the batch, and what the discriminator is to be shown of it.
    fn translate(
        &mut self,
        part: MicroBatch<Batch>,
        context: StepContext<'_>,
    ) -> MicroBatch<Translated> {
        part.map(|batch, rng| {
            let input = Tensor::<4>::from_data(batch.a, &self.device);
            let target = Tensor::<4>::from_data(batch.b, &self.device);
            let fake = self
                .generator
                .network()
                .forward(input.clone(), context.training_mode());
            let shown = (self.adversarial > 0.0).then(|| {
                let condition = match self.scale {
                    1 => input,
                    scale => enlarged(input, scale),
                };
                let pictures = [&condition, &target, &fake];
                let pairs = self.discriminator.show(pictures, context, rng);
                (condition, pairs)
            });
            Translated {
                target,
                fake,
                shown,
            }
        })
    }

    /// Collects what the generator learns from a part of the batch, of which the discriminator has the losses `judged`; returns its share and
    /// all losses.
    fn learn(
        &mut self,
        part: MicroBatch<Translated>,
        judged: &[DiscriminatorLosses],
        context: StepContext<'_>,
    ) -> (f64, Vec<Loss>) {
        let share = part.share;
        let (losses, sum) = self.losses(part.content, judged, context);
        self.generator.collect(&mut sum.backward(), share);
        (share, losses)
    }

    /// The losses of the generator, whose sum is the last, and of the discriminator, `judged`.
    fn losses(
        &self,
        translated: Translated,
        judged: &[DiscriminatorLosses],
        context: StepContext<'_>,
    ) -> (Vec<Loss>, Tensor<1>) {
        let Translated {
            target,
            fake,
            shown,
        } = translated;
        let distance = mean((fake.clone() - target.clone()).abs()) * self.l1;
        let mut losses = vec![Loss::generator("G_L1", &distance)];
        let mut sum = distance;
        if let Some((condition, shown)) = shown {
            let fake_pair = Tensor::cat(vec![condition, fake.clone()], 1);
            let fake_pair = shown.view.apply(fake_pair);
            let (adversarial, judgement) =
                self.discriminator.judge(fake_pair, &shown.real, context);
            let adversarial = adversarial * self.adversarial;
            losses.insert(0, Loss::generator("G_GAN", &adversarial));
            losses.extend(Loss::matching(&judgement));
            losses.extend(judged.iter().flat_map(DiscriminatorLosses::named));
            sum = judgement.added_to(adversarial) + sum;
        }
        if let Some(vgg) = &self.vgg {
            let distance = vgg.perceptual_loss(fake, target) * self.perceptual;
            losses.push(Loss::generator("G_VGG", &distance));
            sum = sum + distance;
        }
        (losses, sum)
    }
}

/// A part of the batch, translated.
struct Translated {
    target: Tensor<4>,
    fake: Tensor<4>,
    /// What the discriminator judges pictures with, and what it is shown; none where there is none.
    shown: Option<(Tensor<4>, ShownPairs)>,
}

impl Translated {
    fn pairs(&self) -> [&ShownPairs; 1] {
        let (_, pairs) = self.shown.as_ref().expect("there is a discriminator");
        [pairs]
    }
}

impl Method for Pix2pix {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let parts = self.micro_batches.split(batch, context).into_iter();
        let losses = if self.adversarial > 0.0 {
            let translated = parts.map(|part| self.translate(part, context));
            let mut translated: Vec<MicroBatch<Translated>> = translated.collect();
            let judged =
                self.discriminator
                    .update_on_pairs(&mut translated, Translated::pairs, context);
            // The generator is judged by the discriminator after its step.
            let parts = translated.into_iter().zip(judged);
            parts
                .map(|(part, judged)| self.learn(part, &judged, context))
                .collect()
        } else {
            let learn = |part| {
                let part = self.translate(part, context);
                self.learn(part, &[], context)
            };
            parts.map(learn).collect()
        };
        self.generator.step(context.generator_step());
        Loss::mean(losses)
    }

    fn preview_caption(&self) -> &'static str {
        "Each row: input, output, target."
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        let input = Tensor::<4>::from_data(batch.a.clone(), &self.device);
        let network = self.generator.in_use();
        let mode = ForwardMode::inference(self.norm_stats, false);
        let output = network.forward(input, mode).into_data();
        vec![self.view.row(batch.a, output, batch.b, &self.device)]
    }

    fn set_reference(&mut self, batch: &Batch) -> Result<(), TensorError> {
        self.load_reference(ReferencePictures::named(batch.a.clone(), batch.b.clone()))
    }

    fn networks(&self) -> &'static [&'static str] {
        match self.reference {
            Some(_) => &[GENERATOR, DISCRIMINATOR, ReferencePictures::STEM],
            None => &[GENERATOR, DISCRIMINATOR],
        }
    }

    fn weights(&self, network: &str) -> NamedTensors {
        match (network, &self.reference) {
            (GENERATOR, _) => self.generator.weights(),
            (ReferencePictures::STEM, Some(reference)) => reference.tensors().clone(),
            _ => self.discriminator.network.weights(),
        }
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        match network {
            GENERATOR => self.generator.load_weights(weights),
            ReferencePictures::STEM => self.load_reference(weights),
            _ => self.discriminator.network.load_weights(weights),
        }
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::default();
        state.insert_optimiser(GENERATOR, &self.generator);
        self.discriminator.save(&mut state, DISCRIMINATOR);
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        state.restore_optimiser(GENERATOR, &mut self.generator)?;
        self.discriminator
            .restore(&mut state, DISCRIMINATOR, &self.device)
    }
}
