//! Convolutions of pictures of cells: forward, and from outputs to inputs.
#![expect(unsafe_code, reason = "threads write parts of one output")]

use std::arch::x86_64::*;
use std::ops::Range;

use super::grid::{Grid, Span};
use super::level::Level;
use super::pixels::Pixels;
use super::tiles::{Sums, Tiles};
use super::vectors::{LANES, columns, in_turn};
use super::weights::Weights;
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::workers::Workers;

/// Jobs of one task: with the weights of 32 outputs their pixels fit into a core's own cache.
const TASK_JOBS: usize = 8;

/// Up to this many jobs, weights are rounded where they are multiplied, once each.
const FEW_JOBS: usize = 8;

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

/// Two tiles of cells of a pass, of which the second may be empty.
struct Job {
    pass: usize,
    tiles: [Range<usize>; 2],
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
            let spans: Vec<_> = jobs.iter().map(|job| self.spans(job)).collect();
            for (index, group) in groups.step_by(2).enumerate() {
                let packed = packed.wrapping_add(2 * index * self.weights.group_length());
                for (job, spans) in jobs.iter().zip(&spans) {
                    let left = job.tiles.each_ref().map(|cells| pixels.tile(cells.start));
                    let offsets = &offsets[job.pass];
                    // SAFETY: this module is used where the processor has the instructions. The tiles of pixels and weights are there, and no
                    // other task has these groups of these cells.
                    unsafe {
                        let sums = self.sums(&tiles, job.pass, left, offsets, packed, group);
                        self.write(job.pass, &sums, group, spans, output);
                    };
                }
            }
        };
        if jobs.len() <= FEW_JOBS {
            workers.for_each(groups.div_ceil(2), |pair| {
                let packed = self.weights.pack_groups(2 * pair);
                run(&jobs, 2 * pair..groups.min(2 * pair + 2), packed.as_ptr());
            });
            return;
        }
        let packed = self.weights.pack(workers);
        let chunks: Vec<&[Job]> = jobs.chunks(TASK_JOBS).collect();
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
            let by_row = grid.batch * rows.len() * columns.len().div_ceil(2 * LANES);
            let runs = if across.len().div_ceil(2 * LANES) < by_row {
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
                let tile = |start: usize| start.min(run.end)..run.end.min(start + LANES);
                let starts = run.clone().step_by(2 * LANES);
                jobs.extend(starts.map(|start| Job {
                    pass,
                    tiles: [tile(start), tile(start + LANES)],
                }));
            }
        }
        jobs
    }

    /// Where the cells of each tile lead to.
    fn spans(&self, job: &Job) -> [Vec<Span>; 2] {
        job.tiles.clone().map(|cells| {
            let mut spans = Vec::new();
            self.passes[job.pass].grid.spans(cells, &mut spans);
            spans
        })
    }

    /// Sums of two tiles of cells that begin at `left` and of 32 outputs from a group on, for each of two neighbours.
    ///
    /// # Safety
    /// The packed weights of these groups are at `packed`.
    unsafe fn sums(
        &self,
        tiles: &Tiles,
        pass: usize,
        left: [*const u16; 2],
        offsets: &[Vec<usize>],
        packed: *const u16,
        group: usize,
    ) -> [Sums; 2] {
        // Without a second group its sums are not used.
        let is_pair = group + 1 < self.weights.groups();
        let second = usize::from(is_pair) * self.weights.group_length();
        let mut sums = [Sums::ZERO; 2];
        for (neighbour, taps) in self.passes[pass].neighbours.iter().enumerate() {
            let start = packed.wrapping_add(taps.first * self.weights.tap_length());
            let right = [start, start.wrapping_add(second)];
            // SAFETY: the tiles of all taps and blocks are there.
            unsafe {
                tiles.multiply(
                    left,
                    &offsets[neighbour],
                    right,
                    &mut sums[neighbour],
                    false,
                );
            };
        }
        sums
    }

    /// Writes the sums of two tiles of cells and of 32 outputs from a group on.
    ///
    /// # Safety
    /// No other thread has these outputs of these cells.
    #[target_feature(enable = "avx512f")]
    unsafe fn write(
        &self,
        pass: usize,
        sums: &[Sums; 2],
        group: usize,
        spans: &[Vec<Span>; 2],
        output: DisjointSlices<'_>,
    ) {
        let grid = &self.passes[pass].grid;
        let pixels = grid.plane[0] * grid.plane[1];
        let length = grid.batch * grid.channels * pixels;
        let planes = output.block(0, 1, length, length).start;
        for row in 0..2 {
            for column in 0..2 {
                let first = (group + column) * LANES;
                if first >= self.weights.outputs || spans[row].is_empty() {
                    continue;
                }
                let even = columns(&sums[0].0[row][column]);
                let odd = columns(&sums[grid.step - 1].0[row][column]);
                for index in 0..LANES.min(self.weights.outputs - first) {
                    let channel = first + index;
                    let mut parts = if grid.step == 2 {
                        in_turn(even[index], odd[index])
                    } else {
                        [even[index]; 2]
                    };
                    if let Some(bias) = self.bias.get(channel) {
                        let bias = _mm512_set1_ps(*bias);
                        parts = [_mm512_add_ps(parts[0], bias), _mm512_add_ps(parts[1], bias)];
                    }
                    let plane = planes.wrapping_add(channel * pixels);
                    for span in &spans[row] {
                        let start = plane.wrapping_offset(span.start);
                        // SAFETY: masked elements alone are written. They lie in the output, and are this thread's, as the caller promises.
                        unsafe {
                            _mm512_mask_storeu_ps(start, span.masks[0], parts[0]);
                            if grid.step == 2 {
                                let next = start.wrapping_add(LANES);
                                _mm512_mask_storeu_ps(next, span.masks[1], parts[1]);
                            }
                        };
                    }
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
