//! Reading and making Flex tensors of `f32`.

use std::borrow::Cow;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{DType, Tensor, TensorData};

/// Returns the tensor with its elements in order in a buffer that holds nothing else; the same buffer if it already is.
pub(super) fn contiguous(tensor: &FloatTensor<Flex>) -> FloatTensor<Flex> {
    tensor.to_contiguous()
}

/// The elements of a tensor that [`contiguous`] returned.
pub(super) fn values(tensor: &FloatTensor<Flex>) -> &[f32] {
    tensor.storage::<f32>()
}

/// The planes of a batch of pictures, which need not be adjacent: in rows of a larger picture they are not.
pub(super) struct Planes<'a> {
    tensor: Cow<'a, FloatTensor<Flex>>,
    /// Elements from one picture to the next, and from one channel to the next.
    strides: [usize; 2],
    pixels: usize,
}

impl<'a> Planes<'a> {
    /// The planes of a tensor of four dimensions. Copies nothing if the rows of each plane are contiguous.
    pub(super) fn new(tensor: &'a FloatTensor<Flex>) -> Self {
        let [_, _, height, width] = dims(tensor);
        let [picture, channel, row, column] = strides(tensor);
        let in_order = (height == 1 || row == width as isize)
            && (width == 1 || column == 1)
            && picture >= 0
            && channel >= 0;
        let tensor = if in_order {
            Cow::Borrowed(tensor)
        } else {
            Cow::Owned(contiguous(tensor))
        };
        let [picture, channel, ..] = strides(&tensor);
        Self {
            tensor,
            strides: [picture as usize, channel as usize],
            pixels: height * width,
        }
    }

    /// One channel of one picture.
    pub(super) fn plane(&self, picture: usize, channel: usize) -> &[f32] {
        let start = self.tensor.layout().start_offset()
            + picture * self.strides[0]
            + channel * self.strides[1];
        &values(&self.tensor)[start..start + self.pixels]
    }
}

fn strides(tensor: &FloatTensor<Flex>) -> [isize; 4] {
    let strides = tensor.layout().strides();
    [strides[0], strides[1], strides[2], strides[3]]
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

/// The tensor of this backend that a tensor without automatic differentiation is, if it is one of `f32`.
pub(super) fn plain_primitive(tensor: Tensor<4>) -> Option<FloatTensor<Flex>> {
    (tensor.dtype() == DType::F32).then(|| tensor.try_into_primitive::<Flex>().ok())?
}

/// Whether a tensor is one of [`plain_primitive`].
pub(in crate::kernels) fn is_plain(tensor: &Tensor<4>) -> bool {
    plain_primitive(tensor.clone()).is_some()
}
