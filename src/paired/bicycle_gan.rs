//! The BicycleGAN training step.

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::code_encoder::CodeEncoder;
use super::pair_discriminator::{PairDiscriminator, ShownPairs};
use crate::config::Recipe;
use crate::data::Batch;
use crate::kernels::mean;
use crate::method::{
    Adversary, DiscriminatorLosses, Loss, Method, MethodState, MicroBatch, MicroBatches,
    StepContext,
};
use crate::nn::{
    Adam, Discriminator, ForwardMode, Generator, NamedTensors, NormStats, NormalLaw, TensorError,
    Trainable, WeightInit, code_tensor, draw_code, with_code,
};
use crate::random;

const GENERATOR: &str = "generator";
const ENCODER: &str = "encoder";
const DISCRIMINATOR: &str = "discriminator";
const DISCRIMINATOR_RANDOM: &str = "discriminator_random";

/// Looks that a preview shows beside that of the mean code.
const SHOWN_LOOKS: usize = 3;

/// A generator for pairs of pictures that takes a latent code besides the input, so that one input has several looks.
///
/// Two ways of training hold code and look together. From a target's own code, which an encoder finds, the generator should make that
/// target (a conditional VAE-GAN); and from the picture that it makes of a random code the encoder should find that code (conditional
/// latent regression). Each way has a discriminator, or both share one. Zhu, Zhang, Pathak, Darrell, Efros, Wang and Shechtman,
/// "Toward Multimodal Image-to-Image Translation", 2017. As in its public code, generator and encoder are updated before the
/// discriminators; here each picture of a batch goes both ways.
#[derive(Debug)]
pub struct BicycleGan {
    generator: Trainable<Generator>,
    encoder: Trainable<CodeEncoder>,
    discriminator: PairDiscriminator,
    /// That of random codes, where both ways do not share one.
    discriminator_random: Option<PairDiscriminator>,
    l1: f64,
    kl: f64,
    latent: f64,
    code_length: usize,
    seed: u64,
    micro_batches: MicroBatches,
    /// Without automatic differentiation.
    device: Device,
}

/// The networks of [`BicycleGan`].
#[derive(Debug)]
pub struct BicycleNetworks {
    /// Takes a picture and a code.
    pub generator: Generator,
    /// Finds the code of a picture.
    pub encoder: CodeEncoder,
    /// Judges pictures of encoded codes.
    pub discriminator: Discriminator,
    /// Judges pictures of random codes; without it the other one does.
    pub discriminator_random: Option<Discriminator>,
}

/// What the generator made of one batch, and from which codes.
struct Generated {
    /// From the codes of the targets.
    encoded: Tensor<4>,
    /// From random codes.
    random: Tensor<4>,
    random_code: Tensor<2>,
    /// Of the codes of the targets.
    law: NormalLaw<2>,
}

