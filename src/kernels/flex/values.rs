//! Reading and making Flex tensors of `f32`.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::TensorData;

/// The tensor with its elements in order in a buffer that holds nothing else; the same buffer where it is so already.
pub(super) fn contiguous(tensor: &FloatTensor<Flex>) -> FloatTensor<Flex> {
    tensor.to_contiguous()
}

/// The elements of a tensor that [`contiguous`] returned.
pub(super) fn values(tensor: &FloatTensor<Flex>) -> &[f32] {
    tensor.storage::<f32>()
}

/// A tensor of these elements.
pub(super) fn tensor<const D: usize>(values: Vec<f32>, dims: [usize; D]) -> FloatTensor<Flex> {
    FloatTensor::<Flex>::from_data(TensorData::new(values, dims))
}

/// The four dimensions of a batch of pictures or of a convolution's weight.
pub(super) fn dims(tensor: &FloatTensor<Flex>) -> [usize; 4] {
    let shape = tensor.layout().shape();
    [shape[0], shape[1], shape[2], shape[3]]
}
