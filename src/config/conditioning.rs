//! Classes of pictures, and how networks are told them.

use serde::{Deserialize, Serialize};

/// Where the classes of pictures come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassSource {
    /// There are none.
    None,
    /// The outermost folder of each picture.
    Folders,
}

/// How networks are told the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Not at all.
    None,
    /// Beside their input.
    Concat,
    /// The generator beside its input, the discriminator by an inner product with its features.
    Projection,
    /// The generator beside its input; the discriminator tells the class itself.
    Auxiliary,
}

/// Weight of the auxiliary classifier, as in AC-GAN.
pub(super) fn usual_classification() -> f64 {
    1.0
}