impl BicycleGan {
    /// Creates the networks of `recipe` with fresh weights.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let (input, output) = (recipe.data.input_channels, recipe.data.output_channels);
        let discriminator =
            |stream| Discriminator::new(&mut init(stream), &recipe.discriminator, input + output);
        let networks = BicycleNetworks {
            generator: Generator::new(&mut init(0), &recipe.generator, input, output),
            encoder: CodeEncoder::new(&mut init(2), recipe),
            discriminator: discriminator(1),
            discriminator_random: (!recipe.discriminator.shared).then(|| discriminator(3)),
        };
        Self::from_networks(recipe, networks, device)
    }

    /// Wraps given networks, which lie on the autodiff device of `device`.
    pub fn from_networks(recipe: &Recipe, networks: BicycleNetworks, device: &Device) -> Self {
        let adam = || Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        let pairs = |network| Adversary::new(network, recipe);
        Self {
            generator: Trainable::new(networks.generator, adam()).with_average(recipe.optim.ema),
            encoder: Trainable::new(networks.encoder, adam()),
            discriminator: pairs(networks.discriminator),
            discriminator_random: networks.discriminator_random.map(pairs),
            l1: recipe.loss.l1,
            kl: recipe.loss.kl,
            latent: recipe.loss.latent,
            code_length: recipe.generator.latent,
            seed: recipe.train.seed,
            micro_batches: MicroBatches::new(recipe, device),
            device: device.clone(),
        }
    }

    /// `count` codes from the normal distribution, `[count, length]`.
    fn draw(&self, count: usize, rng: &mut ChaCha8Rng) -> Tensor<2> {
        let values = draw_code(count * self.code_length, rng);
        code_tensor(values, self.code_length, &self.device)
    }

    fn generate(
        &self,
        input: &Tensor<4>,
        target: &Tensor<4>,
        mode: ForwardMode<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Generated {
        let count = input.dims()[0];
        let (noise, random_code) = (self.draw(count, rng), self.draw(count, rng));
        let law = self.encoder.network().forward(target.clone(), mode);
        let code = law.draw(noise);
        let generator = self.generator.network();
        let make = |code| generator.forward(with_code(input.clone(), code), mode);
        Generated {
            encoded: make(code),
            random: make(random_code.clone()),
            random_code,
            law,
        }
    }

    /// Makes pictures of a part of the batch, and collects what generator and encoder learn from it.
    fn translate(
        &mut self,
        part: MicroBatch<Batch>,
        context: StepContext<'_>,
    ) -> MicroBatch<Translated> {
        let share = part.share;
        part.map(|batch, rng| {
            let input = Tensor::<4>::from_data(batch.a, &self.device);
            let target = Tensor::<4>::from_data(batch.b, &self.device);
            let made = self.generate(&input, &target, context.training_mode(), rng);
            let encoded = [&input, &target, &made.encoded];
            let encoded = self.discriminator.show(encoded, context, rng);
            let random = [&input, &target, &made.random];
            let judge = self.discriminator_random.as_mut();
            let judge = judge.unwrap_or(&mut self.discriminator);
            let random = judge.show(random, context, rng);
            let (losses, mut gradients) =
                self.play(&input, target, made, [&encoded, &random], context);
            self.generator.collect(&mut gradients, share);
            self.encoder.collect(&mut gradients, share);
            Translated {
                encoded,
                random,
                losses,
            }
        })
    }

    /// The losses of generator and encoder, and their gradients.
    fn play(
        &self,
        input: &Tensor<4>,
        target: Tensor<4>,
        made: Generated,
        [encoded, random]: [&ShownPairs; 2],
        context: StepContext<'_>,
    ) -> (Vec<Loss>, Gradients) {
        let mode = context.training_mode();
        let pair = |picture: &Tensor<4>| Tensor::cat(vec![input.clone(), picture.clone()], 1);
        let (gan_loss, matching) = (self.discriminator.gan_loss, self.discriminator.matching);
        let judge = self.discriminator.network.frozen();
        let seen = encoded.view.apply(pair(&made.encoded));
        let judgement = matching.judge(&judge, seen, &encoded.real, mode);
        let adversarial = judgement.generator_loss(gan_loss);
        let judge = match &self.discriminator_random {
            Some(own) => own.network.frozen(),
            None => judge,
        };
        let seen = random.view.apply(pair(&made.random));
        let adversarial_random = gan_loss.generator(judge.forward(seen, mode));
        let distance = mean((made.encoded - target).abs()) * self.l1;
        let divergence = made.law.divergence() * self.kl;
        let mut losses = vec![
            ("G_GAN", adversarial),
            ("G_GAN_random", adversarial_random),
            ("G_L1", distance),
            ("KL", divergence),
        ];
        if self.latent > 0.0 {
            // The generator alone learns from it: an encoder that did could hide codes in pictures.
            let found = self.encoder.frozen().forward(made.random, mode).mean;
            let error = (found - made.random_code).abs().mean() * self.latent;
            losses.push(("z_L1", error));
        }
        let sum = losses.iter().map(|(_, loss)| loss.clone());
        let sum = sum.reduce(|sum, loss| sum + loss);
        let sum = sum.expect("there are four losses at least");
        let gradients = judgement.added_to(sum).backward();
        let named = losses
            .iter()
            .map(|(name, loss)| Loss::generator(name, loss));
        let named = named.chain(Loss::matching(&judgement)).collect();
        (named, gradients)
    }

    /// Updates the discriminators; returns their losses on each part of the batch.
    fn update_discriminators(
        &mut self,
        parts: &mut [MicroBatch<Translated>],
        context: StepContext<'_>,
    ) -> Vec<Vec<Loss>> {
        let judge = &mut self.discriminator;
        let judged: Vec<_> = if let Some(own) = &mut self.discriminator_random {
            let of_encoded = judge.update_on_pairs(parts, |part| [&part.encoded], context);
            let of_random = own.update_on_pairs(parts, |part| [&part.random], context);
            of_encoded.into_iter().zip(of_random).collect()
        } else {
            judge
                .update_on_pairs(parts, |part| [&part.encoded, &part.random], context)
                .into_iter()
                .map(|mut judged| {
                    let of_random = judged.split_off(1);
                    (judged, of_random)
                })
                .collect()
        };
        let random_names = ["D_random_real", "D_random_fake", "D_random_penalty"];
        let named = judged.into_iter().map(|(of_encoded, of_random)| {
            let random = of_random.iter().flat_map(DiscriminatorLosses::named);
            let random = random
                .zip(random_names)
                .map(|(loss, name)| Loss { name, ..loss });
            let encoded = of_encoded.iter().flat_map(DiscriminatorLosses::named);
            encoded.chain(random).collect()
        });
        named.collect()
    }

    /// What the generator in use makes of `input` and each of these codes, `[1, length]`.
    fn looks(&self, input: &TensorData, codes: Vec<Tensor<2>>) -> Vec<TensorData> {
        let network = self.generator.in_use();
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let input = Tensor::<4>::from_data(input.clone(), &self.device);
        let looks = codes.into_iter().map(|code| {
            let told = with_code(input.clone(), code);
            network.forward(told, mode).into_data()
        });
        looks.collect()
    }

    fn mean_code(&self) -> Tensor<2> {
        Tensor::zeros([1, self.code_length], &self.device)
    }
}

