//! Pictures through a network in use, each as if it were alone: scaling, activation, sum and border are applied when the next layer reads its input.
//!
//! Norm, activation and padding are then one pass over memory instead of three.

use burn::tensor::Tensor;

use super::activation::Activation;
use super::blur::blur_downsample;
use super::convolution::Convolution;
use super::downsample::downsample;
use super::forward_mode::ForwardMode;
use super::latent_code::code_at_half;
use super::layer_ops::LayerOps;
use super::norm::Norm;
use super::pixel_shuffle::pixel_shuffle;
use super::prelu::Prelu;
use super::reference_batch::ReferenceBatch;
use super::upsampling::{Upsampling, doubled};
use crate::kernels::{Merge, RowPadding, RowSource, channel_statistics, fuse_rows, has_fused_rows};

/// Takes `input`, `[batch, channels, height, width]`, by `pass` through the layers of a network with `reference`. `None` if its device gains
/// nothing, or gradients, dropout or pictures that have to do with each other are asked for.
pub(super) fn forward_fused<'m>(
    input: &Tensor<4>,
    mode: ForwardMode<'m>,
    reference: &ReferenceBatch,
    pass: impl FnOnce(&mut Fused<'m>, Pending) -> Pending,
) -> Option<Tensor<4>> {
    let is_apart = mode.each_alone || input.dims()[0] == 1;
    let is_in_use = !mode.update_running && !mode.dropout && mode.exchange.is_none() && is_apart;
    let is_fused = is_in_use && reference.is_absent() && has_fused_rows(input);
    is_fused.then(|| pass(&mut Fused { mode }, Pending::new(input.clone())).values())
}

/// Computes each layer when it is read.
#[derive(Debug)]
pub(super) struct Fused<'m> {
    mode: ForwardMode<'m>,
}

/// Features that are not yet in one piece of memory.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    /// What is joined along the channels.
    sources: Vec<RowSource>,
}

impl Pending {
    fn new(values: Tensor<4>) -> Self {
        Self {
            sources: vec![RowSource::plain(vec![values])],
        }
    }

    fn values(self) -> Tensor<4> {
        fuse_rows(&self.sources, Merge::Concatenation, RowPadding::default())
    }

    fn map(self, layer: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Self {
        Self::new(layer(self.values()))
    }

    /// The only source, of which all channels come.
    fn into_source(self) -> RowSource {
        match <[RowSource; 1]>::try_from(self.sources) {
            Ok([source]) => source,
            Err(sources) => RowSource::plain(vec![Self { sources }.values()]),
        }
    }
}

impl LayerOps<'_> for Fused<'_> {
    type Features = Pending;

    fn convolution(&mut self, layer: &Convolution, input: Pending) -> Pending {
        Pending::new(layer.forward_rows(self.mode, &input.sources))
    }

    fn upsampling(&mut self, layer: &Upsampling, input: Pending) -> Pending {
        input.map(|input| layer.forward(input, self.mode))
    }

    fn norm(&mut self, layer: &Norm, input: Pending) -> Pending {
        if layer.has_reference() {
            return input.map(|input| layer.forward(input, self.mode));
        }
        let values = input.values();
        let statistics = layer
            .needs_statistics(self.mode)
            .then(|| channel_statistics(in_one_picture(values.clone())));
        Pending {
            sources: vec![RowSource {
                scaling: layer.scaling(statistics.as_ref()),
                ..RowSource::plain(vec![values])
            }],
        }
    }

    /// Does nothing: passes with dropout are not fused.
    fn dropout(&mut self, input: Pending) -> Pending {
        input
    }

    fn activation(&mut self, function: Activation, input: Pending) -> Pending {
        let Some(slope) = function.slope() else {
            return input.map(|input| function.forward(input));
        };
        let mut sources = input.sources;
        for source in &mut sources {
            if source.slope.is_some() {
                let values = fuse_rows(
                    std::slice::from_ref(source),
                    Merge::Sum,
                    RowPadding::default(),
                );
                *source = RowSource::plain(vec![values]);
            }
            source.slope = Some(slope);
        }
        Pending { sources }
    }

