//! What translations keep of the brightness and contrast of their pictures, where they are shown or measured in training.

use burn::tensor::TensorData;

use crate::config::GeneratorRecipe;
use crate::picture::{KeptShares, LuminanceMatch, LuminanceSums};

/// Finishes translations as `translate apply` does.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeptLuminance(KeptShares);

impl KeptLuminance {
    /// What the recipe of a generator keeps.
    pub(super) fn from_recipe(recipe: &GeneratorRecipe) -> Self {
        Self(KeptShares {
            brightness: recipe.keep_brightness,
            contrast: recipe.keep_contrast,
        })
    }

    /// A translation with its shares of what `picture` has; both `[1, channels, height, width]` in [-1, 1].
    pub(super) fn finish(self, translation: TensorData, picture: &TensorData) -> TensorData {
        if self.0.are_none() {
            return translation;
        }
        let (shape, seen) = (translation.shape().to_vec(), picture.shape()[1]);
        let numbers = |data: &TensorData| data.iter::<f32>().collect::<Vec<f32>>();
        let mut sums = LuminanceSums::default();
        sums.add(&numbers(picture), seen);
        let matching = LuminanceMatch {
            kept: self.0,
            picture: sums.luminance(),
        };
        let mut values = numbers(&translation);
        matching.change_all(&mut values, shape[1]);
        TensorData::new(values, shape)
    }
}
