//! What networks are told of pictures: their classes, or vectors.

use burn::tensor::{Device, Tensor, TensorData};

use crate::config::{Condition, Recipe};
use crate::data::{Batch, class_of, pair_name};

/// The classes of a recipe in their order, or the vectors of its data set, which take the place of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    names: Vec<String>,
    count: usize,
    are_vectors: bool,
}

impl Classes {
    /// Those that the networks of `recipe` are told; none where they are told none.
    pub fn new(recipe: &Recipe) -> Self {
        let names = match recipe.generator.condition {
            Condition::None => Vec::new(),
            Condition::Concat | Condition::Projection | Condition::Auxiliary => {
                let names = recipe.data.class_names.iter();
                names.map(|name| pair_name(name)).collect()
            }
        };
        Self {
            names,
            count: recipe.class_count(),
            are_vectors: recipe.tells_vectors(),
        }
    }

    /// How many there are; of vectors the length.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of the class of this name, in whatever Unicode form.
    pub fn place(&self, name: &str) -> Option<usize> {
        let name = pair_name(name);
        self.names.iter().position(|known| *known == name)
    }

    /// What networks are told of the pictures of a batch, `[batch, count, 1, 1]`; none where they are told nothing. Pictures that a
    /// benchmark makes up have vectors of zeros.
    pub(super) fn of_batch(&self, batch: &Batch, device: &Device) -> Option<Tensor<4>> {
        let pictures = batch.b.shape()[0];
        if !self.are_vectors {
            return self.one_hot(&self.of_pictures(&batch.names, pictures), device);
        }
        Some(match &batch.features {
            Some(vectors) => Tensor::from_data(vectors.clone(), device),
            None => Tensor::zeros([pictures, self.count, 1, 1], device),
        })
    }

    /// The places of the classes of `count` pictures with these names. Pictures that a benchmark makes up have none, and are of the
    /// first class.
    fn of_pictures(&self, names: &[String], count: usize) -> Vec<usize> {
        let place = |index: usize| {
            let class = names.get(index).and_then(|name| class_of(name));
            class.and_then(|class| self.place(class)).unwrap_or(0)
        };
        (0..count).map(place).collect()
    }

    /// One channel for each class, 1 in that of the picture's class and 0 in the others, `[batch, classes, 1, 1]`; none where networks
    /// are told no classes.
    pub(super) fn one_hot(&self, places: &[usize], device: &Device) -> Option<Tensor<4>> {
        if self.count == 0 {
            return None;
        }
        let mut values = vec![0.0f32; places.len() * self.count];
        for (picture, place) in places.iter().enumerate() {
            values[picture * self.count + place] = 1.0;
        }
        let shape = [places.len(), self.count, 1, 1];
        Some(Tensor::from_data(TensorData::new(values, shape), device))
    }
}

/// `input`, `[batch, channels, height, width]`, behind the channels of `classes`, `[batch, classes, 1, 1]`, where there are any, the same
/// in all places.
pub(super) fn with_classes(classes: Option<&Tensor<4>>, input: Tensor<4>) -> Tensor<4> {
    let Some(classes) = classes else {
        return input;
    };
    let [batch, _, height, width] = input.dims();
    let count = classes.dims()[1];
    let everywhere = classes.clone().expand([batch, count, height, width]);
    Tensor::cat(vec![everywhere, input], 1)
}
