//! The pix2pixHD training step.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::clusters::FeatureCollector;
use super::discriminator::MultiscaleDiscriminator;
use super::instances::Instances;
use super::maps::{build_condition, class_colours};
use super::networks;
use crate::config::Recipe;
use crate::data::{Batch, DataError};
use crate::method::{
    Adversary, DiscriminatorLosses, Loss, Method, MethodState, MicroBatch, MicroBatches,
    StepContext,
};
use crate::nn::{
    Adam, ForwardMode, Generator, NamedTensors, NormStats, ResnetGenerator, TensorError, Trainable,
    Vgg19, WeightInit,
};

const GENERATOR: &str = "generator";
const DISCRIMINATOR: &str = "discriminator";
const ENCODER: &str = "encoder";
/// The cluster centres of instance features.
const CLUSTERS: &str = "clusters";
/// Whether the base of the generator has been unfrozen.
const RELEASED: &str = "released";

/// A conditional generative adversarial network for large pictures.
///
/// A discriminator at several sizes judges the condition together with the output; the generator also minimises the
/// distance between the discriminator's features of output and target (feature matching) and, if its weights are
/// given, between those of VGG19. An encoder can tell the generator how each instance looks. Wang, Liu, Zhu, Tao, Kautz and
/// Catanzaro, "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", 2018.
#[derive(Debug)]
pub struct Pix2pixHd {
    generator: Trainable<Generator>,
    discriminator: Adversary<MultiscaleDiscriminator>,
    encoder: Option<Trainable<ResnetGenerator>>,
    vgg: Option<Vgg19>,
    recipe: Recipe,
    /// Whether all of the generator is trained: its base is frozen in the first epochs of a stage with an enhancer.
    released: bool,
    micro_batches: MicroBatches,
    /// Without automatic differentiation.
    device: Device,
}

/// A batch on the device.
struct Inputs {
    /// The condition of generator and discriminator.
    condition: Tensor<4>,
    /// The picture that the generator should produce.
    target: Tensor<4>,
    /// The instances, if there are instance features: those of instance maps, or the classes of label maps.
    instances: Option<Instances>,
    /// Features from the data set.
    features: Option<Tensor<4>>,
}

impl Pix2pixHd {
    /// Creates the networks of `recipe`, one stage of a run, with fresh weights. `vgg` holds the weights of VGG19 for the
    /// perceptual loss, which is left out without them.
    ///
    /// # Errors
    /// The weights of VGG19 are incomplete.
    pub fn new(
        recipe: &Recipe,
        vgg: Option<&NamedTensors>,
        device: &Device,
    ) -> Result<Self, TensorError> {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let adam = || Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        let generator = networks::generator(&mut init(0), recipe);
        let discriminator = networks::discriminator(&mut init(1), recipe);
        let encoder = (recipe.encoder.features > 0)
            .then(|| Trainable::new(networks::encoder(&mut init(2), recipe), adam()))
            // Averaged with the generator, which learns to read its features.
            .map(|encoder| encoder.with_average(recipe.optim.ema));
        let vgg = vgg
            .map(|weights| Vgg19::from_weights(weights, recipe.train.precision, &autodiff))
            .transpose()?;
        Ok(Self {
            generator: Trainable::new(generator, adam()).with_average(recipe.optim.ema),
            discriminator: Adversary::new(discriminator, recipe),
            encoder,
            vgg,
            recipe: recipe.clone(),
            released: recipe.optim.fix_global_epochs == 0,
            micro_batches: MicroBatches::new(recipe, device),
            device: device.clone(),
        })
    }

    fn inputs(&self, batch: Batch) -> Inputs {
        let classes = self.recipe.data.label_channels();
        // Recipes with features and without instance maps have label maps.
        let find_instances = || match &batch.instances {
            Some(maps) => Instances::new(maps),
            None => Instances::from_classes(&batch.a),
        };
        let instances = (self.recipe.encoder.features > 0).then(find_instances);
        Inputs {
            instances,
            features: batch
                .features
                .map(|data| Tensor::from_data(data, &self.device)),
            condition: build_condition(batch.a, batch.instances, classes, &self.device),
            target: Tensor::from_data(batch.b, &self.device),
        }
    }

    /// The terms of the generator's loss, from the discriminator's features of output and target.
    fn generator_losses(
        &self,
        fake: &Tensor<4>,
        target: &Tensor<4>,
        on_fake: Vec<Vec<Tensor<4>>>,
        on_real: &[Vec<Tensor<4>>],
    ) -> Vec<(&'static str, Tensor<1>)> {
        let judgement = self.discriminator.matching.compare(on_fake, on_real);
        let adversarial = judgement.generator_loss(self.discriminator.gan_loss);
        let mut losses = vec![("G_GAN", adversarial)];
        losses.extend(judgement.matching);
        if let Some(vgg) = &self.vgg {
            let distance = vgg.perceptual_loss(fake.clone(), target.clone());
            losses.push(("G_VGG", distance * self.recipe.loss.perceptual));
        }
        losses
    }

