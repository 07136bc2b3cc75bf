//! The gradients of filters of three weights that halve the size.

use burn::tensor::Tensor;

/// Adds each of the `count` entries of `gradient` along `dim` to three places in a row, the first times `outer`, the middle one
/// times `inner`, the last times `outer`; those of the next entry begin two places further. `2 * count + 1` places.
pub(super) fn spread(gradient: Tensor<4>, dim: usize, [outer, inner]: [f64; 2]) -> Tensor<4> {
    let mut shape = gradient.dims();
    shape[dim] = 1;
    let none = Tensor::zeros(shape, &gradient.device().inner());
    // Between two entries both add to one place.
    let before = Tensor::cat(vec![none.clone(), gradient.clone()], dim);
    let after = Tensor::cat(vec![gradient.clone(), none.clone()], dim);
    let shared = (before + after) * outer;
    let middle = Tensor::cat(vec![gradient * inner, none], dim);
    let mut shape = shared.dims();
    let count = shape[dim];
    shape[dim] = 2 * count;
    let pairs: Tensor<5> = Tensor::stack(vec![shared, middle], dim + 1);
    pairs.reshape(shape).narrow(dim, 0, 2 * count - 1)
}

/// `gradient` with `size` entries along `dim` from `first` on; beyond those that it has they are zeros.
pub(super) fn window(gradient: Tensor<4>, dim: usize, first: usize, size: usize) -> Tensor<4> {
    let mut shape = gradient.dims();
    let has = (shape[dim] - first).min(size);
    let gradient = gradient.narrow(dim, first, has);
    if has == size {
        return gradient;
    }
    shape[dim] = size - has;
    let zeros = Tensor::zeros(shape, &gradient.device().inner());
    Tensor::cat(vec![gradient, zeros], dim)
}
