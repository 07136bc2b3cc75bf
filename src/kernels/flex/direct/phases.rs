//! The pixels of a transposed convolution by the taps that reach them.

use super::super::geometry::Geometry;

/// A tap of a kernel, in one direction, that reaches the pixels of a phase.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tap {
    pub(super) index: usize,
    /// From the number of the pixel in its phase to that of the gradient.
    pub(super) shift: isize,
}

/// The taps of each phase, which are the pixels with the same remainder of their row, or column, divided by the stride.
pub(super) struct Phases {
    rows: Vec<Vec<Tap>>,
    columns: Vec<Vec<Tap>>,
    /// Rows and columns of the gradient before those with the numbers of the pixels, and after them.
    pub(super) before: [usize; 2],
    pub(super) after: [usize; 2],
}

impl Phases {
    pub(super) fn new(geometry: &Geometry) -> Self {
        let stride = geometry.stride;
        let phases = |kernel: usize, padding: usize| -> Vec<Vec<Tap>> {
            let phase = |remainder: usize| {
                let reached = remainder + padding;
                let taps = (reached % stride..kernel).step_by(stride).enumerate();
                let tap = |(number, index): (usize, usize)| Tap {
                    index,
                    shift: (reached / stride) as isize - number as isize,
                };
                taps.map(tap).collect()
            };
            (0..stride).map(phase).collect()
        };
        let rows = phases(geometry.kernel_height, geometry.padding_y);
        let columns = phases(geometry.kernel_width, geometry.padding_x);
        let reach = |sign: isize| {
            [&rows, &columns].map(|phases| {
                let shifts = phases.iter().flatten().map(|tap| sign * tap.shift);
                usize::try_from(shifts.max().unwrap_or(0)).unwrap_or(0)
            })
        };
        Self {
            before: reach(-1),
            after: reach(1),
            rows,
            columns,
        }
    }

    /// The taps of each phase of rows and columns, in order.
    pub(super) fn taps(&self) -> Vec<Vec<[Tap; 2]>> {
        let pairs = self.rows.iter().flat_map(|rows| {
            self.columns.iter().map(move |columns| {
                let pairs = rows
                    .iter()
                    .flat_map(|&row| columns.iter().map(move |&column| [row, column]));
                pairs.collect()
            })
        });
        pairs.collect()
    }
}
