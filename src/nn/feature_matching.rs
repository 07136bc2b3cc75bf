//! Losses of the generator on what the layers of the discriminator make of its pictures.

use burn::tensor::Tensor;

use super::forward_mode::ForwardMode;
use super::gan_loss::GanLoss;
use super::input_gradient::Critic;
use crate::config::LossRecipe;
use crate::kernels::mean;

/// The distance between the discriminator's features of generated and of real pictures.
///
/// By layers: of each picture and the one that it should be. Wang et al., "High-Resolution Image Synthesis and Semantic
/// Manipulation with Conditional GANs", 2018. By means: of all generated and all real pictures of a batch, which need not
/// belong together. Salimans et al., "Improved Techniques for Training GANs", 2016.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureMatching {
    layers: f64,
    means: f64,
}

/// What a generator hears of a discriminator.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The logits at every size, the full size first.
    pub logits: Vec<Tensor<4>>,
    /// Weighted losses of the features by name, each `[1]`.
    pub matching: Vec<(&'static str, Tensor<1>)>,
}

impl FeatureMatching {
    /// The losses of a recipe.
    pub fn new(recipe: &LossRecipe) -> Self {
        Self {
            layers: recipe.feature_matching,
            means: recipe.feature_means,
        }
    }

    /// Whether real pictures are looked at.
    pub fn compares(&self) -> bool {
        self.layers > 0.0 || self.means > 0.0
    }

    /// What `critic`, whose weights are frozen, makes of `fake`, compared with what it makes of `real`, which it only looks at where a
    /// loss asks for it. Both `[batch, channels, height, width]`.
    pub fn judge<C: Critic>(
        &self,
        critic: &C,
        fake: Tensor<4>,
        real: &Tensor<4>,
        mode: ForwardMode<'_>,
    ) -> Judgement {
        let of_fake = critic.features(fake, mode);
        let of_real = if self.compares() {
            let look = ForwardMode {
                update_running: false,
                ..mode
            };
            critic.features(real.clone(), look)
        } else {
            Vec::new()
        };
        self.compare(of_fake, &of_real)
    }

    /// The same from the features of both: at each size the outputs of all layers, of which the last are the logits. `of_real` carries no
    /// gradient, and is empty where no loss asks for it.
    pub fn compare(&self, of_fake: Vec<Vec<Tensor<4>>>, of_real: &[Vec<Tensor<4>>]) -> Judgement {
        let mut matching = Vec::new();
        if self.layers > 0.0 {
            matching.push(("G_GAN_Feat", layers(&of_fake, of_real) * self.layers));
        }
        if self.means > 0.0 {
            matching.push(("G_means", means(&of_fake, of_real) * self.means));
        }
        let logits = of_fake.into_iter().filter_map(|mut size| size.pop());
        Judgement {
            logits: logits.collect(),
            matching,
        }
    }
}

impl Judgement {
    /// What the generator minimises of the logits: the sum over all sizes, `[1]`.
    pub fn generator_loss(&self, objective: GanLoss) -> Tensor<1> {
        let logits = self.logits.iter().cloned();
        sum(logits.map(|logits| objective.generator(logits)).collect())
    }

    /// `loss` and the losses of the features.
    pub fn added_to(&self, loss: Tensor<1>) -> Tensor<1> {
        let matching = self.matching.iter();
        matching.fold(loss, |sum, (_, term)| sum + term.clone())
    }
}

/// The mean distance of all layers but the logits at all sizes, times 4: that of pix2pixHD, whose discriminator has four such layers.
fn layers(of_fake: &[Vec<Tensor<4>>], of_real: &[Vec<Tensor<4>>]) -> Tensor<1> {
    let mut terms = Vec::new();
    for (fake, real) in of_fake.iter().zip(of_real) {
        let inner = fake.len() - 1;
        for (fake, real) in fake.iter().zip(real).take(inner) {
            terms.push(mean((fake.clone() - real.clone().inner()).abs()));
        }
    }
    let share = 4.0 / terms.len() as f64;
    sum(terms) * share
}

/// The squared distance between the means of the last layer before the logits over pictures and places, on average over the sizes.
fn means(of_fake: &[Vec<Tensor<4>>], of_real: &[Vec<Tensor<4>>]) -> Tensor<1> {
    let of_channels = |features: Tensor<4>| features.mean_dim(3).mean_dim(2).mean_dim(0);
    let pairs = of_fake.iter().zip(of_real);
    let terms = pairs.filter_map(|(fake, real)| {
        let last = fake.len().checked_sub(2)?;
        let real = real[last].clone().inner();
        Some(
            (of_channels(fake[last].clone()) - of_channels(real))
                .square()
                .sum(),
        )
    });
    let terms: Vec<Tensor<1>> = terms.collect();
    let count = terms.len() as f64;
    sum(terms) / count
}

fn sum(terms: Vec<Tensor<1>>) -> Tensor<1> {
    let all = terms.into_iter().reduce(|sum, term| sum + term);
    all.expect("a discriminator has at least one size and two layers")
}
