//! What spoils pictures that are to be recovered.

use serde::{Deserialize, Serialize};

/// What is done to a picture to make the input that it is to be recovered from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Degradation {
    /// Blurred by a Gaussian.
    Blur,
    /// Made smaller, by the generator's scale.
    Downscale,
    /// Gaussian noise added.
    Noise,
}

impl Degradation {
    /// The name used in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blur => "blur",
            Self::Downscale => "downscale",
            Self::Noise => "noise",
        }
    }
}

/// Standard deviations of the blur unless others are asked for, in pixels.
pub(super) const USUAL_BLUR: [f64; 2] = [0.5, 2.0];
/// Standard deviations of the noise unless others are asked for, in levels of 255.
pub(super) const USUAL_NOISE: [f64; 2] = [0.0, 50.0];
