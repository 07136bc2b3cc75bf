//! Files of several pages, each of which is a picture of its own.

use rayon::prelude::*;

use super::error::DataError;
use super::folder::PictureFile;
use super::side::Side;
use crate::picture::page_count;

/// Puts the pages of each file in its place; the two files of a pair have as many.
pub(super) fn take_pages(
    input: &mut Side,
    target: &mut Side,
    is_paired: bool,
) -> Result<(), DataError> {
    let (first, second) = (counts(&input.files), counts(&target.files));
    if is_paired {
        let pairs = input.files.iter().zip(&target.files);
        let problem = pairs
            .zip(first.iter().zip(&second))
            .find(|(_, (first, second))| first != second);
        if let Some(((file, other), (first, second))) = problem {
            return Err(DataError::Unsuitable {
                path: file.path.clone(),
                message: format!(
                    "has {first} pages, but its partner `{}` has {second}: the files of a pair must have as many",
                    other.path.display()
                ),
            });
        }
    }
    for (side, counts) in [(input, first), (target, second)] {
        let files = side.files.drain(..).zip(counts);
        side.files = files.flat_map(|(file, count)| pages(file, count)).collect();
    }
    Ok(())
}

fn counts(files: &[PictureFile]) -> Vec<usize> {
    files
        .par_iter()
        .map(|file| page_count(&file.path))
        .collect()
}

fn pages(file: PictureFile, count: usize) -> Vec<PictureFile> {
    if count == 1 {
        return vec![file];
    }
    (0..count)
        .map(|page| PictureFile {
            page: Some(page),
            ..file.clone()
        })
        .collect()
}
