//! Where the cells of a padded picture lie in the planes of a tensor.

use std::ops::Range;

use super::channel::PIECES;

/// Where the rows of a plane begin that is in one piece.
pub(super) const WHOLE: [usize; PIECES] = [0, usize::MAX, usize::MAX, usize::MAX];

/// Cells that are read at once, the numbers of a vector.
pub(super) const LANES: usize = 16;

/// Elements of one row that neighbouring cells lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The piece of the plane.
    pub(super) piece: usize,
    /// Element of the first cell from the beginning of the tensor's first plane, or of the piece; it need not exist.
    pub(super) start: isize,
    /// Which of the elements from `start` on exist: of 16, and where cells are two elements apart, of 16 more.
    pub(super) masks: [u16; 2],
    /// Which of the vector's cells lead to the first of their elements.
    pub(super) cells: u16,
}

/// Pictures side by side, each as rows of cells; some cells lead to elements of the picture's planes.
///
/// Cell `(y, x)` leads to row `step * y + offset[0]` and column `step * x + offset[1]`, if these exist and the cell is among `cells`.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    pub(super) batch: usize,
    /// Rows and columns of cells of a picture.
    pub(super) size: [usize; 2],
    /// The rows and columns of cells that lead anywhere.
    pub(super) cells: [Range<usize>; 2],
    /// Elements from one cell to the next, 1 or 2.
    pub(super) step: usize,
    pub(super) offset: [isize; 2],
    /// Height and width of a plane.
    pub(super) plane: [usize; 2],
    /// The first row of each piece of a plane, in order; those that are not there begin behind all rows.
    pub(super) pieces: [usize; PIECES],
    /// Planes of a picture.
    pub(super) channels: usize,
}

impl Grid {
    /// Number of all cells.
    pub(super) fn count(&self) -> usize {
        self.batch * self.size[0] * self.size[1]
    }

    /// Elements of each piece of a channel that cells may lead to.
    pub(super) fn lengths(&self) -> [usize; PIECES] {
        let [height, width] = self.plane;
        let start = |piece: usize| self.pieces.get(piece).copied().unwrap_or(height);
        let rows = |piece: usize| start(piece + 1).min(height) - start(piece).min(height);
        let mut lengths = [0, 1, 2, 3].map(|piece| rows(piece) * width);
        // Planes of further pictures follow the first one.
        lengths[0] += (self.batch - 1) * self.channels * height * width;
        lengths
    }

    /// Finds the elements that `cells` lead to, up to 16 of them.
    pub(super) fn spans(&self, cells: Range<usize>, spans: &mut Vec<Span>) {
        spans.clear();
        let [height, width] = self.size;
        let end = cells.len().min(self.count().saturating_sub(cells.start));
        let mut lane = 0;
        while lane < end {
            let row = (cells.start + lane) / width;
            let column = (cells.start + lane) % width;
            let count = (width - column).min(end - lane);
            let (picture, y) = (row / height, row % height);
            self.span(picture, y, column, lane..lane + count, spans);
            lane += count;
        }
    }

    /// Adds the elements that `lanes` lead to, cells of one row.
    fn span(&self, picture: usize, y: usize, x: usize, lanes: Range<usize>, spans: &mut Vec<Span>) {
        let [plane_height, plane_width] = self.plane;
        let step = self.step as isize;
        let row = step * y as isize + self.offset[0];
        if !self.cells[0].contains(&y) || !(0..plane_height as isize).contains(&row) {
            return;
        }
        let x = x as isize - lanes.start as isize;
        let begins = |first: &&usize| **first <= row as usize;
        let piece = self.pieces.iter().filter(begins).count() - 1;
        let row = row - self.pieces[piece] as isize;
        let line = ((picture * self.channels * plane_height) as isize + row) * plane_width as isize;
        // Of the vector's first cell, whether or not it is in this row.
        let column = step * x + self.offset[1];
        // Of the vector's elements, those whose cells are among the lanes and lead somewhere, and those inside the plane.
        let cells = &self.cells[1];
        let first = (cells.start as isize - x).max(lanes.start as isize);
        let last = (cells.end as isize - x).min(lanes.end as isize);
        let first = (step * first).max(-column);
        let last = (step * last).min(plane_width as isize - column);
        if first < last {
            let below = |element: isize| (1_u64 << element) - 1;
            let mask = below(last) & !below(first);
            let cell = |element: isize| (element + step - 1) / step;
            spans.push(Span {
                piece,
                start: line + column,
                masks: [mask as u16, (mask >> LANES) as u16],
                cells: (below(cell(last)) & !below(cell(first))) as u16,
            });
        }
    }
}
