//! The pixels of a translation on their way into a file.

use std::io;
use std::ops::Range;

use image::{ColorType, DynamicImage};

use super::samples::is_16_bit;
use super::spooled::SpooledPicture;
use super::transparency::Transparency;

/// About the bytes of a block of rows.
const BLOCK: usize = 1 << 20;

/// All pixels of a translation.
pub(crate) enum OutputPixels {
    Whole(DynamicImage),
    /// Those of a large one: grey or RGB, and the picture whose last channel is the transparency.
    Spooled {
        colours: SpooledPicture,
        alpha: Option<Transparency>,
    },
}

impl OutputPixels {
    /// Width and height.
    pub(crate) fn size(&self) -> (u32, u32) {
        match self {
            Self::Whole(picture) => (picture.width(), picture.height()),
            Self::Spooled { colours, .. } => colours.size(),
        }
    }

    /// What a pixel consists of.
    pub(crate) fn colour(&self) -> ColorType {
        match self {
            Self::Whole(picture) => picture.color(),
            Self::Spooled {
                colours,
                alpha: None,
            } => colours.colour(),
            Self::Spooled { colours, .. } => match colours.colour() {
                ColorType::L8 => ColorType::La8,
                ColorType::Rgb8 => ColorType::Rgba8,
                ColorType::L16 => ColorType::La16,
                _ => ColorType::Rgba16,
            },
        }
    }

    /// Some rows of them, as a picture of their own.
    pub(crate) fn rows(&self, rows: Range<usize>) -> Result<DynamicImage, String> {
        match self {
            Self::Whole(picture) => {
                let (start, height) = (rows.start as u32, rows.len() as u32);
                Ok(picture.crop_imm(0, start, picture.width(), height))
            }
            Self::Spooled { colours, alpha } => {
                let pixels = colours.rows(rows.clone());
                let pixels = pixels.map_err(|error| error.to_string())?;
                match alpha {
                    None => Ok(pixels),
                    Some(alpha) => alpha.put_onto(pixels, rows),
                }
            }
        }
    }

    /// Gives all rows to `take` from the top to the bottom, as many at a time as make about a megabyte: their levels, interleaved,
    /// of which those of 16 bits are two bytes, the higher one first.
    pub(crate) fn for_each_block(
        &self,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let height = self.size().1 as usize;
        let step = (BLOCK / self.row_bytes().max(1)).max(1);
        for start in (0..height).step_by(step) {
            let rows = self.rows(start..(start + step).min(height));
            let rows = rows.map_err(io::Error::other)?;
            if is_16_bit(rows.color()) {
                let levels: &[u16] = bytemuck::cast_slice(rows.as_bytes());
                let bytes: Vec<[u8; 2]> = levels.iter().map(|level| level.to_be_bytes()).collect();
                take(bytes.as_flattened())?;
            } else {
                take(rows.as_bytes())?;
            }
        }
        Ok(())
    }

    /// Bytes of one row.
    pub(crate) fn row_bytes(&self) -> usize {
        self.size().0 as usize * usize::from(self.colour().bytes_per_pixel())
    }

    /// All rows.
    pub(crate) fn into_whole(self) -> Result<DynamicImage, String> {
        match self {
            Self::Whole(picture) => Ok(picture),
            spooled @ Self::Spooled { .. } => spooled.rows(0..spooled.size().1 as usize),
        }
    }
}
