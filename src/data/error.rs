//! What can be wrong with a data set.

use std::path::PathBuf;

use super::embeddings::EmbeddingsError;
use super::split::Split;
use crate::config::Mode;
use crate::files::FileError;
use crate::picture::PictureError;

/// How many problems one message names before it only counts them.
const NAMED: usize = 20;

/// A data set that cannot be used. Each message names the file or folder, what is wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The folder of the data set does not exist, or is a file.
    #[error("`{}` is not a folder: check the path of the data set", .0.display())]
    NotAFolder(PathBuf),
    /// None of the layouts that the mode reads is there.
    #[error(
        "no {split} pictures for mode {} in `{}`: wanted {wanted}; found {found}",
        mode.name(),
        root.display()
    )]
    NoLayout {
        /// Folder of the data set.
        root: PathBuf,
        /// Training method.
        mode: Mode,
        /// Part of the data set.
        split: Split,
        /// The layouts that were looked for.
        wanted: String,
        /// What is there instead.
        found: String,
    },
    /// A folder of the layout that holds no picture.
    #[error("`{}` holds no pictures (JPEG, PNG, WebP, TIFF, BMP, PNM): found {found}", folder.display())]
    NoPictures {
        /// The folder.
        folder: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// The folder of mask files is not there.
    #[error(
        "`{}` is not a folder: put mask files there, name their folder in `data.mask_folder`, or take another kind in `data.masks`",
        .0.display()
    )]
    NoMasks(PathBuf),
    /// A file of vectors that does not fit the pictures.
    #[error(transparent)]
    Embeddings(#[from] EmbeddingsError),
    /// A folder or file that the system does not let us use.
    #[error(transparent)]
    File(#[from] FileError),
    /// A picture of a pair whose partner is missing.
    #[error("`{}` has no partner: there is no picture `{stem}` in `{}`{}", path.display(), other.display(), but_for_case(near.as_deref()))]
    Unmatched {
        /// The picture.
        path: PathBuf,
        /// Its name without folder of the side and extension.
        stem: String,
        /// The folder where the partner should be.
        other: PathBuf,
        /// A picture there whose name differs in large and small letters alone.
        near: Option<PathBuf>,
    },
    /// Two pictures of one side whose names look the same.
    #[error(
        "`{}` and `{}` have one name in two Unicode forms, with accents as part of a letter and as signs of their own: remove or rename one",
        first.display(),
        second.display()
    )]
    SameForm {
        /// One picture.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Two pictures of one side with the same name but for the extension.
    #[error(
        "`{}` and `{}` have the same name but for the extension: remove or rename one",
        first.display(),
        second.display()
    )]
    SameStem {
        /// One picture.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A picture that cannot be read.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The two pictures of a pair have different sizes.
    #[error(
        "`{}` is {}x{}, but its partner `{}` is {}x{}: the pictures of a pair must have one size",
        a.display(), a_size.0, a_size.1, b.display(), b_size.0, b_size.1
    )]
    SizesDiffer {
        /// One picture.
        a: PathBuf,
        /// Its width and height.
        a_size: (u32, u32),
        /// The other.
        b: PathBuf,
        /// Its width and height.
        b_size: (u32, u32),
    },
    /// A picture that the recipe's preprocessing cannot use.
    #[error("`{}` {message}", path.display())]
    Unsuitable {
        /// The picture.
        path: PathBuf,
        /// Why not, and what to do.
        message: String,
    },
    /// Input and output of a conversion are the same or lie within each other.
    #[error("the output `{}` must be another folder than the input `{}`, and not inside it", output.display(), input.display())]
    SameFolder {
        /// The input folder.
        input: PathBuf,
        /// The output folder.
        output: PathBuf,
    },
    /// A setting of a conversion that makes no sense.
    #[error("{0}")]
    BadSetting(String),
    /// A file would be replaced.
    #[error("`{}` exists already: add --overwrite to replace such files, or choose another folder", .0.display())]
    Exists(PathBuf),
    /// Preparing a picture failed by a mistake in the program.
    #[error("preparing `{}` failed inside the program: {message}; please report it with the picture", path.display())]
    Panicked {
        /// The picture.
        path: PathBuf,
        /// What the program said.
        message: String,
    },
    /// The system gave no thread.
    #[error("cannot start a thread that reads pictures: {0}; lower `data.workers`")]
    NoThread(std::io::Error),
    /// Several of the above at once.
    #[error("{}", list(root, problems))]
    Several {
        /// Folder of the data set.
        root: PathBuf,
        /// The problems, in the order of the files.
        problems: Vec<DataError>,
    },
}

impl DataError {
    /// `Ok` for no problems, the problem itself for one, [`DataError::Several`] for more.
    pub(super) fn from_problems(
        root: &std::path::Path,
        mut problems: Vec<Self>,
    ) -> Result<(), Self> {
        match problems.len() {
            0 => Ok(()),
            1 => Err(problems.remove(0)),
            _ => Err(Self::Several {
                root: root.to_owned(),
                problems,
            }),
        }
    }
}

fn but_for_case(near: Option<&std::path::Path>) -> String {
    near.map_or(String::new(), |near| {
        format!(
            "; `{}` differs in large and small letters: give both one name",
            near.display()
        )
    })
}

fn list(root: &std::path::Path, problems: &[DataError]) -> String {
    let mut lines = vec![format!(
        "{} problems in `{}`:",
        problems.len(),
        root.display()
    )];
    lines.extend(problems.iter().take(NAMED).map(ToString::to_string));
    if problems.len() > NAMED {
        lines.push(format!("and {} more", problems.len() - NAMED));
    }
    lines.join("\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_problems_are_named_and_the_rest_counted() {
        let problems = (0..23)
            .map(|index| PictureError::Empty(PathBuf::from(format!("{index}.png"))).into())
            .collect();
        let text = DataError::from_problems(std::path::Path::new("set"), problems)
            .unwrap_err()
            .to_string();
        assert_eq!(text.lines().count(), 1 + NAMED + 1);
        assert!(text.starts_with("23 problems in `set`:\n  `0.png` is empty (0 bytes)\n"));
        assert!(text.ends_with("`19.png` is empty (0 bytes)\n  and 3 more"));
    }

    #[test]
    fn one_problem_is_said_plainly() {
        let problems = vec![PictureError::Empty(PathBuf::from("a.png")).into()];
        let error = DataError::from_problems(std::path::Path::new("set"), problems).unwrap_err();
        assert_eq!(error.to_string(), "`a.png` is empty (0 bytes)");
        assert!(DataError::from_problems(std::path::Path::new("set"), Vec::new()).is_ok());
    }
}
