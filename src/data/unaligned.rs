//! Two domains without pairs.

use std::path::Path;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::error::DataError;
use super::folder::require_pictures;
use super::side::{Part, Side};

/// The two domains in their folders.
pub(super) fn sides(a: &Path, b: &Path) -> Result<(Side, Side), DataError> {
    let side = |folder: &Path| {
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        let files = require_pictures(folder)?;
        let name = name.to_string_lossy().into_owned();
        Ok::<_, DataError>(Side::new(name, folder, files, Part::Whole))
    };
    Ok((side(a)?, side(b)?))
}

/// The picture of B that goes with sample `index`: any, as likely as the others, or when not shuffling the next in turn.
pub(super) fn partner(random: &mut ChaCha8Rng, index: usize, count: usize, shuffle: bool) -> usize {
    if shuffle {
        random.random_range(0..count)
    } else {
        index % count
    }
}
