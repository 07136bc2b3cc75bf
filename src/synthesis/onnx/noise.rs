//! Generators that make pictures from noise.

use super::dcgan::dcgan;
use super::laplacian::{LevelNoise, laplacian};
use super::progressive::{Grown, progressive};
use super::residual::{Conditions, residual};
use super::stack::stack;
use super::style::style;
use crate::config::{ClassNorm, GeneratorRecipe};
use crate::nn::{NamedTensors, TensorError};
use crate::style::onnx::graph::Graph;
use crate::style::onnx::layers::{Features, Layers};
use crate::style::onnx::{Dimension, NoPicture, OnnxInput};

/// How the names of the inputs of a first stage begin.
const FIRST: &str = "first_";
/// The names of what networks are told beside the noise.
const CLASS: &str = "class";
const CONDITION: &str = "condition";
const CODES: &str = "codes";

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
#[derive(Debug, Clone, PartialEq)]
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
    /// Up-convolutions to pictures of this side, and convolutions that add detail after each doubling.
    Laplacian(usize),
    /// A second stage, which goes on from the pictures of a first.
    Stack(Box<FirstStage>),
}

/// A generator whose pictures another goes on from.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstStage {
    /// Its norms and doublings.
    pub recipe: GeneratorRecipe,
    /// Values of its `noise`.
    pub latent: usize,
    /// The rest of it. What it is told its second stage is told, too.
    pub noise: Noise,
    /// Its weights.
    pub weights: NamedTensors,
}

/// An input of numbers from the normal distribution, `[batch, channels, side, side]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NoiseInput {
    pub(super) name: String,
    pub(super) channels: usize,
    pub(super) side: usize,
}

impl Noise {
    /// Values of all latent codes of a picture.
    pub(super) fn code_count(&self) -> usize {
        let (categories, continuous) = &self.codes;
        categories.iter().sum::<usize>() + continuous
    }

    /// All inputs of noise, that of `latent` values first, then those of the other levels, then those of the stages before: in the order in
    /// which `translate encode` writes their numbers.
    pub(super) fn inputs(&self, latent: usize) -> Vec<NoiseInput> {
        let mut inputs = vec![NoiseInput {
            name: "noise".to_owned(),
            channels: latent,
            side: 1,
        }];
        match &self.network {
            NoiseNetwork::Laplacian(coarsest) => {
                inputs.extend(level_sides(*coarsest, self.side).map(|side| NoiseInput {
                    name: format!("noise_{side}"),
                    channels: 1,
                    side,
                }));
            }
            NoiseNetwork::Stack(first) => {
                let before = first.noise.inputs(first.latent).into_iter();
                inputs.extend(before.map(|input| NoiseInput {
                    name: format!("{FIRST}{}", input.name),
                    ..input
                }));
            }
            _ => {}
        }
        inputs
    }

    /// What a model with this network takes.
    pub fn into_input(self) -> OnnxInput {
        OnnxInput::NoPicture(NoPicture::new(self))
    }

    /// The picture as the network makes it, which is the value of the last node. `start` is how the names of the inputs of noise begin.
    pub(super) fn picture(
        &self,
        layers: &mut Layers,
        channels: usize,
        shape: &dyn Fn(usize, usize) -> [Dimension; 4],
        start: &str,
    ) -> Result<Features, TensorError> {
        let mut input = |name: &str, channels: usize, side: usize| Features {
            name: layers.graph.input(name, shape(channels, side)),
            channels,
        };
        let noise = input(&format!("{start}noise"), channels, 1);
        let (name, count) = match self.vector {
            0 => (CLASS, self.classes.len()),
            length => (CONDITION, length),
        };
        let told = (count > 0).then(|| input(name, count, 1));
        let count = self.code_count();
        let codes = (count > 0).then(|| input(CODES, count, 1));
        let planes = match &self.network {
            NoiseNetwork::Laplacian(coarsest) => level_sides(*coarsest, self.side)
                .map(|side| LevelNoise {
                    side,
                    plane: input(&format!("{start}noise_{side}"), 1, side),
                })
                .collect(),
            _ => Vec::new(),
        };
        let told = match (told, codes) {
            (Some(told), Some(codes)) => Some(layers.concat(&told, &codes)),
            (told, codes) => told.or(codes),
        };
        let side = self.side;
        match &self.network {
            NoiseNetwork::Dcgan => {
                let input = behind(layers, told, noise);
                let input = layers.layer_precision(input);
                dcgan(layers, side, &input, "")
            }
            NoiseNetwork::Resnet(ClassNorm::None) => {
                let input = behind(layers, told, noise);
                residual(layers, side, input, Conditions::None)
            }
            NoiseNetwork::Resnet(form) => {
                let conditions = match (form, told) {
                    (_, None) => Conditions::None,
                    (ClassNorm::Shared, Some(told)) => Conditions::Shared(told),
                    (_, Some(told)) => Conditions::Same(told),
                };
                residual(layers, side, noise, conditions)
            }
            &NoiseNetwork::Progressive {
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
                progressive(layers, side, grown, &input)
            }
            NoiseNetwork::Style(mapping) => style(layers, side, *mapping, &noise, told.as_ref()),
            NoiseNetwork::Laplacian(coarsest) => {
                let input = behind(layers, told.clone(), noise);
                laplacian(layers, *coarsest, input, planes, told.as_ref())
            }
            NoiseNetwork::Stack(first) => {
                let coarse = first.picture(layers, shape, start)?;
                let told = told.ok_or_else(|| TensorError::Mismatch {
                    problems: vec!["a second stage is told nothing".to_owned()],
                })?;
                stack(layers, coarse, first.noise.side, &noise, told)
            }
        }
    }
}

impl FirstStage {
    /// The picture that it makes within the graph of its second stage, whose inputs of noise have names that begin with `start`.
    fn picture(
        &self,
        layers: &mut Layers,
        shape: &dyn Fn(usize, usize) -> [Dimension; 4],
        start: &str,
    ) -> Result<Features, TensorError> {
        let mut own = Layers {
            graph: Graph::new(FIRST, self.weights.clone()),
            norm: self.recipe.norm,
            norm_stats: layers.norm_stats,
            upsample: self.recipe.upsample,
            precision: layers.precision,
        };
        let start = format!("{start}{FIRST}");
        let picture = (self.noise).picture(&mut own, self.latent, shape, &start)?;
        let within = "first.";
        layers.graph.embed(own.graph, within);
        Ok(Features {
            name: format!("{within}{}", picture.name),
            ..picture
        })
    }
}

/// The sides of the levels of a cascade but the coarsest, up to `side`.
fn level_sides(coarsest: usize, side: usize) -> impl Iterator<Item = usize> {
    let sides = std::iter::successors(Some(2 * coarsest), |side| Some(2 * side));
    sides.take_while(move |level| *level <= side)
}

/// The channels of `input` behind what the network is told, where it is told something.
fn behind(layers: &mut Layers, told: Option<Features>, input: Features) -> Features {
    match told {
        Some(told) => layers.concat(&told, &input),
        None => input,
    }
}