    fn prelu(&mut self, layer: &Prelu, input: Pending) -> Pending {
        input.map(|input| layer.forward(input))
    }

    fn pixel_shuffle(&mut self, input: Pending, factor: usize) -> Pending {
        input.map(|input| pixel_shuffle(input, factor))
    }

    fn double(&mut self, input: Pending) -> Pending {
        input.map(doubled)
    }

    fn downsample(&mut self, input: Pending) -> Pending {
        input.map(downsample)
    }

    fn blur_downsample(&mut self, input: Pending) -> Pending {
        input.map(blur_downsample)
    }

    fn code_at_half(&mut self, input: Pending, length: usize) -> Pending {
        input.map(|input| code_at_half(input, length))
    }

    /// Computes the sum at once: what is added to residuals is read twice.
    fn sum(&mut self, left: Pending, right: Pending) -> Pending {
        let terms = [left, right].map(Pending::into_source);
        Pending::new(fuse_rows(&terms, Merge::Sum, RowPadding::default()))
    }

    fn concatenation(&mut self, first: Pending, second: Pending) -> Pending {
        let mut sources = first.sources;
        sources.extend(second.sources);
        Pending { sources }
    }
}

/// The channels of all pictures as those of one.
fn in_one_picture(values: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = values.dims();
    values.reshape([1, batch * channels, height, width])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, Tolerance};

    use super::*;
    use crate::config::{GeneratorArch, GeneratorRecipe, InitKind, Mode, NormKind, Recipe};
    use crate::nn::forward_mode::NormStats;
    use crate::nn::layer_ops::Eager;
    use crate::nn::{Generator, WeightInit};

    #[test]
    fn fused_passes_are_those_of_layers_one_by_one() {
        let device = Device::flex();
        let cases = [
            (GeneratorArch::Resnet6Blocks, NormKind::Instance, 20),
            (GeneratorArch::Resnet6Blocks, NormKind::Batch, 24),
            (GeneratorArch::Unet64, NormKind::Batch, 128),
            (GeneratorArch::Unet64, NormKind::InstanceAffine, 64),
            (GeneratorArch::Unet64, NormKind::None, 64),
        ];
        for (arch, norm, side) in cases {
            let recipe = GeneratorRecipe {
                arch,
                norm,
                channels: 4,
                ..Recipe::defaults(Mode::Pix2pix).generator
            };
            let mut init = WeightInit::new(InitKind::Normal, 0.3, 5, 0, &device);
            let generator = Generator::new(&mut init, &recipe, 3, 3);
            let uniform = Distribution::Uniform(-1.0, 1.0);
            let input = Tensor::<4>::random([1, 3, side, side], uniform, &device);
            for stats in [NormStats::Batch, NormStats::Running] {
                let mode = ForwardMode::inference(stats, false);
                let expected = generator.forward_with(&mut Eager::new(mode), input.clone());
                let absent = ReferenceBatch::default();
                let fused = forward_fused(&input, mode, &absent, |ops, input| {
                    generator.forward_with(ops, input)
                });
                let tolerance = Tolerance::<f32>::absolute(1e-4);
                let fused = fused.unwrap().into_data();
                fused.assert_approx_eq(&expected.into_data(), tolerance);
            }
        }
    }

    #[test]
    fn training_and_batches_whose_pictures_have_to_do_with_each_other_are_not_fused() {
        let (device, absent) = (Device::flex(), ReferenceBatch::default());
        let inference = ForwardMode::inference(NormStats::Batch, false);
        let is_fused = |input: Tensor<4>, mode| {
            forward_fused(&input, mode, &absent, |_, input| input).is_some()
        };
        let one = Tensor::<4>::zeros([1, 2, 3, 3], &device);
        let two = Tensor::<4>::zeros([2, 2, 3, 3], &device);
        assert!(is_fused(one.clone(), inference));
        assert!(!is_fused(one.clone(), ForwardMode::TRAINING));
        let dropout = ForwardMode::inference(NormStats::Batch, true);
        assert!(!is_fused(one.clone(), dropout));
        assert!(!is_fused(two.clone(), inference));
        assert!(is_fused(two, inference.for_each_alone()));
        assert!(!is_fused(Tensor::from_inner(one), inference));
    }
}
