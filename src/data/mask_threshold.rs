//! From which grey on a pixel of a mask is a hole.

use std::str::FromStr;

/// A share of white, above 0 and at most 1: pixels that are at least as bright are holes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaskThreshold(f64);

/// A number that is no threshold.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no share of white: write a number above 0 and at most 1, such as 0.5")]
pub struct MaskThresholdError(String);

impl MaskThreshold {
    /// The threshold `share`, where it is above 0 and at most 1.
    pub fn new(share: f64) -> Option<Self> {
        (share > 0.0 && share <= 1.0).then_some(Self(share))
    }

    /// The share of white.
    pub fn share(self) -> f64 {
        self.0
    }

    /// The lowest level that is a hole, where `white` is the highest.
    pub(super) fn level(self, white: u16) -> u16 {
        (self.0 * f64::from(white)).ceil().max(1.0) as u16
    }
}

impl Default for MaskThreshold {
    /// Pixels that are nearer to white than to black.
    fn default() -> Self {
        Self(0.5)
    }
}

impl FromStr for MaskThreshold {
    type Err = MaskThresholdError;

    fn from_str(text: &str) -> Result<Self, MaskThresholdError> {
        let share = text.trim().parse().ok().and_then(Self::new);
        share.ok_or_else(|| MaskThresholdError(text.to_owned()))
    }
}
