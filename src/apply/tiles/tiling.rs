//! The choice between one pass, bands and tiles.

use std::path::Path;
use std::str::FromStr;

use super::grid::TileGrid;
use super::memory::available;
use crate::apply::padding::Padding;
use crate::apply::translator::Translator;
use crate::nn::BandLimits;
use crate::picture::SpooledPicture;

/// Bytes that are taken for available where the system does not say.
const UNKNOWN: u64 = 2 << 30;

/// Bytes for the features of one band.
const WORKING: u64 = 512 << 20;

/// Bytes for features that are kept between the passes over a picture, and for its pixels.
const MAX_KEPT: u64 = 1536 << 20;

/// Bytes of a pixel of a large picture, before and after the network, unless they lie in files.
const PIXEL: u64 = 6;

/// Whether pictures are cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TileSize {
    /// Those for which a whole pass would take too much memory.
    #[default]
    Auto,
    /// None.
    Off,
    /// All that are larger than this, in pixels.
    Side(usize),
}

/// A text that is no [`TileSize`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a tile: write auto, off, or a number of pixels from 8 on")]
pub struct TileError(String);

impl FromStr for TileSize {
    type Err = TileError;

    fn from_str(text: &str) -> Result<Self, TileError> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            number => match number.parse() {
                Ok(side) if side >= 8 => Ok(Self::Side(side)),
                _ => Err(TileError(text.to_owned())),
            },
        }
    }
}

/// How large pictures go through a network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tiling {
    /// What is cut.
    pub tile: TileSize,
    /// Pixels over which tiles of their own are blended. Without it pictures are cut into bands, whose result is that of the
    /// whole picture.
    pub overlap: Option<usize>,
}

/// How a picture that is too large for one pass goes through a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::apply) enum SplitMode {
    /// In bands of so many rows, or as many as fit.
    Bands(Option<usize>),
    /// In tiles.
    Blended(TileGrid),
}

impl SplitMode {
    /// What should be known about a translation that was made like this.
    pub(in crate::apply) fn note(self) -> Option<String> {
        match self {
            Self::Bands(_) => None,
            Self::Blended(TileGrid { side, overlap }) => Some(format!(
                "blended from tiles of {side} pixels that overlap by {overlap}: the network never saw the whole picture"
            )),
        }
    }
}

/// Chooses the way for each picture.
#[derive(Debug, Clone, Copy)]
pub(in crate::apply) struct SplitPolicy {
    tiling: Tiling,
    /// Bytes that a whole pass takes for a pixel; none where bands are impossible.
    bytes_per_pixel: Option<f64>,
    /// Bytes that a whole pass may take where the memory is large.
    most_whole: u64,
    available: u64,
    /// Bytes that a tensor may have.
    largest_tensor: u64,
}

impl SplitPolicy {
    /// For a network.
    pub(in crate::apply) fn new(tiling: Tiling, translator: &dyn Translator) -> Self {
        let device = translator.device_memory();
        let available = available().unwrap_or(UNKNOWN);
        let own = device.and_then(|device| device.total);
        Self {
            tiling,
            bytes_per_pixel: translator.bytes_per_pixel(),
            most_whole: translator.most_whole(),
            available: own.map_or(available, |own| own.min(available)),
            largest_tensor: device.map_or(u64::MAX, |device| device.largest_tensor),
        }
    }

    /// The way for a picture; none for one pass.
    pub(in crate::apply) fn of(&self, padding: &Padding) -> Option<SplitMode> {
        let (height, width) = (padding.padded_height, padding.padded_width);
        match (self.tiling.tile, self.tiling.overlap, self.bytes_per_pixel) {
            (TileSize::Side(side), Some(overlap), _) if height.max(width) > side => {
                Some(SplitMode::Blended(TileGrid { side, overlap }))
            }
            (TileSize::Side(rows), None, _) if height > rows => Some(SplitMode::Bands(Some(rows))),
            (TileSize::Auto, _, Some(bytes)) if bytes * (height * width) as f64 > self.most() => {
                Some(SplitMode::Bands(None))
            }
            _ => None,
        }
    }

    /// What a picture in bands may take; features that do not fit lie in `folder`.
    pub(in crate::apply) fn limits(
        &self,
        rows: Option<usize>,
        padding: &Padding,
        folder: &Path,
    ) -> BandLimits {
        let pixels = PIXEL * (padding.height * padding.width) as u64;
        let pixels = pixels.min(2 * SpooledPicture::MEMORY);
        let working = WORKING.min(self.available / 4).min(self.largest_tensor);
        let kept = MAX_KEPT.min(self.available / 2).saturating_sub(pixels);
        BandLimits {
            rows,
            working,
            kept,
            folder: folder.to_owned(),
        }
    }

