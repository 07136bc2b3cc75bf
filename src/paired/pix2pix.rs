//! The pix2pix training step.

use burn::tensor::{Device, Tensor, TensorData};

use super::pair_discriminator::PairDiscriminator;
use super::view::View;
use crate::config::Recipe;
use crate::data::Batch;
use crate::kernels::mean;
use crate::method::{Adversary, DiscriminatorLosses, Loss, Method, MethodState, StepContext};
use crate::nn::{
    Adam, Discriminator, ForwardMode, Generator, NamedTensors, NormStats, ReferenceBatch,
    ReferencePictures, TensorError, Trainable, Vgg19, WeightInit, enlarged,
};
use crate::random;

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

    /// The generator's loss as the discriminator sees its output, `fake`, after a step of its own; with the terms for display.
    fn play(
        &mut self,
        [input, target, fake]: [&Tensor<4>; 3],
        context: StepContext<'_>,
    ) -> (Tensor<1>, Vec<Loss>) {
        let condition = match self.scale {
            1 => input.clone(),
            scale => enlarged(input.clone(), scale),
        };
        let mut rng = random::step_rng(context.seed, context.step);
        let shown = self
            .discriminator
            .show([&condition, target, fake], context, &mut rng);
        let judged = self
            .discriminator
            .update_on_pairs(&[&shown], context, &mut rng);

        // The generator is judged by the discriminator after its step.
        let fake_pair = Tensor::cat(vec![condition, fake.clone()], 1);
        let fake_pair = shown.view.apply(fake_pair);
        let (adversarial, judgement) = self.discriminator.judge(fake_pair, &shown.real, context);
        let adversarial = adversarial * self.adversarial;
        let mut losses = vec![Loss::generator("G_GAN", &adversarial)];
        losses.extend(Loss::matching(&judgement));
        losses.extend(judged.iter().flat_map(DiscriminatorLosses::named));
        (judgement.added_to(adversarial), losses)
    }
}

impl Method for Pix2pix {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let input = Tensor::<4>::from_data(batch.a, &self.device);
        let target = Tensor::<4>::from_data(batch.b, &self.device);
        let fake = self
            .generator
            .network()
            .forward(input.clone(), context.training_mode());

        let distance = mean((fake.clone() - target.clone()).abs()) * self.l1;
        let named = Loss::generator("G_L1", &distance);
        let (mut loss, mut losses) = if self.adversarial > 0.0 {
            let (played, mut terms) = self.play([&input, &target, &fake], context);
            terms.insert(1, named);
            (played + distance, terms)
        } else {
            (distance, vec![named])
        };
        if let Some(vgg) = &self.vgg {
            let distance = vgg.perceptual_loss(fake, target) * self.perceptual;
            losses.push(Loss::generator("G_VGG", &distance));
            loss = loss + distance;
        }
        self.generator
            .update(&mut loss.backward(), context.generator_step());
        losses
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
