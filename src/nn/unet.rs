//! The U-Net generator of pix2pix.

use burn::module::Module;
use burn::tensor::Tensor;

use super::activation::Activation;
use super::convolution::{Convolution, Padding};
use super::forward_mode::ForwardMode;
use super::fused::{Fused, forward_fused};
use super::layer_ops::{Eager, LayerOps};
use super::norm::Norm;
use super::reference_batch::ReferenceBatch;
use super::tensors::Network;
use super::upsampling::Upsampling;
use super::weight_init::WeightInit;
use crate::config::{GeneratorRecipe, LatentPlace};

const KERNEL: usize = 4;

/// An encoder of strided convolutions and a decoder of upsamplings, with a skip connection at each size.
///
/// Isola, Zhu, Zhou and Efros, "Image-to-Image Translation with Conditional Adversarial Networks", 2017. Parameter
/// names are those of the public PyTorch implementation, where each level is nested in the one above it.
///
/// With a latent code it is that of BicycleGAN (Zhu et al., 2017), which joins what comes back up in front of what was skipped, and whose
/// convolutions all have a bias.
#[derive(Module, Debug)]
pub struct Unet {
    /// From the outermost to the innermost.
    levels: Vec<Level>,
    /// Numbers of the code, the last channels of the input.
    #[module(skip)]
    latent: usize,
    #[module(skip)]
    latent_at: LatentPlace,
    #[module(skip)]
    reference: ReferenceBatch,
}

/// One size: down to half of it, and back up.
#[derive(Module, Debug)]
struct Level {
    down: Convolution,
    down_norm: Option<Norm>,
    up: Upsampling,
    up_norm: Option<Norm>,
    #[module(skip)]
    dropout: bool,
}

impl Unet {
    /// Creates a U-Net with `downsamplings` levels (at least 5) from `input` to `output` channels; those of a code come after
    /// the `input`.
    pub fn new(
        init: &mut WeightInit,
        recipe: &GeneratorRecipe,
        downsamplings: usize,
        input: usize,
        output: usize,
    ) -> Self {
        init.set_norm(recipe.norm);
        let widest = recipe.channels * 8;
        let width = |level: usize| (recipe.channels << level.min(3)).min(widest);
        let bias = recipe.latent > 0 || recipe.norm.uses_bias();
        let code = |level| match recipe.latent_at {
            LatentPlace::Input if level > 0 => 0,
            LatentPlace::Input | LatentPlace::All => recipe.latent,
        };
        let innermost = downsamplings - 1;
        let levels = (0..downsamplings)
            .map(|level| {
                let above = if level == 0 { input } else { width(level - 1) };
                let skipped = if level == innermost { 1 } else { 2 };
                let (result, up_bias) = if level == 0 {
                    (output, true)
                } else {
                    (above, bias)
                };
                let mut norm = |channels| Norm::new(init, recipe.norm, channels);
                let (down_norm, up_norm) = match level {
                    0 => (None, None),
                    level if level == innermost => (None, Some(norm(above))),
                    level => (Some(norm(width(level))), Some(norm(above))),
                };
                Level {
                    down: Convolution::new(
                        init,
                        [above + code(level), width(level)],
                        KERNEL,
                        2,
                        Padding::Zero(1),
                        bias,
                    ),
                    down_norm,
                    up: Upsampling::new(
                        init,
                        [width(level) * skipped, result],
                        KERNEL,
                        0,
                        up_bias,
                        recipe.upsample,
                    ),
                    up_norm,
                    // The levels between the innermost and those whose widths still grow.
                    dropout: recipe.dropout && level >= 4 && level < innermost,
                }
            })
            .collect();
        Self {
            levels,
            latent: recipe.latent,
            latent_at: recipe.latent_at,
            reference: ReferenceBatch::default(),
        }
    }

