//! The noise of previews.

use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use crate::random::sample_rng;

/// The generator for what is made beside the real picture of the first of these names: the same in all previews of a run.
pub(super) fn preview_rng(seed: u64, names: &[String]) -> ChaCha8Rng {
    let name = names.first().map_or("", String::as_str);
    let hash = Sha256::digest(name);
    let index = u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]);
    sample_rng(seed, u64::from(index))
}
