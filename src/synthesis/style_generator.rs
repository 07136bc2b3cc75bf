//! The generator of StyleGAN2.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::generator_input::GeneratorInput;
use super::halvings::{INNERMOST, levels, width};
use super::mapping::Mapping;
use super::modulated::{Modulated, StyleLayer};
use super::sized_name::sized_name;
use crate::config::Recipe;
use crate::nn::{ForwardMode, Network, WeightInit, double_filtered, double_filtered_gradient};

/// A mapping network, whose codes lead the layers of a generator that begins with a constant and doubles its size.
///
/// Each size adds to the picture of the one before. Sizes are doubled by the filter 1 3 3 1, before the convolution, which differs from
/// the order of the paper at the border alone. Karras et al., "Analyzing and Improving the Image Quality of StyleGAN", 2020.
#[derive(Module, Debug)]
pub struct StyleGenerator {
    mapping: Mapping,
    constant: Constant,
    conv: StyleLayer,
    /// What the first size adds to the picture.
    colours: Modulated,
    /// From 8 x 8 on.
    blocks: Vec<Block>,
}

#[derive(Module, Debug)]
struct Constant {
    /// `[1, channels, 4, 4]`.
    weight: Param<Tensor<4>>,
}

#[derive(Module, Debug)]
struct Block {
    conv1: StyleLayer,
    conv2: StyleLayer,
    colours: Modulated,
}

