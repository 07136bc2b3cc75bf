//! The convolution, its input gradient and its weight gradient as sums over cells.
#![expect(
    unsafe_code,
    reason = "outputs are not cleared before they are written"
)]

use super::channel::{Channel, PIECES};
use super::correlation::{Correlation, Pass, Tap};
use super::grid::{Grid, WHOLE};
use super::halves::Halves;
use super::level::{Level, level};
use super::weight_gradient::Gradients;
use super::weights::{Weight, Weights};
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::geometry::Geometry;
use crate::kernels::flex::winograd;
use crate::kernels::row_source::RowPadding;
use crate::kernels::workers::RayonWorkers;

/// Whether this processor has the products, and gains by them.
///
/// Vectors multiply at best twice as many numbers of bfloat16 as of 32 bits; Winograd's filtering saves more than that.
pub(in crate::kernels::flex) fn is_applicable(geometry: &Geometry) -> bool {
    geometry.stride <= 2
        && match level() {
            Some(Level::Tiles) => true,
            Some(Level::Dots) => !winograd::is_applicable(geometry),
            None => false,
        }
}

/// Whether it is whatever the geometry, so that weights can be packed beforehand.
pub(in crate::kernels::flex) fn is_always_applicable() -> bool {
    level() == Some(Level::Tiles)
}

/// Packs a weight, `[outputs, inputs, kernel, kernel]` of a convolution or `[inputs, outputs, kernel, kernel]` of a transposed one, if its channels
/// fill tiles.
pub(in crate::kernels::flex) fn pack_weight(
    values: &[f32],
    dims: [usize; 4],
    is_transposed: bool,
) -> Option<Halves> {
    let [first, second, height, width] = dims;
    let taps = height * width;
    let (outputs, inputs, strides) = if is_transposed {
        (second, first, [taps, second * taps])
    } else {
        (first, second, [second * taps, taps])
    };
    let weights = Weights {
        weight: Weight::Plain(values),
        outputs,
        inputs,
        strides,
        taps,
    };
    weights.fills_tiles().then(|| weights.pack(RayonWorkers))
}

/// Computes the output, `[batch, outputs, height, width]`; `bias` may be empty.
pub(in crate::kernels::flex) fn forward(
    geometry: &Geometry,
    input: &[f32],
    weight: Weight<'_>,
    bias: &[f32],
) -> Vec<f32> {
    forward_at(stated_level(), geometry, input, weight, bias)
}

/// Computes the input gradient, `[batch, inputs, height, width]`, plus `bias` per input channel if it is not empty.
pub(in crate::kernels::flex) fn input_gradient(
    geometry: &Geometry,
    gradient: &[f32],
    weight: Weight<'_>,
    bias: &[f32],
) -> Vec<f32> {
    input_gradient_at(stated_level(), geometry, gradient, weight, bias)
}

/// Computes the gradient of the weight, `[outputs, inputs, kernel, kernel]`.
pub(in crate::kernels::flex) fn weight_gradient(
    geometry: &Geometry,
    input: &[f32],
    gradient: &[f32],
) -> Vec<f32> {
    weight_gradient_at(stated_level(), geometry, input, gradient)
}

#[expect(clippy::expect_used, reason = "callers ask first")]
fn stated_level() -> Level {
    level().expect("a convolution in bfloat16 was seen to be applicable")
}

pub(super) fn forward_at(
    level: Level,
    geometry: &Geometry,
    input: &[f32],
    weight: Weight<'_>,
    bias: &[f32],
) -> Vec<f32> {
    let channels = Channel::all(input, geometry.inputs, geometry.input_pixels());
    let border = RowPadding::default();
    forward_of(level, geometry, (&channels, WHOLE), border, weight, bias)
}

