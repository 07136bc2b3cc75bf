//! The choices of an application.

use std::path::PathBuf;
use std::str::FromStr;

use super::hidden_colours::TransparentPixels;
use super::output_format::OutputFormat;
use super::shard::Shard;
use super::tiles::Tiling;
use crate::config::Pages;
use crate::picture::{EncodeOptions, PictureLimits, ValueRange};

/// How pictures are translated.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// Size at which pictures are translated.
    pub size: OutputSize,
    /// The half of each picture that is translated, where pictures hold pairs side by side; none for the whole.
    pub half: Option<PairHalf>,
    /// Whether translations are brought back to the size of their inputs.
    pub restore: bool,
    /// Whether instance maps may lie beside the inputs of a folder, which are then no inputs themselves.
    pub instance_maps: bool,
    /// How large pictures go through the network.
    pub tiling: Tiling,
    /// File format of the outputs.
    pub format: OutputFormat,
    /// Bits of the outputs' channels.
    pub depth: Depth,
    /// What the network sees under pixels that are fully transparent.
    pub transparent: TransparentPixels,
    /// Quality of JPEG outputs, 1 to 100; none for 95.
    pub quality: Option<u8>,
    /// Which numbers of 16-bit, signed and floating-point pictures are black and white; none for all that 16 bits have.
    pub range: Option<ValueRange>,
    /// Pages that are translated.
    pub pages: Pages,
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

/// Size at which pictures are translated, in pixels.
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
    /// This width, with the aspect ratio of each input.
    Width(u32),
    /// This height, with the aspect ratio of each input.
    Height(u32),
    /// This for the shorter side, with the aspect ratio of each input.
    Short(u32),
    /// The same for inputs whose shorter side is longer; the others keep their size.
    ShortAtMost(u32),
}

impl OutputSize {
    /// Width and height for an input of this width and height.
    pub fn for_input(self, (width, height): (usize, usize)) -> (usize, usize) {
        let scaled = |side: usize, to: u32, from: usize| {
            let exact = side as f64 * f64::from(to) / from as f64;
            (exact.round() as usize).max(1)
        };
        match self {
            Self::Keep => (width, height),
            Self::Exact { width, height } => (width as usize, height as usize),
            Self::ShortAtMost(most) if width.min(height) <= most as usize => (width, height),
            Self::ShortAtMost(to) => Self::Short(to).for_input((width, height)),
            Self::Short(to) if width <= height => Self::Width(to).for_input((width, height)),
            Self::Short(to) => Self::Height(to).for_input((width, height)),
            Self::Width(to) => (to as usize, scaled(height, to, width)),
            Self::Height(to) => (scaled(width, to, height), to as usize),
        }
    }
}

/// A size that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not a size: write keep, 256, 640x480 (width x height), 640x or x480 (with the input's aspect ratio), or short:480 (the shorter side)"
)]
pub struct SizeError(String);

impl FromStr for OutputSize {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        if text == "keep" {
            return Ok(Self::Keep);
        }
        let side = |digits: &str| digits.parse::<u32>().ok().filter(|&side| side > 0);
        let short = text.strip_prefix("short:").map(side);
        let (width, height) = text.split_once('x').unwrap_or((text, text));
        match (short, side(width), side(height)) {
            (Some(Some(short)), ..) => Ok(Self::Short(short)),
            (None, Some(width), Some(height)) => Ok(Self::Exact { width, height }),
            (None, Some(width), None) if height.is_empty() => Ok(Self::Width(width)),
            (None, None, Some(height)) if width.is_empty() => Ok(Self::Height(height)),
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
        assert_eq!(size("576x"), Some(OutputSize::Width(576)));
        assert_eq!(size("x576"), Some(OutputSize::Height(576)));
        assert_eq!(size("short:576"), Some(OutputSize::Short(576)));
        for wrong in [
            "", "x", "0", "0x4", "0x", "x0", "-3", "4x4x4", "short:", "short:0", "short:4x", "Keep",
        ] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sides_follow_the_aspect_ratio() {
        let wide = (1200, 801);
        assert_eq!(OutputSize::Keep.for_input(wide), wide);
        assert_eq!(OutputSize::Width(600).for_input(wide), (600, 401));
        assert_eq!(OutputSize::Height(267).for_input(wide), (400, 267));
        assert_eq!(OutputSize::Short(267).for_input(wide), (400, 267));
        assert_eq!(OutputSize::Short(267).for_input((801, 1200)), (267, 400));
        assert_eq!(OutputSize::Width(8).for_input((1000, 1)), (8, 1));
        let at_most = OutputSize::ShortAtMost(267);
        assert_eq!(at_most.for_input(wide), (400, 267));
        assert_eq!(at_most.for_input((267, 1200)), (267, 1200));
        assert_eq!(at_most.for_input((9, 1200)), (9, 1200));
    }
}
