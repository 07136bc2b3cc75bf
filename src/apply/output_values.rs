//! What a network made of a picture.

use crate::picture::SpooledPicture;

/// What a network made of a picture.
pub(super) enum Output {
    /// `[channels, padded_height, padded_width]`, flattened.
    Values(Vec<f32>),
    /// The picture itself, without its transparency.
    Spooled(SpooledPicture),
    /// `[channels, height, width]`, flattened, without the border.
    Cropped(Vec<f32>),
}
