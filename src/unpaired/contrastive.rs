//! The training step of CUT and FastCUT.

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::discriminator::DomainDiscriminator;
use super::heads::PatchHeads;
use super::kept_luminance::KeptLuminance;
use super::patch_nce::PatchNce;
use super::sliced_wasserstein::SlicedWasserstein;
use crate::config::Recipe;
use crate::data::Batch;
use crate::method::{
    Adversary, DiscriminatorLosses, Loss, Method, MethodState, MicroBatch, MicroBatches,
    StepContext,
};
use crate::nn::{
    Adam, Discriminator, ForwardMode, NamedTensors, NormStats, ReferenceBatch, ReferencePictures,
    ResnetGenerator, TensorError, Trainable, WeightInit,
};

const GENERATOR: &str = "generator";
const DISCRIMINATOR: &str = "discriminator";
const HEADS: &str = "heads";
/// The part of the state with the patches of recent pictures.
const PATCHES: &str = "patches";

/// One generator from A to B, a discriminator of B, and a contrastive loss that holds each place of a translation to the same
/// place of its input.
///
/// Park, Efros, Zhang and Zhu, "Contrastive Learning for Unpaired Image-to-Image Translation", 2020.
#[derive(Debug)]
pub struct Contrastive {
    generator: Trainable<ResnetGenerator>,
    discriminator: DomainDiscriminator,
    heads: Trainable<PatchHeads>,
    nce: PatchNce,
    /// Layers that are compared.
    layers: Vec<usize>,
    weight: f64,
    /// Weight of the comparison for pictures of B, as a share of that for pictures of A.
    identity: f64,
    flip: bool,
    reference: Option<ReferencePictures>,
    sliced: Option<SlicedWasserstein>,
    kept: KeptLuminance,
    micro_batches: MicroBatches,
    /// Without automatic differentiation.
    device: Device,
}

impl Contrastive {
    /// Networks with fresh weights, as `recipe` describes them.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let (input, output) = (recipe.data.input_channels, recipe.data.output_channels);
        let blocks = recipe.generator.arch.resnet_blocks();
        let blocks = blocks.expect("recipes of this mode have a ResNet generator");
        let generator =
            ResnetGenerator::new(&mut init(0), &recipe.generator, blocks, input, output);
        let discriminator = Discriminator::new(&mut init(1), &recipe.discriminator, output);
        let channels = recipe.generator.encoder_channels(input);
        let channels: Vec<usize> = recipe
            .loss
            .nce_layers
            .iter()
            .map(|&layer| channels[layer])
            .collect();
        let heads = PatchHeads::new(&mut init(2), &channels, recipe.loss.nce_channels);
        let adam = || Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        Self {
            generator: Trainable::new(generator, adam()).with_average(recipe.optim.ema),
            discriminator: Adversary::new(discriminator, recipe),
            heads: Trainable::new(heads, adam()),
            nce: PatchNce::new(&recipe.loss),
            layers: recipe.loss.nce_layers.clone(),
            weight: recipe.loss.nce,
            identity: recipe.loss.nce_identity,
            flip: recipe.loss.flip_equivariance,
            reference: ReferencePictures::new(recipe),
            sliced: SlicedWasserstein::from_recipe(recipe, output),
            kept: KeptLuminance::from_recipe(&recipe.generator),
            micro_batches: MicroBatches::new(recipe, device),
            device: device.clone(),
        }
    }

    /// What `translate apply` makes of a picture.
    fn translation(&self, picture: &TensorData) -> TensorData {
        let input = Tensor::<4>::from_data(picture.clone(), &self.device);
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let output = self.generator.in_use().forward(input, mode);
        self.kept.finish(output.into_data(), picture)
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
            self.generator.set_reference(&a);
        }
        if reference.for_discriminators {
            self.discriminator.network.set_reference(&b);
        }
        Ok(())
    }
}

/// What the encoder sees in the input and in its translation.
struct Compared {
    keys: Vec<Tensor<4>>,
    queries: Vec<Tensor<4>>,
}

impl Compared {
    /// Those of `count` pictures from `first` on, layer by layer.
    fn pictures(&self, first: usize, count: usize) -> impl Iterator<Item = (Tensor<4>, Tensor<4>)> {
        let part = move |features: &Tensor<4>| features.clone().narrow(0, first, count);
        let pairs = self.queries.iter().zip(&self.keys);
        pairs.map(move |(query, key)| (part(query), part(key)))
    }
}

/// A part of the batch, translated.
struct Translated {
    real_b: Tensor<4>,
    fake_b: Tensor<4>,
    /// Pictures of A.
    count: usize,
    /// The translations of all pictures, those of A first.
    output: Tensor<4>,
    keys: Vec<Tensor<4>>,
    /// Whether the generator was given mirror images.
    is_flipped: bool,
}

