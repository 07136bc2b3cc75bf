//! Patterns of paths.

use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern, PatternError};

use crate::data::is_hidden;

/// Characters that make a path a pattern.
const WILDCARDS: [char; 3] = ['*', '?', '['];

/// A pattern: folders that are named, and what is looked for below them.
pub(super) struct PathPattern {
    /// The folders before the first wildcard. A folder that exists counts as named, whatever its characters.
    pub(super) root: PathBuf,
    parts: Vec<Part>,
}

enum Part {
    /// `**`: any number of folders.
    Folders,
    Name {
        text: String,
        /// With brackets as characters to choose from, and as themselves; what is no pattern is left out.
        patterns: Vec<Pattern>,
    },
}

impl PathPattern {
    /// None for a path without wildcards.
    ///
    /// # Errors
    /// The pattern makes no sense.
    pub(super) fn parse(path: &Path) -> Result<Option<Self>, PatternError> {
        let Some(text) = path.to_str().filter(|text| text.contains(WILDCARDS)) else {
            return Ok(None);
        };
        let components = Path::new(text).components();
        let mut components = components
            .filter(|part| *part != Component::CurDir)
            .peekable();
        let mut root = PathBuf::new();
        while let Some(part) = components.peek() {
            let has_wildcard = part.as_os_str().to_string_lossy().contains(WILDCARDS);
            if has_wildcard && !root.join(part).is_dir() {
                break;
            }
            root.push(part);
            components.next();
        }
        let parts = components.map(|part| Part::parse(&part.as_os_str().to_string_lossy()));
        let parts = parts.collect::<Result<_, _>>()?;
        Ok(Some(Self { root, parts }))
    }

    /// Whether the pattern stands for the path of these names below the root.
    pub(super) fn matches(&self, names: &[&str]) -> bool {
        matches(&self.parts, names)
    }

    /// Whether it may stand for something in the folder of these names.
    pub(super) fn may_match_below(&self, names: &[&str]) -> bool {
        may_match_below(&self.parts, names)
    }
}

impl Part {
    fn parse(text: &str) -> Result<Self, PatternError> {
        if text == "**" {
            return Ok(Self::Folders);
        }
        let literal = text.replace('[', "[[]");
        let patterns = [Pattern::new(text), Pattern::new(&literal)];
        if let [Err(error), Err(_)] = patterns {
            return Err(error);
        }
        Ok(Self::Name {
            text: text.to_owned(),
            patterns: patterns.into_iter().flatten().collect(),
        })
    }

    fn matches(&self, name: &str) -> bool {
        // As in a shell: hidden files have to be asked for.
        let options = MatchOptions {
            require_literal_leading_dot: true,
            ..MatchOptions::new()
        };
        match self {
            Self::Folders => !is_hidden(name.as_ref()),
            Self::Name { text, patterns } => {
                let is_asked_for = text.starts_with('.') || !is_hidden(name.as_ref());
                let matches = |pattern: &Pattern| pattern.matches_with(name, options);
                text == name || (is_asked_for && patterns.iter().any(matches))
            }
        }
    }
}

fn matches(parts: &[Part], names: &[&str]) -> bool {
    match (parts, names) {
        ([], names) => names.is_empty(),
        ([Part::Folders, rest @ ..], []) => matches(rest, &[]),
        ([part @ Part::Folders, rest @ ..], [name, others @ ..]) => {
            matches(rest, names) || (part.matches(name) && matches(parts, others))
        }
        (_, []) => false,
        ([part, rest @ ..], [name, others @ ..]) => part.matches(name) && matches(rest, others),
    }
}

fn may_match_below(parts: &[Part], names: &[&str]) -> bool {
    match (parts, names) {
        ([], _) => false,
        (_, []) => true,
        ([part @ Part::Folders, rest @ ..], [name, others @ ..]) => {
            may_match_below(rest, names) || (part.matches(name) && may_match_below(parts, others))
        }
        ([part, rest @ ..], [name, others @ ..]) => {
            part.matches(name) && may_match_below(rest, others)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> PathPattern {
        PathPattern::parse(Path::new(text)).unwrap().unwrap()
    }

    #[test]
    fn the_root_ends_before_the_first_wildcard() {
        for (text, root) in [
            ("*.png", ""),
            ("./*.png", ""),
            ("./a/./b/*.png", "a/b"),
            ("/a/b?/c/*.png", "/a"),
            ("../[ab]/c.png", ".."),
        ] {
            assert_eq!(pattern(text).root, Path::new(root), "{text}");
        }
        assert!(PathPattern::parse(Path::new("a/b.png")).unwrap().is_none());
        assert!(PathPattern::parse(Path::new("***")).is_err());
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (text, path, wanted) in [
            ("*.png", "a.png", true),
            ("*.png", "x/a.png", false),
            ("*.png", ".a.png", false),
            (".*.png", ".a.png", true),
            ("*/a.png", "x/a.png", true),
            ("**/a.png", "a.png", true),
            ("**/a.png", "x/y/a.png", true),
            ("**/a.png", ".x/a.png", false),
            ("**/a.png", "@eaDir/a.png", false),
            ("*/@eaDir/a.png", "x/@eaDir/a.png", true),
            ("**", "x/a.png", true),
            ("x*/**/[ab].png", "xy/z/b.png", true),
            ("x*/**/[ab].png", "xy/z/c.png", false),
            ("* [1]/*.png", "ph [1]/a.png", true),
            ("img [1]*.png", "img [1] b.png", true),
            ("img [1*.png", "img [12.png", true),
        ] {
            let names: Vec<&str> = path.split('/').collect();
            assert_eq!(pattern(text).matches(&names), wanted, "{text} {path}");
            if wanted {
                for depth in 1..names.len() {
                    assert!(pattern(text).may_match_below(&names[..depth]), "{text}");
                }
            }
        }
        assert!(!pattern("*.png").may_match_below(&["x"]));
        assert!(!pattern("a?/*.png").may_match_below(&["b"]));
    }
}
