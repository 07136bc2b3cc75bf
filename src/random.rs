//! Random numbers that depend on seed and step alone, so that a run can resume at any step.
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
    // Beyond the streams of all steps, below those of processes.
    const SAMPLES: u64 = 1 << 62;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(SAMPLES + index);
    rng
}

/// The seed of a device for one step.
pub fn device_seed(seed: u64, step: u64) -> u64 {
    use rand::Rng;
    step_rng(seed, step).next_u64()
}

/// The seed of one of several processes that train together: that of the run for the first.
pub fn process_seed(seed: u64, process: usize) -> u64 {
    use rand::Rng;
    // Beyond the streams of all steps.
    const PROCESSES: u64 = 1 << 63;
    if process == 0 {
        return seed;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(PROCESSES + process as u64);
    rng.next_u64()
}
