//! The choices of an application.

use std::path::PathBuf;
use std::str::FromStr;

use super::output_format::OutputFormat;
use super::shard::Shard;
use super::tiles::Tiling;
use crate::picture::{EncodeOptions, PictureLimits};

/// How pictures are translated.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// Size of the outputs.
    pub size: OutputSize,
    /// The half of each picture that is translated, where pictures hold pairs side by side; none for the whole.
    pub half: Option<PairHalf>,
    /// Whether instance maps may lie beside the inputs of a folder, which are then no inputs themselves.
    pub instance_maps: bool,
    /// How large pictures go through the network.
    pub tiling: Tiling,
    /// File format of the outputs.
    pub format: OutputFormat,
    /// Bits of the outputs' channels.
    pub depth: Depth,
    /// Quality of JPEG outputs, 1 to 100; none for 95.
    pub quality: Option<u8>,
    /// The largest pictures that are read, and translated.
    pub limits: PictureLimits,
    /// What happens to outputs that are there already.
    pub existing: OnExisting,
    /// Translations of each picture; 0 counts as 1. The names of several get a number.
    pub samples: usize,
    /// The share of the input that is translated; none for all of it.
    pub shard: Option<Shard>,
    /// Where the JSON report goes, if anywhere: at the end, or line by line if its extension is `jsonl`.
    pub report: Option<PathBuf>,
    /// Threads that decode, and as many that encode; 0 for one per core, at most 8. Each holds one picture: 12 bytes for a pixel.
    pub threads: usize,
}

impl ApplyOptions {
    /// How outputs are written.
    pub(super) fn encoding(&self) -> EncodeOptions {
        EncodeOptions::of_quality(self.quality)
    }
}

/// A half of a picture that holds a pair side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairHalf {
    /// The left one.
    Left,
    /// The right one.
    Right,
}

/// Bits of the outputs' channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Depth {
    /// 16 where the input has 16 and the format of the output holds them; else 8.
    #[default]
    Keep,
    /// 8.
    #[value(name = "8")]
    Bits8,
}

/// Size of the outputs, in pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OutputSize {
    /// That of each input.
    #[default]
    Keep,
    /// This size: pictures are resized to it before they are translated, whatever their aspect ratio.
    Exact {
        /// Width.
        width: u32,
        /// Height.
        height: u32,
    },
}

/// A size that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a size: write keep, 256 or 640x480 (width x height)")]
pub struct SizeError(String);

impl FromStr for OutputSize {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        if text == "keep" {
            return Ok(Self::Keep);
        }
        let (width, height) = text.split_once('x').unwrap_or((text, text));
        let side = |digits: &str| digits.parse::<u32>().ok().filter(|&side| side > 0);
        match (side(width), side(height)) {
            (Some(width), Some(height)) => Ok(Self::Exact { width, height }),
            _ => Err(SizeError(text.to_owned())),
        }
    }
}

/// What happens to outputs that are there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnExisting {
    /// They are an error, before any work.
    #[default]
    Refuse,
    /// They stay, and their inputs are not translated.
    Skip,
    /// They are replaced.
    Overwrite,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_parsed_width_first() {
        let size = |text: &str| text.parse::<OutputSize>().ok();
        assert_eq!(size("keep"), Some(OutputSize::Keep));
        let square = OutputSize::Exact {
            width: 64,
            height: 64,
        };
        assert_eq!(size("64"), Some(square));
        let wide = OutputSize::Exact {
            width: 640,
            height: 480,
        };
        assert_eq!(size("640x480"), Some(wide));
        for wrong in ["", "0", "0x4", "4x", "x4", "-3", "4x4x4", "Keep"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
