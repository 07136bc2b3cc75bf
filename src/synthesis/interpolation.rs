//! The way between two vectors.

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
    let shares = (0..frames).map(|frame| frame as f64 / last as f64);
    let shares = shares.map(|share| match kind {
        Interpolation::Spherical => spherical_shares(start, end, share),
        Interpolation::Linear => [1.0 - share, share],
    });
    let blend = |[of_start, of_end]: [f64; 2]| {
        let pairs = start.iter().zip(end);
        let blended =
            pairs.map(|(&start, &end)| f64::from(start) * of_start + f64::from(end) * of_end);
        blended.map(|value| value as f32).collect()
    };
    shares.map(blend).collect()
}

/// The shares of both vectors at this share of the angle between them. Vectors of nearly one direction, or of opposite ones, between which
/// no way is the shortest, are blended linearly.
fn spherical_shares(start: &[f32], end: &[f32], share: f64) -> [f64; 2] {
    let product = |first: &[f32], second: &[f32]| -> f64 {
        let pairs = first.iter().zip(second);
        pairs
            .map(|(&first, &second)| f64::from(first) * f64::from(second))
            .sum()
    };
    let lengths = (product(start, start) * product(end, end)).sqrt();
    let angle = (product(start, end) / lengths).clamp(-1.0, 1.0).acos();
    let sine = angle.sin();
    if sine.is_nan() || sine < 1e-6 {
        return [1.0 - share, share];
    }
    [
        ((1.0 - share) * angle).sin() / sine,
        (share * angle).sin() / sine,
    ]
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