/// [`forward`] of `channels`, whose planes come in pieces that begin at these rows, and lack the `border` that is part of the input, if there is
/// one: of one picture, without padding, and where it is mirrored at stride 1.
pub(in crate::kernels::flex) fn forward_of_channels(
    geometry: &Geometry,
    channels: (&[Channel<'_>], [usize; PIECES]),
    border: RowPadding,
    weight: Weight<'_>,
    bias: &[f32],
) -> Vec<f32> {
    forward_of(stated_level(), geometry, channels, border, weight, bias)
}

fn forward_of(
    level: Level,
    geometry: &Geometry,
    (channels, pieces): (&[Channel<'_>], [usize; PIECES]),
    border: RowPadding,
    weight: Weight<'_>,
    bias: &[f32],
) -> Vec<f32> {
    let (size, mut phases) = input_phases(geometry);
    assert!(pieces == WHOLE || geometry.batch == 1);
    let RowPadding {
        top, bottom, sides, ..
    } = border;
    if border != RowPadding::default() {
        assert!(geometry.batch == 1 && geometry.padding_y == 0 && geometry.padding_x == 0);
        assert!(!border.mirrored || phases.len() == 1);
    }
    for phase in &mut phases {
        phase.offset[0] -= top as isize;
        phase.offset[1] -= sides as isize;
        phase.plane[0] -= top + bottom;
        phase.plane[1] -= 2 * sides;
        phase.pieces = pieces;
    }
    let taps = geometry.taps();
    let correlation = Correlation {
        phases,
        border,
        weights: Weights {
            weight,
            outputs: geometry.outputs,
            inputs: geometry.inputs,
            strides: [geometry.depth(), taps],
            taps,
        },
        bias,
        passes: vec![Pass {
            grid: output_grid(geometry, size),
            neighbours: vec![taps_of(geometry, size)],
        }],
    };
    let length = geometry.batch * geometry.outputs * geometry.output_pixels();
    // SAFETY: the cells of the only pass lead to all outputs.
    unsafe {
        DisjointSlices::fill_vec(length, |output| {
            correlation.run(level, channels, output, RayonWorkers);
        })
    }
}

pub(super) fn input_gradient_at(
    level: Level,
    geometry: &Geometry,
    gradient: &[f32],
    weight: Weight<'_>,
    bias: &[f32],
) -> Vec<f32> {
    let stride = geometry.stride;
    let kernel = [geometry.kernel_height, geometry.kernel_width];
    let padding = [geometry.padding_y, geometry.padding_x];
    let input = [geometry.input_height, geometry.input_width];
    let output = [geometry.output_height, geometry.output_width];
    // Taps that reach one row, and cells of zeros before the first row of the gradient.
    let reach = kernel.map(|kernel| kernel.div_ceil(stride));
    let size = [0, 1].map(|axis| (input[axis] - 1 + padding[axis]) / stride + reach[axis]);
    let cells =
        [0, 1].map(|axis| reach[axis] - 1..(reach[axis] - 1 + output[axis]).min(size[axis]));
    let border = reach.map(|reach| 1 - reach as isize);
    let source = Grid {
        batch: geometry.batch,
        size,
        cells,
        step: 1,
        offset: border,
        plane: output,
        pieces: WHOLE,
        channels: geometry.outputs,
    };
    let taps_of_phase = |y: usize, x: usize| {
        let rows = (y..kernel[0]).step_by(stride);
        let taps = rows.flat_map(|row| {
            let columns = (x..kernel[1]).step_by(stride);
            // Cell q of the output is reached by row q - tap of the gradient.
            columns.map(move |column| Tap {
                number: row * kernel[1] + column,
                phase: 0,
                shift: (reach[0] - 1 - row / stride) * size[1] + reach[1] - 1 - column / stride,
            })
        });
        taps.collect()
    };
    let passes = (0..stride)
        .map(|phase| {
            let rows = first_cell(padding[0], phase, stride)
                ..(input[0] - 1 + padding[0] + stride - phase) / stride;
            let offset = [phase as isize - padding[0] as isize, -(padding[1] as isize)];
            let columns = padding[1] / stride..(input[1] - 1 + padding[1]) / stride + 1;
            Pass {
                grid: Grid {
                    batch: geometry.batch,
                    size,
                    cells: [rows, columns],
                    step: stride,
                    offset,
                    plane: input,
                    pieces: WHOLE,
                    channels: geometry.inputs,
                },
                neighbours: (0..stride).map(|x| taps_of_phase(phase, x)).collect(),
            }
        })
        .collect();
    let correlation = Correlation {
        phases: vec![source],
        border: RowPadding::default(),
        weights: Weights {
            weight,
            outputs: geometry.inputs,
            inputs: geometry.outputs,
            strides: [geometry.taps(), geometry.depth()],
            taps: geometry.taps(),
        },
        bias,
        passes,
    };
    let channels = Channel::all(gradient, geometry.outputs, geometry.output_pixels());
    let length = geometry.batch * geometry.inputs * geometry.input_pixels();
    // SAFETY: the cells of the passes together lead to all pixels of the input.
    unsafe {
        DisjointSlices::fill_vec(length, |output| {
            correlation.run(level, &channels, output, RayonWorkers);
        })
    }
}

/// The first cell of a phase that leads to a row or column of the input.
fn first_cell(padding: usize, phase: usize, stride: usize) -> usize {
    padding.saturating_sub(phase).div_ceil(stride)
}

pub(super) fn weight_gradient_at(
    level: Level,
    geometry: &Geometry,
    input: &[f32],
    gradient: &[f32],
) -> Vec<f32> {
    let (size, phases) = input_phases(geometry);
    let gradients = Gradients {
        phases,
        output: output_grid(geometry, size),
        taps: taps_of(geometry, size),
    };
    gradients.run(level, input, gradient, RayonWorkers)
}

/// The phases of the padded input, `[row phase][column phase]`, and their size.
fn input_phases(geometry: &Geometry) -> ([usize; 2], Vec<Grid>) {
    let stride = geometry.stride;
    let size = [
        geometry.output_height + (geometry.kernel_height - 1) / stride,
        geometry.output_width + (geometry.kernel_width - 1) / stride,
    ];
    let phases = (0..stride * stride).map(|phase| Grid {
        batch: geometry.batch,
        size,
        cells: size.map(|size| 0..size),
        step: stride,
        offset: [
            (phase / stride) as isize - geometry.padding_y as isize,
            (phase % stride) as isize - geometry.padding_x as isize,
        ],
        plane: [geometry.input_height, geometry.input_width],
        pieces: WHOLE,
        channels: geometry.inputs,
    });
    (size, phases.collect())
}

/// The taps of the convolution, in order.
fn taps_of(geometry: &Geometry, size: [usize; 2]) -> Vec<Tap> {
    let stride = geometry.stride;
    let tap = |number: usize| {
        let row = number / geometry.kernel_width;
        let column = number % geometry.kernel_width;
        Tap {
            number,
            phase: row % stride * stride + column % stride,
            shift: row / stride * size[1] + column / stride,
        }
    };
    (0..geometry.taps()).map(tap).collect()
}

/// The grid whose first cells lead to the output.
fn output_grid(geometry: &Geometry, size: [usize; 2]) -> Grid {
    let plane = [geometry.output_height, geometry.output_width];
    Grid {
        batch: geometry.batch,
        size,
        cells: plane.map(|size| 0..size),
        step: 1,
        offset: [0; 2],
        plane,
        pieces: WHOLE,
        channels: geometry.outputs,
    }
}
