//! The sliced Wasserstein distance between patches as a loss.

use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;

use super::laplacian::laplacian;
use super::patch_pool::{PATCH, PatchPool, patch_count, patches_at};
use super::projections::{Draw, Rows, project, transport};
use crate::config::Recipe;
use crate::method::MethodState;
use crate::nn::{NamedTensors, TensorError};

/// The smallest side of a level.
const MIN_SIDE: usize = 8;
/// Patches of each picture and level that go to the pools.
const KEPT: usize = 64;
/// Translations whose patches are ranked together.
const PICTURES: usize = 64;
/// Patches of real pictures: they never grow old.
const TARGETS: usize = 4096;
/// Below this, an eighth of a level of 8 bits, a channel has no details.
const MIN_DEVIATION: f64 = 1e-3;

/// Moves the distribution of patches of 7 x 7 pixels, at each level of a Laplacian pyramid, towards that of real pictures.
///
/// Along random directions the projection of each patch of a translation is pulled to where the optimal transport from recent
/// translations to real pictures brings it. A pool of patches for either side, rather than the two pictures of a step, makes
/// the pull one towards all real pictures. Sliced distance: Rabin, Peyré, Delon and Bernot, "Wasserstein Barycenter and Its
/// Application to Texture Mixing", 2011; as a loss on textures: Heitz, Vanhoey, Chambon and Belcour, "A Sliced Wasserstein Loss
/// for Neural Texture Synthesis", 2021; projections of patches as convolutions: Elnekave and Weiss, "Generating Natural Images
/// with Direct Patch Distributions Matching", 2022.
#[derive(Debug)]
pub(super) struct SlicedWasserstein {
    weight: f64,
    /// Numbers of a patch.
    numbers: usize,
    translations: PatchPool,
    targets: PatchPool,
}

impl SlicedWasserstein {
    /// The loss of a recipe on pictures of so many channels, if it asks for it.
    pub(super) fn from_recipe(recipe: &Recipe, channels: usize) -> Option<Self> {
        (recipe.loss.swd > 0.0).then(|| Self {
            weight: recipe.loss.swd,
            numbers: channels * PATCH * PATCH,
            translations: PatchPool::default(),
            targets: PatchPool::default(),
        })
    }

    /// The mean over the levels of the squared distance of projections to where they belong, `[1]`, weighted; its gradient
    /// reaches `fake`. Both `[batch, channels, height, width]` in [-1, 1], of at least 8 x 8 pixels.
    pub(super) fn loss(
        &mut self,
        fake: &Tensor<4>,
        real: &Tensor<4>,
        rng: &mut impl Rng,
    ) -> Tensor<1> {
        let numbers = self.numbers;
        self.loss_with(fake, real, |_, count| Draw::new(rng, numbers, count))
    }

    /// The same with what `draw` gives for each level, of so many patches.
    fn loss_with(
        &mut self,
        fake: &Tensor<4>,
        real: &Tensor<4>,
        mut draw: impl FnMut(usize, usize) -> Draw,
    ) -> Tensor<1> {
        let fake = laplacian(fake.clone(), MIN_SIDE);
        let real = laplacian(real.clone(), MIN_SIDE);
        let count = fake.len() as f64;
        let levels = fake.into_iter().zip(real).enumerate();
        let terms = levels.map(|(level, (fake, real))| {
            let [_, _, height, width] = fake.dims();
            let draw = draw(level, patch_count([height, width]));
            self.level_loss(level, fake, real, &draw)
        });
        let sum = terms.reduce(|sum, term| sum + term);
        sum.expect("a pyramid has at least one level") * (self.weight / count)
    }

    fn level_loss(
        &mut self,
        level: usize,
        fake: Tensor<4>,
        real: Tensor<4>,
        draw: &Draw,
    ) -> Tensor<1> {
        let kept = &draw.places[..draw.places.len().min(KEPT)];
        let own = patches_at(fake.clone().inner(), kept);
        let own = self.translations.push(level, own, PICTURES * kept.len());
        let target = self.targets.push(level, patches_at(real, kept), TARGETS);

        // All in units of the real pictures' deviations.
        let channels = self.numbers / (PATCH * PATCH);
        let count = draw.directions.len() / self.numbers;
        let device = target.device();
        let shape = [count, channels, PATCH * PATCH];
        let directions = TensorData::new(draw.directions.clone(), shape);
        let directions =
            Tensor::<3>::from_data(directions, &device) / deviations(&target, channels);
        let values = project(fake, directions.clone(), &draw.places);
        let rows = directions.reshape([count, self.numbers]);
        let project = |patches: Tensor<2>| Rows::of(rows.clone().matmul(patches.transpose()));
        let goals = transport(
            &Rows::of(values.clone().inner()),
            &project(own),
            &project(target),
        );
        let goals = TensorData::new(goals, values.dims());
        let goals = Tensor::<2>::from_data(goals, &device);
        (values - goals).square().mean()
    }

