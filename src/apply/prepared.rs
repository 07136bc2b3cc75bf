//! A picture as a network takes it.

use super::padding::Padding;
use super::passthrough::Passthrough;
use super::tiles::{InputPlanes, InputRows, SplitMode, SplitPolicy};
use super::translator::InputSpec;
use crate::picture::{LuminanceMatch, LuminanceSums};

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
    /// The layers, each of the padding's width and height, for the way that fits. A picture whose translation keeps some of its
    /// brightness or contrast is one layer.
    pub(super) fn new(
        layers: Vec<InputPlanes>,
        padding: Padding,
        mut passthrough: Passthrough,
        spec: &InputSpec,
        split: &SplitPolicy,
    ) -> Result<Self, String> {
        let mut sums = (!spec.kept.are_none()).then(LuminanceSums::default);
        let input = if let Some(mode) = split.of(&padding) {
            let rows = InputRows { layers, padding };
            if let Some(sums) = &mut sums {
                rows.add_luminance(sums, spec.channels)?;
            }
            Input::Rows(rows, mode)
        } else {
            let mut values = Vec::new();
            for layer in layers {
                values.extend(layer.into_values()?);
            }
            if let Some(sums) = &mut sums {
                sums.add(&values, spec.channels);
            }
            Input::Values(padding.pad(values))
        };
        passthrough.matching = sums.map(|sums| LuminanceMatch {
            kept: spec.kept,
            picture: sums.luminance(),
        });
        Ok(Self {
            input,
            padding,
            passthrough,
        })
    }
}
