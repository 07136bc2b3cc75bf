//! In how many bits a file holds its numbers.

use serde::{Deserialize, Serialize};

/// Numbers of the weights in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FilePrecision {
    /// 32-bit
    #[default]
    F32,
    /// 16-bit: half the size. The convolutions of ONNX models calculate with them, and normalisations, inputs and outputs have
    /// 32 bits; this program calculates with 32 bits
    F16,
}

impl FilePrecision {
    /// The name in `style.toml` and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }
}
