//! What the channels of pictures are.

use serde::{Deserialize, Serialize};

/// What the channels are that networks see and make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colours {
    /// Red, green and blue, or grey.
    Rgb,
    /// Lightness goes in; a and b of CIE L*a*b*, which make it a colour, come out.
    Lab,
}
