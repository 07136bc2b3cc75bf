//! Atomic writes: a kill or a full disk never leaves half a file under its final name.
//!
//! Every file is written through this module, to a temporary name in its folder, flushed and renamed. The exceptions are
//! `metrics.jsonl` and reports called `.jsonl`, which grow line by line.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`: {source}", path.display())]
pub struct FileError {
    /// The failed action: "read", "write", "create the folder".
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// The error of the operating system.
    pub source: std::io::Error,
}

impl FileError {
    /// Adds `action` and `path` to an I/O error, for `map_err`.
    pub fn context(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self {
            action,
            path,
            source,
        }
    }
}

/// The absolute path without links and `..`, of which the last parts need not exist yet.
pub fn resolved(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut real = PathBuf::new();
    for part in absolute.components() {
        match part {
            // Of what exists links are resolved already, and what does not exist is none.
            Component::ParentDir => {
                real.pop();
            }
            part => {
                real.push(part);
                real = real.canonicalize().unwrap_or(real);
            }
        }
    }
    real
}

/// Makes sure that a file can be written to `path`, before the work whose result goes there: its folder is created, and can be written to.
///
/// # Errors
/// It cannot.
pub fn ensure_writable_beside(path: &Path) -> Result<(), FileError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    create_folder(folder)?;
    // The file vanishes when it is dropped.
    tempfile::tempfile_in(folder)
        .map(drop)
        .map_err(FileError::context("write in", folder))
}

/// Creates `path` and its parents if they are missing.
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(path).map_err(FileError::context("create the folder", path))
}

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    std::fs::read(path).map_err(FileError::context("read", path))
}

/// Reads a whole UTF-8 file.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(FileError::context("read", path))
}

/// Writes `contents` to a temporary file beside `path`, flushes it to the disk, then renames it to `path`.
pub fn write_atomically(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    write_atomically_with(path, |file| file.write_all(contents))
}

/// As [`write_atomically`], with the contents written by a function.
pub fn write_atomically_with(
    path: &Path,
    write: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>,
) -> Result<(), FileError> {
    write_atomically_as(".", path, write)
}

/// As [`write_atomically_with`], with a temporary name that begins with `prefix`. What is no file, such as a pipe or a device, is written to, and
/// stays what it is.
pub fn write_atomically_as(
    prefix: &str,
    path: &Path,
    write: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>,
) -> Result<(), FileError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let is_special = |data: std::fs::Metadata| !data.is_file() && !data.is_dir();
    let attempt = || -> std::io::Result<()> {
        if path.metadata().is_ok_and(is_special) {
            return write(&mut std::fs::OpenOptions::new().write(true).open(path)?);
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix).suffix(".tmp");
        // Temporary files are private; this one gets the permissions of a new file, less the user's mask.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder)?;
        write(file.as_file_mut())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    attempt().map_err(FileError::context("write", path))
}

/// Writes a picture as PNG, as [`write_atomically`] does.
pub fn write_png(path: &Path, picture: &image::RgbImage) -> Result<(), FileError> {
    write_atomically_with(path, |file| {
        let mut file = std::io::BufWriter::new(file);
        picture
            .write_to(&mut file, image::ImageFormat::Png)
            .map_err(std::io::Error::other)?;
        file.flush()
    })
}

/// Flushes a folder's entries to the disk, so that renames in it survive a power cut.
pub fn sync_folder(path: &Path) -> Result<(), FileError> {
    std::fs::File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(FileError::context("flush", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_whether_they_exist_or_not() {
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        assert_eq!(resolved(Path::new("")), here);
        assert_eq!(resolved(Path::new("src/../src")), here.join("src"));
        assert_eq!(resolved(Path::new("./absent/x")), here.join("absent/x"));
        // Whoever makes the folder goes through it.
        assert_eq!(
            resolved(Path::new("src/absent/../../src")),
            here.join("src")
        );
    }
}
