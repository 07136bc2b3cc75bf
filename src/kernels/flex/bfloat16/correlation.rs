//! Convolutions of pictures of cells: forward, and from outputs to inputs.
#![expect(unsafe_code, reason = "threads write parts of one output")]

use std::arch::x86_64::*;
use std::ops::Range;

use super::grid::{Grid, Span};
use super::level::Level;
use super::pixels::Pixels;
use super::tiles::{Sums, Tiles};
use super::vectors::{LANES, in_turn, transpose};
use super::weights::Weights;
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::workers::Workers;

/// Tiles of pixels of one task: with the weights of 32 outputs they fit into a core's own cache.
const TASK_TILES: usize = 16;

/// Up to this many tiles of pixels, weights are rounded where they are multiplied, once each.
const FEW_TILES: usize = 16;

/// Least number of tasks, to keep the cores of a processor busy.
const TASKS: usize = 8;

/// A sum over taps of shifted cells times weights, for each of the outputs that the cells of some grids lead to.
pub(super) struct Correlation<'a> {
    /// Grids on the input, of the size of those on the output.
    pub(super) phases: Vec<Grid>,
    pub(super) weights: Weights<'a>,
    /// One number per output, or none.
    pub(super) bias: &'a [f32],
    pub(super) passes: Vec<Pass>,
}

/// Some rows of the output. Where its cells are two elements apart, each leads to two neighbours with taps of their own.
pub(super) struct Pass {
    pub(super) grid: Grid,
    /// For each of `grid.step` neighbours, its taps.
    pub(super) neighbours: Vec<Taps>,
}

/// Taps that follow each other in the order of products.
pub(super) struct Taps {
    /// Place of the first one.
    pub(super) first: usize,
    /// Phase of the input, and cells to add to that of the output, of each tap.
    pub(super) shifts: Vec<(usize, usize)>,
}

/// A tile of cells of a pass.
struct Job {
    pass: usize,
    cells: Range<usize>,
}

