//! The nearest known pixel of each missing one.

use rayon::prelude::*;

use crate::data::Mask;

/// For each pixel the nearest one that is known, by Euclidean distance.
#[derive(Debug)]
pub(super) struct DistanceTransform {
    /// Place of that pixel: its own for those that are known.
    pub(super) places: Vec<u32>,
    /// Squared distance to it, in pixels.
    pub(super) squares: Vec<u32>,
}

impl DistanceTransform {
    /// Looks from every hole of a mask that is not full.
    pub(super) fn new(mask: &Mask) -> Self {
        let (width, height) = mask.size();
        let holes = mask.holes();
        let rows = nearest_rows(mask);
        let found: Vec<(u32, u32)> = (0..height)
            .into_par_iter()
            .flat_map_iter(|y| {
                let rows = &rows;
                (0..width).map(move |x| {
                    let own = y * width + x;
                    if !holes[own] {
                        return (own as u32, 0);
                    }
                    let mut best = (0, u32::MAX);
                    for away in 0..width {
                        // Further columns are further away than what has been found.
                        if (away * away) as u64 >= u64::from(best.1) {
                            break;
                        }
                        for column in [x.checked_sub(away), x.checked_add(away)] {
                            let Some(column) = column.filter(|&column| column < width) else {
                                continue;
                            };
                            let row = rows[y * width + column];
                            if row == u32::MAX {
                                continue;
                            }
                            let down = y.abs_diff(row as usize);
                            let square = (away * away + down * down) as u32;
                            if square < best.1 {
                                best = (row * width as u32 + column as u32, square);
                            }
                        }
                    }
                    best
                })
            })
            .collect();
        let (places, squares) = found.into_iter().unzip();
        Self { places, squares }
    }
}

/// For each pixel the row of the nearest known one in its column; `u32::MAX` where the column has none.
fn nearest_rows(mask: &Mask) -> Vec<u32> {
    let (width, height) = mask.size();
    let mut rows = vec![u32::MAX; width * height];
    for x in 0..width {
        let mut known = None;
        for y in 0..height {
            if !mask.is_hole(x, y) {
                known = Some(y);
            }
            if let Some(row) = known {
                rows[y * width + x] = row as u32;
            }
        }
        known = None;
        for y in (0..height).rev() {
            if !mask.is_hole(x, y) {
                known = Some(y);
            }
            let above = rows[y * width + x];
            if let Some(row) = known
                && (above == u32::MAX || row - y < y - above as usize)
            {
                rows[y * width + x] = row as u32;
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_known_pixel_is_nearer(
            width in 1usize..12,
            height in 1usize..12,
            bits in prop::collection::vec(prop::bool::weighted(0.8), 144),
        ) {
            let mask = Mask::from_fn(width, height, |x, y| bits[y * 12 + x]);
            prop_assume!(!mask.is_full());
            let nearest = DistanceTransform::new(&mask);
            for place in 0..width * height {
                let (x, y) = (place % width, place / width);
                let square = |other: usize| {
                    (other % width).abs_diff(x).pow(2) + (other / width).abs_diff(y).pow(2)
                };
                let known = (0..width * height).filter(|&other| !mask.holes()[other]);
                let wanted = known.map(square).min().unwrap();
                prop_assert_eq!(nearest.squares[place] as usize, wanted);
                let found = nearest.places[place] as usize;
                prop_assert!(!mask.holes()[found]);
                prop_assert_eq!(square(found), wanted);
            }
        }
    }
}
