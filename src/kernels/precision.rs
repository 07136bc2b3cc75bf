//! Precision of convolutions.

use serde::{Deserialize, Serialize};

/// Precision in which convolutions compute. Weights, losses, statistics of norms and optimisers are always 32-bit.
///
/// It is a property of the layers: convolutions in bfloat16 give bfloat16, norms and activations keep it, and a network
/// converts its output to 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floating point
    #[default]
    F32,
    /// 16-bit bfloat16, where the device can (libtorch); activations are kept in it too
    Bf16,
}

impl Precision {
    /// The name used on the command line and in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }
}
