//! The three steps of one picture, of which the middle one is the network's.

use std::path::PathBuf;

use super::plan::PlannedPicture;
use crate::picture::{Encoded, FileContents};

/// What is done with a picture before and after the network, in threads of its own. Errors are messages for the person
/// whose picture it is.
pub(super) trait Pipeline: Sync {
    /// A picture as the network takes it.
    type Prepared: Send;
    /// What the network makes of it.
    type Output: Send;

    /// Reads a picture.
    fn prepare(&self, picture: &PlannedPicture) -> Result<Self::Prepared, String>;

    /// Whether the network takes `next` at once with `count` others, of which `first` is one. What it makes of each is the same, in less time.
    fn joins(&self, first: &Self::Prepared, count: usize, next: &Self::Prepared) -> bool {
        let _ = (first, count, next);
        false
    }

    /// Encodes what the network made.
    fn finish(&self, picture: &PlannedPicture, made: Self::Output) -> Result<Finished, String>;
}

/// The output of a picture.
pub(super) struct Finished {
    /// The contents of its file.
    pub(super) contents: FileContents,
    pub(super) width: u32,
    pub(super) height: u32,
    /// What should be known about it.
    pub(super) note: Option<String>,
    /// Files that go along, with what they are to hold.
    pub(super) sidecars: Vec<(PathBuf, Vec<u8>)>,
}

impl Finished {
    /// Width and height.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.width as usize, self.height as usize)
    }
}

impl From<Encoded> for Finished {
    /// The notes become one, if there are any.
    fn from(
        Encoded {
            contents,
            size: (width, height),
            notes,
        }: Encoded,
    ) -> Self {
        Self {
            contents,
            width,
            height,
            note: (!notes.is_empty()).then(|| notes.join("; ")),
            sidecars: Vec::new(),
        }
    }
}
