//! Generators that make pictures from noise.

use super::dcgan::dcgan;
use super::layers::{Features, Layers};
use super::message::Dimension;
use super::progressive::{Grown, progressive};
use super::residual::{Conditions, residual};
use super::style::style;
use crate::config::ClassNorm;
use crate::nn::TensorError;

/// What a generator makes pictures of, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Noise {
    /// Names of the classes that it is told; empty where it is told none.
    pub classes: Vec<String>,
    /// Numbers of the vector that takes the place of a class; 0 where there is none.
    pub vector: usize,
    /// Categories of its categorical latent codes, and how many continuous ones there are.
    pub codes: (Vec<usize>, usize),
    /// Side of the pictures that it makes.
    pub side: usize,
    /// Its layers.
    pub network: NoiseNetwork,
}

/// The layers of a generator that makes pictures from noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoiseNetwork {
    /// Up-convolutions.
    Dcgan,
    /// Residual blocks, whose norms take scale and shift from here.
    Resnet(ClassNorm),
    /// Pairs of convolutions for each size that the network has grown to.
    Progressive {
        /// Side of the pictures that it makes so far, in pixels; they are enlarged to that of the whole run.
        side: usize,
        /// The side before, from which pictures fade over.
        from: usize,
        /// Share of what the larger size adds.
        share: f64,
    },
    /// Convolutions that a mapping network of so many layers leads.
    Style(usize),
}

impl Noise {
    /// Values of all latent codes of a picture.
    pub(super) fn code_count(&self) -> usize {
        let (categories, continuous) = &self.codes;
        categories.iter().sum::<usize>() + continuous
    }

    /// Adds all of it to a graph: `noise` of so many channels, what the network is told beside it, and the picture. `shape` is that of
    /// vectors of so many values.
    pub(super) fn build(
        &self,
        layers: &mut Layers,
        channels: usize,
        shape: impl Fn(usize) -> [Dimension; 4],
    ) -> Result<(), TensorError> {
        let mut vector = |name: &str, channels: usize| Features {
            name: layers.graph.input(name, shape(channels)),
            channels,
        };
        let noise = vector("noise", channels);
        let (name, count) = match self.vector {
            0 => ("class", self.classes.len()),
            length => ("condition", length),
        };
        let told = (count > 0).then(|| vector(name, count));
        let count = self.code_count();
        let codes = (count > 0).then(|| vector("codes", count));
        let told = match (told, codes) {
            (Some(told), Some(codes)) => Some(layers.concat(&told, &codes)),
            (told, codes) => told.or(codes),
        };
        let side = self.side;
        match self.network {
            NoiseNetwork::Dcgan => {
                let input = behind(layers, told, noise);
                let input = layers.layer_precision(input);
                dcgan(layers, side, &input)?;
            }
            NoiseNetwork::Resnet(ClassNorm::None) => {
                let input = behind(layers, told, noise);
                residual(layers, side, input, Conditions::None)?;
            }
            NoiseNetwork::Resnet(form) => {
                let conditions = match (form, told) {
                    (_, None) => Conditions::None,
                    (ClassNorm::Shared, Some(told)) => Conditions::Shared(told),
                    (_, Some(told)) => Conditions::Same(told),
                };
                residual(layers, side, noise, conditions)?;
            }
            NoiseNetwork::Progressive {
                side: present,
                from,
                share,
            } => {
                let input = behind(layers, told, noise);
                let grown = Grown {
                    side: present,
                    from,
                    share,
                };
                progressive(layers, side, grown, &input)?;
            }
            NoiseNetwork::Style(mapping) => style(layers, side, mapping, &noise, told.as_ref())?,
        }
        Ok(())
    }
}

/// The channels of `input` behind what the network is told, where it is told something.
fn behind(layers: &mut Layers, told: Option<Features>, input: Features) -> Features {
    match told {
        Some(told) => layers.concat(&told, &input),
        None => input,
    }
}
