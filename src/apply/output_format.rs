//! File format of the outputs.

use std::path::Path;

use image::ImageFormat;

use crate::picture::format_of_bytes;

/// File format of the outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "lowercase")]
pub enum OutputFormat {
    /// That of each input, by its bytes.
    #[default]
    Same,
    /// PNG.
    Png,
    /// JPEG.
    Jpg,
    /// WebP, lossless.
    Webp,
    /// TIFF.
    Tiff,
    /// As [`OutputFormat::Same`], but PNG for JPEG: for pixels that must stay what they are.
    #[value(skip)]
    Lossless,
}

impl OutputFormat {
    /// The format that the extension of an output file asks for; that of the input where no other can be chosen.
    pub fn of_extension(path: &Path) -> Self {
        match ImageFormat::from_path(path) {
            Ok(ImageFormat::Png) => Self::Png,
            Ok(ImageFormat::Jpeg) => Self::Jpg,
            Ok(ImageFormat::WebP) => Self::Webp,
            Ok(ImageFormat::Tiff) => Self::Tiff,
            _ => Self::Same,
        }
    }

    /// The format of the picture at `input`'s translation; nothing if it is no picture that can be read.
    pub(crate) fn of(self, input: &Path) -> Option<ImageFormat> {
        match self {
            Self::Same => format_of_bytes(input),
            Self::Lossless => match format_of_bytes(input)? {
                ImageFormat::Jpeg => Some(ImageFormat::Png),
                format => Some(format),
            },
            Self::Png => Some(ImageFormat::Png),
            Self::Jpg => Some(ImageFormat::Jpeg),
            Self::Webp => Some(ImageFormat::WebP),
            Self::Tiff => Some(ImageFormat::Tiff),
        }
    }
}
