//! Instances: groups of pixels that belong to one object.

use std::collections::BTreeMap;

use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};

/// Ids from here on combine a class and a number within it; ids below are classes.
const NUMBERED: usize = 1000;

/// The class of the instance with this id, in the numbering of Cityscapes: `class * 1000 + number`, or the class itself if single
/// objects are not distinguished.
pub fn class_of(id: usize) -> usize {
    if id < NUMBERED { id } else { id / NUMBERED }
}

/// The instances of a batch of instance maps.
#[derive(Debug, Clone)]
pub struct Instances {
    /// For each pixel of the batch, row by row, the index of its instance. One id in two maps is two instances.
    indices: Vec<i32>,
    /// Id and number of pixels of each instance.
    entries: Vec<(usize, usize)>,
    /// Whether ids are classes.
    are_classes: bool,
}

impl Instances {
    /// Finds the instances of `maps`: ids, `[batch, 1, height, width]`.
    pub fn new(maps: &TensorData) -> Self {
        let shape = maps.shape();
        let plane = (shape[2] * shape[3]).max(1);
        let ids = maps.as_slice::<f32>().unwrap_or_default();
        let mut instances = Self {
            indices: Vec::with_capacity(ids.len()),
            entries: Vec::new(),
            are_classes: false,
        };
        for map in ids.chunks(plane) {
            let mut index_by_id = BTreeMap::new();
            for &id in map {
                let id = id as usize;
                let index = *index_by_id.entry(id).or_insert_with(|| {
                    instances.entries.push((id, 0));
                    instances.entries.len() - 1
                });
                instances.entries[index].1 += 1;
                instances.indices.push(index as i32);
            }
        }
        instances
    }

    /// Takes the classes of label maps as instances: `labels` are class ids, `[batch, 1, height, width]`.
    pub fn from_classes(labels: &TensorData) -> Self {
        Self {
            are_classes: true,
            ..Self::new(labels)
        }
    }

    /// The class of the instance with this id.
    pub fn class(&self, id: usize) -> usize {
        if self.are_classes { id } else { class_of(id) }
    }

    /// Id and number of pixels of each instance, in the order of their first pixel.
    pub fn entries(&self) -> &[(usize, usize)] {
        &self.entries
    }

    /// Averages `features`, `[batch, channels, height, width]`, over the pixels of each instance.
    pub fn mean(&self, features: Tensor<4>) -> Tensor<4> {
        let [_, channels, _, _] = features.dims();
        let indices = self.indices(&features.device());
        let sums = Tensor::<2>::zeros([self.entries.len(), channels], &features.device());
        let (pixels, shape) = by_pixel(features);
        let sums = sums.select_assign(0, indices, pixels, IndexingUpdateOp::Add);
        let counts: Vec<f32> = self
            .entries
            .iter()
            .map(|(_, count)| *count as f32)
            .collect();
        let counts = TensorData::new(counts, [self.entries.len(), 1]);
        let means = sums.clone() / Tensor::from_data(counts, &sums.device());
        self.broadcast_to_pixels(means, shape)
    }

    /// Broadcasts `values`, `[instances, channels]`, to the pixels of each instance; `shape` is that of the result,
    /// `[batch, channels, height, width]`.
    pub fn broadcast_to_pixels(&self, values: Tensor<2>, shape: [usize; 4]) -> Tensor<4> {
        let [batch, _, height, width] = shape;
        let channels = values.dims()[1];
        let indices = self.indices(&values.device());
        values
            .select(0, indices)
            .reshape([batch, height, width, channels])
            .permute([0, 3, 1, 2])
    }

    /// The median pixel of each instance, counted row by row over the batch.
    pub fn median_pixels(&self) -> Vec<usize> {
        let mut counts = vec![0; self.entries.len()];
        let mut median_pixels = vec![0; self.entries.len()];
        for (pixel, &index) in self.indices.iter().enumerate() {
            let index = index as usize;
            if counts[index] == self.entries[index].1 / 2 {
                median_pixels[index] = pixel;
            }
            counts[index] += 1;
        }
        median_pixels
    }

    fn indices(&self, device: &Device) -> Tensor<1, Int> {
        let device = device.clone().inner();
        Tensor::from_data(
            TensorData::new(self.indices.clone(), [self.indices.len()]),
            &device,
        )
    }
}

/// Reshapes `[batch, channels, height, width]` to one row per pixel; returns also the shape.
fn by_pixel(features: Tensor<4>) -> (Tensor<2>, [usize; 4]) {
    let shape = features.dims();
    let [batch, channels, height, width] = shape;
    let pixels = features
        .permute([0, 2, 3, 1])
        .reshape([batch * height * width, channels]);
    (pixels, shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_come_from_ids_as_in_cityscapes() {
        assert_eq!(class_of(7), 7);
        assert_eq!(class_of(999), 999);
        assert_eq!(class_of(26_003), 26);
        let map = TensorData::new(vec![1007.0f32], [1, 1, 1, 1]);
        assert_eq!(Instances::new(&map).class(1007), 1);
        assert_eq!(Instances::from_classes(&map).class(1007), 1007);
    }

    #[test]
    fn features_are_averaged_over_each_instance_and_so_are_their_gradients() {
        let device = Device::flex().autodiff();
        // Two maps that share an id.
        let ids = vec![5.0f32, 5.0, 24_001.0, 5.0, 5.0, 5.0, 5.0, 24_001.0];
        let instances = Instances::new(&TensorData::new(ids, [2, 1, 2, 2]));
        assert_eq!(
            instances.entries(),
            [(5, 3), (24_001, 1), (5, 3), (24_001, 1)]
        );
        assert_eq!(instances.median_pixels(), [1, 2, 5, 7]);
        let values: Vec<f32> = (0..16).map(|value| value as f32).collect();
        let features =
            Tensor::<4>::from_data(TensorData::new(values, [2, 2, 2, 2]), &device).require_grad();
        let means = instances.mean(features.clone());
        let expected: Vec<f32> = [
            [4.0, 4.0, 6.0, 4.0],
            [16.0, 16.0, 18.0, 16.0],
            [27.0, 27.0, 27.0, 33.0],
            [39.0, 39.0, 39.0, 45.0],
        ]
        .concat()
        .into_iter()
        .map(|sum: f32| sum / 3.0)
        .collect();
        let got: Vec<f32> = means.clone().into_data().try_into_vec().unwrap();
        for (got, wanted) in got.iter().zip(&expected) {
            assert!((got - wanted).abs() < 1e-6, "{got} for {wanted}");
        }
        // The first pixel of the first map alone: its gradient is shared by its instance.
        let loss = means
            .narrow(0, 0, 1)
            .narrow(1, 0, 1)
            .narrow(2, 0, 1)
            .narrow(3, 0, 1);
        let gradients = loss.sum().backward();
        let gradient = features.grad(&gradients).unwrap().into_data();
        let gradient: Vec<f32> = gradient.try_into_vec().unwrap();
        let third = 1.0 / 3.0;
        let mut wanted = vec![0.0f32; 16];
        for pixel in [0, 1, 3] {
            wanted[pixel] = third;
        }
        for (got, wanted) in gradient.iter().zip(wanted) {
            assert!((got - wanted).abs() < 1e-6, "{gradient:?}");
        }
    }
}
