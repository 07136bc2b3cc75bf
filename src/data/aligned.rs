//! Pairs: side-by-side pictures, or two folders whose pictures have the same stems.

use std::collections::HashSet;
use std::path::Path;

use image::imageops::crop_imm;

use super::error::DataError;
use super::folder::{PictureFile, duplicate_stems, nearly_named, require_pictures};
use super::layout::Layout;
use super::side::{Part, Side, too_narrow};
use crate::config::Direction;
use crate::files::resolved;
use crate::picture::RgbPicture;

/// The input and the target side of a paired layout: `direction` decides which is which.
pub(super) fn sides(
    root: &Path,
    layout: &Layout,
    direction: Direction,
) -> Result<(Side, Side), DataError> {
    let side = |folder: &Path, half: &str, files, part| {
        let name = folder.strip_prefix(root).unwrap_or(folder).display();
        Side::new(format!("{name}{half}"), folder, files, part)
    };
    let (a, b) = match layout {
        Layout::SideBySide(folder) => {
            let files = require_pictures(folder)?;
            (
                side(folder, " (left half)", files.clone(), Part::Left),
                side(folder, " (right half)", files, Part::Right),
            )
        }
        Layout::Plain(_) => unreachable!("modes with pairs have no plain layout"),
        Layout::TwoFolders(a, b) => {
            let (a_files, b_files) = paired_files(root, a, b)?;
            (
                side(a, "", a_files, Part::Whole),
                side(b, "", b_files, Part::Whole),
            )
        }
    };
    Ok(match direction {
        Direction::AToB => (a, b),
        Direction::BToA => (b, a),
    })
}

/// The pictures of two folders in the same order of stems.
///
/// # Errors
/// A folder is empty, or pictures have no partner or two; all of them are listed.
pub(super) fn paired_files(
    root: &Path,
    a: &Path,
    b: &Path,
) -> Result<(Vec<PictureFile>, Vec<PictureFile>), DataError> {
    let (mut a_files, mut b_files) = (require_pictures(a)?, require_pictures(b)?);
    let mut problems = duplicate_stems(&a_files);
    // A folder that is paired with itself has each problem once.
    if resolved(a) != resolved(b) {
        problems.extend(duplicate_stems(&b_files));
    }
    for (files, others, other) in [(&a_files, &b_files, b), (&b_files, &a_files, a)] {
        let names: HashSet<String> = others.iter().map(PictureFile::pair_name).collect();
        problems.extend(
            files
                .iter()
                .filter(|file| !names.contains(&file.pair_name()))
                .map(|file| DataError::Unmatched {
                    path: file.path.clone(),
                    stem: file.stem().to_owned(),
                    other: other.to_owned(),
                    near: nearly_named(&file.pair_name(), others),
                }),
        );
    }
    DataError::from_problems(root, problems)?;
    // Sorted by name they can be in different orders: extensions count there.
    a_files.sort_by_cached_key(PictureFile::pair_name);
    b_files.sort_by_cached_key(PictureFile::pair_name);
    Ok((a_files, b_files))
}

/// The two halves of a side-by-side picture, of half its width each; of an odd width the last column is left out, so that the
/// halves have one size.
///
/// # Errors
/// The picture is one pixel wide.
pub(super) fn halves(
    path: &Path,
    picture: &RgbPicture,
) -> Result<(RgbPicture, RgbPicture), DataError> {
    let (width, height) = picture.pixels.dimensions();
    let half = width / 2;
    if half == 0 {
        return Err(too_narrow(path, (width as usize, height as usize)));
    }
    let part = |x| RgbPicture {
        is_reduced: picture.is_reduced,
        pixels: crop_imm(&picture.pixels, x, 0, half, height).to_image(),
        format: picture.format,
        notes: picture.notes.clone(),
    };
    Ok((part(0), part(half)))
}