impl Correlation<'_> {
    /// Computes all outputs into `output`, the planes of the passes' grids.
    ///
    /// # Safety
    /// Nobody else reads or writes the output meanwhile.
    pub(super) unsafe fn run(
        &self,
        level: Level,
        input: &[f32],
        output: DisjointSlices<'_>,
        workers: impl Workers,
    ) {
        let shifts = self.passes.iter().flat_map(|pass| &pass.neighbours);
        let shifts = shifts.flat_map(|taps| &taps.shifts);
        let slack = shifts.map(|(_, shift)| *shift).max().unwrap_or(0);
        let pixels = Pixels::new(&self.phases, input, slack, workers);
        let offsets: Vec<Vec<Vec<usize>>> = self
            .passes
            .iter()
            .map(|pass| {
                let neighbours = pass.neighbours.iter();
                neighbours.map(|taps| taps.offsets(&pixels)).collect()
            })
            .collect();
        let jobs = self.jobs();
        let groups = self.weights.groups();
        let run = |jobs: &[Job], groups: Range<usize>, packed: *const u16| {
            let tiles = Tiles::new(level);
            for (index, group) in groups.step_by(2).enumerate() {
                let start = packed.wrapping_add(2 * index * self.weights.group_length());
                for pair in jobs.chunks(2) {
                    // SAFETY: this module is used where the processor has the instructions. The tiles of pixels and weights are there, and no
                    // other task has these groups of these cells.
                    unsafe {
                        self.tile_pair(&tiles, pair, &pixels, &offsets, start, group, output)
                    };
                }
            }
        };
        if jobs.len() <= FEW_TILES {
            workers.for_each(groups.div_ceil(2), |pair| {
                let packed = self.weights.pack_groups(2 * pair);
                run(&jobs, 2 * pair..groups.min(2 * pair + 2), packed.as_ptr());
            });
            return;
        }
        let packed = self.weights.pack(workers);
        let chunks: Vec<&[Job]> = jobs.chunks(TASK_TILES).collect();
        let shares = TASKS.div_ceil(chunks.len()).min(groups.div_ceil(2));
        let share = groups.div_ceil(2).div_ceil(shares) * 2;
        let start = Address(packed.as_ptr());
        workers.for_each(chunks.len() * shares, |task| {
            let first = task % shares * share;
            let start = start
                .get()
                .wrapping_add(first * self.weights.group_length());
            run(
                chunks[task / shares],
                first..groups.min(first + share),
                start,
            );
        });
    }

    /// All tiles of cells: row by row, or across rows if that makes fewer.
    fn jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for (pass, Pass { grid, .. }) in self.passes.iter().enumerate() {
            let [rows, columns] = grid.cells.clone();
            if rows.is_empty() || columns.is_empty() {
                continue;
            }
            let cell = |picture: usize, row: usize, column: usize| {
                (picture * grid.size[0] + row) * grid.size[1] + column
            };
            let across = cell(0, rows.start, columns.start)
                ..cell(grid.batch - 1, rows.end - 1, columns.end - 1) + 1;
            let by_row = grid.batch * rows.len() * columns.len().div_ceil(LANES);
            let runs = if across.len().div_ceil(LANES) < by_row {
                vec![across]
            } else {
                let rows = (0..grid.batch).flat_map(|picture| {
                    let rows = rows.clone();
                    rows.map(move |row| (picture, row))
                });
                rows.map(|(picture, row)| {
                    cell(picture, row, columns.start)..cell(picture, row, columns.end)
                })
                .collect()
            };
            for run in runs {
                let starts = run.clone().step_by(LANES);
                jobs.extend(starts.map(|start| Job {
                    pass,
                    cells: start..run.end.min(start + LANES),
                }));
            }
        }
        jobs
    }

    /// Computes 32 outputs, from a group on, of one or two tiles of cells.
    ///
    /// # Safety
    /// The packed weights of these groups are at `packed`, and no other thread has these groups of these cells.
    #[expect(
        clippy::too_many_arguments,
        reason = "what all tiles share stands before the loop"
    )]
    #[target_feature(enable = "avx512f")]
    unsafe fn tile_pair(
        &self,
        tiles: &Tiles,
        jobs: &[Job],
        pixels: &Pixels,
        offsets: &[Vec<Vec<usize>>],
        packed: *const u16,
        group: usize,
        output: DisjointSlices<'_>,
    ) {
        // Tiles of two passes have other taps.
        if let [first, second] = jobs
            && first.pass != second.pass
        {
            for job in jobs.chunks(1) {
                // SAFETY: the caller's promise.
                unsafe { self.tile_pair(tiles, job, pixels, offsets, packed, group, output) };
            }
            return;
        }
        let pass = jobs[0].pass;
        let second = if group + 1 < self.weights.groups() {
            self.weights.group_length()
        } else {
            0
        };
        let mut sums = [Sums::ZERO; 2];
        let left = [&jobs[0], &jobs[jobs.len() - 1]].map(|job| pixels.tile(job.cells.start));
        for (neighbour, sums) in sums
            .iter_mut()
            .enumerate()
            .take(self.passes[pass].grid.step)
        {
            let first = self.passes[pass].neighbours[neighbour].first;
            let start = packed.wrapping_add(first * pixels.blocks() * super::tiles::TILE);
            let right = [start, start.wrapping_add(second)];
            // SAFETY: the tiles of all taps and blocks are there.
            unsafe { tiles.multiply(left, &offsets[pass][neighbour], right, sums, false) };
        }
        let mut spans = Vec::new();
        for (row, job) in jobs.iter().enumerate() {
            self.passes[pass].grid.spans(job.cells.clone(), &mut spans);
            for column in 0..2 {
                let first = (group + column) * LANES;
                if first < self.weights.outputs {
                    let sums = [&sums[0].0[row][column], &sums[1].0[row][column]];
                    // SAFETY: the caller's promise.
                    unsafe { self.write(pass, sums, first, &spans, output) };
                }
            }
        }
    }

    /// Writes the sums of 16 cells and of the outputs from `first` on.
    ///
    /// # Safety
    /// No other thread has these outputs of these cells.
    #[target_feature(enable = "avx512f")]
    unsafe fn write(
        &self,
        pass: usize,
        sums: [&[[f32; LANES]; LANES]; 2],
        first: usize,
        spans: &[Span],
        output: DisjointSlices<'_>,
    ) {
        let grid = &self.passes[pass].grid;
        let pixels = grid.plane[0] * grid.plane[1];
        let length = grid.batch * grid.channels * pixels;
        let planes = output.block(0, 1, length, length).start;
        let columns = |sums: &[[f32; LANES]; LANES]| {
            // SAFETY: each row has 16 numbers.
            transpose(
                &sums
                    .each_ref()
                    .map(|row| unsafe { _mm512_loadu_ps(row.as_ptr()) }),
            )
        };
        let even = columns(sums[0]);
        let odd = if grid.step == 2 {
            columns(sums[1])
        } else {
            even
        };
        for (index, channel) in (first..self.weights.outputs).take(LANES).enumerate() {
            let mut parts = if grid.step == 2 {
                in_turn(even[index], odd[index])
            } else {
                [even[index]; 2]
            };
            if let Some(bias) = self.bias.get(channel) {
                parts = parts.map(|part| _mm512_add_ps(part, _mm512_set1_ps(*bias)));
            }
            for span in spans {
                let start = planes
                    .wrapping_add(channel * pixels)
                    .wrapping_offset(span.start);
                for (part, values) in parts.into_iter().enumerate().take(grid.step) {
                    let place = start.wrapping_add(LANES * part);
                    // SAFETY: masked elements alone are written. They lie in the output, and are this thread's, as the caller promises.
                    unsafe { _mm512_mask_storeu_ps(place, span.masks[part], values) };
                }
            }
        }
    }
}

impl Taps {
    /// Bytes from a tile of cells to those that it is the sum of, `[tap][block]`.
    fn offsets(&self, pixels: &Pixels) -> Vec<usize> {
        let blocks = 0..pixels.blocks();
        let of_tap = |&(phase, shift): &(usize, usize)| {
            let blocks = blocks.clone();
            blocks.map(move |block| pixels.offset(phase, block, shift))
        };
        self.shifts.iter().flat_map(of_tap).collect()
    }
}

/// A place in memory that threads read.
#[derive(Clone, Copy)]
struct Address(*const u16);

impl Address {
    fn get(self) -> *const u16 {
        self.0
    }
}

// SAFETY: it is only read from.
unsafe impl Send for Address {}

// SAFETY: as for `Send`.
unsafe impl Sync for Address {}
