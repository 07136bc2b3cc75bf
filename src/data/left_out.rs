//! What a folder holds besides the pictures that are used.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Files that are not called like pictures, and links that lead round in circles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Files by their extension in small letters, with its dot; empty for files without one.
    by_extension: BTreeMap<String, usize>,
    /// Links to a folder that they lie in.
    circles: Vec<PathBuf>,
}

impl LeftOut {
    /// Counts a file.
    pub fn add_file(&mut self, path: &Path) {
        let extension = path.extension().map(|extension| {
            let extension = extension.to_string_lossy().to_lowercase();
            format!(".{extension}")
        });
        *self
            .by_extension
            .entry(extension.unwrap_or_default())
            .or_default() += 1;
    }

    /// Adds what another listing has left out.
    pub fn extend(&mut self, other: Self) {
        for (extension, count) in other.by_extension {
            *self.by_extension.entry(extension).or_default() += count;
        }
        self.circles.extend(other.circles);
    }

    /// Takes down a link.
    pub fn add_circle(&mut self, path: PathBuf) {
        self.circles.push(path);
    }

    /// Number of files.
    pub fn count(&self) -> usize {
        self.by_extension.values().sum()
    }

    /// Files by their extension in small letters, with its dot; empty for files without one.
    pub fn by_extension(&self) -> &BTreeMap<String, usize> {
        &self.by_extension
    }

    /// A sentence for the files and one for each link; none where nothing is left out.
    pub fn notes(&self) -> Vec<String> {
        let files = (self.count() > 0).then(|| self.to_string());
        files.into_iter().chain(self.circle_notes()).collect()
    }

    /// A sentence for each link.
    pub fn circle_notes(&self) -> Vec<String> {
        let note = |path: &PathBuf| {
            format!(
                "the link `{}` leads to a folder that it lies in, and is not followed",
                path.display()
            )
        };
        self.circles.iter().map(note).collect()
    }
}

impl fmt::Display for LeftOut {
    /// `5 files are left out: 3 .heic, 2 .txt`, the most frequent first.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.count();
        let are = if count == 1 { "file is" } else { "files are" };
        write!(formatter, "{count} {are} left out")?;
        let mut kinds: Vec<(&String, &usize)> = self.by_extension.iter().collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (place, (extension, count)) in kinds.into_iter().enumerate() {
            let before = if place == 0 { ": " } else { ", " };
            let kind = if extension.is_empty() {
                "without extension"
            } else {
                extension
            };
            write!(formatter, "{before}{count} {kind}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted_by_extension() {
        let mut left_out = LeftOut::default();
        assert!(left_out.notes().is_empty());
        for name in ["a.txt", "b.HEIC", "x/c.heic", "README"] {
            left_out.add_file(Path::new(name));
        }
        assert_eq!(
            left_out.notes(),
            ["4 files are left out: 2 .heic, 1 without extension, 1 .txt"]
        );
        left_out.add_circle("x/round".into());
        assert!(left_out.notes()[1].starts_with("the link `x/round` leads to"));
    }
}
