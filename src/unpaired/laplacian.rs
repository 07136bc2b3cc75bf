//! Laplacian pyramids of pictures in training (Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983).

use burn::tensor::Tensor;
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;

use crate::kernels::reflection_pad;

/// The details of `pictures`, `[batch, channels, height, width]`, at sizes halved from their own, as long as both sides stay at
/// `min_side` or more; the last one is what remains. Their gradient reaches the pictures.
///
/// The levels are those of the metric `swd`.
pub(super) fn laplacian(pictures: Tensor<4>, min_side: usize) -> Vec<Tensor<4>> {
    let mut levels = Vec::new();
    let mut finest = pictures;
    loop {
        let [_, _, height, width] = finest.dims();
        if height.min(width) / 2 < min_side {
            levels.push(finest);
            return levels;
        }
        let half = halved(finest.clone());
        levels.push(finest - doubled(half.clone(), [height, width]));
        finest = half;
    }
}

/// Filtered, every second row and column.
fn halved(pictures: Tensor<4>) -> Tensor<4> {
    filtered(pictures, 2)
}

/// Spread to `height` x `width` with zeros between, then filtered, times four.
fn doubled(pictures: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
    let spread = with_zeros(with_zeros(pictures, 2, height), 3, width);
    filtered(spread, 1) * 4.0
}

/// A zero after each entry along `dim`, which has `size` then.
fn with_zeros(pictures: Tensor<4>, dim: usize, size: usize) -> Tensor<4> {
    let mut shape = pictures.dims();
    let zeros = Tensor::zeros(shape, &pictures.device());
    shape[dim] *= 2;
    let pairs: Tensor<5> = Tensor::stack(vec![pictures, zeros], dim + 1);
    pairs.reshape(shape).narrow(dim, 0, size)
}

/// The binomial filter 1 4 6 4 1 along both axes, of every `stride`-th row and column; beyond the border lies the mirror image,
/// without the border itself.
fn filtered(pictures: Tensor<4>, stride: usize) -> Tensor<4> {
    let mean = |pictures, stride| {
        let options = AvgPoolOptions::new([2, 2]).with_stride([stride, stride]);
        avg_pool2d(pictures, options)
    };
    // Four means of neighbours after each other have these weights.
    let pictures = (0..3).fold(reflection_pad(pictures, 2), |pictures, _| mean(pictures, 1));
    mean(pictures, stride)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, Tolerance};

    use super::*;

    #[test]
    fn levels_halve_and_add_up_to_the_picture() {
        let device = Device::flex();
        device.seed(3);
        let picture = Tensor::<4>::random([2, 3, 35, 32], Distribution::Default, &device);
        let mut levels = laplacian(picture.clone(), 8);
        let sizes: Vec<_> = levels.iter().map(Tensor::dims).collect();
        assert_eq!(sizes, [[2, 3, 35, 32], [2, 3, 18, 16], [2, 3, 9, 8]]);
        let mut sum = levels.pop().unwrap();
        while let Some(level) = levels.pop() {
            let [_, _, height, width] = level.dims();
            sum = level + doubled(sum, [height, width]);
        }
        let wanted = picture.into_data();
        sum.into_data()
            .assert_approx_eq(&wanted, Tolerance::<f32>::absolute(1e-5));
    }

    #[test]
    fn a_flat_picture_has_no_details() {
        let levels = laplacian(Tensor::full([1, 1, 32, 18], 0.5, &Device::flex()), 8);
        assert_eq!(levels.len(), 2);
        let most = levels[0].clone().abs().max().into_scalar::<f32>();
        assert!(most < 1e-6, "{most}");
        let rest = (levels[1].clone() - 0.5).abs().max().into_scalar::<f32>();
        assert!(rest < 1e-6, "{rest}");
    }
}