    /// Maps `[batch, in, height, width]` to `[batch, out, height, width]`, both in [-1, 1]. Height and width are multiples of
    /// two to the power of the number of levels.
    pub fn forward(&self, input: Tensor<4>, mode: ForwardMode) -> Tensor<4> {
        let pass = |ops: &mut Fused<'_>, input| self.forward_with(ops, input);
        match forward_fused(&input, mode, &self.reference, pass) {
            Some(output) => output,
            None => self.forward_with(&mut self.eager(mode), input),
        }
    }

    /// What computes a pass of `mode`.
    fn eager<'m>(&self, mode: ForwardMode<'m>) -> Eager<'m> {
        Eager::with_reference(mode, &self.reference, |ops, batch| {
            let _ = self.forward_with(ops, batch);
        })
    }

    /// Runs the layers in order on `ops`; sizes as for [`forward`](Self::forward).
    pub fn forward_with<'n, O: LayerOps<'n>>(
        &'n self,
        ops: &mut O,
        input: O::Features,
    ) -> O::Features {
        let mut skips = Vec::with_capacity(self.levels.len());
        let mut code = self.takes_code_everywhere().then(|| input.clone());
        let mut features = input;
        for (index, level) in self.levels.iter().enumerate() {
            if index > 0 {
                if let Some(larger) = code {
                    let planes = ops.code_at_half(larger, self.latent);
                    features = ops.concatenation(features, planes.clone());
                    code = Some(planes);
                }
                features = ops.activation(Activation::LeakyRelu, features);
            }
            features = ops.convolution(&level.down, features);
            if let Some(norm) = &level.down_norm {
                features = ops.norm(norm, features);
            }
            skips.push(features.clone());
        }
        let innermost = self.levels.len() - 1;
        for (index, level) in self.levels.iter().enumerate().rev() {
            let skip = skips.pop().expect("one skip was kept for each level");
            features = if index == innermost {
                skip
            } else if self.latent > 0 {
                ops.concatenation(features, skip)
            } else {
                ops.concatenation(skip, features)
            };
            features = ops.activation(Activation::Relu, features);
            features = ops.upsampling(&level.up, features);
            if let Some(norm) = &level.up_norm {
                features = ops.norm(norm, features);
            }
            if level.dropout {
                features = ops.dropout(features);
            }
        }
        ops.activation(Activation::Tanh, features)
    }

    fn takes_code_everywhere(&self) -> bool {
        self.latent > 0 && self.latent_at == LatentPlace::All
    }
}

/// The name of a layer of a U-Net that takes a code at every level: each level has two sequences, and between them the next level.
fn name_with_code(level: usize, layer: &str) -> String {
    let place = "submodule.".repeat(level);
    // An activation comes first, except for the picture.
    let down = usize::from(level > 0);
    match layer {
        "down" => format!("model.{place}down.{down}"),
        "down_norm" => format!("model.{place}down.2"),
        "up" => format!("model.{place}up.1"),
        _ => format!("model.{place}up.2"),
    }
}

impl Network for Unet {
    fn layer_name(&self, path: &str) -> String {
        let mut parts = path.split('.').skip(1);
        let level: usize = parts
            .next()
            .and_then(|text| text.parse().ok())
            .unwrap_or_default();
        let layer = parts.next().unwrap_or_default();
        if self.takes_code_everywhere() {
            return name_with_code(level, layer);
        }
        if level == 0 {
            let index = if layer == "down" { 0 } else { 3 };
            return format!("model.model.{index}");
        }
        let nesting = ".model.3".repeat(level - 1);
        let innermost = level == self.levels.len() - 1;
        let index = match (layer, innermost) {
            ("down", _) => 1,
            ("down_norm", _) => 2,
            ("up", false) => 5,
            ("up", true) => 3,
            (_, false) => 6,
            (_, true) => 4,
        };
        format!("model.model.1{nesting}.model.{index}")
    }

    fn set_reference(&mut self, batch: ReferenceBatch) {
        self.reference = batch;
    }

    fn settle_reference(&self) {
        Eager::settle(&self.reference, |ops, batch| {
            let _ = self.forward_with(ops, batch);
        });
    }
}
