//! Convolutions of pictures of cells: forward, and from outputs to inputs.
#![expect(
    clippy::needless_range_loop,
    reason = "one index counts in several arrays of vectors"
)]
#![expect(unsafe_code, reason = "threads write parts of one output")]

use std::arch::x86_64::{_mm512_add_ps, _mm512_mask_storeu_ps, _mm512_set1_ps};
use std::ops::Range;

use super::channel::Channel;
use super::grid::{Grid, LANES, Span};
use super::level::Level;
use super::pixels::Pixels;
use super::tiles::{Step, Sums, Tiles};
use super::vectors::{columns, in_turn};
use super::weights::Weights;
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::row_source::RowPadding;
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
    /// Cells around the input; mirrored ones for one phase and one picture.
    pub(super) border: RowPadding,
    pub(super) weights: Weights<'a>,
    /// One number per output, or none.
    pub(super) bias: &'a [f32],
    pub(super) passes: Vec<Pass>,
}

/// Some rows of the output. Where its cells are two elements apart, each leads to two neighbours with taps of their own.
pub(super) struct Pass {
    pub(super) grid: Grid,
    /// For each of `grid.step` neighbours, its taps.
    pub(super) neighbours: Vec<Vec<Tap>>,
}

/// A weight, and the cells that it is multiplied with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tap {
    /// Its number.
    pub(super) number: usize,
    /// Phase of the input.
    pub(super) phase: usize,
    /// Cells to add to that of the output.
    pub(super) shift: usize,
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
        input: &[Channel<'_>],
        output: DisjointSlices<'_>,
        workers: impl Workers,
    ) {
        let taps = self.passes.iter().flat_map(|pass| &pass.neighbours);
        let slack = taps.flatten().map(|tap| tap.shift).max().unwrap_or(0);
        let mut pixels = Pixels::new(&self.phases, input, slack, workers);
        if self.border.mirrored {
            pixels.mirror(self.phases[0].size, self.border, workers);
        }
        let pixels = pixels;
        let steps = |taps: &Vec<Tap>| self.steps(taps, &pixels);
        let of_pass = |pass: &Pass| pass.neighbours.iter().map(steps).collect();
        let steps: Vec<Vec<Vec<Step>>> = self.passes.iter().map(of_pass).collect();
        let jobs = self.jobs();
        let groups = self.weights.groups();
        let run = |jobs: &[Job], groups: Range<usize>, packed: *const u16| {
            let tiles = Tiles::new(level);
            let spans: Vec<_> = jobs.iter().map(|job| self.spans(job)).collect();
            let mut sums = [Sums::ZERO; 2];
            for (index, group) in groups.step_by(2).enumerate() {
                let packed = packed.wrapping_add(2 * index * self.weights.group_length());
                // Without a second group its sums are not used.
                let second = usize::from(group + 1 < self.weights.groups());
                let right =
                    [0, second * self.weights.group_length()].map(|next| packed.wrapping_add(next));
                for (job, spans) in jobs.iter().zip(&spans) {
                    let left = job.tiles.each_ref().map(|cells| pixels.tile(cells.start));
                    // SAFETY: this module is used where the processor has the instructions. The tiles of pixels and weights are there, and no
                    // other task has these groups of these cells.
                    unsafe {
                        for (sums, steps) in sums.iter_mut().zip(&steps[job.pass]) {
                            tiles.multiply(left, right, steps, sums, false);
                        }
                        self.write(job.pass, &sums, group, spans, output);
                    };
                }
            }
        };
        let prepacked = self.weights.packed();
        if prepacked.is_none() && jobs.len() <= FEW_JOBS {
            workers.for_each(groups.div_ceil(2), |pair| {
                let packed = self.weights.pack_groups(2 * pair);
                run(&jobs, 2 * pair..groups.min(2 * pair + 2), packed.as_ptr());
            });
            return;
        }
        let packed = prepacked.is_none().then(|| self.weights.pack(workers));
        let start = packed
            .as_ref()
            .map_or(prepacked, |packed| Some(packed.as_ptr()));
        let start = Address(start.unwrap_or(std::ptr::null()));
        let chunks: Vec<&[Job]> = jobs.chunks(TASK_JOBS).collect();
        let shares = if jobs.len() <= FEW_JOBS {
            groups.div_ceil(2)
        } else {
            TASKS.div_ceil(chunks.len()).min(groups.div_ceil(2))
        };
        let share = groups.div_ceil(2).div_ceil(shares) * 2;
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

    /// The products that a tile of cells is the sum of. The taps of one block of inputs follow each other, since their cells are still in the
    /// first cache.
    fn steps(&self, taps: &[Tap], pixels: &Pixels) -> Vec<Step> {
        let of_block = |block: usize| {
            taps.iter().map(move |tap| Step {
                left: pixels.offset(tap.phase, block, tap.shift),
                right: self.weights.offset(block, tap.number),
            })
        };
        (0..pixels.blocks()).flat_map(of_block).collect()
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
