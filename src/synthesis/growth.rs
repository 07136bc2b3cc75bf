//! How far networks have grown.

use burn::module::{Module, RunningState};
use burn::tensor::{Device, Tensor};

use crate::config::Recipe;

/// The side of pictures in the course of a run that grows, and how much of its detail there is.
///
/// Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", 2018.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// Side of pictures, in pixels.
    pub side: usize,
    /// The side before, from which pictures fade over; `side` where there was none.
    pub from: usize,
    /// Share of what the larger size adds, from 0 to 1.
    pub share: f64,
}

impl Growth {
    /// That of one of the [stages](Recipe::stages) of a recipe, with this share of the detail.
    pub(super) fn of_stage(recipe: &Recipe, share: f64) -> Self {
        let side = recipe.data.crop_size;
        let from = recipe.train.level.and_then(|level| level.from);
        Self {
            side,
            from: from.unwrap_or(side),
            share,
        }
    }

    /// Whether pictures fade over from a smaller size.
    pub(super) fn fades(&self) -> bool {
        self.from < self.side && self.share < 1.0
    }

    /// Of two pictures or features, the larger size's and the smaller one's.
    pub(super) fn blend(&self, larger: Tensor<4>, smaller: Tensor<4>) -> Tensor<4> {
        larger * self.share + smaller * (1.0 - self.share)
    }
}

/// The growth as it goes with the weights of a network, so that a style knows the size that it has come to.
#[derive(Module, Debug)]
pub(super) struct KeptGrowth {
    /// Side, the side before, and the share.
    running_growth: RunningState<Tensor<1>>,
}

impl KeptGrowth {
    /// Keeps `growth`, on `device`.
    pub(super) fn new(growth: Growth, device: &Device) -> Self {
        Self {
            running_growth: RunningState::new(values(growth, device)),
        }
    }

    /// Keeps another one.
    pub(super) fn keep(&self, growth: Growth) {
        let device = self.running_growth.value_sync().device();
        self.running_growth.update(values(growth, &device));
        // An update that is still pending would replace a growth that is loaded after it.
        let _ = self.running_growth.value_sync();
    }

    /// The one that is kept.
    pub(super) fn kept(&self) -> Growth {
        let values = self
            .running_growth
            .value_sync()
            .into_data()
            .convert::<f32>();
        let values = values.as_slice::<f32>().unwrap_or_default();
        let at = |place: usize| values.get(place).copied().unwrap_or_default();
        Growth {
            side: at(0) as usize,
            from: at(1) as usize,
            share: f64::from(at(2)),
        }
    }
}

fn values(growth: Growth, device: &Device) -> Tensor<1> {
    let Growth { side, from, share } = growth;
    Tensor::from_floats([side as f32, from as f32, share as f32], device)
}