    /// Whether a pass over so many pixels may take the memory that it takes.
    pub(in crate::apply) fn fits(&self, pixels: usize) -> bool {
        self.bytes_per_pixel
            .is_none_or(|bytes| bytes * pixels as f64 <= self.most())
    }

    /// The bytes that a whole pass may take.
    fn most(&self) -> f64 {
        // Decoding and encoding go on beside the network; of all that a pass takes the largest tensor is less than a half.
        let most = self.most_whole.min(self.available / 2);
        most.min(self.largest_tensor.saturating_mul(2)) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(tile: TileSize, overlap: Option<usize>, available: u64) -> SplitPolicy {
        SplitPolicy {
            tiling: Tiling { tile, overlap },
            bytes_per_pixel: Some(1000.0),
            most_whole: 2 << 30,
            available,
            largest_tensor: u64::MAX,
        }
    }

    #[test]
    fn a_tile_is_a_word_or_a_number() {
        assert_eq!("auto".parse::<TileSize>().unwrap(), TileSize::Auto);
        assert_eq!("off".parse::<TileSize>().unwrap(), TileSize::Off);
        assert_eq!("512".parse::<TileSize>().unwrap(), TileSize::Side(512));
        for wrong in ["", "0", "7", "-8", "Auto", "512x512"] {
            assert!(wrong.parse::<TileSize>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn memory_decides_where_nobody_else_does() {
        let small = Padding::new(1000, 1000, 4, 8);
        let large = Padding::new(3000, 1000, 4, 8);
        let gigabytes = 1_000_000_000;
        let auto = |available| split(TileSize::Auto, None, available);
        assert_eq!(auto(4 * gigabytes).of(&small), None);
        assert_eq!(auto(4 * gigabytes).of(&large), Some(SplitMode::Bands(None)));
        assert_eq!(auto(gigabytes).of(&small), Some(SplitMode::Bands(None)));
        // A large memory is not taken because it is there.
        assert_eq!(
            auto(1000 * gigabytes).of(&large),
            Some(SplitMode::Bands(None))
        );
        assert!(auto(4 * gigabytes).fits(2_000_000) && !auto(gigabytes).fits(1_000_000));
        let off = split(TileSize::Off, None, gigabytes);
        assert_eq!(off.of(&large), None);
        let without_bands = SplitPolicy {
            bytes_per_pixel: None,
            ..auto(gigabytes)
        };
        assert_eq!(without_bands.of(&large), None);
    }

    #[test]
    fn tensors_stay_within_what_the_device_takes() {
        let small = Padding::new(500, 400, 4, 8);
        let large = Padding::new(500, 500, 4, 8);
        let device = SplitPolicy {
            largest_tensor: 1 << 27,
            ..split(TileSize::Auto, None, 1 << 40)
        };
        assert_eq!(device.of(&small), None);
        let bands = device.of(&Padding::new(600, 600, 4, 8));
        assert_eq!(
            (device.of(&large), bands),
            (None, Some(SplitMode::Bands(None)))
        );
        let limits = device.limits(None, &large, Path::new("out"));
        assert_eq!(limits.working, 1 << 27);
    }

    #[test]
    fn a_number_decides_by_size() {
        let padding = Padding::new(100, 300, 4, 8);
        let mode = |side, overlap| split(TileSize::Side(side), overlap, 1 << 40).of(&padding);
        assert_eq!(mode(64, None), Some(SplitMode::Bands(Some(64))));
        // Bands have the full width.
        assert_eq!(mode(100, None), None);
        let tiles = |side| Some(SplitMode::Blended(TileGrid { side, overlap: 16 }));
        assert_eq!(mode(64, Some(16)), tiles(64));
        assert_eq!(mode(100, Some(16)), tiles(100));
        assert_eq!(mode(300, Some(16)), None);
    }

    #[test]
    fn bands_take_less_where_there_is_less_and_leave_room_for_the_pixels() {
        let folder = Path::new("out");
        let padding = Padding::new(10_000, 10_000, 4, 8);
        let large = split(TileSize::Auto, None, 1 << 40).limits(None, &padding, folder);
        assert_eq!((large.working, large.rows), (WORKING, None));
        assert_eq!(large.kept, MAX_KEPT - 2 * SpooledPicture::MEMORY);
        let small = split(TileSize::Auto, None, 1 << 30).limits(Some(64), &padding, folder);
        assert_eq!(
            (small.working, small.kept),
            (1 << 28, (1 << 29) - 2 * SpooledPicture::MEMORY)
        );
        assert_eq!((small.rows, small.folder.as_path()), (Some(64), folder));
    }
}
