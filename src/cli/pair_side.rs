//! Pictures that hold both pictures of a pair: flags of `translate apply`.

use std::path::PathBuf;

use clap::ValueEnum;

use super::usage::UsageError;
use crate::apply::{PairHalf, Plan};
use crate::picture::picture_size;
use crate::style::StyleFolder;

/// What to take of pictures that hold a pair side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PairSide {
    Left,
    Right,
    Whole,
}

impl PairSide {
    /// The half that is meant; none for the whole.
    pub(super) fn half(self) -> Option<PairHalf> {
        match self {
            Self::Left => Some(PairHalf::Left),
            Self::Right => Some(PairHalf::Right),
            Self::Whole => None,
        }
    }
}

/// Pictures that look like the side-by-side pairs of the training are not translated as if they were one picture.
///
/// # Errors
/// One of the first pictures has the proportions of the training files.
pub(super) fn check_pairs(
    plan: &Plan,
    pair_size: &[u32],
    style: &StyleFolder,
) -> Result<(), UsageError> {
    /// Pictures that are looked at: pairs come in folders of their own.
    const LOOKED_AT: usize = 16;
    let &[width, height] = pair_size else {
        return Ok(());
    };
    let wanted = f64::from(width) / f64::from(height.max(1));
    let is_pair = |path: &PathBuf| {
        picture_size(path).is_some_and(|(width, height)| {
            let aspect = f64::from(width) / f64::from(height.max(1));
            (aspect / wanted - 1.0).abs() < 0.02
        })
    };
    let mut pictures = plan.pictures().take(LOOKED_AT).map(|picture| picture.input);
    pictures.find(is_pair).map_or(Ok(()), |picture| {
        Err(UsageError::Pairs {
            picture,
            style: style.name(),
        })
    })
}