impl Contrastive {
    fn translate(
        &self,
        batch: Batch,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> Translated {
        let mode = context.training_mode();
        let real_a = Tensor::<4>::from_data(batch.a, &self.device);
        let real_b = Tensor::<4>::from_data(batch.b, &self.device);
        let count = real_a.dims()[0];
        // A picture of B should stay as it is: what is learnt from it is the same comparison.
        let source = if self.identity > 0.0 {
            Tensor::cat(vec![real_a, real_b.clone()], 0)
        } else {
            real_a
        };
        let is_flipped = self.flip && rng.random_bool(0.5);

        let generator = self.generator.network();
        let (output, keys) = if is_flipped {
            let output = generator.forward(source.clone().flip([3]), mode);
            // As the picture lies; without a graph, like all keys.
            let keys = self.generator.frozen().features(source, &self.layers, mode);
            (output, keys)
        } else {
            generator.forward_with_features(source, &self.layers, mode)
        };
        Translated {
            real_b,
            fake_b: output.clone().narrow(0, 0, count),
            count,
            output,
            keys,
            is_flipped,
        }
    }

    /// The losses of generator and heads, and their gradients.
    fn play(
        &mut self,
        translated: Translated,
        context: StepContext<'_>,
        rng: &mut ChaCha8Rng,
    ) -> (Vec<Loss>, Gradients) {
        let Translated {
            real_b,
            fake_b,
            count,
            output,
            keys,
            is_flipped,
        } = translated;
        let (adversarial, judgement) = self
            .discriminator
            .generator_loss(&fake_b, &real_b, context, rng);
        let queries = self
            .generator
            .network()
            .features(output, &self.layers, context.training_mode())
            .into_iter();
        let compared = Compared {
            keys: keys.into_iter().map(Tensor::detach).collect(),
            queries: queries
                .map(|query| if is_flipped { query.flip([3]) } else { query })
                .collect(),
        };
        let heads = self.heads.network();
        let mut compare = |first, count| {
            let pictures = compared.pictures(first, count);
            self.nce.loss(heads, pictures, rng) * self.weight
        };
        let nce = compare(0, count);
        let identity = (self.identity > 0.0).then(|| compare(count, real_b.dims()[0]));
        let contrast = match &identity {
            Some(identity) => {
                (nce.clone() + identity.clone() * self.identity) / (1.0 + self.identity)
            }
            None => nce.clone(),
        };
        drop(compared);
        let sliced = self.sliced.as_mut();
        let sliced = sliced.map(|sliced| sliced.loss(&fake_b, &real_b, rng));
        let mut loss = judgement.added_to(adversarial.clone() + contrast);
        if let Some(sliced) = &sliced {
            loss = loss + sliced.clone();
        }
        let mut losses = vec![
            Loss::generator("G_GAN", &adversarial),
            Loss::generator("NCE", &nce),
        ];
        losses.extend(identity.map(|identity| Loss::generator("NCE_Y", &identity)));
        losses.extend(sliced.map(|sliced| Loss::generator("SWD", &sliced)));
        losses.extend(Loss::matching(&judgement));
        (losses, loss.backward())
    }
}

impl Method for Contrastive {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let parts = self.micro_batches.split(batch, context).into_iter();
        let translate =
            |part: MicroBatch<Batch>| part.map(|batch, rng| self.translate(batch, context, rng));
        let mut parts: Vec<MicroBatch<Translated>> = parts.map(translate).collect();

        let judged = self.discriminator.update_on_pictures(
            &mut parts,
            |part| (&part.real_b, &part.fake_b),
            context,
        );

        // The discriminator that judges the generator has already made its step.
        let play = |(part, judged): (MicroBatch<Translated>, DiscriminatorLosses)| {
            let part = part.map(|translated, rng| self.play(translated, context, rng));
            let (mut losses, mut gradients) = part.content;
            self.generator.collect(&mut gradients, part.share);
            self.heads.collect(&mut gradients, part.share);
            losses.extend(judged.named());
            (part.share, losses)
        };
        let losses = parts.into_iter().zip(judged).map(play).collect();
        self.generator.step(context.generator_step());
        self.heads.step(context.generator_step());
        Loss::mean(losses)
    }

    fn preview_caption(&self) -> &'static str {
        "Each row: input, output."
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        let output = self.translation(&batch.a);
        vec![vec![batch.a, output]]
    }

    /// The translation, with a real picture of its domain, which shows something else.
    fn translations(&self, batch: Batch) -> Vec<(TensorData, TensorData)> {
        vec![(self.translation(&batch.a), batch.b)]
    }

    fn set_reference(&mut self, batch: &Batch) -> Result<(), TensorError> {
        self.load_reference(ReferencePictures::named(batch.a.clone(), batch.b.clone()))
    }

    fn networks(&self) -> &'static [&'static str] {
        match self.reference {
            Some(_) => &[GENERATOR, DISCRIMINATOR, HEADS, ReferencePictures::STEM],
            None => &[GENERATOR, DISCRIMINATOR, HEADS],
        }
    }

    fn weights(&self, network: &str) -> NamedTensors {
        match (network, &self.reference) {
            (GENERATOR, _) => self.generator.weights(),
            (DISCRIMINATOR, _) => self.discriminator.network.weights(),
            (ReferencePictures::STEM, Some(reference)) => reference.tensors().clone(),
            _ => self.heads.weights(),
        }
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        match network {
            GENERATOR => self.generator.load_weights(weights),
            DISCRIMINATOR => self.discriminator.network.load_weights(weights),
            ReferencePictures::STEM => self.load_reference(weights),
            _ => self.heads.load_weights(weights),
        }
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::default();
        state.insert_optimiser(GENERATOR, &self.generator);
        self.discriminator.save(&mut state, DISCRIMINATOR);
        state.insert_optimiser(HEADS, &self.heads);
        if let Some(sliced) = &self.sliced {
            sliced.save(&mut state, PATCHES);
        }
        state
    }

    fn restore(&mut self, mut state: MethodState) -> Result<(), TensorError> {
        state.restore_optimiser(GENERATOR, &mut self.generator)?;
        self.discriminator
            .restore(&mut state, DISCRIMINATOR, &self.device)?;
        if let Some(sliced) = &mut self.sliced {
            sliced.restore(&mut state, PATCHES, &self.device)?;
        }
        state.restore_optimiser(HEADS, &mut self.heads)
    }
}
