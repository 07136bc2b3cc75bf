//! What generators make pictures of.

use burn::tensor::Tensor;

use super::classes::with_classes;

/// What a generator makes a batch of pictures of.
#[derive(Debug, Clone)]
pub struct GeneratorInput {
    /// `[batch, latent, 1, 1]`.
    pub vectors: Tensor<4>,
    /// What the network is told of them, `[batch, values, 1, 1]`: one channel for each class, then latent codes, where there are any.
    pub classes: Option<Tensor<4>>,
    /// What arch `style` takes besides; the others leave it.
    pub style: StyleInput,
    /// Smaller pictures that archs `laplacian` and `stack` go on from: `[batch, channels, side, side]`, of a cascade enlarged already.
    pub coarse: Option<Tensor<4>>,
}

/// What a generator of arch `style` takes besides vectors and classes.
#[derive(Debug, Clone, Default)]
pub struct StyleInput {
    /// Other vectors, `[batch, latent, 1, 1]`, whose codes take the place of the first ones from this layer on.
    pub mixed: Option<(Tensor<4>, usize)>,
    /// Noise for each layer, `[batch, 1, side, side]`; empty for the noise that is kept with the weights.
    pub noise: Vec<Tensor<4>>,
    /// Share of the distance of each code from their mean that is left; all of it where there is none.
    pub truncation: Option<f64>,
}

impl GeneratorInput {
    /// Vectors, and classes where there are any.
    pub fn new(vectors: Tensor<4>, classes: Option<Tensor<4>>) -> Self {
        Self {
            vectors,
            classes,
            style: StyleInput::default(),
            coarse: None,
        }
    }

    /// The vectors behind the classes, as networks take them that are told classes beside their input.
    pub(super) fn joined(&self) -> Tensor<4> {
        with_classes(self.classes.as_ref(), self.vectors.clone())
    }
}
