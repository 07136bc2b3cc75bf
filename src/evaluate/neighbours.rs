//! Precision and recall (Kynkäänniemi et al., "Improved precision and recall metric for assessing generative models", 2019),
//! density and coverage (Naeem et al., "Reliable fidelity and diversity metrics for generative models", 2020).

use nalgebra::DMatrix;

use super::features::SetFeatures;
use super::metric::{DENSITY_NEIGHBOURS, PRECISION_NEIGHBOURS};

/// Squared distances between pictures of two sets and within each.
pub(super) struct Neighbours {
    /// Sorted squared distances of each real picture to its nearest other real ones.
    real: Vec<Vec<f64>>,
    /// The same for the translations.
    fake: Vec<Vec<f64>>,
    /// What is asked of the distances between the sets.
    between: Between,
}

struct Between {
    /// Translations inside of a real picture's ball, with radii for precision.
    precise: usize,
    /// Real pictures inside of a translation's ball.
    recalled: usize,
    /// Pairs of a translation and a real picture in whose ball it lies, with radii for density.
    inside: usize,
    /// Real pictures with a translation in their ball.
    covered: usize,
}

impl Neighbours {
    /// Compares the sets block by block; the memory grows with the number of pictures, not with its square.
    pub(super) fn new(real: &SetFeatures, fake: &SetFeatures) -> Self {
        let mut neighbours = Self {
            real: nearest(real),
            fake: nearest(fake),
            between: Between {
                precise: 0,
                recalled: 0,
                inside: 0,
                covered: 0,
            },
        };
        neighbours.between = neighbours.count_between(real, fake);
        neighbours
    }

    /// Share of translations that lie among the real pictures, from 0 to 1.
    pub(super) fn precision(&self) -> f64 {
        self.between.precise as f64 / self.fake.len() as f64
    }

    /// Share of real pictures that lie among the translations, from 0 to 1.
    pub(super) fn recall(&self) -> f64 {
        self.between.recalled as f64 / self.real.len() as f64
    }

    /// In how many real pictures' balls a translation lies, as a share of the number of neighbours: 1 where both sets are alike.
    pub(super) fn density(&self) -> f64 {
        let neighbours = DENSITY_NEIGHBOURS as f64;
        self.between.inside as f64 / (neighbours * self.fake.len() as f64)
    }

    /// Share of real pictures whose ball holds a translation, from 0 to 1.
    pub(super) fn coverage(&self) -> f64 {
        self.between.covered as f64 / self.real.len() as f64
    }

    fn count_between(&self, real: &SetFeatures, fake: &SetFeatures) -> Between {
        let mut recalled = vec![false; real.count()];
        let mut covered = vec![false; real.count()];
        let (mut precise, mut inside) = (0, 0);
        for_each_row(fake, real, |translation, distances| {
            let mut among_real = false;
            let own_radius = radius(&self.fake[translation], PRECISION_NEIGHBOURS);
            for (index, &distance) in distances.iter().enumerate() {
                let nearest = &self.real[index];
                among_real |= distance <= radius(nearest, PRECISION_NEIGHBOURS);
                recalled[index] |= distance <= own_radius;
                if distance < radius(nearest, DENSITY_NEIGHBOURS) {
                    inside += 1;
                    covered[index] = true;
                }
            }
            precise += usize::from(among_real);
        });
        let count = |flags: Vec<bool>| flags.into_iter().filter(|flag| *flag).count();
        Between {
            precise,
            recalled: count(recalled),
            inside,
            covered: count(covered),
        }
    }
}

/// The squared distance of the `neighbours`-th other picture; that of the last one in smaller sets.
fn radius(nearest: &[f64], neighbours: usize) -> f64 {
    let index = neighbours.min(nearest.len()).saturating_sub(1);
    nearest.get(index).copied().unwrap_or(0.0)
}

/// Sorted squared distances of each picture of a set to its nearest others, as many as are needed.
fn nearest(set: &SetFeatures) -> Vec<Vec<f64>> {
    let mut all = Vec::with_capacity(set.count());
    for_each_row(set, set, |index, distances| {
        let others = distances
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index);
        let mut others: Vec<f64> = others.map(|(_, distance)| *distance).collect();
        if others.len() > DENSITY_NEIGHBOURS {
            others.select_nth_unstable_by(DENSITY_NEIGHBOURS, f64::total_cmp);
            others.truncate(DENSITY_NEIGHBOURS);
        }
        others.sort_unstable_by(f64::total_cmp);
        all.push(others);
    });
    all
}

/// Calls `each` with the index of every picture of `first` and its squared distances to all of `second`.
fn for_each_row(first: &SetFeatures, second: &SetFeatures, mut each: impl FnMut(usize, &[f64])) {
    const BLOCK: usize = 256;
    let squares = |set: &SetFeatures| -> Vec<f64> {
        let square = |index: usize| {
            let features = set.features(index).iter();
            features.map(|value| f64::from(*value).powi(2)).sum::<f64>()
        };
        (0..set.count()).map(square).collect()
    };
    let (first_squares, second_squares) = (squares(first), squares(second));
    let block = |set: &SetFeatures, start: usize| {
        let end = (start + BLOCK).min(set.count());
        DMatrix::from_fn(set.width(), end - start, |feature, index| {
            f64::from(set.features(start + index)[feature])
        })
    };
    for start in (0..first.count()).step_by(BLOCK) {
        let rows = block(first, start);
        let mut distances = vec![vec![0.0; second.count()]; rows.ncols()];
        for other in (0..second.count()).step_by(BLOCK) {
            let columns = block(second, other).transpose();
            let products = columns * &rows;
            for (index, distances) in distances.iter_mut().enumerate() {
                for (offset, product) in products.column(index).iter().enumerate() {
                    let squares = first_squares[start + index] + second_squares[other + offset];
                    distances[other + offset] = (squares - 2.0 * product).max(0.0);
                }
            }
        }
        for (index, distances) in distances.iter().enumerate() {
            each(start + index, distances);
        }
    }
}
