//! The generator that becomes a model.

use super::context_encoder::context_encoder;
use super::continuation::continuation;
use super::generators::generator;
use super::kept_luminance::kept_luminance;
use super::layers::{Features, Layers};
use super::message::Dimension;
use super::options::OnnxOptions;
use super::picture_maker::NoPicture;
use super::sizes::PictureSizes;
use crate::config::{GeneratorRecipe, HoleFill};
use crate::nn::TensorError;

/// A generator, and what it takes and gives.
#[derive(Debug, Clone)]
pub struct OnnxNetwork<'a> {
    /// Its layers.
    pub recipe: &'a GeneratorRecipe,
    /// Channels of what it takes first, and of the pictures that it gives.
    pub channels: [usize; 2],
    /// What it takes.
    pub input: OnnxInput,
}

/// What a generator takes.
#[derive(Debug, Clone)]
pub enum OnnxInput {
    /// Pictures.
    Pictures,
    /// The lightness of pictures, whose a and b it gives.
    Lightness,
    /// Label maps and what goes with them: what the channels are, for people.
    Maps(String),
    /// Pictures with holes, and the masks of these.
    Holes(Holes),
    /// No pictures, but what it makes some of.
    NoPicture(NoPicture),
}

/// The holes that a generator fills.
#[derive(Debug, Clone, PartialEq)]
pub struct Holes {
    /// Side of the pictures of training.
    pub side: usize,
    /// Side of the square in their middle that alone was filled in training; `None` if holes were anywhere.
    pub middle: Option<usize>,
    /// Side of the output of a context encoder, which may be the middle of the picture alone.
    pub output_side: usize,
    /// What the network sees in holes, for each channel in [-1, 1].
    pub fill: Vec<f32>,
}

