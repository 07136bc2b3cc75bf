//! Why two folders cannot be compared.

use std::path::PathBuf;

use super::metric::Metric;
use super::set_error::SetError;
use crate::files::FileError;
use crate::wording::counted;

/// Why two folders cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// One of the folders is not there, or is a file.
    #[error("`{}` is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// A folder cannot be listed.
    #[error("cannot look through `{}`: {message}", path.display())]
    Unlisted {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// One of the folders holds no pictures.
    #[error("no pictures in `{}`", .0.display())]
    Empty(PathBuf),
    /// No name in a folder ends as it should.
    #[error("no picture in `{}` has a name that ends in `{suffix}`: check --suffix-real and --suffix-fake", folder.display())]
    NoSuffix {
        /// The folder.
        folder: PathBuf,
        /// The end.
        suffix: String,
    },
    /// Two pictures in one folder have the same stem, so that it is not known which of them to compare.
    #[error("`{}` and `{}` differ in their extension, or in the Unicode form of their name, alone: keep one of them", first.display(), second.display())]
    AmbiguousStem {
        /// The first picture.
        first: PathBuf,
        /// The second picture.
        second: PathBuf,
    },
    /// No picture of one folder has its like in the other.
    #[error(
        "no picture in `{}` has the name (without the extension) of one in `{}`: the first ones are `{real_name}` and `{fake_name}`",
        real.display(), fake.display()
    )]
    NothingInCommon {
        /// Folder of real pictures.
        real: PathBuf,
        /// Folder of translations.
        fake: PathBuf,
        /// Name of the first real picture.
        real_name: String,
        /// Name of the first translation.
        fake_name: String,
    },
    /// No picture of one folder has its like in the other, but names differ in large and small letters alone.
    #[error(
        "no picture in `{}` has the name of one in `{}`: `{real_name}` and `{fake_name}` differ in large and small letters alone, rename the pictures of one folder",
        real.display(), fake.display()
    )]
    DifferByCase {
        /// Folder of real pictures.
        real: PathBuf,
        /// Folder of translations.
        fake: PathBuf,
        /// Name of a real picture.
        real_name: String,
        /// Name of a translation.
        fake_name: String,
    },
    /// Pictures that cannot be read.
    #[error("{}", listed("that cannot be read", .0))]
    Unreadable(Vec<String>),
    /// Pairs of different sizes.
    #[error("{}", listed("whose size differs between the folders (translate with the --size of the real pictures)", .0))]
    Sizes(Vec<String>),
    /// Pictures smaller than the window of SSIM.
    #[error("{}", listed("smaller than the 11x11 pixels that ssim looks at (leave it out of the metrics)", .0))]
    TooSmall(Vec<String>),
    /// Pictures smaller than five scales of SSIM need.
    #[error("{}", listed("smaller than the 161x161 pixels that ms_ssim needs for its five scales (leave it out of the metrics)", .0))]
    TooSmallForScales(Vec<String>),
    /// A metric cannot be restricted to holes.
    #[error("{0} looks at whole pictures: leave it out of the metrics, or leave out --mask")]
    NoMasksFor(Metric),
    /// A report cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is not a report of this program.
    #[error("`{}` is not a report of evaluate (a JSON file that --report has written): {message}", path.display())]
    NoReport {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Runs that have nothing to compare.
    #[error("`{}` and `{}` have no metric of pairs with two pictures or more in common", first.display(), second.display())]
    NothingToCompare {
        /// Report or folder of the first.
        first: PathBuf,
        /// Report or folder of the second.
        second: PathBuf,
    },
    /// A file is not the result of a study.
    #[error("`{}` is not a result of a study (a JSON file that its page has saved): {message}", path.display())]
    NoStudyResult {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Results of different studies.
    #[error("`{}` and `{}` are results of different studies: add up those of one page", first.display(), second.display())]
    DifferentStudies {
        /// The first file.
        first: PathBuf,
        /// The file of another study.
        second: PathBuf,
    },
    /// The sets cannot be measured.
    #[error(transparent)]
    Set(#[from] SetError),
    /// No pair has a hole that can be measured.
    #[error("nothing to compare: {}", listed("without a hole to measure", .0))]
    NothingToMeasure(Vec<String>),
    /// Pairs whose mask is wrong.
    #[error("{}", listed("whose mask cannot be used", .0))]
    Masks(Vec<String>),
    /// The masks are not there.
    #[error("`{}` does not exist: give a mask, or a folder of masks with the names of the pictures", .0.display())]
    NoMasks(PathBuf),
    /// No metric was asked for.
    #[error("no metrics: choose among {}", Metric::names())]
    NoMetrics,
}

/// How many offenders an error or a warning names.
const NAMED: usize = 10;

/// "3 pictures cannot be read: ...", with the first of them.
pub(super) fn listed(what: &str, names: &[String]) -> String {
    let first = names.iter().take(NAMED).map(String::as_str);
    let first: Vec<&str> = first.collect();
    let rest = if names.len() > NAMED { ", ..." } else { "" };
    format!(
        "{} {what}: {}{rest}",
        counted(names.len(), "picture"),
        first.join(", ")
    )
}
