//! A residual generator.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::activation::tanh;

use super::conditional_norm::ConditionalNorm;
use super::generator_input::GeneratorInput;
use super::halvings::{INNERMOST, levels, width};
use crate::config::{ClassNorm, NormKind, Recipe};
use crate::kernels::relu;
use crate::nn::{
    Convolution, ForwardMode, Network, Norm, Padding, WeightInit, doubled, full_precision,
};

/// Values of the embedding of a class that all norms share, as in BigGAN.
const SHARED: usize = 128;

/// A linear layer to features of 4 x 4, and residual blocks that double their size up to that of the picture.
///
/// Blocks normalise before they activate; their size is doubled by nearest neighbours. The class is part of the input, or decides scale
/// and shift of the norms in the blocks; in BigGAN's form an embedding of it that all norms share does, together with a part of the
/// vector for each block. Gulrajani et al., "Improved Training of Wasserstein GANs", 2017; Miyato, Kataoka, Koyama and Yoshida, "Spectral
/// Normalization for Generative Adversarial Networks", 2018; Brock, Donahue and Simonyan, "Large Scale GAN Training for High Fidelity
/// Natural Image Synthesis", 2019.
#[derive(Module, Debug)]
pub struct ResidualGenerator {
    linear: Convolution,
    /// From the class to the embedding that all norms share.
    shared: Option<Convolution>,
    blocks: Vec<DoublingBlock>,
    norm: Norm,
    colours: Convolution,
    #[module(skip)]
    class_norm: ClassNorm,
}

#[derive(Module, Debug)]
struct DoublingBlock {
    norm1: ConditionalNorm,
    conv1: Convolution,
    norm2: ConditionalNorm,
    conv2: Convolution,
    shortcut: Convolution,
}

impl ResidualGenerator {
    /// The generator of `recipe`.
    pub fn new(init: &mut WeightInit, recipe: &Recipe) -> Self {
        let generator = &recipe.generator;
        let (kind, class_norm, classes) = (
            generator.norm,
            recipe.synthesis.class_norm,
            recipe.told_count(),
        );
        let count = levels(recipe.data.crop_size);
        let (input, condition) = match class_norm {
            ClassNorm::None => (generator.latent + classes, 0),
            ClassNorm::Class => (generator.latent, classes),
            ClassNorm::Shared => {
                let part = generator.latent / (count + 1);
                (generator.latent - count * part, SHARED + part)
            }
        };
        init.set_norm(NormKind::None);
        let embedding = [classes, SHARED];
        let shared = (class_norm == ClassNorm::Shared)
            .then(|| Convolution::new(init, embedding, 1, 1, Padding::Zero(0), false));
        init.set_norm(if recipe.synthesis.spectral {
            NormKind::Spectral
        } else {
            kind
        });
        let innermost = width(generator.channels, count);
        let whole = [input, innermost * INNERMOST * INNERMOST];
        let linear = Convolution::new(init, whole, 1, 1, Padding::Zero(0), true);
        let mut blocks = Vec::with_capacity(count);
        let mut above = innermost;
        for level in (0..count).rev() {
            let channels = [above, width(generator.channels, level)];
            blocks.push(DoublingBlock::new(init, kind, channels, condition));
            above = channels[1];
        }
        let norm = Norm::new(init, kind, above);
        let picture = [above, recipe.data.output_channels];
        Self {
            linear,
            shared,
            blocks,
            norm,
            colours: Convolution::new(init, picture, 3, 1, Padding::Zero(1), true),
            class_norm,
        }
    }

    /// Makes pictures in [-1, 1], `[batch, channels, side, side]`.
    pub fn forward(&self, input: &GeneratorInput, mode: ForwardMode) -> Tensor<4> {
        let vectors = &input.vectors;
        let (first, conditions) = match (self.class_norm, &input.classes) {
            (ClassNorm::Class, Some(classes)) => (
                vectors.clone(),
                vec![Some(classes.clone()); self.blocks.len()],
            ),
            (ClassNorm::Shared, Some(classes)) => self.parts(vectors, classes, mode),
            _ => (input.joined(), vec![None; self.blocks.len()]),
        };
        let features = self.linear.forward(first, mode);
        let [batch, all, ..] = features.dims();
        let innermost = all / (INNERMOST * INNERMOST);
        let mut features = features.reshape([batch, innermost, INNERMOST, INNERMOST]);
        for (block, condition) in self.blocks.iter().zip(&conditions) {
            features = block.forward(features, condition.as_ref(), mode);
        }
        let features = relu(self.norm.forward(features, mode));
        tanh(full_precision(self.colours.forward(features, mode)))
    }

    /// The part of the vectors for the first layer, and for each block the embedding of the class with its part.
    fn parts(
        &self,
        vectors: &Tensor<4>,
        classes: &Tensor<4>,
        mode: ForwardMode,
    ) -> (Tensor<4>, Vec<Option<Tensor<4>>>) {
        let (latent, count) = (vectors.dims()[1], self.blocks.len());
        let part = latent / (count + 1);
        let first = latent - count * part;
        let embedding = match &self.shared {
            Some(shared) => shared.forward(classes.clone(), mode),
            None => classes.clone(),
        };
        let of_block = |block| {
            let own = vectors.clone().narrow(1, first + block * part, part);
            Some(Tensor::cat(vec![embedding.clone(), own], 1))
        };
        let conditions = (0..count).map(of_block).collect();
        (vectors.clone().narrow(1, 0, first), conditions)
    }
}

impl DoublingBlock {
    fn new(
        init: &mut WeightInit,
        norm: NormKind,
        [input, output]: [usize; 2],
        condition: usize,
    ) -> Self {
        // The next norm takes out what is the same everywhere.
        let bias = !norm.normalises_features();
        let mut conv = |channels, kernel: usize| {
            let padding = Padding::Zero(kernel / 2);
            Convolution::new(init, channels, kernel, 1, padding, bias)
        };
        let conv1 = conv([input, output], 3);
        let conv2 = conv([output, output], 3);
        let shortcut = conv([input, output], 1);
        Self {
            norm1: ConditionalNorm::new(init, norm, input, condition),
            conv1,
            norm2: ConditionalNorm::new(init, norm, output, condition),
            conv2,
            shortcut,
        }
    }

    fn forward(
        &self,
        input: Tensor<4>,
        condition: Option<&Tensor<4>>,
        mode: ForwardMode,
    ) -> Tensor<4> {
        let features = relu(self.norm1.forward(input.clone(), condition, mode));
        let features = self.conv1.forward(doubled(features), mode);
        let features = relu(self.norm2.forward(features, condition, mode));
        // Taken before the doubling, the same at a quarter of the cost.
        let shortcut = doubled(self.shortcut.forward(input, mode));
        self.conv2.forward(features, mode) + shortcut
    }
}

impl Network for ResidualGenerator {
    fn layer_name(&self, path: &str) -> String {
        path.to_owned()
    }
}