impl OnnxNetwork<'_> {
    /// The sizes of pictures that it takes.
    pub fn sizes(&self) -> PictureSizes {
        match &self.input {
            OnnxInput::Holes(holes) if self.is_context_encoder() => {
                PictureSizes::Square(holes.side)
            }
            OnnxInput::NoPicture(NoPicture(maker)) => PictureSizes::Square(maker.side()),
            _ => PictureSizes::from_recipe(self.recipe),
        }
    }

    /// Whether it takes a latent code beside its input.
    pub(super) fn takes_code(&self) -> bool {
        self.recipe.latent > 0 && !matches!(self.input, OnnxInput::NoPicture(_))
    }

    fn is_context_encoder(&self) -> bool {
        self.recipe.arch.is_context_encoder()
    }

    /// Shape of a value with so many channels and the size of the picture.
    pub(super) fn picture_shape(&self, channels: usize, options: &OnnxOptions) -> [Dimension; 4] {
        let batch = match options.batch {
            Some(batch) => Dimension::Fixed(batch as i64),
            None => Dimension::Named("batch".to_owned()),
        };
        let [height, width] = self.sizes().dimensions(options.size);
        [batch, Dimension::Fixed(channels as i64), height, width]
    }

    /// Shape of the latent code.
    pub(super) fn code_shape(&self, options: &OnnxOptions) -> [Dimension; 4] {
        self.square_shape(self.recipe.latent, 1, options)
    }

    /// Shape of so many channels of this side, for each picture.
    pub(super) fn square_shape(
        &self,
        channels: usize,
        side: usize,
        options: &OnnxOptions,
    ) -> [Dimension; 4] {
        let mut shape = self.picture_shape(channels, options);
        shape[2..].fill(Dimension::Fixed(side as i64));
        shape
    }

    /// The planes of the latent code, an input of its own, for a generator that takes one.
    fn code(
        &self,
        layers: &mut Layers,
        picture: &Features,
        options: &OnnxOptions,
    ) -> Option<Features> {
        let channels = self.recipe.latent;
        (channels > 0).then(|| {
            let code = Features {
                name: layers.graph.input("code", self.code_shape(options)),
                channels,
            };
            let code = layers.layer_precision(code);
            layers.planes(&code, picture, options.size)
        })
    }

    /// Shape of the output.
    pub(super) fn output_shape(&self, options: &OnnxOptions) -> [Dimension; 4] {
        let mut shape = self.picture_shape(self.channels[1], options);
        if self.recipe.scale > 1 {
            let [batch, channels, height, width] = shape;
            let enlarged = |side| match side {
                Dimension::Fixed(side) => Dimension::Fixed(side * self.recipe.scale as i64),
                Dimension::Named(name) => Dimension::Named(format!("{}*{name}", self.recipe.scale)),
            };
            shape = [batch, channels, enlarged(height), enlarged(width)];
        }
        if let OnnxInput::Holes(holes) = &self.input
            && self.is_context_encoder()
        {
            let side = Dimension::Fixed(holes.output_side as i64);
            shape[2..].fill(side);
        }
        shape
    }

    /// Adds all of it to a graph, from the inputs to the output.
    pub(super) fn build(
        &self,
        layers: &mut Layers,
        options: &OnnxOptions,
    ) -> Result<(), TensorError> {
        let [channels, _] = self.channels;
        let shape = self.picture_shape(channels, options);
        match &self.input {
            OnnxInput::Pictures | OnnxInput::Lightness | OnnxInput::Maps(_) => {
                let input = Features {
                    name: layers.graph.input("input", shape),
                    channels,
                };
                let picture = Features {
                    name: input.name.clone(),
                    channels,
                };
                let input = layers.layer_precision(input);
                let code = self.code(layers, &input, options);
                let output = generator(layers, self.recipe, input, code)?;
                kept_luminance(layers, self.recipe, &picture, output);
            }
            OnnxInput::NoPicture(NoPicture(maker)) => {
                let shape = |channels, side| self.square_shape(channels, side, options);
                maker.build(layers, channels, &shape)?;
            }
            OnnxInput::Holes(holes) => {
                let picture = layers.graph.input("picture", shape);
                let mask = self.picture_shape(1, options);
                let mask = Features {
                    name: layers.graph.input("mask", mask),
                    channels: 1,
                };
                let picture = Features {
                    name: picture,
                    channels,
                };
                let continues = self.recipe.hole_fill == HoleFill::Smooth;
                let filled = if continues {
                    let levels = self.recipe.size_multiple().ilog2() as usize;
                    continuation(layers, &picture, &mask, levels)
                } else {
                    let name = fill(layers, &picture.name, &mask.name, &holes.fill);
                    Features { name, channels }
                };
                if self.is_context_encoder() {
                    let sides = [holes.side, holes.output_side];
                    let input = layers.layer_precision(filled);
                    context_encoder(layers, self.recipe, sides, input)?;
                } else {
                    let input = layers.concat(&filled, &mask);
                    let input = layers.layer_precision(input);
                    let output = generator(layers, self.recipe, input, None)?;
                    if continues {
                        let sum = layers.add(&output, &filled);
                        layers.clip(&sum);
                    }
                }
            }
        }
        layers.graph.output("output", self.output_shape(options));
        Ok(())
    }
}

/// The picture with `values`, one for each channel, in its holes.
fn fill(layers: &mut Layers, picture: &str, mask: &str, values: &[f32]) -> String {
    let graph = &mut layers.graph;
    let one = graph.float_tensor("one", [1; 4], vec![1.0]);
    let channels = [1, values.len(), 1, 1];
    let values = graph.float_tensor("hole", channels, values.to_vec());
    // With a mask of zeros and ones this is exact.
    let rest = graph.node("Sub", &[&one, mask], Vec::new());
    let kept = graph.node("Mul", &[picture, &rest], Vec::new());
    let filled = graph.node("Mul", &[mask, &values], Vec::new());
    graph.node("Add", &[kept, filled], Vec::new())
}
