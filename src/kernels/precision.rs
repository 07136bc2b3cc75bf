//! Precision of convolutions.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::processor::computes_on_own_threads;

/// Precision in which convolutions compute. Weights, losses, statistics of norms and optimisers are always 32-bit.
///
/// It is a property of the layers. On LibTorch convolutions in bfloat16 give bfloat16, norms and activations keep it, and a network
/// converts its output to 32 bits. On Flex convolutions round what they multiply, and give 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floating point
    #[default]
    F32,
    /// 16-bit bfloat16, on cpu and libtorch; libtorch keeps activations in it too
    Bf16,
}

impl Precision {
    /// Whether features between layers have 32 bits at this precision on `device`.
    pub fn has_full_features(self, device: &Device) -> bool {
        computes_on_own_threads(device) || self == Self::F32
    }

    /// The name used on the command line and in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }
}
