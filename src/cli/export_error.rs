//! Why an export is not begun.

use std::path::PathBuf;

/// An export that is not begun.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file is there already.
    #[error("`{}` exists already: add --overwrite to replace it", .0.display())]
    Exists(PathBuf),
    /// The folder is there already, and is no style.
    #[error("`{}` exists and is not a style: choose another output", .0.display())]
    NotAStyle(PathBuf),
    /// The output is a folder.
    #[error("the output `{}` is a folder: give the name of a file", .0.display())]
    IsAFolder(PathBuf),
    /// The output would lie in a folder that does not exist.
    #[error("cannot write `{}`: there is no folder `{}`", output.display(), folder.display())]
    NoFolder {
        /// Output.
        output: PathBuf,
        /// Its folder.
        folder: PathBuf,
    },
    /// The output would replace the style, or a file that it is made of.
    #[error("`{}` belongs to the style itself: choose another output", .0.display())]
    ReplacesStyle(PathBuf),
}
