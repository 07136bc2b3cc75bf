//! What chance decides: the order of an epoch, partners, crops and flips.
//!
//! All of it is drawn from (seed, epoch, position in the epoch) alone, so that neither the number of workers nor an interruption
//! changes what a network sees.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Streams of random numbers that must not repeat each other.
#[derive(Clone, Copy)]
enum Purpose {
    Order = 1,
    Sample = 2,
}

/// Crop and flip of one picture, or of both pictures of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Augmentation {
    /// Upper left corner (x, y) of the crop.
    pub(super) corner: (usize, usize),
    /// Whether it is mirrored left to right.
    pub(super) flip: bool,
}

impl Augmentation {
    /// Draws a corner up to `crop_range` (x, y), each as likely as the others, and a flip, as likely as none.
    pub(super) fn draw(
        rng: &mut ChaCha8Rng,
        crop_range: Option<(usize, usize)>,
        flip: bool,
    ) -> Self {
        let (right, bottom) = crop_range.unwrap_or((0, 0));
        let corner = (rng.random_range(0..=right), rng.random_range(0..=bottom));
        // Drawn even when it is not wanted: the recipe's `flip` then changes no crop.
        let mirrored = rng.random::<f64>() > 0.5;
        Self {
            corner,
            flip: flip && mirrored,
        }
    }

    /// The middle of a picture, not flipped.
    pub(super) fn centre(crop_range: Option<(usize, usize)>) -> Self {
        let (right, bottom) = crop_range.unwrap_or((0, 0));
        Self {
            corner: (right / 2, bottom / 2),
            flip: false,
        }
    }
}

/// The random numbers of the sample at `position` of an epoch.
pub(super) fn sample_random(seed: u64, epoch: u64, position: u64) -> ChaCha8Rng {
    random(seed, epoch, position, Purpose::Sample)
}

/// The order in which an epoch goes through `length` samples: drawn anew for each epoch, or as they are.
pub(super) fn order(seed: u64, epoch: u64, length: usize, shuffle: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    if shuffle {
        order.shuffle(&mut random(seed, epoch, 0, Purpose::Order));
    }
    order
}

/// The key of ChaCha has room for all that the stream depends on, so nothing needs to be hashed.
fn random(seed: u64, epoch: u64, position: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (part, number) in key
        .chunks_exact_mut(8)
        .zip([seed, epoch, position, purpose as u64])
    {
        part.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_permutations_that_differ_by_seed_and_epoch() {
        let first = order(3, 0, 50, true);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, order(3, 0, 50, false));
        assert_eq!(first, order(3, 0, 50, true));
        assert_ne!(first, order(3, 1, 50, true));
        assert_ne!(first, order(4, 0, 50, true));
    }

    #[test]
    fn streams_differ_by_each_part_of_their_key() {
        let draw = |seed, epoch, position| sample_random(seed, epoch, position).random::<u64>();
        let all = [draw(0, 0, 0), draw(1, 0, 0), draw(0, 1, 0), draw(0, 0, 1)];
        for (index, number) in all.iter().enumerate() {
            assert!(!all[..index].contains(number));
        }
        assert_eq!(draw(1, 2, 3), draw(1, 2, 3));
    }
}
