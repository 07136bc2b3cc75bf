//! The training step of the context encoder.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::discriminator::InpaintDiscriminator;
use super::inpainter::Inpainter;
use super::reconstruction::{reconstruction_loss, reconstruction_weights};
use crate::config::{Distance, Recipe};
use crate::data::Batch;
use crate::method::{
    Adversary, DiscriminatorLosses, Loss, Method, MethodState, MicroBatch, MicroBatches,
    StepContext,
};
use crate::nn::{Adam, ForwardMode, NamedTensors, NormStats, TensorError, Trainable, WeightInit};

const GENERATOR: &str = "generator";
const DISCRIMINATOR: &str = "discriminator";

/// Trains a network to fill holes, by the distance to the original and by a discriminator.
///
/// The discriminator sees the patch that the network predicts, or, if the network predicts the whole picture, the photo with its
/// holes filled. Pathak et al., "Context Encoders: Feature Learning by Inpainting", 2016.
#[derive(Debug)]
pub struct Inpaint {
    generator: Trainable<Inpainter>,
    discriminator: Adversary<InpaintDiscriminator>,
    distance: Distance,
    reconstruction: f64,
    adversarial: f64,
    overlap: usize,
    /// Side of the picture and of its middle, if the network predicts only the middle.
    patch: Option<(usize, usize)>,
    micro_batches: MicroBatches,
    /// Without automatic differentiation.
    device: Device,
}

impl Inpaint {
    /// Creates the networks of `recipe` with fresh weights.
    pub fn new(recipe: &Recipe, device: &Device) -> Self {
        let autodiff = device.clone().autodiff();
        let init = |stream| WeightInit::from_recipe(recipe, stream, &autodiff);
        let generator = Inpainter::new(&mut init(0), recipe);
        let discriminator = InpaintDiscriminator::new(&mut init(1), recipe);
        let adam = Adam::new(recipe.optim.beta1, recipe.optim.beta2);
        Self {
            generator: Trainable::new(generator, adam).with_average(recipe.optim.ema),
            discriminator: Adversary::new(discriminator, recipe),
            distance: recipe.loss.distance,
            reconstruction: recipe.loss.reconstruction,
            adversarial: recipe.loss.adversarial,
            overlap: recipe.loss.overlap,
            patch: recipe
                .patch_side()
                .map(|patch| (recipe.data.crop_size, patch)),
            micro_batches: MicroBatches::new(recipe, device),
            device: device.clone(),
        }
    }

    /// The part of `[batch, channels, side, side]` that the network predicts: all of it, or its middle.
    fn predicted_part(&self, picture: Tensor<4>) -> Tensor<4> {
        match self.patch {
            Some((side, patch)) => {
                let start = (side - patch) / 2;
                let [batch, channels, _, _] = picture.dims();
                let middle = start..start + patch;
                picture.slice([0..batch, 0..channels, middle.clone(), middle])
            }
            None => picture,
        }
    }

    /// Fills the holes of a part of the batch.
    fn fill(&self, batch: Batch, context: StepContext<'_>, rng: &mut ChaCha8Rng) -> Filled {
        let mask = Tensor::<4>::from_data(mask_of(&batch), &self.device);
        let input = Tensor::<4>::from_data(batch.a, &self.device);
        let photo = Tensor::<4>::from_data(batch.b, &self.device);
        let weights = reconstruction_weights(mask.clone(), self.overlap);

        let network = self.generator.network();
        let output = network.forward(input, mask.clone(), context.training_mode());
        let target = self.predicted_part(photo);
        let distance = reconstruction_loss(
            output.clone(),
            target.clone(),
            self.predicted_part(weights),
            self.distance,
        ) * self.reconstruction;
        let shown = (self.adversarial > 0.0).then(|| {
            let fake = if self.patch.is_some() {
                output
            } else {
                target.clone() * (-mask.clone() + 1.0) + output * mask
            };
            let view = self.discriminator.view(&target, 0, context, rng);
            [view.apply(target), view.apply(fake)]
        });
        Filled { distance, shown }
    }

