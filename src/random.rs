//! Random numbers that depend on seed, step and place in it alone, so that a run can resume at any step.
//!
//! The key of a ChaCha generator is the seed, its stream the step. The device is seeded from it before every step, so there is
//! no generator to save. `data` draws order, crop and flip in the same way from seed, epoch and position.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator for the draws of a method in one step.
pub fn step_rng(seed: u64, step: u64) -> ChaCha8Rng {
    // The first streams of a seed are those of the initial weights.
    const STEPS: u64 = 1 << 32;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(STEPS + step);
    rng
}

/// The generator for the draws of the picture that is made from noise as number `index` of a seed.
pub fn sample_rng(seed: u64, index: u64) -> ChaCha8Rng {
    // Beyond the streams of all steps, below those of positions.
    const SAMPLES: u64 = 1 << 62;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(SAMPLES + index);
    rng
}

/// The seed for the draws that belong to the samples of a step from `position` on: that of the run for the first. Draws then do not
/// depend on how many processes share the step, as long as as many samples go through the networks at once.
pub fn position_seed(seed: u64, position: usize) -> u64 {
    use rand::Rng;
    // Beyond the streams of all steps.
    const POSITIONS: u64 = 1 << 63;
    if position == 0 {
        return seed;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(POSITIONS + position as u64);
    rng.next_u64()
}
