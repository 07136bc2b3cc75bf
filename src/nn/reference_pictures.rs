//! The pictures of the reference batch of a method.

use burn::tensor::{Device, Tensor, TensorData};

use super::tensors::{NamedTensors, TensorError};
use crate::config::Recipe;

/// The pictures of both sides, of which the networks of a method get theirs. They are part of the style, as `reference.safetensors`.
#[derive(Debug, Clone)]
pub struct ReferencePictures {
    /// Whether generators need them.
    pub for_generators: bool,
    /// Whether discriminators need them.
    pub for_discriminators: bool,
    count: usize,
    /// Channels of each side.
    channels: [usize; 2],
    tensors: NamedTensors,
}

const SIDES: [&str; 2] = ["a", "b"];

impl ReferencePictures {
    /// The stem of their file in the style folder.
    pub const STEM: &'static str = "reference";

    /// Those that a recipe needs, to be chosen; `None` if it needs none.
    pub fn new(recipe: &Recipe) -> Option<Self> {
        let for_generators = recipe.generator.norm.has_reference();
        let for_discriminators = recipe.discriminator.norm.has_reference();
        (for_generators || for_discriminators).then(|| Self {
            for_generators,
            for_discriminators,
            count: recipe.data.reference_batch,
            channels: [recipe.data.input_channels, recipe.data.output_channels],
            tensors: NamedTensors::default(),
        })
    }

    /// The pictures by side, `[batch, channels, height, width]` in [-1, 1].
    pub fn tensors(&self) -> &NamedTensors {
        &self.tensors
    }

    /// The tensors of these pictures of both sides.
    pub fn named(a: TensorData, b: TensorData) -> NamedTensors {
        let sides = SIDES.map(ToOwned::to_owned).into_iter();
        NamedTensors(sides.zip([a, b]).collect())
    }

    /// Chooses the pictures; returns those of both sides on `device`.
    ///
    /// # Errors
    /// They are not as many pictures of both sides as the recipe says, with its channels.
    pub fn choose(
        &mut self,
        tensors: NamedTensors,
        device: &Device,
    ) -> Result<[Tensor<4>; 2], TensorError> {
        let mut problems = Vec::new();
        for (side, channels) in SIDES.into_iter().zip(self.channels) {
            let shape = tensors.0.get(side).map(TensorData::shape);
            let fits = shape
                .is_some_and(|shape| shape.num_dims() == 4 && shape[..2] == [self.count, channels]);
            if !fits {
                problems.push(format!(
                    "`{side}` is missing, or not {} pictures of {channels} channels, which `data.reference_batch` and the data ask for",
                    self.count
                ));
            }
        }
        if tensors.0.len() > SIDES.len() {
            problems.push("there are tensors other than `a` and `b`".to_owned());
        }
        if !problems.is_empty() {
            return Err(TensorError::Mismatch { problems });
        }
        let pictures = SIDES.map(|side| Tensor::from_data(tensors.0[side].clone(), device));
        self.tensors = tensors;
        Ok(pictures)
    }
}
