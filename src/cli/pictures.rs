//! How pictures are read and written: flags of `translate apply`.

use clap::Args;

use super::usage::UsageError;
use crate::apply::{Depth, OutputFormat, OutputSize};
use crate::picture::{Amount, MAX_BYTES, MAX_PIXELS, PictureLimits};

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