    /// Puts the pools into `state`; each process has its own.
    pub(super) fn save(&self, state: &mut MethodState, part: &str) {
        let mut tensors = self.translations.state("translations");
        tensors.0.extend(self.targets.state("targets").0);
        state.insert(part, (tensors, 0));
        state.own.insert(part.to_owned());
    }

    /// Takes them out again; `device` is without automatic differentiation.
    ///
    /// # Errors
    /// The state is one of other pictures.
    pub(super) fn restore(
        &mut self,
        state: &mut MethodState,
        part: &str,
        device: &Device,
    ) -> Result<(), TensorError> {
        let (mut tensors, _): (NamedTensors, u64) = state.take(part);
        let mut pool = |stem| PatchPool::restore(stem, &mut tensors, self.numbers, device);
        (self.translations, self.targets) = (pool("translations")?, pool("targets")?);
        Ok(())
    }
}

/// The deviation of each channel of `patches`, `[patches, numbers]`, about its mean: `[1, channels, 1]`.
fn deviations(patches: &Tensor<2>, channels: usize) -> Tensor<3> {
    let count = patches.dims()[0];
    let patches = patches.clone().reshape([count, channels, PATCH * PATCH]);
    let mean = |numbers: Tensor<3>| numbers.mean_dim(2).mean_dim(0);
    let centred = patches.clone() - mean(patches);
    mean(centred.square()).sqrt().clamp_min(MIN_DEVIATION)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::config::Mode;
    use crate::device::DeviceName;

    fn device() -> Device {
        let name = std::env::var("TRANSLATE_TEST_DEVICE");
        let name: DeviceName = name.as_deref().unwrap_or("cpu").parse().unwrap();
        name.open().unwrap().device
    }

    fn sliced() -> SlicedWasserstein {
        let mut recipe = Recipe::defaults(Mode::Contrastive);
        assert!(SlicedWasserstein::from_recipe(&recipe, 3).is_none());
        recipe.loss.swd = 1.0;
        SlicedWasserstein::from_recipe(&recipe, 3).unwrap()
    }

    fn values(tensor: Tensor<4>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    #[test]
    fn losses_and_gradients_of_three_steps_equal_pytorch() {
        let bytes = include_bytes!("../../tests/fixtures/sliced.safetensors");
        let tensors = NamedTensors::from_safetensors(bytes).unwrap().0;
        let text = include_str!("../../tests/fixtures/sliced.json");
        let json: Value = serde_json::from_str(text).unwrap();
        let device = device();
        let picture = |name: &str, step| {
            let all = Tensor::<4>::from_data(tensors[name].clone(), &device);
            all.narrow(0, step, 1)
        };
        let mut sliced = sliced();
        for (step, wanted) in json["losses"].as_array().unwrap().iter().enumerate() {
            let fake = Tensor::from_inner(picture("fake", step)).require_grad();
            let loss = sliced.loss_with(&fake, &picture("real", step), |level, count| {
                assert_eq!(count, [100, 4][level]);
                let directions = &tensors[&format!("directions.{step}.{level}")];
                let places = json["places"][step][level].as_array().unwrap().iter();
                Draw {
                    directions: directions.as_slice().unwrap().to_vec(),
                    places: places
                        .map(|place| place.as_u64().unwrap() as usize)
                        .collect(),
                }
            });
            let gradient = fake.grad(&loss.backward()).unwrap();
            let (loss, wanted) = (loss.into_scalar::<f32>(), wanted.as_f64().unwrap());
            let error = (f64::from(loss) / wanted - 1.0).abs();
            assert!(error < 2e-5, "step {step}: {loss} for {wanted}");
            let wanted = &tensors[&format!("gradient.{step}")];
            let wanted = wanted.as_slice::<f32>().unwrap();
            let (mut error, mut square) = (0.0, 0.0);
            for (found, wanted) in values(gradient).iter().zip(wanted) {
                error += f64::from(found - wanted).powi(2);
                square += f64::from(*wanted).powi(2);
            }
            let relative = (error / square).sqrt();
            assert!(relative < 1e-4, "step {step}: {relative}");
        }
    }
}
