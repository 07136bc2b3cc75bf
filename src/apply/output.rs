//! The output folder while a run writes into it, perhaps beside others.
//!
//! Files get a temporary name beside their final one, and are renamed. Temporary names begin with the name of a lock file in the
//! output folder that the run holds as long as it lives, so that the next run can tell what a killed one has left from what
//! another one, here or on another machine, is just writing.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use walkdir::WalkDir;

use crate::files::{FileError, create_folder, write_atomically_as};
use crate::picture::FileContents;

/// Hidden, so that no run takes it for an input.
const PREFIX: &str = ".translate-";
const LOCK_SUFFIX: &str = ".lock";

/// An output folder that is written into.
#[derive(Debug)]
pub(super) struct OutputFolder {
    path: PathBuf,
    /// Locked; it vanishes when this value is dropped.
    lock: NamedTempFile,
    /// How the names of temporary files begin.
    prefix: String,
}

impl OutputFolder {
    /// Makes the folder, removes what killed runs have left in it, and announces this run.
    ///
    /// # Errors
    /// It cannot be made or written to.
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        create_folder(path)?;
        remove_leftovers(path);
        let lock = locked(path).map_err(FileError::context("write in", path))?;
        let name = lock.path().file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        let prefix = format!("{}-", name.trim_end_matches(LOCK_SUFFIX));
        Ok(Self {
            path: path.to_owned(),
            lock,
            prefix,
        })
    }

    /// Writes a file of the output and the folders that lead to it: whole or not at all.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, path: &Path, contents: &FileContents) -> Result<(), FileError> {
        let attempt = || {
            if let Some(folder) = path.parent() {
                create_folder(folder)?;
            }
            write_atomically_as(&self.prefix, path, |file| contents.write(file))
        };
        match attempt() {
            // On a file system whose locks end at the machine, a run elsewhere may have taken this file for a leftover.
            Err(error) if error.source.kind() == ErrorKind::NotFound => attempt(),
            result => result,
        }
    }

    /// Whether the file system takes `a` and `A` for one name.
    pub(super) fn ignores_case(&self) -> bool {
        let name = self.lock.path().file_name().unwrap_or_default();
        let other = name.to_string_lossy().to_uppercase();
        self.path.join(other).exists()
    }
}

/// A new lock file, locked.
fn locked(folder: &Path) -> std::io::Result<NamedTempFile> {
    loop {
        let file = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(LOCK_SUFFIX)
            .rand_bytes(12)
            .tempfile_in(folder)?;
        // Where there are no locks, nobody else takes this one either, and what this run may leave stays.
        let is_taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        // Another run may have found the file before it was locked, and taken it for a leftover.
        if !is_taken && file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes the temporary files of runs that are dead: nobody holds their lock. What cannot be removed stays.
fn remove_leftovers(folder: &Path) {
    let dead: Vec<(PathBuf, File)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| is_lock(&entry.file_name()))
        .filter_map(|entry| {
            // Some network file systems give this kind of lock only for files that are open for writing.
            let file = OpenOptions::new().write(true).open(entry.path()).ok()?;
            file.try_lock().ok()?;
            Some((entry.path(), file))
        })
        .collect();
    if dead.is_empty() {
        return;
    }
    let prefixes: Vec<String> = dead
        .iter()
        .filter_map(|(path, _)| Some(format!("{}-", path.file_stem()?.to_str()?)))
        .collect();
    let mut removed = 0;
    for entry in WalkDir::new(folder).into_iter().flatten() {
        let is_leftover = entry.file_type().is_file()
            && entry
                .file_name()
                .to_str()
                .is_some_and(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
        if is_leftover && std::fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    // The locks last: a run that is killed here leaves them for the next one.
    for (path, lock) in dead {
        let _ = std::fs::remove_file(path);
        drop(lock);
    }
    tracing::debug!(
        "removed {removed} unfinished files of earlier runs from `{}`",
        folder.display()
    );
}

fn is_lock(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(LOCK_SUFFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> FileContents {
        FileContents::Bytes(b"whole".to_vec())
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = WalkDir::new(folder)
            .into_iter()
            .flatten()
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn leftovers_of_the_dead_go_and_those_of_the_living_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "half").unwrap();
        };
        let living = OutputFolder::open(folder.path()).unwrap();
        file(&format!("deep/{}abc.tmp", living.prefix));
        file(".translate-dead.lock");
        file("deep/.translate-dead-abc.tmp");
        file(".translate-dead-def.tmp");
        file(".translate-deader-abc.tmp");
        file("photo.png");
        let second = OutputFolder::open(folder.path()).unwrap();
        let mut expected = vec![
            format!("{}abc.tmp", living.prefix),
            living
                .lock
                .path()
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned(),
            second
                .lock
                .path()
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned(),
            // No lock says whose this is.
            ".translate-deader-abc.tmp".to_owned(),
            "photo.png".to_owned(),
        ];
        expected.sort();
        assert_eq!(names(folder.path()), expected);

        living
            .write(&folder.path().join("x/y.png"), &whole())
            .unwrap();
        drop((living, second));
        assert_eq!(names(folder.path()).len(), 4, "the locks are gone");
    }

    #[test]
    fn names_as_long_as_the_file_system_takes_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let output = OutputFolder::open(folder.path()).unwrap();
        let name = format!("{}.png", "x".repeat(251));
        output.write(&folder.path().join(&name), &whole()).unwrap();
        assert_eq!(std::fs::read(folder.path().join(&name)).unwrap(), b"whole");
    }

    #[test]
    fn whether_case_counts_is_what_the_file_system_does() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "").unwrap();
        let ignores = folder.path().join("A").exists();
        let output = OutputFolder::open(folder.path()).unwrap();
        assert_eq!(output.ignores_case(), ignores);
    }
}
