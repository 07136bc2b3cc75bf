//! The classes that networks are told.

use burn::tensor::{Device, Tensor, TensorData};

use crate::config::{Condition, Recipe};
use crate::data::class_of;

/// The classes of a recipe in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    names: Vec<String>,
    count: usize,
}

impl Classes {
    /// Those that the networks of `recipe` are told; none where they are told none.
    pub fn new(recipe: &Recipe) -> Self {
        let names = match recipe.generator.condition {
            Condition::None => Vec::new(),
            Condition::Concat | Condition::Projection | Condition::Auxiliary => {
                recipe.data.class_names.clone()
            }
        };
        Self {
            names,
            count: recipe.class_count(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of the class of this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// The places of the classes of `count` pictures with these names. Pictures that a benchmark makes up have none, and are of the
    /// first class.
    pub(super) fn of_pictures(&self, names: &[String], count: usize) -> Vec<usize> {
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
