//! The nearest known pixel of each missing one.

use rayon::prelude::*;

/// For each pixel the nearest one that is known, by Euclidean distance.
#[derive(Debug)]
pub(crate) struct DistanceTransform {
    /// Place of that pixel: its own for those that are known.
    pub(crate) places: Vec<u32>,
    /// Squared distance to it, in pixels.
    pub(crate) squares: Vec<u32>,
}

impl DistanceTransform {
    /// Looks from every missing pixel, which `[height, width]` are true for; not all are.
    pub(crate) fn new(missing: &[bool], (width, height): (usize, usize)) -> Self {
        let rows = nearest_rows(missing, (width, height));
        let found: Vec<(u32, u32)> = (0..height)
            .into_par_iter()
            .flat_map_iter(|y| nearest_in_row(&rows[y * width..][..width], y))
            .collect();
        let (places, squares) = found.into_iter().unzip();
        Self { places, squares }
    }
}

/// For each pixel of row `y` the place of the nearest known pixel and the squared distance to it, from the nearest known rows of
/// all columns. Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", 2012: the lower envelope of the
/// parabolas of all columns.
fn nearest_in_row(rows: &[u32], y: usize) -> Vec<(u32, u32)> {
    let width = rows.len();
    let height = |column: usize| (y.abs_diff(rows[column] as usize) as i64).pow(2);
    // Columns whose parabolas are part of the envelope, and where each begins to be.
    let mut envelope: Vec<(usize, f64)> = Vec::new();
    for column in (0..width).filter(|&column| rows[column] != u32::MAX) {
        let meets = |other: usize| {
            let square = |column: usize| (column as i64).pow(2) + height(column);
            (square(column) - square(other)) as f64 / (2 * (column - other)) as f64
        };
        while envelope
            .last()
            .is_some_and(|&(other, begin)| meets(other) <= begin)
        {
            envelope.pop();
        }
        let begin = envelope
            .last()
            .map_or(f64::NEG_INFINITY, |&(other, _)| meets(other));
        envelope.push((column, begin));
    }
    let mut current = 0;
    (0..width)
        .map(|x| {
            while envelope
                .get(current + 1)
                .is_some_and(|&(_, begin)| begin <= x as f64)
            {
                current += 1;
            }
            let (column, _) = envelope[current];
            let square = (x.abs_diff(column) as i64).pow(2) + height(column);
            (
                (rows[column] as usize * width + column) as u32,
                square as u32,
            )
        })
        .collect()
}

/// For each pixel the row of the nearest known one in its column; `u32::MAX` where the column has none.
fn nearest_rows(missing: &[bool], (width, height): (usize, usize)) -> Vec<u32> {
    let mut rows = vec![u32::MAX; width * height];
    for x in 0..width {
        let mut known = None;
        for y in 0..height {
            if !missing[y * width + x] {
                known = Some(y);
            }
            if let Some(row) = known {
                rows[y * width + x] = row as u32;
            }
        }
        known = None;
        for y in (0..height).rev() {
            if !missing[y * width + x] {
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
            let missing: Vec<bool> = (0..width * height)
                .map(|place| bits[place / width * 12 + place % width])
                .collect();
            prop_assume!(missing.contains(&false));
            let nearest = DistanceTransform::new(&missing, (width, height));
            for place in 0..width * height {
                let (x, y) = (place % width, place / width);
                let square = |other: usize| {
                    (other % width).abs_diff(x).pow(2) + (other / width).abs_diff(y).pow(2)
                };
                let known = (0..width * height).filter(|&other| !missing[other]);
                let wanted = known.map(square).min().unwrap();
                prop_assert_eq!(nearest.squares[place] as usize, wanted);
                let found = nearest.places[place] as usize;
                prop_assert!(!missing[found]);
                prop_assert_eq!(square(found), wanted);
            }
        }
    }
}
