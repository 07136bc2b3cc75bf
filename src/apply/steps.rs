//! The three steps of one picture, of which the middle one is the network's.

use image::DynamicImage;

use super::plan::PlannedPicture;

/// What is done with a picture before and after the network, in threads of its own. Errors are messages for the person
/// whose picture it is.
pub(super) trait Steps: Sync {
    /// A picture as the network takes it.
    type Prepared: Send;
    /// What the network makes of it.
    type Made: Send;

    /// Reads a picture.
    fn prepare(&self, picture: &PlannedPicture) -> Result<Self::Prepared, String>;

    /// Encodes what the network made.
    fn finish(&self, picture: &PlannedPicture, made: Self::Made) -> Result<Finished, String>;
}

/// The output of a picture.
pub(super) struct Finished {
    /// The contents of its file.
    pub(super) bytes: Vec<u8>,
    pub(super) width: u32,
    pub(super) height: u32,
    /// What should be known about it.
    pub(super) note: Option<String>,
}

impl Finished {
    /// The `bytes` of a file that holds `picture`; there is one note at most, made of `notes`.
    pub(super) fn new(bytes: Vec<u8>, picture: &DynamicImage, notes: &[String]) -> Self {
        Self {
            bytes,
            width: picture.width(),
            height: picture.height(),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
        }
    }
}
