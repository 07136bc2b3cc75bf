//! How the detail of a larger size comes into pictures little by little.

use burn::tensor::TensorData;

use super::batch::Batch;
use crate::config::Recipe;

/// The passage from one size of a run that grows to the next: in the first half of the steps of the larger size its pictures
/// have ever more of the detail that those of the smaller one lacked.
///
/// Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", 2018,
/// appendix A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FadeIn {
    /// How many times as large pictures have become.
    factor: usize,
    /// Steps until all of the detail is there.
    steps: u64,
}

impl FadeIn {
    /// The passage at the beginning of `recipe`, one stage of a run with so many steps an epoch; `None` if it has none.
    pub fn new(recipe: &Recipe, steps_per_epoch: u64) -> Option<Self> {
        let level = recipe.train.level?;
        Some(Self {
            factor: recipe.data.crop_size / level.from?,
            steps: level.epochs as u64 * steps_per_epoch / 2,
        })
    }

    /// The share of the detail that is there in a step of the stage, counted from 0: from above 0 to 1.
    pub fn share(&self, step: u64) -> f64 {
        if step >= self.steps {
            return 1.0;
        }
        (step + 1) as f64 / (self.steps + 1) as f64
    }

    /// Takes the rest of the detail out of a batch of pictures.
    pub(super) fn apply(&self, batch: &mut Batch, step: u64) {
        let share = self.share(step);
        if share < 1.0 {
            soften(&mut batch.a, self.factor, share);
            soften(&mut batch.b, self.factor, share);
        }
    }
}

/// Leaves the share `share` of what distinguishes the pixels of `pictures`, `[batch, channels, height, width]`, from the mean of
/// their block of `factor` x `factor`, into which height and width can be divided.
pub fn soften(pictures: &mut TensorData, factor: usize, share: f64) {
    let shape = pictures.shape();
    let width = shape[shape.num_dims() - 1];
    let share = share as f32;
    let values = pictures
        .as_mut_slice::<f32>()
        .expect("prepared pictures have 32-bit values");
    let count = (factor * factor) as f32;
    // A row of blocks never reaches into the next plane.
    for rows in values.chunks_exact_mut(factor * width) {
        for left in (0..width).step_by(factor) {
            let places =
                || (0..factor).flat_map(|row| (0..factor).map(move |x| row * width + left + x));
            let mean = places().map(|place| rows[place]).sum::<f32>() / count;
            for place in places() {
                rows[place] = mean + (rows[place] - mean) * share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{GrowthLevel, Mode};

    #[test]
    fn detail_comes_in_over_half_of_the_steps() {
        let mut recipe = Recipe::defaults(Mode::Cycle);
        assert_eq!(FadeIn::new(&recipe, 5), None);
        let level = |from| {
            Some(GrowthLevel {
                from,
                last: 256,
                epochs: 4,
            })
        };
        recipe.train.level = level(None);
        assert_eq!(FadeIn::new(&recipe, 5), None);
        recipe.train.level = level(Some(64));
        let fade = FadeIn::new(&recipe, 5).unwrap();
        assert_eq!((fade.factor, fade.steps), (4, 10));
        let shares: Vec<f64> = (0..20).map(|step| fade.share(step)).collect();
        assert!((shares[0] - 1.0 / 11.0).abs() < 1e-12);
        assert!(shares[..11].windows(2).all(|pair| pair[0] < pair[1]));
        assert!(shares[9] < 1.0);
        assert!(
            shares[10..]
                .iter()
                .all(|share| share.to_bits() == 1.0f64.to_bits())
        );
    }
}