/// A part of the batch, translated.
struct Translated {
    /// What is to be judged of the pictures of the targets' codes, and of random codes.
    encoded: ShownPairs,
    random: ShownPairs,
    losses: Vec<Loss>,
}

impl Method for BicycleGan {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let parts = self.micro_batches.split(batch, context).into_iter();
        let translate = |part| self.translate(part, context);
        let mut parts: Vec<MicroBatch<Translated>> = parts.map(translate).collect();
        self.generator.step(context.generator_step());
        self.encoder.step(context.generator_step());
        let judged = self.update_discriminators(&mut parts, context);
        let parts = parts.into_iter().zip(judged);
        let losses = parts.map(|(part, judged)| {
            let mut losses = part.content.losses;
            losses.extend(judged);
            (part.share, losses)
        });
        Loss::mean(losses.collect())
    }

    fn preview_caption(&self) -> &'static str {
        "Each row: input, output of the mean code, of three random codes, target."
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        // The same looks in all previews of a run.
        let mut rng = random::step_rng(self.seed, 0);
        let mut codes = vec![self.mean_code()];
        codes.extend((0..SHOWN_LOOKS).map(|_| self.draw(1, &mut rng)));
        let mut row = self.looks(&batch.a, codes);
        row.insert(0, batch.a);
        row.push(batch.b);
        vec![row]
    }

    fn translations(&self, batch: Batch) -> Vec<(TensorData, TensorData)> {
        let looks = self.looks(&batch.a, vec![self.mean_code()]);
        looks.into_iter().zip([batch.b]).collect()
    }

    fn networks(&self) -> &'static [&'static str] {
        if self.discriminator_random.is_some() {
            &[GENERATOR, ENCODER, DISCRIMINATOR, DISCRIMINATOR_RANDOM]
        } else {
            &[GENERATOR, ENCODER, DISCRIMINATOR]
        }
    }

    fn weights(&self, network: &str) -> NamedTensors {
        match (network, &self.discriminator_random) {
            (GENERATOR, _) => self.generator.weights(),
            (ENCODER, _) => self.encoder.weights(),
            (DISCRIMINATOR_RANDOM, Some(own)) => own.network.weights(),
            _ => self.discriminator.network.weights(),
        }
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        match (network, &mut self.discriminator_random) {
            (GENERATOR, _) => self.generator.load_weights(weights),
            (ENCODER, _) => self.encoder.load_weights(weights),
            (DISCRIMINATOR_RANDOM, Some(own)) => own.network.load_weights(weights),
            _ => self.discriminator.network.load_weights(weights),
        }
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::default();
        state.insert_optimiser(GENERATOR, &self.generator);
        state.insert_optimiser(ENCODER, &self.encoder);
        self.discriminator.save(&mut state, DISCRIMINATOR);
        if let Some(own) = &self.discriminator_random {
            own.save(&mut state, DISCRIMINATOR_RANDOM);
        }
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        state.restore_optimiser(GENERATOR, &mut self.generator)?;
        state.restore_optimiser(ENCODER, &mut self.encoder)?;
        let device = &self.device;
        self.discriminator
            .restore(&mut state, DISCRIMINATOR, device)?;
        match &mut self.discriminator_random {
            Some(own) => own.restore(&mut state, DISCRIMINATOR_RANDOM, device),
            None => Ok(()),
        }
    }
}
