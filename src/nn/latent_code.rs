//! Latent codes: numbers that tell one look of a picture from another.

use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Draws `count` numbers of codes from the normal distribution.
pub fn draw_code(count: usize, rng: &mut impl Rng) -> Vec<f32> {
    let draws = (0..count).map(|_| StandardNormal.sample(rng));
    draws.collect()
}

/// Codes that were [drawn](draw_code), as `[batch, length]` on `device`.
pub fn code_tensor(values: Vec<f32>, length: usize, device: &Device) -> Tensor<2> {
    let count = values.len() / length.max(1);
    Tensor::from_data(TensorData::new(values, [count, length]), device)
}

/// Joins `codes`, `[batch, length]` or one for all, `[1, length]`, to `pictures`, `[batch, channels, height, width]`: each number
/// becomes a channel of its own, the same in all places.
pub fn with_code(pictures: Tensor<4>, codes: Tensor<2>) -> Tensor<4> {
    let [batch, _, height, width] = pictures.dims();
    let [count, length] = codes.dims();
    let planes = codes.reshape([count, length, 1, 1]);
    Tensor::cat(
        vec![pictures, planes.expand([batch, length, height, width])],
        1,
    )
}

/// The planes of the code at half the height and width, `[batch, length, height / 2, width / 2]`: the last channels of `input`, which
/// are the same in all places.
pub(super) fn code_at_half(input: Tensor<4>, length: usize) -> Tensor<4> {
    let [_, channels, height, width] = input.dims();
    let planes = input.narrow(1, channels - length, length);
    planes.narrow(2, 0, height / 2).narrow(3, 0, width / 2)
}

/// A code on the way from `from` to `to`, at the share `share` of it: along the great circle between their directions, on which codes
/// stay as long as those of the normal distribution are (the straight way comes near zero, where few are). Shoemake, "Animating
/// Rotation with Quaternion Curves", 1985.
pub fn code_between(from: &[f32], to: &[f32], share: f32) -> Vec<f32> {
    let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let lengths = (dot(from, from) * dot(to, to)).sqrt();
    let angle = (dot(from, to) / lengths).clamp(-1.0, 1.0).acos();
    let sine = angle.sin();
    // Codes of one direction, or of opposite ones, have no circle of their own.
    let [kept, taken] = if sine.is_nan() || sine < 1e-4 {
        [1.0 - share, share]
    } else {
        [
            ((1.0 - share) * angle).sin() / sine,
            (share * angle).sin() / sine,
        ]
    };
    let pairs = from.iter().zip(to);
    pairs.map(|(from, to)| from * kept + to * taken).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_between_codes_keeps_their_length_and_ends_at_both() {
        let (from, to) = ([3.0, 0.0, 0.0], [0.0, 0.0, 3.0]);
        for (share, expected) in [
            (0.0, [3.0, 0.0, 0.0]),
            (1.0, [0.0, 0.0, 3.0]),
            (0.5, [3.0 * 0.5f32.sqrt(), 0.0, 3.0 * 0.5f32.sqrt()]),
        ] {
            for (got, wanted) in code_between(&from, &to, share).iter().zip(expected) {
                assert!((got - wanted).abs() < 1e-6, "{share}: {got} for {wanted}");
            }
        }
        // Without an angle between them: the straight way.
        assert_eq!(code_between(&[1.0, 0.0], &[3.0, 0.0], 0.5), [2.0, 0.0]);
        assert_eq!(code_between(&[0.0, 0.0], &[1.0, 1.0], 0.5), [0.5, 0.5]);
    }
}
