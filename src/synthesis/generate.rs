//! The training step of mode generate.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::classes::{Classes, with_classes};
use super::discriminator::SynthesisDiscriminator;
use super::generator::SynthesisGenerator;
use super::growth::Growth;
use super::input_source::InputSource;
use super::noise::normal_noise;
use super::orthogonality::orthogonality;
use super::path_length::PathLength;
use super::preview::{CAPTION, PREVIEW_PICTURES, Preview, beside_real, one_by_one};
use super::staged_generator::StagedGenerator;
use crate::config::Recipe;
use crate::data::Batch;
use crate::kernels::mean;
use crate::method::{Adversary, DiscriminatorLosses, Loss, Method, MethodState, StepContext};
use crate::nn::{
    Adam, Critic, ForwardMode, NamedTensors, NormStats, TensorError, Trainable, WeightInit,
};

const GENERATOR: &str = "generator";
const DISCRIMINATOR: &str = "discriminator";
/// The stems of the weight files.
pub(super) const NETWORKS: &[&str] = &[GENERATOR, DISCRIMINATOR];
/// Why there are logits.
const LOGITS: &str = "the features end with the logits";

/// A generator of pictures from noise and, where there are classes, a class, and the discriminator that it plays against.
///
/// Goodfellow et al., "Generative Adversarial Nets", 2014. Each step updates the discriminator; the generator is updated in every one
/// of so many, with noise of that step, and judged by the discriminator after its update. Generated pictures have the classes of the
/// real ones of the step.
#[derive(Debug)]
pub struct Generate {
    generator: Trainable<SynthesisGenerator>,
    discriminator: Adversary<SynthesisDiscriminator>,
    classes: Classes,
    /// What the generator makes pictures of.
    source: InputSource,
    path: PathLength,
    /// Weight of the class that the discriminator tells.
    classification: f64,
    /// Weights of what keeps filters apart and logits small.
    orthogonal: f64,
    drift: f64,
    /// Of the stage, with all of its detail.
    growth: Growth,
    /// Seed of the pictures in previews.
    seed: u64,
    /// Without automatic differentiation.
    device: Device,
}

