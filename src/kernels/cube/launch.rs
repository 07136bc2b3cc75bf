//! What the launches of all kernels share.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;

/// The shape of a tensor of four dimensions.
pub(super) fn dims(tensor: &CubeTensor) -> [usize; 4] {
    let shape = tensor.meta.shape();
    [shape[0], shape[1], shape[2], shape[3]]
}

/// The tensor with its elements one after the other.
pub(super) fn contiguous(tensor: CubeTensor) -> CubeTensor {
    into_contiguous(tensor)
}

/// A tensor of this shape on the device of `like`, whose elements are not set.
pub(super) fn empty(like: &CubeTensor, shape: &[usize]) -> CubeTensor {
    empty_device_contiguous_dtype(
        like.client.clone(),
        like.device.clone(),
        shape.to_vec().into(),
        like.dtype,
    )
}

/// How many units work on a kernel that has one for each element of `output`.
pub(super) fn elementwise(output: &CubeTensor) -> (CubeCount, CubeDim) {
    let elements = output.meta.num_elements();
    let dim = CubeDim::new(&output.client, elements);
    let count = calculate_cube_count_elemwise(&output.client, elements, dim);
    (count, dim)
}