impl StyleGenerator {
    /// The generator of `recipe`.
    pub fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let generator = &recipe.generator;
        let (latent, picture) = (generator.latent, recipe.data.output_channels);
        let count = levels(recipe.data.crop_size);
        let innermost = width(generator.channels, count);
        let colours = |init: &mut WeightInit, channels| {
            Modulated::new(init, latent, [channels, picture], 1, false)
        };
        let mapping = Mapping::new(
            init,
            recipe.synthesis.mapping,
            [latent, recipe.told_count()],
        );
        let constant = Constant {
            weight: init.standard_normal([1, innermost, INNERMOST, INNERMOST], 1.0),
        };
        let conv = StyleLayer::new(init, latent, [innermost; 2], INNERMOST);
        let first = colours(init, innermost);
        let mut blocks = Vec::with_capacity(count);
        let (mut above, mut side) = (innermost, INNERMOST);
        for level in (0..count).rev() {
            let next = width(generator.channels, level);
            side *= 2;
            blocks.push(Block {
                conv1: StyleLayer::new(init, latent, [above, next], side),
                conv2: StyleLayer::new(init, latent, [next; 2], side),
                colours: colours(init, next),
            });
            above = next;
        }
        Self {
            mapping,
            constant,
            conv,
            colours: first,
            blocks,
        }
    }

    /// How many layers codes lead: the one at 4 x 4, two at each further size, and the last one that makes colours.
    pub fn layer_count(&self) -> usize {
        2 * self.blocks.len() + 2
    }

    /// The sides of the noise of each layer that has some.
    pub(super) fn noise_sides(&self) -> Vec<usize> {
        let further = (1..=self.blocks.len()).flat_map(|level| [INNERMOST << level; 2]);
        std::iter::once(INNERMOST).chain(further).collect()
    }

    /// Makes pictures, `[batch, channels, side, side]`, about in [-1, 1].
    pub fn forward(&self, input: &GeneratorInput, mode: ForwardMode) -> Tensor<4> {
        let codes = self.layer_codes(input, mode);
        let noise = |layer: usize| input.style.noise.get(layer);
        let constant = self.constant.features(&codes[0]);
        let mut features = self.conv.forward(constant, codes[0].clone(), noise(0));
        let mut picture = self.colours.forward(features.clone(), codes[1].clone());
        for (place, block) in self.blocks.iter().enumerate() {
            let layer = 2 * place + 1;
            let code = |after: usize| codes[layer + after].clone();
            let larger = double_filtered(features);
            features = block.conv1.forward(larger, code(0), noise(layer));
            features = block.conv2.forward(features, code(1), noise(layer + 1));
            let own = block.colours.forward(features.clone(), code(2));
            picture = double_filtered(picture) + own;
        }
        picture
    }

    /// The code that leads each layer, `[batch, latent, 1, 1]`.
    fn layer_codes(&self, input: &GeneratorInput, mode: ForwardMode) -> Vec<Tensor<4>> {
        let (classes, style) = (input.classes.as_ref(), &input.style);
        let truncated = |codes| match style.truncation {
            Some(share) => self.mapping.truncated(codes, share),
            None => codes,
        };
        let codes = self.mapping.forward(input.vectors.clone(), classes, mode);
        let mut codes = vec![truncated(codes); self.layer_count()];
        if let Some((vectors, first)) = &style.mixed {
            let mode = ForwardMode {
                update_running: false,
                ..mode
            };
            let mixed = self.mapping.forward(vectors.clone(), classes, mode);
            let first = (*first).min(codes.len());
            codes[first..].fill(truncated(mixed));
        }
        codes
    }

    /// The gradient of the inner product of the pictures of `input` and `directions` with respect to the code of each layer,
    /// `[batch, latent, 1, 1]` each. Gradients flow through it to the parameters.
    pub(super) fn code_gradients(
        &self,
        input: &GeneratorInput,
        directions: Tensor<4>,
    ) -> Vec<Tensor<4>> {
        let mode = ForwardMode {
            update_running: false,
            ..ForwardMode::TRAINING
        };
        let codes = self.layer_codes(input, mode);
        let noise = |layer: usize| input.style.noise.get(layer);
        let constant = self.constant.features(&codes[0]);
        let first = self.conv.traced(constant, codes[0].clone(), noise(0));
        let mut features = first.output();
        let first_colours = self.colours.traced(features.clone(), codes[1].clone());
        let mut traces = Vec::new();
        for (place, block) in self.blocks.iter().enumerate() {
            let layer = 2 * place + 1;
            let code = |after: usize| codes[layer + after].clone();
            let larger = double_filtered(features);
            let conv1 = block.conv1.traced(larger, code(0), noise(layer));
            let conv2 = (block.conv2).traced(conv1.output(), code(1), noise(layer + 1));
            features = conv2.output();
            let colours = block.colours.traced(features.clone(), code(2));
            traces.push((conv1, conv2, colours));
        }
        // From the last layer to the first; the colours of a size are led by the code of the next layer.
        let mut gradients = Vec::new();
        let mut of_picture = directions;
        let mut of_features = None;
        let mut of_next = None;
        for (conv1, conv2, colours) in traces.into_iter().rev() {
            let [own, of_colours] = colours.input_gradients(of_picture.clone());
            gradients.push(sum(of_colours, of_next));
            let [of_middle, of_second] = conv2.input_gradients(sum(own, of_features));
            gradients.push(of_second);
            let [of_larger, of_first] = conv1.input_gradients(of_middle);
            of_next = Some(of_first);
            of_features = Some(double_filtered_gradient(of_larger));
            of_picture = double_filtered_gradient(of_picture);
        }
        let [own, of_colours] = first_colours.input_gradients(of_picture);
        gradients.push(sum(of_colours, of_next));
        let [_, of_first] = first.input_gradients(sum(own, of_features));
        gradients.push(of_first);
        gradients.reverse();
        gradients
    }
}

impl Constant {
    /// As many as there are codes.
    fn features(&self, codes: &Tensor<4>) -> Tensor<4> {
        self.weight.val().repeat_dim(0, codes.dims()[0])
    }
}

fn sum(first: Tensor<4>, second: Option<Tensor<4>>) -> Tensor<4> {
    match second {
        Some(second) => first + second,
        None => first,
    }
}

impl Network for StyleGenerator {
    fn layer_name(&self, path: &str) -> String {
        if path.starts_with("blocks") {
            // The parts of a layer all belong to it.
            return sized_name(path, |place| (2 * INNERMOST) << place);
        }
        path.to_owned()
    }
}