    /// Updates the discriminator on real and filled pictures, as often as the recipe says; returns the losses on each part of the batch in
    /// the last update.
    fn update_discriminator(
        &mut self,
        parts: &mut [MicroBatch<Filled>],
        context: StepContext<'_>,
    ) -> Vec<DiscriminatorLosses> {
        self.discriminator
            .update(parts, context, |discriminator, part, rng| {
                let [real, fake] = part.shown.as_ref().expect("there is a discriminator");
                // Without its graph: the discriminator's step must not reach the generator.
                let fake = fake.clone().inner();
                let (network, mode) = (discriminator.network.network(), context.training_mode());
                let gan_loss = discriminator.gan_loss;
                let on_real = network.forward(real.clone(), mode);
                let on_fake = network.forward(fake.clone(), mode);
                let losses = DiscriminatorLosses {
                    on_real: gan_loss.discriminator_on_real(on_real),
                    on_fake: gan_loss.discriminator_on_fake(on_fake),
                    penalty: discriminator.penalty(real, &fake, context, rng),
                };
                // The sum, not the mean as in pix2pix.
                (losses.sum(), losses)
            })
    }

    /// Collects what the generator learns from a part of the batch, of which the discriminator has the losses `judged`; returns its share and
    /// all losses.
    fn learn(
        &mut self,
        part: MicroBatch<Filled>,
        judged: Option<DiscriminatorLosses>,
        context: StepContext<'_>,
    ) -> (f64, Vec<Loss>) {
        let (share, Filled { distance, shown }) = (part.share, part.content);
        let mut losses = vec![Loss::generator("G_rec", &distance)];
        let mut loss = distance;
        if let Some([real, fake]) = shown {
            let (adversarial, judgement) = self.discriminator.judge(fake, &real, context);
            let adversarial = adversarial * self.adversarial;
            losses.push(Loss::generator("G_adv", &adversarial));
            losses.extend(Loss::matching(&judgement));
            losses.extend(judged.iter().flat_map(DiscriminatorLosses::named));
            loss = judgement.added_to(loss + adversarial);
        }
        self.generator.collect(&mut loss.backward(), share);
        (share, losses)
    }
}

/// A part of the batch, filled.
struct Filled {
    /// From the original.
    distance: Tensor<1>,
    /// What the discriminator is shown, the original and the filled pictures; none where there is none.
    shown: Option<[Tensor<4>; 2]>,
}

/// The mask of a batch; batches of this mode have one.
fn mask_of(batch: &Batch) -> TensorData {
    batch
        .mask
        .clone()
        .expect("the data sets of mode inpaint give every sample a mask")
}

impl Method for Inpaint {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        let parts = self.micro_batches.split(batch, context).into_iter();
        let fill = |part: MicroBatch<Batch>| part.map(|batch, rng| self.fill(batch, context, rng));
        let mut parts: Vec<MicroBatch<Filled>> = parts.map(fill).collect();
        let mut judged = if self.adversarial > 0.0 {
            self.update_discriminator(&mut parts, context)
        } else {
            Vec::new()
        }
        .into_iter();
        // The generator is judged by the discriminator after its step.
        let learn = |part| self.learn(part, judged.next(), context);
        let losses = parts.into_iter().map(learn).collect();
        self.generator.step(context.generator_step());
        Loss::mean(losses)
    }

    fn preview_caption(&self) -> &'static str {
        "Each row: photo with a hole, filled, original."
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        let mask = Tensor::<4>::from_data(mask_of(&batch), &self.device);
        let input = Tensor::<4>::from_data(batch.a.clone(), &self.device);
        let photo = Tensor::<4>::from_data(batch.b.clone(), &self.device);
        let network = self.generator.in_use();
        // A single picture has no batch statistics.
        let mode = ForwardMode::inference(NormStats::Running, false);
        let output = network.forward(input, mask.clone(), mode);
        let whole = match self.patch {
            Some((side, patch)) => {
                let start = (side - patch) / 2;
                let [batch, channels, _, _] = photo.dims();
                let middle = start..start + patch;
                let ranges = [0..batch, 0..channels, middle.clone(), middle];
                photo.clone().slice_assign(ranges, output)
            }
            None => output,
        };
        let filled = photo * (-mask.clone() + 1.0) + whole * mask;
        vec![vec![batch.a, filled.into_data(), batch.b]]
    }

    fn networks(&self) -> &'static [&'static str] {
        &[GENERATOR, DISCRIMINATOR]
    }

    fn weights(&self, network: &str) -> NamedTensors {
        match network {
            GENERATOR => self.generator.weights(),
            _ => self.discriminator.network.weights(),
        }
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        match network {
            GENERATOR => self.generator.load_weights(weights),
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
