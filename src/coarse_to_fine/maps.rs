//! From label and instance maps to the input of the networks.

use burn::tensor::{Device, Tensor, TensorData};

/// One-hot encodes a label map: one channel per class, 1 at the pixels of the class and 0 elsewhere.
///
/// `labels` are class ids, `[batch, 1, height, width]`; the result is `[batch, classes, height, width]`. A pixel whose id is not below
/// `classes` is 0 in all channels.
pub fn one_hot(labels: Tensor<4>, classes: usize) -> Tensor<4> {
    let [batch, _, height, width] = labels.dims();
    let shape = [batch, classes, height, width];
    let ids: Vec<f32> = (0..classes).map(|class| class as f32).collect();
    let ids = TensorData::new(ids, [1, classes, 1, 1]);
    let ids = Tensor::<4>::from_data(ids, &labels.device()).expand(shape);
    labels.expand(shape).equal(ids).float()
}

/// The boundary map of the paper: 1 where a pixel belongs to another instance than a neighbour beside, above or below it, on both
/// sides of the boundary, and 0 elsewhere.
///
/// `instances` are ids, `[batch, 1, height, width]`, and so is the result.
pub fn instance_boundaries(instances: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = instances.dims();
    // Where the neighbour after a pixel differs, in one direction.
    let differ = |dimension: usize, size: usize| {
        let after = instances.clone().narrow(dimension, 1, size - 1);
        let before = instances.clone().narrow(dimension, 0, size - 1);
        after.not_equal(before).float()
    };
    let mut boundaries = instances.zeros_like();
    if width > 1 {
        let border = differ(3, width);
        let left = border.clone().pad((0, 1, 0, 0), 0.0);
        let right = border.pad((1, 0, 0, 0), 0.0);
        boundaries = boundaries.max_pair(left.max_pair(right));
    }
    if height > 1 {
        let border = differ(2, height);
        let above = border.clone().pad((0, 0, 0, 1), 0.0);
        let below = border.pad((0, 0, 1, 0), 0.0);
        boundaries = boundaries.max_pair(above.max_pair(below));
    }
    boundaries
}

/// The condition of generator and discriminator: the one-hot label map, or a picture if there are no `classes`, and the
/// boundaries of instances if these are given.
///
/// `input` is `[batch, 1, height, width]` of class ids, or `[batch, channels, height, width]` in [-1, 1]; `instances` is
/// `[batch, 1, height, width]` of ids. The result lies on `device`.
pub fn build_condition(
    input: TensorData,
    instances: Option<TensorData>,
    classes: usize,
    device: &Device,
) -> Tensor<4> {
    let input = Tensor::<4>::from_data(input, device);
    let input = if classes > 0 {
        one_hot(input, classes)
    } else {
        input
    };
    match instances {
        Some(instances) => {
            let boundaries = instance_boundaries(Tensor::from_data(instances, device));
            Tensor::cat(vec![input, boundaries], 1)
        }
        None => input,
    }
}

/// Colours a label map for display, `[batch, 3, height, width]` in [-1, 1], with the palette of the PASCAL VOC challenge.
pub fn class_colours(labels: &TensorData) -> TensorData {
    let [batch, height, width] = [labels.shape()[0], labels.shape()[2], labels.shape()[3]];
    let ids = labels.as_slice::<f32>().unwrap_or_default();
    let plane = height * width;
    let mut values = vec![0.0; ids.len() * 3];
    for (position, &id) in ids.iter().enumerate() {
        let (picture, pixel) = (position / plane, position % plane);
        for (channel, level) in colour(id as usize).into_iter().enumerate() {
            values[(picture * 3 + channel) * plane + pixel] = f32::from(level) / 127.5 - 1.0;
        }
    }
    TensorData::new(values, [batch, 3, height, width])
}

/// Bits 0, 1, 2 of the class are the highest bits of red, green, blue; bits 3, 4, 5 the next, and so on.
fn colour(class: usize) -> [u8; 3] {
    let mut colour = [0u8; 3];
    for position in 0..8 {
        for (channel, level) in colour.iter_mut().enumerate() {
            let bit = (class >> (3 * position + channel)) & 1;
            *level |= (bit as u8) << (7 - position);
        }
    }
    colour
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(ids: &[f32], height: usize, width: usize) -> Tensor<4> {
        let count = ids.len() / (height * width);
        let data = TensorData::new(ids.to_vec(), [count, 1, height, width]);
        Tensor::from_data(data, &Device::flex())
    }

    fn values(tensor: Tensor<4>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    #[test]
    fn each_class_gets_its_channel() {
        let hot = one_hot(map(&[0.0, 2.0, 1.0, 2.0, 0.0, 0.0, 0.0, 1.0], 2, 2), 3);
        assert_eq!(hot.dims(), [2, 3, 2, 2]);
        let expected = [
            [1, 0, 0, 0],
            [0, 0, 1, 0],
            [0, 1, 0, 1],
            [1, 1, 1, 0],
            [0, 0, 0, 1],
            [0, 0, 0, 0],
        ];
        let expected: Vec<f32> = expected
            .concat()
            .into_iter()
            .map(|one| one as f32)
            .collect();
        assert_eq!(values(hot), expected);
    }

    #[test]
    fn both_sides_of_a_border_are_edges() {
        let ids = [
            7.0, 7.0, 9.0, 9.0, //
            7.0, 7.0, 9.0, 9.0, //
            7.0, 7.0, 7.0, 7.0, //
            26_001.0, 7.0, 7.0, 7.0,
        ];
        let expected = [
            0.0, 1.0, 1.0, 0.0, //
            0.0, 1.0, 1.0, 1.0, //
            1.0, 0.0, 1.0, 1.0, //
            1.0, 1.0, 0.0, 0.0,
        ];
        assert_eq!(values(instance_boundaries(map(&ids, 4, 4))), expected);
        assert_eq!(values(instance_boundaries(map(&[3.0], 1, 1))), [0.0]);
        assert_eq!(
            values(instance_boundaries(map(&[3.0, 4.0, 4.0], 1, 3))),
            [1.0, 1.0, 0.0]
        );
    }

    #[test]
    fn colours_of_the_first_classes_differ() {
        assert_eq!(colour(0), [0, 0, 0]);
        assert_eq!(colour(1), [128, 0, 0]);
        assert_eq!(colour(6), [0, 128, 128]);
        assert_eq!(colour(8), [64, 0, 0]);
        let mut all: Vec<_> = (0..256).map(colour).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 256);
    }
}