    fn train_generator(&self, epoch: u64) -> bool {
        epoch > self.recipe.optim.fix_global_epochs as u64
    }
}

/// The generator's input: the condition and the features of each instance, which `encoder` computes from the target unless the
/// data set has them.
fn generator_input(
    inputs: &Inputs,
    encoder: Option<&ResnetGenerator>,
    mode: ForwardMode<'_>,
) -> Tensor<4> {
    match features(inputs, encoder, mode) {
        Some(features) => Tensor::cat(vec![inputs.condition.clone(), features], 1),
        None => inputs.condition.clone(),
    }
}

fn features(
    inputs: &Inputs,
    encoder: Option<&ResnetGenerator>,
    mode: ForwardMode<'_>,
) -> Option<Tensor<4>> {
    let instances = inputs.instances.as_ref()?;
    if let Some(features) = &inputs.features {
        return Some(features.clone());
    }
    let features = encoder?.forward(inputs.target.clone(), mode);
    Some(instances.mean(features))
}

fn sum(terms: Vec<Tensor<1>>) -> Tensor<1> {
    let all = terms.into_iter().reduce(|sum, term| sum + term);
    all.expect("a discriminator has at least one scale and two layers")
}

impl Pix2pixHd {
    /// Collects what all networks learn from a part of the batch; returns its losses.
    fn learn(
        &mut self,
        batch: Batch,
        share: f64,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Vec<Loss> {
        let inputs = self.inputs(batch);
        // The same for all: the features of output and target are compared.
        let given = inputs.condition.dims()[1];
        let view = self.discriminator.view(&inputs.target, given, context, rng);
        let judged = |picture: Tensor<4>| {
            let pair = Tensor::cat(vec![inputs.condition.clone(), picture], 1);
            view.apply(pair)
        };

        let encoder = self.encoder.as_ref().map(Trainable::network);
        let mode = context.training_mode();
        let input = generator_input(&inputs, encoder, mode);
        let fake = if self.released {
            let generator = self.generator.network();
            generator.forward(input, mode)
        } else {
            let generator = self.generator.network().clone().with_frozen_base();
            generator.forward(input, mode)
        };

        // The discriminator's own pass comes before its update and before the generator's.
        let discriminator = self.discriminator.network.network();
        let gan_loss = self.discriminator.gan_loss;
        let logits = |results: &[Vec<Tensor<4>>]| -> Vec<Tensor<4>> {
            results
                .iter()
                .filter_map(|scale| scale.last().cloned())
                .collect()
        };
        // Without its graph: the discriminator's step must not reach the generator.
        let [of_real, of_fake] = [inputs.target.clone(), fake.clone().inner()].map(&judged);
        let results = discriminator.forward(of_fake.clone(), mode);
        let on_fake = logits(&results).into_iter();
        let on_fake = sum(on_fake
            .map(|logits| gan_loss.discriminator_on_fake(logits))
            .collect());
        let real = discriminator.forward(of_real.clone(), mode);
        let on_real = logits(&real).into_iter();
        let on_real = sum(on_real
            .map(|logits| gan_loss.discriminator_on_real(logits))
            .collect());

        let penalty = self.discriminator.penalty(&of_real, &of_fake, context, rng);
        drop((of_real, of_fake));

        let frozen = self.discriminator.network.frozen();
        let results = frozen.forward(judged(fake.clone()), mode);
        let losses = self.generator_losses(&fake, &inputs.target, results, &real);
        drop((real, fake));
        let on_both = DiscriminatorLosses {
            on_real,
            on_fake,
            penalty,
        };
        // First, so that its graph and the generator's gradients are not there at once.
        let mut gradients = (on_both.sum() * 0.5).backward();
        self.discriminator.network.collect(&mut gradients, share);

        let all = sum(losses.iter().map(|(_, loss)| loss.clone()).collect());
        let mut gradients = all.backward();
        self.generator.collect(&mut gradients, share);
        if let Some(encoder) = &mut self.encoder {
            encoder.collect(&mut gradients, share);
        }
        let mut all: Vec<Loss> = losses
            .iter()
            .map(|(name, loss)| Loss::generator(name, loss))
            .collect();
        all.extend(on_both.named());
        all
    }
}

impl Method for Pix2pixHd {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        if !self.released && self.train_generator(context.epoch) {
            self.released = true;
            let optim = &self.recipe.optim;
            let adam = || Adam::new(optim.beta1, optim.beta2);
            self.generator.restart(adam());
            // In the reference implementation generator and encoder share an optimiser, which is a new one from here on.
            if let Some(encoder) = &mut self.encoder {
                encoder.restart(adam());
            }
        }
        let parts = self.micro_batches.split(batch, context).into_iter();
        let learn = |part: MicroBatch<Batch>| {
            let share = part.share;
            let learnt = part.map(|batch, rng| self.learn(batch, share, context, rng));
            (share, learnt.content)
        };
        let losses = parts.map(learn).collect();
        self.generator.step(context.generator_step());
        if let Some(encoder) = &mut self.encoder {
            encoder.step(context.generator_step());
        }
        self.discriminator.step(context);
        Loss::mean(losses)
    }

