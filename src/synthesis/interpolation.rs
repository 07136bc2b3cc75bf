//! The way between two vectors.

use crate::nn::code_between;

/// How one goes from one vector to another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Interpolation {
    /// On the great circle between their directions, with a length between theirs: on the way vectors stay as long as noise is.
    #[default]
    Spherical,
    /// On a straight line.
    Linear,
}

/// `frames` (at least 2) vectors on the way from `start` to `end`, these two among them, all of one length.
///
/// White, "Sampling Generative Networks", 2016.
pub fn interpolate(
    kind: Interpolation,
    start: &[f32],
    end: &[f32],
    frames: usize,
) -> Vec<Vec<f32>> {
    let last = frames.saturating_sub(1).max(1);
    let between = |frame: usize| {
        let share = frame as f32 / last as f32;
        match kind {
            Interpolation::Spherical => code_between(start, end, share),
            Interpolation::Linear => {
                let pairs = start.iter().zip(end);
                pairs
                    .map(|(start, end)| start * (1.0 - share) + end * share)
                    .collect()
            }
        }
    };
    (0..frames).map(between).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_begin_and_end_at_their_vectors() {
        let (start, end) = ([3.0, 0.0, 1.0], [0.5, 2.0, -1.0]);
        for kind in [Interpolation::Linear, Interpolation::Spherical] {
            let way = interpolate(kind, &start, &end, 5);
            assert_eq!(way.len(), 5);
            for (got, wanted) in [(&way[0], start), (&way[4], end)] {
                let pairs = got.iter().zip(wanted);
                assert!(
                    pairs
                        .into_iter()
                        .all(|(got, wanted)| (got - wanted).abs() < 1e-6)
                );
            }
        }
    }

    #[test]
    fn the_spherical_way_keeps_the_length_and_the_steps_of_the_angle() {
        let way = interpolate(Interpolation::Spherical, &[1.0, 0.0], &[0.0, 1.0], 4);
        for (frame, vector) in way.iter().enumerate() {
            let angle = std::f64::consts::FRAC_PI_2 * frame as f64 / 3.0;
            assert!((f64::from(vector[0]) - angle.cos()).abs() < 1e-6);
            assert!((f64::from(vector[1]) - angle.sin()).abs() < 1e-6);
        }
        let straight = interpolate(Interpolation::Linear, &[1.0, 0.0], &[0.0, 1.0], 3);
        assert_eq!(straight[1], [0.5, 0.5]);
        let same = interpolate(Interpolation::Spherical, &[1.0, 1.0], &[1.0, 1.0], 3);
        assert_eq!(same[1], [1.0, 1.0]);
        let nothing = interpolate(Interpolation::Spherical, &[0.0], &[0.0], 2);
        assert_eq!(nothing, [[0.0], [0.0]]);
    }
}
