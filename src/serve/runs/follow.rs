//! The files that a run writes, followed while it goes on.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::serve::roots::below;
use crate::style::StyleFolder;
use crate::train::MetricsLine;

/// Bytes that are read at once.
const PIECE: u64 = 4 << 20;

/// What is new in a metrics file.
#[derive(Debug, Default, PartialEq)]
pub(in crate::serve) struct NewLines {
    /// Whether the run began anew, so that what was known does not count any more.
    pub(in crate::serve) restarted: bool,
    /// The lines.
    pub(in crate::serve) lines: Vec<MetricsLine>,
}

/// Reads a metrics file from where it has read it before.
#[derive(Debug)]
pub(in crate::serve) struct Follower {
    path: PathBuf,
    /// Bytes that are read.
    offset: u64,
    /// A line that was not whole.
    rest: Vec<u8>,
    /// The last step that is known.
    last: u64,
}

impl Follower {
    /// Follows a file that need not exist yet; lines up to the step `last` are known.
    pub(in crate::serve) fn new(path: PathBuf, last: u64) -> Self {
        Self {
            path,
            offset: 0,
            rest: Vec::new(),
            last,
        }
    }

    /// What has been written since the last call.
    pub(in crate::serve) fn read(&mut self) -> NewLines {
        let mut new = NewLines::default();
        let Ok(mut file) = File::open(&self.path) else {
            return new;
        };
        let length = file.metadata().map_or(0, |data| data.len());
        // A run that goes on writes the file anew, without the steps after its checkpoint.
        if length < self.offset {
            *self = Self::new(self.path.clone(), 0);
            new.restarted = true;
        }
        while self.offset < length {
            let mut piece = Vec::new();
            let read = file
                .seek(SeekFrom::Start(self.offset))
                .and_then(|_| (&mut file).take(PIECE).read_to_end(&mut piece));
            match read {
                Ok(count) if count > 0 => self.offset += count as u64,
                _ => break,
            }
            self.take(&piece, &mut new);
        }
        new
    }

    fn take(&mut self, piece: &[u8], new: &mut NewLines) {
        self.rest.extend_from_slice(piece);
        let end = self.rest.iter().rposition(|&byte| byte == b'\n');
        let Some(end) = end else { return };
        let later = self.rest.split_off(end + 1);
        let whole = std::mem::replace(&mut self.rest, later);
        for line in whole.split(|&byte| byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<MetricsLine>(line) else {
                continue;
            };
            if line.step > self.last {
                self.last = line.step;
                new.lines.push(line);
            }
        }
    }
}

/// The steps of the previews of a run, sorted.
pub(in crate::serve) fn preview_steps(style: &StyleFolder) -> Vec<u64> {
    let Ok(entries) = std::fs::read_dir(style.previews()) else {
        return Vec::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name());
    let steps = names.filter_map(|name| {
        let name = name.to_str()?.strip_prefix("step-")?;
        name.strip_suffix(".png")?.parse::<u64>().ok()
    });
    let mut steps: Vec<u64> = steps.collect();
    steps.sort_unstable();
    steps
}

/// The preview after a step, if there is one in the style's own folder.
pub(in crate::serve) fn preview_path(style: &StyleFolder, step: u64) -> Option<PathBuf> {
    let name = format!("step-{step:06}.png");
    let path: &Path = &style.previews().join(name);
    let root = style.path().canonicalize().ok()?;
    below(&root, path).filter(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: u64) -> String {
        format!(
            "{{\"step\":{step},\"epoch\":1,\"lr\":0.1,\"seconds\":1.0,\"losses\":{{\"G\":{step}.5}}}}\n"
        )
    }

    #[test]
    fn only_whole_new_lines_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let mut follower = Follower::new(path.clone(), 0);
        let mut read = || {
            let new = follower.read();
            let steps: Vec<u64> = new.lines.iter().map(|line| line.step).collect();
            (new.restarted, steps)
        };
        assert_eq!(read(), (false, vec![]));
        std::fs::write(&path, line(1) + &line(2) + "{\"step\":3,").unwrap();
        assert_eq!(read(), (false, vec![1, 2]));
        assert_eq!(read(), (false, vec![]));
        std::fs::write(&path, line(1) + &line(2) + &line(3)).unwrap();
        assert_eq!(read(), (false, vec![3]));
        std::fs::write(&path, line(1)).unwrap();
        assert_eq!(read(), (true, vec![1]));
    }
}
