//! Convolutions that scale, activate, join and pad rows while they round them.

use burn::backend::Flex;
use burn::tensor::{Tensor, TensorData};

use super::bfloat16::{self, Channel};
use super::geometry::Geometry;
use super::packed;
use super::products::Products;
use super::rows::{Part, parts, pieces, planes};
use super::values::contiguous;
use crate::kernels::ConvolutionShape;
use crate::kernels::row_source::{RowPadding, RowSource};

/// `kernels::convolution_of_rows`, in bfloat16 of one picture, where this processor gains by it.
pub(in crate::kernels) fn convolution_of_rows(
    sources: &[RowSource],
    border: RowPadding,
    weight: &Tensor<4>,
    bias: Option<&Tensor<1>>,
    shape: ConvolutionShape,
) -> Option<Tensor<4>> {
    let [batch, _, _, width] = sources[0].pieces[0].dims();
    let tensors = pieces(sources)?;
    let weights = contiguous(&weight.clone().try_into_primitive::<Flex>().ok()?);
    let channels = sources.iter().map(|source| source.pieces[0].dims()[1]);
    let height = sources[0].pieces.iter().map(|piece| piece.dims()[2]).sum();
    if !is_filled_while_packing(border, [height, width], shape) {
        return None;
    }
    let dims = [
        batch,
        channels.sum(),
        border.top + height + border.bottom,
        width + 2 * border.sides,
    ];
    let geometry = Geometry::new(dims, weight.dims(), shape);
    if batch > 1 || Products::of(&geometry, shape.precision) != Products::Half {
        return None;
    }
    let planes = planes(&tensors);
    let parts = parts(sources, &planes);
    let first_rows = parts[0].first_rows()?;
    if parts
        .iter()
        .any(|part| part.first_rows() != Some(first_rows))
    {
        return None;
    }
    let channels: Vec<Channel<'_>> = parts.iter().flat_map(Part::channels).collect();
    let bias: Vec<f32> = bias.map_or_else(Vec::new, |bias| {
        bias.clone().into_data().iter::<f32>().collect()
    });
    let weight = packed::weight(&weights);
    let channels = (&channels[..], first_rows);
    let output = bfloat16::forward_of_channels(&geometry, channels, border, weight, &bias);
    let data = TensorData::new(output, geometry.output_dims());
    Some(Tensor::from_data(data, &sources[0].pieces[0].device()))
}

/// Whether the border around rows of this size is one that can be filled while cells are packed.
fn is_filled_while_packing(border: RowPadding, size: [usize; 2], shape: ConvolutionShape) -> bool {
    let [height, width] = size;
    let can_mirror =
        shape.stride == 1 && height > border.top.max(border.bottom) && width > border.sides;
    border == RowPadding::default() || shape.padding == 0 && (can_mirror || !border.mirrored)
}
