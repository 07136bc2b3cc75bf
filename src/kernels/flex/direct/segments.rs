//! Segments of rows of pixels, and their division into tasks.

use std::ops::Range;

use super::super::geometry::chunk_ranges;
pub(super) use super::super::tile::SEGMENT;

/// Most pixels of a task, or one row of segments if that is longer.
const TASK_PIXELS: usize = 512;

/// Least number of tasks, to keep the cores of a processor busy.
const TASKS: usize = 8;

/// Least outputs of a task, if there are as many.
const MIN_OUTPUTS: usize = 32;

/// Adjacent pixels of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub(super) row: usize,
    pub(super) column: usize,
    /// The first pixels, which belong to the segment before, too.
    pub(super) overlap: usize,
}

/// A block of pixels: rows, and segments of each.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    segments: Vec<Segment>,
}

impl Block {
    /// Divides `height` rows of `width` pixels, at least [`SEGMENT`].
    pub(super) fn divide(height: usize, width: usize) -> Vec<Self> {
        let per_row = width.div_ceil(SEGMENT);
        let parts = per_row.div_ceil(TASK_PIXELS / SEGMENT);
        let parts = chunk_ranges(per_row, per_row.div_ceil(parts));
        let rows = (TASK_PIXELS / SEGMENT / parts[0].len()).max(1);
        let rows = chunk_ranges(height, rows);
        let blocks = rows.iter().flat_map(|rows| {
            parts
                .iter()
                .map(|part| Self::new(rows.clone(), part.clone(), width))
        });
        blocks.collect()
    }

    fn new(rows: Range<usize>, part: Range<usize>, width: usize) -> Self {
        let segment = |row: usize, index: usize| {
            let column = (index * SEGMENT).min(width - SEGMENT);
            Segment {
                row,
                column,
                overlap: index * SEGMENT - column,
            }
        };
        let segments = rows
            .clone()
            .flat_map(|row| part.clone().map(move |index| segment(row, index)));
        let segments: Vec<_> = segments.collect();
        let last = segments[segments.len() - 1];
        Self {
            columns: segments[0].column..last.column + SEGMENT,
            rows,
            segments,
        }
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Where each segment begins, with its first row and column at 0, from one row to the next and in pixels.
    pub(super) fn bases(&self, stride: usize) -> Vec<usize> {
        let segments = self.segments.iter();
        let base = |segment: &Segment| {
            (segment.row - self.rows.start) * stride + segment.column - self.columns.start
        };
        segments.map(base).collect()
    }
}

/// Divides outputs among the tasks of each of `blocks` blocks: at most `most` for each.
pub(super) fn divide_outputs(outputs: usize, most: usize, blocks: usize) -> Vec<Range<usize>> {
    let mut each = most;
    while each > MIN_OUTPUTS && blocks * outputs.div_ceil(each) < TASKS {
        each /= 2;
    }
    chunk_ranges(outputs, each)
}
