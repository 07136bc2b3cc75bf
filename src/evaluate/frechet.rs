//! The Fréchet distance of two sets of features, each taken as a normal distribution (Heusel et al., "GANs trained by a two
//! time-scale update rule converge to a local Nash equilibrium", 2017).

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;

use super::features::SetFeatures;

/// Columns of a row that one task works on.
const PIECE: usize = 256;

/// Share of the largest variance below which what a feature adds to those before it is rounding.
const RANK_TOLERANCE: f64 = 1e-13;

/// Mean and covariance of a set of features.
#[derive(Debug, PartialEq)]
pub(super) struct Moments {
    mean: DVector<f64>,
    /// A matrix whose product with itself, `factor' * factor`, is the covariance (with `count - 1`).
    factor: DMatrix<f64>,
}

impl Moments {
    /// Those of two pictures or more.
    pub(super) fn from_features(set: &SetFeatures) -> Self {
        Self::from_rows(set.count(), set.width(), |index| set.features(index))
    }

    /// Those of `count` rows of `width` numbers, two rows or more.
    fn from_rows<'a>(count: usize, width: usize, row: impl Fn(usize) -> &'a [f32]) -> Self {
        let mut mean = DVector::<f64>::zeros(width);
        for index in 0..count {
            for (sum, value) in mean.iter_mut().zip(row(index)) {
                *sum += f64::from(*value);
            }
        }
        mean /= count as f64;
        let scale = ((count - 1) as f64).sqrt().recip();
        // Columns of the result are rows of the set.
        let centred = |rows: std::ops::Range<usize>| {
            let first = rows.start;
            DMatrix::from_fn(width, rows.len(), |feature, index| {
                (f64::from(row(first + index)[feature]) - mean[feature]) * scale
            })
        };
        let factor = if count <= width {
            centred(0..count).transpose()
        } else {
            const BLOCK: usize = 512;
            let mut covariance = DMatrix::<f64>::zeros(width, width);
            for first in (0..count).step_by(BLOCK) {
                let columns = centred(first..(first + BLOCK).min(count));
                let rows = columns.transpose();
                covariance.gemm(1.0, &columns, &rows, 1.0);
            }
            cholesky(&covariance)
        };
        Self { mean, factor }
    }

    /// `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`, never below zero; exactly zero for equal moments.
    ///
    /// With `S = F' F` for both, the eigenvalues of `S1 S2` that are not zero are those of the symmetric `(F1 F2') (F1 F2')'`, and
    /// the trace of the root is the sum of their roots. This is exact for singular covariances, of fewer pictures than
    /// features, where nothing has to be added to a diagonal.
    pub(super) fn distance(&self, other: &Self) -> f64 {
        if self == other {
            return 0.0;
        }
        let means = (&self.mean - &other.mean).norm_squared();
        let traces = self.factor.norm_squared() + other.factor.norm_squared();
        let cross = &self.factor * other.factor.transpose();
        let product = if cross.nrows() <= cross.ncols() {
            &cross * cross.transpose()
        } else {
            cross.transpose() * &cross
        };
        let eigenvalues = product.symmetric_eigenvalues();
        let root: f64 = eigenvalues.iter().map(|value| value.max(0.0).sqrt()).sum();
        (means + traces - 2.0 * root).max(0.0)
    }
}

/// The upper triangular `R` with `R' R` the given matrix, which is symmetric and has no negative eigenvalue. Rows that would only
/// hold rounding, where the matrix is singular, are zero.
fn cholesky(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    let size = matrix.nrows();
    let largest = matrix.diagonal().max();
    // Row by row, each row in one piece of memory.
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(size);
    for index in 0..size {
        let mut row: Vec<f64> = matrix.column(index).iter().copied().collect();
        row[index..]
            .par_chunks_mut(PIECE)
            .enumerate()
            .for_each(|(piece, values)| {
                let start = index + piece * PIECE;
                for above in &rows {
                    let factor = above[index];
                    let above = &above[start..start + values.len()];
                    for (value, above) in values.iter_mut().zip(above) {
                        *value -= factor * above;
                    }
                }
            });
        let pivot = row[index];
        row[..index].fill(0.0);
        let scale = if pivot > RANK_TOLERANCE * largest {
            pivot.sqrt().recip()
        } else {
            0.0
        };
        for value in &mut row[index..] {
            *value *= scale;
        }
        rows.push(row);
    }
    DMatrix::from_fn(size, size, |row, column| rows[row][column])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of numbers that look random.
    fn rows(count: usize, width: usize, seed: u32) -> Vec<Vec<f32>> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32
        };
        (0..count)
            .map(|_| (0..width).map(|_| next()).collect())
            .collect()
    }

    fn moments(rows: &[Vec<f32>]) -> Moments {
        Moments::from_rows(rows.len(), rows[0].len(), |index| &rows[index])
    }

    #[test]
    fn a_set_is_at_no_distance_from_itself() {
        for count in [5, 40] {
            let rows = rows(count, 12, 1);
            assert!(moments(&rows).distance(&moments(&rows)) <= 0.0);
            // In another order all but rounding is the same.
            let mut turned = rows.clone();
            turned.reverse();
            assert!(moments(&rows).distance(&moments(&turned)) < 1e-7);
        }
    }

    #[test]
    fn one_dimension_is_known() {
        // Means 1 and 4, variances 1 and 4: 9 + 1 + 4 - 2 * 2.
        let first: Vec<Vec<f32>> = [0.0, 1.0, 2.0].map(|value| vec![value]).to_vec();
        let second: Vec<Vec<f32>> = [2.0, 4.0, 6.0].map(|value| vec![value]).to_vec();
        let distance = moments(&first).distance(&moments(&second));
        assert!((distance - 10.0).abs() < 1e-12, "{distance}");
    }

    #[test]
    fn both_factors_of_a_covariance_give_the_same_distance() {
        // As many rows as features and more: the first way and the Cholesky factor, of the same covariance.
        let (first, second) = (rows(16, 16, 3), rows(16, 16, 4));
        let twice = |rows: &[Vec<f32>]| {
            let mut twice = rows.to_vec();
            twice.extend(rows.to_vec());
            twice
        };
        let small = moments(&first).distance(&moments(&second));
        let large = moments(&twice(&first)).distance(&moments(&twice(&second)));
        // Twice the rows: the covariances shrink by 30 / 31, the means stay.
        let (first, second) = (moments(&first), moments(&second));
        let means = (&first.mean - &second.mean).norm_squared();
        let expected = means + (small - means) * 30.0 / 31.0;
        assert!(
            (large - expected).abs() < 1e-6 * expected,
            "{large} {expected}"
        );
    }
}
