//! Random numbers that depend on the seed and the place alone, so that a run can go on from any step.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator for the draws that a method makes in one step.
pub fn step_rng(seed: u64, step: u64) -> ChaCha8Rng {
    // The first streams of a seed are those of the initial weights.
    const STEPS: u64 = 1 << 32;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(STEPS + step);
    rng
}

/// The seed that a device gets before one step.
pub fn device_seed(seed: u64, step: u64) -> u64 {
    use rand::Rng;
    step_rng(seed, step).next_u64()
}
