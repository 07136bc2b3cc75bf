//! The samples of a file as they are stored.

use image::ImageFormat;
use image::metadata::Orientation;

use crate::picture::decode::DecodeError;

/// What a file says of each pixel.
pub(super) struct StoredSamples {
    /// Width and height in pixels.
    pub(super) size: (usize, usize),
    /// Bits of a sample in the file.
    pub(super) bits: usize,
    pub(super) format: ImageFormat,
    pub(super) pixels: StoredPixels,
}

/// `[height, width]`, flattened.
pub(super) enum StoredPixels {
    Grey {
        levels: Vec<u32>,
        /// The level of the brightest grey that the file can hold.
        brightest: u32,
        /// Whether level 0 looks white.
        white_is_zero: bool,
    },
    /// Places in a palette.
    Indices {
        places: Vec<u32>,
        palette: Vec<[u8; 3]>,
    },
    Colours {
        levels: Vec<[u16; 3]>,
        brightest: u16,
    },
}

/// Why a file gives no samples.
pub(super) enum SampleError {
    /// The file is a picture whose samples cannot be ids; the words follow its name.
    Unfit(String),
    Decode(DecodeError),
}

impl SampleError {
    pub(super) fn damaged(message: impl Into<String>) -> Self {
        Self::Decode(DecodeError::Damaged(message.into()))
    }

    pub(super) fn transparent() -> Self {
        Self::Unfit(
            "has transparency, and ids are nothing that is more or less visible: save it without an alpha channel"
                .to_owned(),
        )
    }
}

impl<E: Into<DecodeError>> From<E> for SampleError {
    fn from(error: E) -> Self {
        Self::Decode(error.into())
    }
}

impl StoredPixels {
    /// Interleaved samples of 1 (grey), 2 (with alpha), 3 (RGB) or 4 channels; alpha must be `brightest` everywhere.
    pub(super) fn from_channels(
        samples: &[u16],
        channels: usize,
        brightest: u16,
    ) -> Result<Self, SampleError> {
        let is_opaque = |pixel: &[u16]| pixel[channels - 1] == brightest;
        if channels.is_multiple_of(2) && !samples.chunks_exact(channels).all(is_opaque) {
            return Err(SampleError::transparent());
        }
        Ok(if channels >= 3 {
            let pixels = samples.chunks_exact(channels);
            Self::Colours {
                levels: pixels.map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
                brightest,
            }
        } else {
            let pixels = samples.chunks_exact(channels);
            Self::Grey {
                levels: pixels.map(|pixel| pixel[0].into()).collect(),
                brightest: brightest.into(),
                white_is_zero: false,
            }
        })
    }
}

impl StoredSamples {
    /// As the picture is meant to be seen, which its photo is turned to as well.
    pub(super) fn upright(mut self, orientation: Option<Orientation>) -> Self {
        let orientation = orientation.unwrap_or(Orientation::NoTransforms);
        if orientation == Orientation::NoTransforms {
            return self;
        }
        let size = self.size;
        match &mut self.pixels {
            StoredPixels::Grey { levels, .. } => *levels = turned(levels, size, orientation),
            StoredPixels::Indices { places, .. } => *places = turned(places, size, orientation),
            StoredPixels::Colours { levels, .. } => *levels = turned(levels, size, orientation),
        }
        if swaps_sides(orientation) {
            self.size = (size.1, size.0);
        }
        self
    }
}

fn swaps_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn turned<T: Copy>(pixels: &[T], (width, height): (usize, usize), to: Orientation) -> Vec<T> {
    let (across, down) = if swaps_sides(to) {
        (height, width)
    } else {
        (width, height)
    };
    let mut turned = Vec::with_capacity(pixels.len());
    for y in 0..down {
        for x in 0..across {
            // Where the pixel stands in the file.
            let (column, row) = match to {
                Orientation::NoTransforms => (x, y),
                Orientation::FlipHorizontal => (width - 1 - x, y),
                Orientation::Rotate180 => (width - 1 - x, height - 1 - y),
                Orientation::FlipVertical => (x, height - 1 - y),
                Orientation::Rotate90FlipH => (y, x),
                Orientation::Rotate90 => (y, height - 1 - x),
                Orientation::Rotate270FlipH => (width - 1 - y, height - 1 - x),
                Orientation::Rotate270 => (width - 1 - y, x),
            };
            turned.push(pixels[row * width + column]);
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage};

    use super::*;

    #[test]
    fn maps_are_turned_as_pictures_are() {
        let levels: Vec<u8> = (0..6).collect();
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).unwrap();
            let mut picture: DynamicImage =
                GrayImage::from_raw(3, 2, levels.clone()).unwrap().into();
            picture.apply_orientation(orientation);
            let wanted: Vec<u32> = picture
                .as_bytes()
                .iter()
                .map(|&level| level.into())
                .collect();
            let stored = StoredSamples {
                size: (3, 2),
                bits: 8,
                format: ImageFormat::Png,
                pixels: StoredPixels::from_channels(&[0, 1, 2, 3, 4, 5], 1, 255)
                    .unwrap_or_else(|_| unreachable!("grey is opaque")),
            };
            let upright = stored.upright(Some(orientation));
            let size = (picture.width() as usize, picture.height() as usize);
            assert_eq!(upright.size, size, "{exif}");
            let StoredPixels::Grey { levels, .. } = upright.pixels else {
                panic!("grey stays grey");
            };
            assert_eq!(levels, wanted, "{exif}");
        }
    }
}
