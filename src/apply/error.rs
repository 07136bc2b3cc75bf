//! What ends an application as a whole. What is wrong with one picture is in its [`FileReport`](super::FileReport).

use std::path::PathBuf;

use crate::data::LeftOut;
use crate::files::FileError;

/// Why no pictures are translated, or why the work ended early.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The input is not there.
    #[error("`{}` does not exist: give a picture, a folder, or a quoted pattern such as 'photos/*.jpg'", .0.display())]
    InputNotFound(PathBuf),
    /// The input is a pipe, a device or the like.
    #[error("`{}` is neither a file nor a folder: pipe a picture in with `--input -`", .0.display())]
    NotAFile(PathBuf),
    /// The pattern cannot be understood.
    #[error("`{}` is not a valid pattern: {message}", pattern.display())]
    BadPattern {
        /// The pattern.
        pattern: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A folder of the input cannot be listed.
    #[error("cannot look through `{}`: {message}", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        message: String,
    },
    /// Nothing to translate.
    #[error("no pictures in `{}`{}", input.display(), others(left_out))]
    NothingFound {
        /// The input.
        input: PathBuf,
        /// Files that are not called like pictures.
        left_out: LeftOut,
    },
    /// The output is, or is called like, a file.
    #[error("the output `{}` must be a folder: translated pictures keep their names inside it", .0.display())]
    OutputNotAFolder(PathBuf),
    /// The next application would translate the translations.
    #[error(
        "the output folder `{}` lies in the input `{}`, so that translations would be translated again: choose a folder outside it",
        output.display(), input.display()
    )]
    OutputInsideInput {
        /// The input.
        input: PathBuf,
        /// The output folder.
        output: PathBuf,
    },
    /// A translation would replace the picture that it, or another one, is made from.
    #[error("the translation of `{}` would replace the input `{}`: choose another output folder", input.display(), replaced.display())]
    ReplacesInput {
        /// The picture that is translated.
        input: PathBuf,
        /// The picture that would be lost.
        replaced: PathBuf,
    },
    /// Filled photos would replace masks, or be taken for masks the next time.
    #[error("the output `{}` would stand among the masks `{}`: choose another output folder", output.display(), masks.display())]
    ReplacesMasks {
        /// The mask, or the folder of masks.
        masks: PathBuf,
        /// The output.
        output: PathBuf,
    },
    /// Two pictures have one output path.
    #[error(
        "`{}` and `{}` would both be written to `{}`{}: rename one of each pair, or translate them to different folders",
        first.display(), second.display(), output.display(), more(*count, "pairs")
    )]
    Collision {
        /// The first picture.
        first: PathBuf,
        /// The second picture.
        second: PathBuf,
        /// Where both would go.
        output: PathBuf,
        /// How many collisions there are.
        count: usize,
    },
    /// Two pictures have output paths that differ only by case, in an output folder where case does not count.
    #[error(
        "`{}` and `{}` would both be written to `{}`, because the output folder's file system takes large and small letters for the same: rename one, or choose an output folder elsewhere",
        first.display(), second.display(), output.display()
    )]
    DifferByCase {
        /// The first picture.
        first: PathBuf,
        /// The second picture.
        second: PathBuf,
        /// Where the second would go.
        output: PathBuf,
    },
    /// There are outputs already, and nobody said what to do with them.
    #[error("`{}` exists already{}: add --skip-existing to keep such files or --overwrite to replace them", first.display(), more(*count, "files"))]
    OutputExists {
        /// The first of them.
        first: PathBuf,
        /// How many there are.
        count: usize,
    },
    /// The output folder cannot be made or written to.
    #[error("{0}: choose an output folder that can be written to")]
    OutputNotWritable(#[source] FileError),
    /// The output's file system takes no more files.
    #[error(
        "{source}: stopped after {done} of {total} pictures; once there is room again, --skip-existing does the rest"
    )]
    OutputLost {
        /// What the system said.
        source: FileError,
        /// Pictures that were written.
        done: usize,
        /// Pictures that were to be translated.
        total: usize,
    },
    /// The report is called like a picture.
    #[error("the report `{}` is called like a picture: give it the extension json, or jsonl for lines while the program runs", .0.display())]
    ReportIsAPicture(PathBuf),
    /// The report would take the place of a file that is none by its name.
    #[error("`{}` exists, and is no report by its name: give the report the extension json, or jsonl for lines while the program runs", .0.display())]
    ReportExists(PathBuf),
    /// The report would take the place of a file of another kind.
    #[error("`{}` exists, and apply has not written it: choose another name for the report, or remove it", .0.display())]
    ReportIsAnotherFile(PathBuf),
    /// The report is a folder.
    #[error("the report `{}` is a folder: name a file in it", .0.display())]
    ReportIsAFolder(PathBuf),
    /// The report cannot be written.
    #[error("the report: {0}")]
    Report(#[source] FileError),
    /// Dropout falls on the whole picture.
    #[error(
        "pictures cannot be cut into bands with dropout, or in bf16 on libtorch: leave out --tile, or --dropout and --precision, or give --overlap for tiles of their own"
    )]
    NoBands,
    /// Photos whose holes are filled are grey or in colour.
    #[error("this network has {channels} channels: photos to fill have 3 (colour) or 1 (grey)")]
    Channels {
        /// Its channels.
        channels: usize,
    },
}

fn others(left_out: &LeftOut) -> String {
    match left_out.count() {
        0 => String::new(),
        _ => format!(", by their names: {left_out}"),
    }
}

fn more(count: usize, what: &str) -> String {
    if count > 1 {
        format!(" ({count} such {what})")
    } else {
        String::new()
    }
}