    fn preview_caption(&self) -> &'static str {
        "Each row: input (a colour for each class), output, target."
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        let displayed = if self.recipe.data.classes > 0 {
            class_colours(&batch.a)
        } else {
            batch.a.clone()
        };
        let target = batch.b.clone();
        let inputs = self.inputs(batch);
        let encoder = self.encoder.as_ref().map(Trainable::in_use);
        let input = generator_input(&inputs, encoder.as_ref(), ForwardMode::TRAINING);
        let generator = self.generator.in_use();
        let output = generator.forward(input, ForwardMode::inference(NormStats::Batch, false));
        vec![vec![displayed, output.into_data(), target]]
    }

    fn networks(&self) -> &'static [&'static str] {
        match self.encoder {
            Some(_) => &[GENERATOR, DISCRIMINATOR, ENCODER],
            None => &[GENERATOR, DISCRIMINATOR],
        }
    }

    fn weights(&self, network: &str) -> NamedTensors {
        match (network, &self.encoder) {
            (GENERATOR, _) => self.generator.weights(),
            (ENCODER, Some(encoder)) => encoder.weights(),
            _ => self.discriminator.network.weights(),
        }
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        match (network, &mut self.encoder) {
            (GENERATOR, _) => self.generator.load_weights(weights),
            (ENCODER, Some(encoder)) => encoder.load_weights(weights),
            _ => self.discriminator.network.load_weights(weights),
        }
    }

    /// Loads the tensors that match: the global generator has the base of an enhancer, and a discriminator of fewer scales has
    /// those of the smaller sizes.
    fn warm_start(
        &mut self,
        network: &str,
        weights: NamedTensors,
    ) -> Result<(usize, usize), TensorError> {
        let (fitting, count) = weights.matching(self.weights(network))?;
        let all = fitting.0.len();
        self.load_weights(network, fitting)?;
        Ok((count, all))
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::default();
        state.insert_optimiser(GENERATOR, &self.generator);
        self.discriminator.save(&mut state, DISCRIMINATOR);
        if let Some(encoder) = &self.encoder {
            state.insert_optimiser(ENCODER, encoder);
        }
        state.insert(
            RELEASED,
            (NamedTensors::default(), u64::from(self.released)),
        );
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        state.restore_optimiser(GENERATOR, &mut self.generator)?;
        self.discriminator
            .restore(&mut state, DISCRIMINATOR, &self.device)?;
        if let Some(encoder) = &mut self.encoder {
            state.restore_optimiser(ENCODER, encoder)?;
        }
        self.released = state.take(RELEASED).1 == 1;
        Ok(())
    }

    fn artifact_names(&self) -> &'static [&'static str] {
        match self.encoder {
            Some(_) => &[CLUSTERS],
            None => &[],
        }
    }

    /// Clusters the instance features of the training pictures.
    fn compute_artifacts(
        &self,
        samples: &mut dyn Iterator<Item = Result<Batch, DataError>>,
    ) -> Result<Vec<(&'static str, NamedTensors)>, DataError> {
        if self.recipe.encoder.features == 0 {
            return Ok(Vec::new());
        }
        let encoder = self.encoder.as_ref().map(Trainable::in_use);
        let mut collector = FeatureCollector::default();
        for batch in samples {
            let inputs = self.inputs(batch?);
            let features = features(&inputs, encoder.as_ref(), ForwardMode::TRAINING);
            if let (Some(instances), Some(features)) = (&inputs.instances, features) {
                collector.add(instances, &features.into_data());
            }
        }
        let clusters = collector.clusters(self.recipe.encoder.clusters);
        Ok(vec![(CLUSTERS, clusters.to_tensors())])
    }
}
