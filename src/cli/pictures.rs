//! How pictures are read and written: flags of `translate apply`.

use clap::Args;

use super::usage::UsageError;
use crate::apply::{Depth, OutputFormat, OutputSize};
use crate::config::Pages;
use crate::picture::{Amount, MAX_BYTES, MAX_PIXELS, PictureLimits, ValueRange};

/// Flags for reading and writing pictures.
#[derive(Debug, Clone, Args)]
pub(super) struct PictureArguments {
    /// File format of the translations
    #[arg(long, value_enum, default_value_t = OutputFormat::Same)]
    pub(super) format: OutputFormat,
    /// Bits of the translations: those of each picture as far as the format holds them, or 8
    #[arg(long, value_enum, default_value_t = Depth::Keep)]
    pub(super) depth: Depth,
    /// Quality of translations that are JPEG files, 1 to 100 [default: 95]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(super) quality: Option<u8>,
    /// Which numbers of pictures that are not of 8 bits are black and white, such as 0,4095 or -1000,3000 [default: the
    /// style's `data.range`, or all that 16 bits have]
    #[arg(long, value_name = "LOW,HIGH", value_parser = value_range, allow_hyphen_values = true)]
    pub(super) range: Option<ValueRange>,
    /// Pages of TIFF files that are translated: the first, or all, into a file of as many
    #[arg(long, value_enum, default_value_t = Pages::First)]
    pub(super) pages: Pages,
    /// Refuse pictures of more pixels than this, such as 300M
    #[arg(long, value_name = "N", default_value_t = Amount(MAX_PIXELS))]
    max_pixels: Amount,
    /// Refuse files of more bytes than this, such as 2G
    #[arg(long, value_name = "N", default_value_t = Amount(MAX_BYTES))]
    max_bytes: Amount,
}

impl PictureArguments {
    /// The largest pictures that are read.
    pub(super) fn limits(&self) -> PictureLimits {
        PictureLimits {
            pixels: self.max_pixels.0,
            bytes: self.max_bytes.0,
        }
    }

    /// The format of the translations, where masks say that pixels must stay what they are.
    pub(super) fn format(&self, keeps_pixels: bool) -> OutputFormat {
        match self.format {
            OutputFormat::Same if keeps_pixels => OutputFormat::Lossless,
            format => format,
        }
    }

    /// Refuses what would change nothing or fail for each picture.
    pub(super) fn check(&self, size: OutputSize, keeps_pixels: bool) -> Result<(), UsageError> {
        let has_quality = matches!(
            self.format(keeps_pixels),
            OutputFormat::Same | OutputFormat::Jpg
        );
        if self.quality.is_some() && !has_quality {
            return Err(UsageError::NoQuality);
        }
        match size {
            OutputSize::Exact { width, height } if !self.limits().allow(width, height) => {
                Err(UsageError::SizeTooLarge {
                    width,
                    height,
                    most: self.max_pixels,
                })
            }
            _ => Ok(()),
        }
    }
}

fn value_range(text: &str) -> Result<ValueRange, String> {
    let numbers = text.split_once(',');
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|it| it.is_finite());
    let range = numbers.and_then(|(low, high)| Some([number(low)?, number(high)?]));
    let range = range.filter(|[low, high]| low < high);
    range.ok_or_else(|| "write two numbers, the lower one first, such as 0,4095".to_owned())
}
