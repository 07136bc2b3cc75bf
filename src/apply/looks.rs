//! Which looks pictures get, where a style has several.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::nn::{code_between, draw_code};

/// Several looks of one input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleOptions {
    /// Pictures for each input.
    pub samples: usize,
    /// Decides which; each picture of an input has the next seed.
    pub seed: u64,
}

impl SampleOptions {
    /// The place of a picture among those of its input. `index` counts the pictures of an input one after the other.
    pub(super) fn place(&self, index: u64) -> u64 {
        index % self.samples.max(1) as u64
    }

    /// The seed of the look of a picture.
    pub(super) fn seed_of(&self, index: u64) -> u64 {
        self.seed + self.place(index)
    }
}

/// The latent codes that the pictures of a run are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Looks {
    /// Zeros, the mean of all codes.
    #[default]
    Mean,
    /// Random codes.
    Sampled(SampleOptions),
    /// As many steps as there are samples, from the look of the seed to that of the next one.
    Between(SampleOptions),
}

impl Looks {
    /// The code of a picture, `length` numbers. The look of a seed is the same for every picture.
    pub(super) fn code(&self, length: usize, index: u64) -> Vec<f32> {
        let drawn = |seed| draw_code(length, &mut ChaCha8Rng::seed_from_u64(seed));
        match self {
            Self::Mean => vec![0.0; length],
            Self::Sampled(sampling) => drawn(sampling.seed_of(index)),
            Self::Between(frames) => {
                let last = frames.samples.saturating_sub(1).max(1);
                let share = frames.place(index) as f32 / last as f32;
                code_between(&drawn(frames.seed), &drawn(frames.seed + 1), share)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_looks_of_a_picture_do_not_depend_on_the_others() {
        let sampled = Looks::Sampled(SampleOptions {
            samples: 3,
            seed: 7,
        });
        // The second picture has the looks of the first.
        assert_eq!(sampled.code(8, 1), sampled.code(8, 4));
        assert_ne!(sampled.code(8, 0), sampled.code(8, 1));
        // Another run begins with the look that this one has second.
        let next = Looks::Sampled(SampleOptions {
            samples: 1,
            seed: 8,
        });
        assert_eq!(next.code(8, 5), sampled.code(8, 1));
        assert_eq!(Looks::Mean.code(3, 9), [0.0; 3]);
        let way = Looks::Between(SampleOptions {
            samples: 5,
            seed: 7,
        });
        let near = |a: Vec<f32>, b: Vec<f32>| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(near(way.code(8, 5), sampled.code(8, 0)));
        assert!(near(way.code(8, 9), sampled.code(8, 1)));
        assert!(!near(way.code(8, 7), sampled.code(8, 0)));
    }
}
