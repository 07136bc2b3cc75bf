//! A smooth continuation of a picture into its holes.

use burn::tensor::Tensor;
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;

use crate::nn::doubled;

/// How often the holes are averaged at each size.
pub(crate) const ROUNDS: usize = 6;

/// Fills the holes of `picture`, `[batch, channels, height, width]`, where `mask`, `[batch, 1, height, width]`, is 1, with a smooth
/// continuation of what is around them: nearly a membrane that is held by it. What is in the holes does not count.
///
/// The picture is halved `levels` times, and height and width must be multiples of 2^`levels`. From the smallest size on, what has no
/// known pixel gets what is there at half the size, and then the means of 3 x 3.
pub fn continued(picture: Tensor<4>, mask: Tensor<4>, levels: usize) -> Tensor<4> {
    let known = -mask + 1.0;
    level(picture * known.clone(), known, levels)
}

/// The same of sums of known pixels, and of their share.
fn level(sum: Tensor<4>, share: Tensor<4>, levels: usize) -> Tensor<4> {
    let guess = if levels == 0 {
        mean(sum.clone(), share.clone())
    } else {
        doubled(level(half(sum.clone()), half(share.clone()), levels - 1))
    };
    let hole = -share.clone().ceil() + 1.0;
    let known = sum / (share + hole.clone());
    let mut filled = known.clone() + guess * hole.clone();
    // The mean of those that lie inside, in the holes alone.
    let [_, _, height, width] = hole.dims();
    let weight = hole / sum_of_nine(Tensor::ones([1, 1, height, width], &known.device()));
    for _ in 0..ROUNDS {
        filled = known.clone() + sum_of_nine(filled) * weight.clone();
    }
    filled
}

/// The mean of all known pixels, `[batch, channels, 1, 1]`; 0 where there are none.
fn mean(sum: Tensor<4>, share: Tensor<4>) -> Tensor<4> {
    let share = share.mean_dim(2).mean_dim(3);
    let none = -share.clone().ceil() + 1.0;
    sum.mean_dim(2).mean_dim(3) / (share + none)
}

fn half(input: Tensor<4>) -> Tensor<4> {
    avg_pool2d(input, AvgPoolOptions::new([2, 2]).with_stride([2, 2]))
}

/// For each pixel the sum of the 3 x 3 around it that lie inside.
fn sum_of_nine(input: Tensor<4>) -> Tensor<4> {
    // Sums of shifted tensors: pooling, which is written for any size, takes several times as long.
    let [_, _, height, width] = input.dims();
    let padded = input.pad((1, 1, 1, 1), 0.0);
    let shifted =
        |tensor: &Tensor<4>, dim, start, length| tensor.clone().narrow(dim, start, length);
    let rows = |start| shifted(&padded, 2, start, height);
    let rows = rows(0) + rows(1) + rows(2);
    let columns = |start| shifted(&rows, 3, start, width);
    columns(0) + columns(1) + columns(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution, TensorData};

    fn square(side: usize, value: impl Fn(usize, usize) -> f32) -> Tensor<4> {
        let values = (0..side * side).map(|place| value(place % side, place / side));
        let data = TensorData::new(values.collect::<Vec<f32>>(), [1, 1, side, side]);
        Tensor::from_data(data, &Device::default())
    }

    fn values(tensor: Tensor<4>) -> Vec<f32> {
        tensor.into_data().try_into_vec().unwrap()
    }

    #[test]
    fn ramps_go_on_through_holes() {
        let ramp = square(32, |x, y| (x as f32 + 2.0 * y as f32) / 48.0 - 1.0);
        let inside = |x: usize, y: usize| (10..22).contains(&x) && (8..20).contains(&y);
        let mask = square(32, |x, y| f32::from(u8::from(inside(x, y))));
        let hidden = ramp.clone() * (-mask.clone() + 1.0) + mask.clone() * 9.0;
        let filled = values(continued(hidden, mask, 5));
        let wanted = values(ramp);
        for (place, (filled, wanted)) in filled.iter().zip(&wanted).enumerate() {
            let allowed = if inside(place % 32, place / 32) {
                0.08
            } else {
                1e-6
            };
            assert!(
                (filled - wanted).abs() <= allowed,
                "{place}: {filled}, not {wanted}"
            );
        }
    }

    #[test]
    fn known_pixels_stay_and_holes_lie_between_them() {
        let device = Device::default();
        for (size, levels) in [([16, 32], 4), ([8, 24], 3), ([12, 4], 2)] {
            let [height, width] = size;
            let law = Distribution::Uniform(-1.0, 1.0);
            let picture = Tensor::<4>::random([2, 3, height, width], law, &device);
            let mask = Tensor::<4>::random([2, 1, height, width], law, &device);
            let mask = mask.greater_elem(-0.6).float();
            let filled = continued(picture.clone(), mask.clone(), levels);
            let known = -mask + 1.0;
            let apart = (filled.clone() - picture) * known;
            assert!(values(apart).iter().all(|value| value.abs() < 1e-6));
            assert!(values(filled).iter().all(|value| value.abs() <= 1.0 + 1e-6));
        }
    }

    #[test]
    fn nothing_known_is_grey() {
        let all = square(8, |_, _| 1.0);
        let filled = values(continued(square(8, |x, _| x as f32), all, 3));
        assert_eq!(filled, [0.0; 64]);
    }
}
