//! The convolution, its input gradient and its weight gradient as sums over cells.
#![expect(
    unsafe_code,
    reason = "outputs are not cleared before they are written"
)]

use super::correlation::{Correlation, Pass, Taps};
use super::grid::Grid;
use super::level::{Level, level};
use super::weight_gradient::Gradients;
use super::weights::Weights;
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::geometry::Geometry;
use crate::kernels::flex::winograd;
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

/// Computes the output, `[batch, outputs, height, width]`; `bias` may be empty.
pub(in crate::kernels::flex) fn forward(
    geometry: &Geometry,
    input: &[f32],
    weight: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    forward_at(stated_level(), geometry, input, weight, bias)
}

/// Computes the input gradient, `[batch, inputs, height, width]`, plus `bias` per input channel if it is not empty.
pub(in crate::kernels::flex) fn input_gradient(
    geometry: &Geometry,
    gradient: &[f32],
    weight: &[f32],
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
    weight: &[f32],
    bias: &[f32],
) -> Vec<f32> {
    let (size, phases) = input_phases(geometry);
    let taps = geometry.taps();
    let correlation = Correlation {
        phases,
        weights: Weights {
            values: weight,
            outputs: geometry.outputs,
            inputs: geometry.inputs,
            strides: [geometry.depth(), taps],
            places: (0..taps).collect(),
        },
        bias,
        passes: vec![Pass {
            grid: output_grid(geometry, size),
            neighbours: vec![Taps {
                first: 0,
                shifts: (0..taps).map(|tap| shift(geometry, size, tap)).collect(),
            }],
        }],
    };
    let length = geometry.batch * geometry.outputs * geometry.output_pixels();
    // SAFETY: the cells of the only pass lead to all outputs.
    unsafe {
        DisjointSlices::fill_vec(length, |output| {
            correlation.run(level, input, output, RayonWorkers);
        })
    }
}

pub(super) fn input_gradient_at(
    level: Level,
    geometry: &Geometry,
    gradient: &[f32],
    weight: &[f32],
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
        channels: geometry.outputs,
    };
    // The taps of each phase follow each other.
    let phases: Vec<[usize; 2]> = (0..stride * stride)
        .map(|phase| [phase / stride, phase % stride])
        .collect();
    let mut places = vec![0; geometry.taps()];
    let mut taken = 0;
    let mut taps_of = |[y, x]: [usize; 2]| {
        let first = taken;
        let mut shifts = Vec::new();
        for row in (y..kernel[0]).step_by(stride) {
            for column in (x..kernel[1]).step_by(stride) {
                places[row * kernel[1] + column] = taken;
                taken += 1;
                // Cell q of the gradient is row q - tap of it.
                let [row, column] =
                    [[row, y], [column, x]].map(|[tap, phase]| (tap - phase) / stride);
                shifts.push((0, (reach[0] - 1 - row) * size[1] + reach[1] - 1 - column));
            }
        }
        Taps { first, shifts }
    };
    let taps: Vec<Taps> = phases.into_iter().map(&mut taps_of).collect();
    let mut taps = taps.into_iter();
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
                    channels: geometry.inputs,
                },
                neighbours: taps.by_ref().take(stride).collect(),
            }
        })
        .collect();
    let correlation = Correlation {
        phases: vec![source],
        weights: Weights {
            values: weight,
            outputs: geometry.inputs,
            inputs: geometry.outputs,
            strides: [geometry.taps(), geometry.depth()],
            places,
        },
        bias,
        passes,
    };
    let length = geometry.batch * geometry.inputs * geometry.input_pixels();
    // SAFETY: the cells of the passes together lead to all pixels of the input.
    unsafe {
        DisjointSlices::fill_vec(length, |output| {
            correlation.run(level, gradient, output, RayonWorkers);
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
        shifts: (0..geometry.taps())
            .map(|tap| shift(geometry, size, tap))
            .collect(),
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
        channels: geometry.inputs,
    });
    (size, phases.collect())
}

/// Phase of the input, and the cells to add, of a tap.
fn shift(geometry: &Geometry, size: [usize; 2], tap: usize) -> (usize, usize) {
    let stride = geometry.stride;
    let (row, column) = (tap / geometry.kernel_width, tap % geometry.kernel_width);
    let phase = row % stride * stride + column % stride;
    (phase, row / stride * size[1] + column / stride)
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
        channels: geometry.outputs,
    }
}
