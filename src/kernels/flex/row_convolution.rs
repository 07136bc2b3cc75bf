//! Convolutions that scale, activate, join and mirror rows while they round them.

use burn::backend::Flex;
use burn::tensor::{Tensor, TensorData};

use super::bfloat16::{self, Channel};
use super::geometry::Geometry;
use super::packed;
use super::products::Products;
use super::rows::{Part, part};
use super::values::{contiguous, plain_primitive};
use crate::kernels::ConvolutionShape;
use crate::kernels::row_source::{RowPadding, RowSource};

/// `kernels::convolution_of_rows`, in bfloat16 of whole pictures, where this processor gains by it.
pub(in crate::kernels) fn convolution_of_rows(
    sources: &[RowSource],
    padding: RowPadding,
    weight: &Tensor<4>,
    bias: Option<&Tensor<1>>,
    shape: ConvolutionShape,
) -> Option<Tensor<4>> {
    let mirrored = mirrored(padding, shape)?;
    let tensor = |source: &RowSource| match source.pieces.as_slice() {
        [piece] => plain_primitive(piece.clone()).map(|piece| vec![piece]),
        _ => None,
    };
    let tensors = sources.iter().map(tensor).collect::<Option<Vec<_>>>()?;
    let weights = contiguous(&weight.clone().try_into_primitive::<Flex>().ok()?);
    let channels = sources.iter().map(|source| source.pieces[0].dims()[1]);
    let [batch, _, height, width] = sources[0].pieces[0].dims();
    let dims = [
        batch,
        channels.sum(),
        height + 2 * mirrored,
        width + 2 * mirrored,
    ];
    let geometry = Geometry::new(dims, weight.dims(), shape);
    if Products::of(&geometry, shape.precision) != Products::Half {
        return None;
    }
    let parts: Vec<Part<'_>> = sources
        .iter()
        .zip(&tensors)
        .map(|(source, tensors)| part(source, tensors))
        .collect();
    let channels: Vec<Channel<'_>> = parts.iter().flat_map(Part::channels).collect();
    let bias: Vec<f32> = bias.map_or_else(Vec::new, |bias| {
        bias.clone().into_data().iter::<f32>().collect()
    });
    let weight = packed::weight(&weights);
    let output = bfloat16::forward_of_channels(&geometry, &channels, mirrored, weight, &bias);
    let data = TensorData::new(output, geometry.output_dims());
    Some(Tensor::from_data(data, &sources[0].pieces[0].device()))
}

/// The rows and columns that are mirrored on all sides, if the padding is one of those that can be filled while cells are packed.
fn mirrored(padding: RowPadding, shape: ConvolutionShape) -> Option<usize> {
    let is_even = [padding.top, padding.bottom] == [padding.sides; 2];
    match padding.sides {
        _ if padding == RowPadding::default() => Some(0),
        sides if is_even && padding.mirrored && shape.stride == 1 && shape.padding == 0 => {
            Some(sides)
        }
        _ => None,
    }
}
