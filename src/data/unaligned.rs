//! Two domains without pairs.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::dataset::{Part, Side};
use super::error::DataError;
use super::folder::find_some_pictures;
use super::layout::Layout;

/// The two domains of an unpaired layout.
pub(super) fn sides(layout: &Layout) -> Result<(Side, Side), DataError> {
    let side = |folder: &std::path::Path| {
        Ok::<_, DataError>(Side {
            name: folder
                .file_name()
                .unwrap_or(folder.as_os_str())
                .to_string_lossy()
                .into_owned(),
            files: find_some_pictures(folder)?,
            part: Part::Whole,
            channels: 3,
        })
    };
    let (Layout::TwoFolders(a, _) | Layout::SideBySide(a)) = layout;
    let (Layout::TwoFolders(_, b) | Layout::SideBySide(b)) = layout;
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
