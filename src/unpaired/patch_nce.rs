//! The contrastive loss between places of two pictures.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};
use rand::Rng;
use rand::seq::index;

use super::heads::PatchHeads;
use crate::config::LossRecipe;

/// Compares what an encoder sees in a translation with what it sees in its input: at each place the translation should be more
/// like the input there than like the input at the other places.
///
/// Park, Efros, Zhang and Zhu, "Contrastive Learning for Unpaired Image-to-Image Translation", 2020, section 3, after van
/// den Oord, Li and Vinyals, "Representation Learning with Contrastive Predictive Coding", 2018.
#[derive(Debug, Clone, Copy)]
pub(super) struct PatchNce {
    patches: usize,
    temperature: f64,
}

impl PatchNce {
    pub(super) fn new(recipe: &LossRecipe) -> Self {
        Self {
            patches: recipe.nce_patches,
            temperature: recipe.nce_temperature,
        }
    }

    /// The mean over all `layers`, each the features of translation (`[batch, channels, height, width]`) and input, which carry no
    /// gradient. `[1]`.
    pub(super) fn loss(
        &self,
        heads: &PatchHeads,
        layers: impl Iterator<Item = (Tensor<4>, Tensor<4>)>,
        rng: &mut impl Rng,
    ) -> Tensor<1> {
        let losses: Vec<Tensor<1>> = layers
            .enumerate()
            .map(|(layer, (query, key))| {
                let [batch, _, height, width] = query.dims();
                let places = index::sample(rng, height * width, self.patches.min(height * width));
                let places: Vec<i64> = places.iter().map(|place| place as i64).collect();
                let query = heads.forward(layer, at_places(query, &places));
                let key = heads.forward(layer, at_places(key, &places)).detach();
                self.compare(query, key, batch)
            })
            .collect();
        let count = losses.len() as f64;
        let sum = losses.into_iter().reduce(|sum, loss| sum + loss);
        sum.expect("at least one layer is compared") / count
    }

    /// Cross entropy of finding, for each row of `query`, the same row among those of `key` that belong to the same picture; both
    /// `[batch * places, channels]`.
    fn compare(&self, query: Tensor<2>, key: Tensor<2>, batch: usize) -> Tensor<1> {
        let [rows, channels] = query.dims();
        let places = rows / batch;
        let apart = |rows: Tensor<2>| rows.reshape([batch, places, channels]);
        let likeness = apart(query).matmul(apart(key).swap_dims(1, 2)) / self.temperature;
        let device = likeness.device().inner();
        let same = Tensor::<2>::eye(places, &device).unsqueeze::<3>();
        -(log_softmax(likeness, 2) * same).sum() / rows as f64
    }
}

/// The features of each picture at these places, `[batch * places, channels]`.
fn at_places(features: Tensor<4>, places: &[i64]) -> Tensor<2> {
    let [batch, channels, height, width] = features.dims();
    let device = features.device();
    let count = places.len();
    let places = TensorData::new(places.to_vec(), [count]);
    let places = Tensor::<1, Int>::from_data(places, &device);
    features
        .reshape([batch, channels, height * width])
        .select(2, places)
        .swap_dims(1, 2)
        .reshape([batch * count, channels])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::config::{InitKind, Mode, Recipe};
    use crate::nn::WeightInit;

    fn loss_of(patches: usize, seed: u64, moved: bool) -> f32 {
        let device = Device::flex();
        device.seed(5);
        let mut recipe = Recipe::defaults(Mode::Contrastive).loss;
        recipe.nce_patches = patches;
        let mut init = WeightInit::new(InitKind::Normal, 0.5, 1, 0, &device);
        let heads = PatchHeads::new(&mut init, &[6], 16);
        let key = Tensor::<4>::random([2, 6, 5, 7], Distribution::Normal(0.0, 1.0), &device);
        let query = if moved {
            key.clone().flip([3])
        } else {
            key.clone()
        };
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let layers = [(query, key)].into_iter();
        let loss = PatchNce::new(&recipe).loss(&heads, layers, &mut rng);
        loss.into_scalar::<f32>()
    }

    #[test]
    fn places_that_are_alike_are_found_and_others_are_not() {
        // Of 35 places at random one is found with a loss of ln 35 = 3.6.
        let (same, moved) = (loss_of(35, 1, false), loss_of(35, 1, true));
        assert!(same < 1.0, "{same}");
        assert!(moved > 2.0 * same, "{moved}");
    }

    #[test]
    fn places_are_drawn_without_repeating_and_from_the_seed() {
        assert!((loss_of(35, 1, true) / loss_of(99, 2, true) - 1.0).abs() < 1e-5);
        let bits = |seed| loss_of(8, seed, true).to_bits();
        assert_ne!(bits(1), bits(2));
        assert_eq!(bits(3), bits(3));
        let alone = loss_of(1, 4, true);
        assert!(
            alone.abs() < 1e-6,
            "{alone}: nothing to be taken for another"
        );
    }
}
