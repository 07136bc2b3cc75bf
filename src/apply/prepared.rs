//! A picture as a network takes it.

use super::padding::Padding;
use super::passthrough::Passthrough;
use super::tiles::{InputPlanes, InputRows, SplitMode, SplitPolicy};

/// A picture as a network takes it.
pub(super) struct Prepared {
    pub(super) input: Input,
    pub(super) padding: Padding,
    pub(super) passthrough: Passthrough,
}

/// The values of a picture.
pub(super) enum Input {
    /// `[channels, padded_height, padded_width]`, flattened, in [-1, 1].
    Values(Vec<f32>),
    /// The same of some rows at a time.
    Rows(InputRows, SplitMode),
}

impl Prepared {
    /// The layers, each of the padding's width and height, for the way that fits.
    pub(super) fn new(
        layers: Vec<InputPlanes>,
        padding: Padding,
        passthrough: Passthrough,
        split: &SplitPolicy,
    ) -> Result<Self, String> {
        let input = if let Some(mode) = split.of(&padding) {
            Input::Rows(InputRows { layers, padding }, mode)
        } else {
            let mut values = Vec::new();
            for layer in layers {
                values.extend(layer.into_values()?);
            }
            Input::Values(padding.pad(values))
        };
        Ok(Self {
            input,
            padding,
            passthrough,
        })
    }
}
