//! Messages without the paths of this machine.

use std::path::{MAIN_SEPARATOR, Path};

/// Takes paths out of messages: what clients read names files as clients know them.
#[derive(Debug)]
pub(super) struct Redaction {
    /// The folder for pictures on their way: `KIND/ID/` follows.
    own: String,
    /// Folders, and what stands for them.
    known: Vec<(String, String)>,
}

impl Redaction {
    /// `own` is the server's folder, `known` are others with their names.
    pub(super) fn new<'a>(own: &Path, known: impl Iterator<Item = (&'a Path, String)>) -> Self {
        let text = |path: &Path| format!("{}{MAIN_SEPARATOR}", path.display());
        let mut prefixes = Vec::new();
        for (path, name) in known {
            let mut forms = vec![text(path)];
            forms.extend(std::path::absolute(path).ok().map(|path| text(&path)));
            forms.extend(path.canonicalize().ok().map(|path| text(&path)));
            forms.sort();
            forms.dedup();
            let name = if name.is_empty() {
                name
            } else {
                format!("{name}{MAIN_SEPARATOR}")
            };
            prefixes.extend(forms.into_iter().map(|form| (form, name.clone())));
        }
        // The longest first, since one folder may lie in another.
        prefixes.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        Self {
            own: text(own),
            known: prefixes,
        }
    }

    /// The message as clients may read it.
    pub(super) fn clean(&self, message: &str) -> String {
        let mut parts = message.split(self.own.as_str());
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.splitn(3, MAIN_SEPARATOR).nth(2);
            text.push_str(rest.unwrap_or(part));
        }
        for (form, name) in &self.known {
            text = text.replace(form.as_str(), name);
            // The folder itself.
            let folder = form.trim_end_matches(MAIN_SEPARATOR);
            if folder.len() > 1 {
                let own = name.trim_end_matches(MAIN_SEPARATOR);
                text = text.replace(folder, if own.is_empty() { "." } else { own });
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_files_as_clients_do() {
        let known = [
            (Path::new("/data/photos"), "photos".to_owned()),
            (Path::new("/data"), "data".to_owned()),
            (Path::new("/srv/checkpoints"), String::new()),
        ];
        let redaction = Redaction::new(Path::new("/tmp/x1"), known.into_iter());
        let clean = |text: &str| redaction.clean(text);
        assert_eq!(
            clean("`/tmp/x1/pictures/00ff/a b.png` is no picture"),
            "`a b.png` is no picture"
        );
        assert_eq!(
            clean("`/data/photos/1.png` and `/data/2.png`"),
            "`photos/1.png` and `data/2.png`"
        );
        assert_eq!(
            clean("`/srv/checkpoints/m/generator.safetensors`"),
            "`m/generator.safetensors`"
        );
        assert_eq!(clean("`/srv/checkpoints`, `/data`"), "`.`, `data`");
    }
}
