//! Padding by reflection, and its gradient.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{contiguous, dims, elementwise, empty};

/// Pads `input` by mirrored rows and columns: see `kernels::reflection_pad`.
pub(super) fn reflection_pad(input: CubeTensor, width: usize) -> CubeTensor {
    let input = contiguous(input);
    let [batch, channels, rows, columns] = dims(&input);
    let padded = [batch, channels, rows + 2 * width, columns + 2 * width];
    let output = empty(&input, &padded);
    let (count, dim) = elementwise(&output);
    let client = output.client.clone();
    pad_kernel::launch(
        &client,
        count,
        dim,
        input.into_tensor_arg(),
        output.clone().into_tensor_arg(),
        rows as u32,
        columns as u32,
        width as u32,
    );
    output
}

/// The gradient of [`reflection_pad`] with respect to its input.
pub(super) fn reflection_pad_gradient(gradient: CubeTensor, width: usize) -> CubeTensor {
    let gradient = contiguous(gradient);
    let [batch, channels, rows, columns] = dims(&gradient);
    let [rows, columns] = [rows, columns].map(|size| size - 2 * width);
    let result = empty(&gradient, &[batch, channels, rows, columns]);
    let (count, dim) = elementwise(&result);
    let client = result.client.clone();
    pad_gradient_kernel::launch(
        &client,
        count,
        dim,
        gradient.into_tensor_arg(),
        result.clone().into_tensor_arg(),
        rows as u32,
        columns as u32,
        width as u32,
    );
    result
}

/// Which of `size` rows or columns stands at `padded` of those with padding.
#[cube]
fn source(padded: u32, size: u32, width: u32) -> u32 {
    let inside = padded - width;
    let before = width - padded;
    let after = 2 * (size - 1) - inside;
    select(padded < width, before, select(inside < size, inside, after))
}

/// Where among rows or columns with padding the one at `position` stands: 0 is it itself, 1 its mirror image before the border,
/// 2 that behind; past the end if there is none.
#[cube]
fn image(position: u32, size: u32, width: u32, #[comptime] number: u32) -> u32 {
    let none = size + 2 * width;
    if number == 0 {
        position + width
    } else if number == 1 {
        select(position >= 1 && position <= width, width - position, none)
    } else {
        select(
            position + 1 < size && position + 1 + width >= size,
            2 * (size - 1) - position + width,
            none,
        )
    }
}

#[cube(launch)]
fn pad_kernel(input: &Tensor<f32>, output: &mut Tensor<f32>, rows: u32, columns: u32, width: u32) {
    let position = ABSOLUTE_POS;
    if position >= output.len() {
        terminate!();
    }
    let padded_columns = (columns + 2 * width) as usize;
    let padded_rows = (rows + 2 * width) as usize;
    let column = source((position % padded_columns) as u32, columns, width);
    let rest = position / padded_columns;
    let row = source((rest % padded_rows) as u32, rows, width);
    let plane = rest / padded_rows;
    output[position] =
        input[(plane * rows as usize + row as usize) * columns as usize + column as usize];
}

#[cube(launch)]
fn pad_gradient_kernel(
    gradient: &Tensor<f32>,
    result: &mut Tensor<f32>,
    rows: u32,
    columns: u32,
    width: u32,
) {
    let position = ABSOLUTE_POS;
    if position >= result.len() {
        terminate!();
    }
    let padded_columns = columns + 2 * width;
    let padded_rows = rows + 2 * width;
    let column = (position % columns as usize) as u32;
    let rest = position / columns as usize;
    let row = (rest % rows as usize) as u32;
    let plane = rest / rows as usize;
    let mut sum = 0.0f32;
    #[unroll]
    for vertical in 0..3u32 {
        let y = image(row, rows, width, vertical);
        if y < padded_rows {
            #[unroll]
            for horizontal in 0..3u32 {
                let x = image(column, columns, width, horizontal);
                if x < padded_columns {
                    sum += gradient[(plane * padded_rows as usize + y as usize)
                        * padded_columns as usize
                        + x as usize];
                }
            }
        }
    }
    result[position] = sum;
}
