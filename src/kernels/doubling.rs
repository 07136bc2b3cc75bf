//! Doubling of height and width by interpolation.

use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};

/// Height and width doubled: the weights 1 3 3 1 in each direction, with the outermost pixels repeated at the border.
/// `input` is `[batch, channels, height, width]`.
pub fn double_bilinear(input: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "wgpu")]
    if is_on_graphics_adapter(&input) {
        // Burn's own has no gradient there.
        return [2, 3].into_iter().fold(input, double_along);
    }
    let [_, _, height, width] = input.dims();
    // Each new pixel lies a quarter of a pixel from the nearest old one: 3/4 of that and 1/4 of the next.
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(false)
        .with_output_size([2 * height, 2 * width]);
    interpolate(input, options)
}

#[cfg(feature = "wgpu")]
fn is_on_graphics_adapter(tensor: &Tensor<4>) -> bool {
    use burn::backend::DispatchDevice;

    matches!(
        tensor.device().inner().as_dispatch(),
        DispatchDevice::Cube(_)
    )
}

/// The same in one direction, by ordinary operations.
#[cfg(any(feature = "wgpu", test))]
fn double_along(input: Tensor<4>, dim: usize) -> Tensor<4> {
    let mut shape = input.dims();
    let size = shape[dim];
    let part = |start, length| input.clone().narrow(dim, start, length);
    let (before, after) = if size > 1 {
        (
            Tensor::cat(vec![part(0, 1), part(0, size - 1)], dim),
            Tensor::cat(vec![part(1, size - 1), part(size - 1, 1)], dim),
        )
    } else {
        (input.clone(), input.clone())
    };
    let near = input * 0.75;
    let pair = vec![near.clone() + before * 0.25, near + after * 0.25];
    shape[dim] = 2 * size;
    Tensor::stack::<5>(pair, dim + 1).reshape(shape)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, Tolerance};

    use super::*;

    #[test]
    fn both_ways_are_the_same() {
        let device = Device::flex();
        for shape in [[1, 1, 1, 1], [2, 3, 1, 4], [1, 2, 5, 3]] {
            let input = Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
            let wanted = double_bilinear(input.clone()).into_data();
            let found = [2, 3].into_iter().fold(input, double_along).into_data();
            found.assert_approx_eq(&wanted, Tolerance::<f32>::absolute(1e-6));
        }
    }
}