impl Generate {
    /// Creates the networks of `recipe` with fresh weights.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let generator = SynthesisGenerator::new(&mut init(0), recipe);
        let discriminator = SynthesisDiscriminator::new(&mut init(1), recipe);
        let adam = Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        Self {
            generator: Trainable::new(generator, adam).with_average(recipe.optim.ema),
            discriminator: Adversary::new(discriminator, recipe),
            classes: Classes::new(recipe),
            source: InputSource::new(recipe, device),
            path: PathLength::new(recipe, device),
            classification: recipe.loss.classification,
            orthogonal: recipe.synthesis.orthogonal,
            drift: recipe.synthesis.drift,
            growth: Growth::of_stage(recipe, 1.0),
            seed: recipe.train.seed,
            device: device.clone(),
        }
    }

    /// The same with a generator that goes on from the pictures of `first`.
    pub fn with_first_stage(self, first: StagedGenerator) -> Self {
        let source = self.source.with_first_stage(first);
        Self { source, ..self }
    }

    /// The generator as it is used.
    pub(super) fn generator_in_use(&self) -> SynthesisGenerator {
        self.generator.in_use()
    }

    /// Takes one training step with this `noise`: [so many](Self::noise_count) values for the pictures of `batch`, those of their vectors
    /// first; with arch `style` then those of the vectors that are mixed in, if any are, and the noise of each layer; then those of a first
    /// stage; then directions of the pictures in the steps that need them, and the [values](super::LatentCodes::draw) of latent
    /// codes.
    pub fn step_with(
        &mut self,
        batch: Batch,
        mut noise: Vec<f32>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<Loss> {
        let classes = self.classes.of_batch(&batch, &self.device);
        let real = Tensor::<4>::from_data(batch.b, &self.device);
        let shape = real.dims();
        let count = shape[0];
        let codes = self.source.take_codes(&mut noise, count);
        let directions = noise.split_off(self.noise_count(count));
        let growth = Growth {
            // As precise as the weights keep it, so that a resumed run shows the same.
            share: f64::from(context.detail as f32),
            ..self.growth
        };
        self.generator.adjust(|network| network.set_growth(growth));
        self.discriminator
            .network
            .adjust(|network| network.set_growth(growth));
        let given = [classes.as_ref(), codes.as_ref()];
        let network = self.generator.network();
        let input = self.source.of_step(network, noise, &real, given, rng);
        let mode = context.training_mode();
        let fake = network.forward(&input, mode);
        // Without its graph: the discriminator's step must not reach the generator.
        let seen = fake.clone().inner();
        let judged = self.update_discriminator(&real, &seen, given, context, rng);
        if !context.step.is_multiple_of(self.discriminator.steps as u64) {
            return judged;
        }
        let fake = self.seen(fake, classes.as_ref(), context, rng);
        let matching = self.discriminator.matching;
        // Changed alike, and only where a loss asks for it.
        let real = if matching.compares() {
            self.seen(real, classes.as_ref(), context, rng)
        } else {
            real
        };
        let frozen = self.discriminator.network.frozen();
        let of_fake = frozen.features(fake, mode);
        let of_class = self.class_loss(&frozen, &of_fake[0], classes.as_ref(), mode);
        let of_codes = frozen.code_loss(&of_fake[0], codes.as_ref(), mode);
        let of_real = if matching.compares() {
            let look = ForwardMode {
                update_running: false,
                ..mode
            };
            frozen.features(real, look)
        } else {
            Vec::new()
        };
        let judgement = matching.compare(of_fake, &of_real);
        let adversarial = judgement.generator_loss(self.discriminator.gan_loss);
        let loss = judgement.added_to(adversarial.clone());
        let of_filters = (self.orthogonal > 0.0)
            .then(|| orthogonality(self.generator.network()))
            .flatten()
            .map(|sum| sum * self.orthogonal);
        let network = self.generator.network();
        let directions = (directions, shape);
        let of_paths = self.path.loss(network, &input, directions, context.step);
        let added = [
            ("G_class", of_class),
            ("G_codes", of_codes),
            ("G_orthogonal", of_filters),
            ("G_path", of_paths),
            ("KL", network.divergence(&input, mode)),
        ];
        let added = added.into_iter();
        let added: Vec<_> = added
            .filter_map(|(name, term)| Some((name, term?)))
            .collect();
        let loss = added.iter().fold(loss, |sum, (_, term)| sum + term.clone());
        self.generator
            .update(&mut loss.backward(), context.generator_step());
        let mut losses = vec![Loss::generator("G_GAN", &adversarial)];
        let added = added.iter();
        losses.extend(added.map(|(name, term)| Loss::generator(name, term)));
        losses.extend(Loss::matching(&judgement));
        losses.extend(judged);
        losses
    }

    /// Updates the discriminator on real and generated pictures of `classes`, which the latter have, too, and `codes`; returns its losses.
    fn update_discriminator(
        &mut self,
        real: &Tensor<4>,
        fake: &Tensor<4>,
        [classes, codes]: [Option<&Tensor<4>>; 2],
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<Loss> {
        let real = self.seen(real.clone(), classes, context, rng);
        let fake = self.seen(fake.clone(), classes, context, rng);
        let penalty = self.discriminator.penalty(&real, &fake, context, rng);
        let network = self.discriminator.network.network();
        let mode = context.training_mode();
        let features = |seen| network.features(seen, mode).remove(0);
        let (of_real, of_fake) = (features(real), features(fake));
        let of_class = [&of_real, &of_fake].map(|of| self.class_loss(network, of, classes, mode));
        let of_codes = network.code_loss(&of_fake, codes, mode);
        let logits = |features: Vec<Tensor<4>>| features.into_iter().next_back();
        let on_real = logits(of_real).expect(LOGITS);
        let on_fake = logits(of_fake).expect(LOGITS);
        // Karras et al., 2018, appendix A.1.
        let drift = (self.drift > 0.0).then(|| mean(on_real.clone().square()) * self.drift);
        let gan_loss = self.discriminator.gan_loss;
        let losses = DiscriminatorLosses {
            on_real: gan_loss.discriminator_on_real(on_real),
            on_fake: gan_loss.discriminator_on_fake(on_fake),
            penalty,
        };
        let of_class = of_class
            .into_iter()
            .flatten()
            .reduce(|sum, loss| sum + loss);
        let mut named: Vec<Loss> = losses.named().collect();
        let mut loss = losses.sum();
        let added = [
            ("D_class", of_class),
            ("D_codes", of_codes),
            ("D_drift", drift),
        ];
        for (name, term) in added {
            named.extend(term.iter().map(|term| Loss::discriminator(name, term)));
            loss = match term {
                Some(term) => loss + term,
                None => loss,
            };
        }
        self.discriminator.minimise(&loss, context);
        named
    }

    /// The weighted cross entropy of the classes that `critic` finds in pictures with these features, where it tells the class.
    fn class_loss(
        &self,
        critic: &SynthesisDiscriminator,
        features: &[Tensor<4>],
        classes: Option<&Tensor<4>>,
        mode: ForwardMode,
    ) -> Option<Tensor<1>> {
        let [.., last, _] = features else {
            return None;
        };
        let loss = critic.class_loss(last, classes?, mode)?;
        Some(loss * self.classification)
    }

    /// Pictures and their classes as the discriminator sees them.
    fn seen(
        &self,
        pictures: Tensor<4>,
        classes: Option<&Tensor<4>>,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Tensor<4> {
        with_classes(classes, self.discriminator.seen(pictures, context, rng))
    }

    /// How many values of noise pictures of a step are made of, without their codes.
    pub fn noise_count(&self, count: usize) -> usize {
        self.source.noise_count(self.generator.network(), count)
    }

    /// `count` pictures of the class of the real picture of a batch of one, always from the same noise.
    fn samples(&self, batch: &Batch, count: usize) -> Vec<TensorData> {
        let preview = Preview::new(self.seed, batch, count, &self.classes, &self.device);
        let input = self.source.of_preview(preview);
        let mode = ForwardMode::inference(NormStats::Running, false);
        one_by_one(&self.generator.in_use().forward(&input, mode))
    }
}

impl Method for Generate {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let rng = &mut context.rng();
        let (count, values) = (batch.b.shape()[0], batch.b.shape().num_elements());
        let directions = self.path.direction_count(context.step, values);
        let mut noise = normal_noise(rng, self.noise_count(count) + directions);
        noise.extend(self.source.draw_codes(rng, count));
        self.step_with(batch, noise, context, rng)
    }

    fn preview_caption(&self) -> &'static str {
        CAPTION
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        vec![self.samples(&batch, PREVIEW_PICTURES)]
    }

    /// A picture of the class of the real one, which shows something else.
    fn translations(&self, batch: Batch) -> Vec<(TensorData, TensorData)> {
        beside_real(self.samples(&batch, 1), &batch)
    }

    fn networks(&self) -> &'static [&'static str] {
        NETWORKS
    }

    fn weights(&self, network: &str) -> NamedTensors {
        match network {
            GENERATOR => self.generator.weights(),
            _ => self.discriminator.network.weights(),
        }
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        match network {
            GENERATOR => {
                self.generator.load_weights(weights)?;
                self.generator.adjust(SynthesisGenerator::restore_growth);
                Ok(())
            }
            _ => self.discriminator.network.load_weights(weights),
        }
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::default();
        state.insert_optimiser(GENERATOR, &self.generator);
        self.discriminator.save(&mut state, DISCRIMINATOR);
        self.path.keep(&mut state);
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        state.restore_optimiser(GENERATOR, &mut self.generator)?;
        self.generator.adjust(SynthesisGenerator::restore_growth);
        self.path.restore(&mut state);
        self.discriminator
            .restore(&mut state, DISCRIMINATOR, &self.device)
    }
}
