//! The generators that recipes of mode generate offer.

use burn::module::Module;
use burn::tensor::Tensor;

use super::dcgan_generator::DcganGenerator;
use super::generator_input::GeneratorInput;
use super::growth::Growth;
use super::laplacian_generator::LaplacianGenerator;
use super::level_generator::LevelGenerator;
use super::progressive_generator::ProgressiveGenerator;
use super::residual_generator::ResidualGenerator;
use super::stack_generator::StackGenerator;
use super::style_generator::StyleGenerator;
use crate::config::{GeneratorArch, Recipe};
use crate::nn::{ForwardMode, Network, WeightInit};

/// A generator of the architecture that a recipe names.
#[derive(Module, Debug)]
pub enum SynthesisGenerator {
    /// DCGAN.
    Dcgan(DcganGenerator),
    /// Residual.
    Resnet(ResidualGenerator),
    /// Grown from small pictures.
    Progressive(ProgressiveGenerator),
    /// Led by the codes of a mapping network.
    Style(StyleGenerator),
    /// A whole cascade.
    Laplacian(LaplacianGenerator),
    /// One level of a cascade, as it is trained.
    Level(LevelGenerator),
    /// A second stage.
    Stack(StackGenerator),
}

impl SynthesisGenerator {
    /// The generator of `recipe`.
    pub fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        match recipe.generator.arch {
            GeneratorArch::Resnet => Self::Resnet(ResidualGenerator::new(init, recipe)),
            GeneratorArch::Progressive => {
                Self::Progressive(ProgressiveGenerator::new(init, recipe))
            }
            GeneratorArch::Style => Self::Style(StyleGenerator::new(init, recipe)),
            GeneratorArch::Stack => Self::Stack(StackGenerator::new(init, recipe)),
            GeneratorArch::Laplacian if recipe.synthesis.is_level => {
                Self::Level(LevelGenerator::new(init, recipe))
            }
            GeneratorArch::Laplacian => Self::Laplacian(LaplacianGenerator::new(init, recipe)),
            // Validated recipes of these modes have no others.
            _ => Self::Dcgan(DcganGenerator::from_recipe(init, recipe)),
        }
    }

    /// Makes pictures in [-1, 1], `[batch, channels, side, side]`. Those of networks without a last activation may be a little beyond.
    pub fn forward(&self, input: &GeneratorInput, mode: ForwardMode) -> Tensor<4> {
        match self {
            Self::Dcgan(network) => network.forward(input.joined(), mode),
            Self::Resnet(network) => network.forward(input, mode),
            Self::Progressive(network) => network.forward(input.joined()),
            Self::Style(network) => network.forward(input, mode),
            Self::Laplacian(network) => network.forward(input, mode),
            Self::Level(network) => network.forward(input, mode),
            Self::Stack(network) => network.forward(input, mode),
        }
    }

    /// The layers of a style generator, the first of which the codes of other vectors may lead; none of the others.
    pub fn style_layers(&self) -> Option<usize> {
        match self {
            Self::Style(network) => Some(network.layer_count()),
            _ => None,
        }
    }

    /// The sides of the noise of all layers, where the network takes some.
    pub(super) fn noise_sides(&self) -> Vec<usize> {
        match self {
            Self::Style(network) => network.noise_sides(),
            _ => Vec::new(),
        }
    }

    /// What is added to the loss of the generator for the codes of conditions, `[1]`, where it draws some.
    pub(super) fn divergence(
        &self,
        input: &GeneratorInput,
        mode: ForwardMode,
    ) -> Option<Tensor<1>> {
        match self {
            Self::Stack(network) => Some(network.divergence(input, mode)),
            _ => None,
        }
    }

    /// The gradient of the inner product of the pictures of `input` and `directions`, `[batch, channels, side, side]`, with respect to the
    /// code that leads each layer of a style generator, `[batch, latent, 1, 1]` each; none of the others. Gradients flow through it to the
    /// parameters.
    pub fn code_gradients(
        &self,
        input: &GeneratorInput,
        directions: Tensor<4>,
    ) -> Option<Vec<Tensor<4>>> {
        match self {
            Self::Style(network) => Some(network.code_gradients(input, directions)),
            _ => None,
        }
    }

    /// Sets how far the network has grown, where it grows.
    pub fn set_growth(&mut self, growth: Growth) {
        if let Self::Progressive(network) = self {
            network.set_growth(growth);
        }
    }

    /// Goes back to where its weights say that it has grown to, where it grows.
    pub fn restore_growth(&mut self) {
        if let Self::Progressive(network) = self {
            network.restore_growth();
        }
    }
}

impl Network for SynthesisGenerator {
    fn layer_name(&self, path: &str) -> String {
        // The first part is the name of the variant.
        let path = path.split_once('.').map_or("", |(_, rest)| rest);
        match self {
            Self::Dcgan(network) => network.layer_name(path),
            Self::Resnet(network) => network.layer_name(path),
            Self::Progressive(network) => network.layer_name(path),
            Self::Style(network) => network.layer_name(path),
            Self::Laplacian(network) => network.layer_name(path),
            Self::Level(network) => network.layer_name(path),
            Self::Stack(network) => network.layer_name(path),
        }
    }
}
