//! Tiles of a picture, as many together as a vector has numbers.

use crate::kernels::flex::tile::SEGMENT;

/// Numbers of each point of a segment: one line for each channel, and one more, so that the lines of all points of a channel do not
/// take each other's places in the caches.
pub(super) fn point_length(channels: usize) -> usize {
    (channels + 1) * SEGMENT
}

/// Adjacent tiles of one row of tiles.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// The first one's place in the segment.
    pub(super) lane: usize,
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) count: usize,
}

/// Tiles that are transformed together, in order of rows.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) runs: Vec<Run>,
}

impl Segment {
    /// Divides all tiles of a picture.
    pub(super) fn divide(rows: usize, columns: usize) -> Vec<Self> {
        let tiles = rows * columns;
        let segment = |first: usize| {
            let end = (first + SEGMENT).min(tiles);
            let mut runs = Vec::new();
            let mut tile = first;
            while tile < end {
                let (row, column) = (tile / columns, tile % columns);
                let count = (columns - column).min(end - tile);
                runs.push(Run {
                    lane: tile - first,
                    row,
                    column,
                    count,
                });
                tile += count;
            }
            Self { runs }
        };
        (0..tiles).step_by(SEGMENT).map(segment).collect()
    }
}
