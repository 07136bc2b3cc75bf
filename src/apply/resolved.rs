//! Paths without links.

use std::path::{Path, PathBuf};

/// The absolute path without links, of which the last parts need not exist yet.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for ancestor in absolute.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            let rest = absolute.strip_prefix(ancestor).unwrap_or(Path::new(""));
            // Joining nothing would add a separator, which a file's path must not have.
            return if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            };
        }
    }
    absolute
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
    }
}
