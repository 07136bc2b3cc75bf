//! Pixels on their way from a decoded picture to values: interleaved 8-bit channels, or 32-bit ids.

use image::{DynamicImage, RgbImage};

use super::lab::lab_planes;
use super::normalize::{grey, normalize, normalized_values};
use super::resample::{resize_bicubic, resize_nearest, resize_plane};
use super::samples::is_16_bit;

/// What the bytes of a raster are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RasterKind {
    /// A picture.
    Colours,
    /// A picture in colour, of which networks see the lightness.
    Lightness,
    /// A picture in colour, of which networks see a and b, which lightness lacks to be a colour.
    Opponents,
    /// Features that must not be mixed with their neighbours'.
    Features,
    /// Ids of classes or instances, four bytes each, the lowest one first.
    Ids,
    /// Values that networks see, four bytes each, in the byte order of the machine.
    Values,
}

/// A picture of any number of channels, or a map of ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    pub(crate) kind: RasterKind,
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Bytes of a pixel.
    pub(crate) channels: usize,
    /// `[height, width, channels]`, flattened.
    pub(crate) bytes: Vec<u8>,
}

impl Raster {
    /// The picture as it is for 3 channels, its grey for 1.
    pub fn new(picture: RgbImage, channels: usize) -> Self {
        let (width, height) = picture.dimensions();
        Self {
            kind: RasterKind::Colours,
            width: width as usize,
            height: height as usize,
            channels,
            bytes: if channels == 1 {
                grey(&picture).into_raw()
            } else {
                picture.into_raw()
            },
        }
    }

    /// Values that networks see, `[channels, height, width]`, flattened.
    pub(crate) fn from_values(values: &[f32], (width, height): (usize, usize)) -> Self {
        let area = width * height;
        let channels = values.len() / area.max(1);
        let mut bytes = Vec::with_capacity(size_of_val(values));
        for place in 0..area {
            for channel in 0..channels {
                bytes.extend(values[channel * area + place].to_ne_bytes());
            }
        }
        Self {
            kind: RasterKind::Values,
            width,
            height,
            channels: channels * size_of::<f32>(),
            bytes,
        }
    }

    /// A map of ids, `[height, width]`, flattened.
    pub fn from_ids(ids: &[u32], (width, height): (usize, usize)) -> Self {
        Self {
            kind: RasterKind::Ids,
            width,
            height,
            channels: size_of::<u32>(),
            bytes: ids.iter().flat_map(|id| id.to_le_bytes()).collect(),
        }
    }

    /// Channels of its values.
    pub(crate) fn value_channels(&self) -> usize {
        match self.kind {
            RasterKind::Ids | RasterKind::Lightness => 1,
            RasterKind::Opponents => 2,
            RasterKind::Values => self.channels / size_of::<f32>(),
            RasterKind::Colours | RasterKind::Features => self.channels,
        }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Resized with Pillow's bicubic filter, ids to those of the nearest pixels; unchanged when it already has the size.
    pub fn resized(self, (width, height): (usize, usize)) -> Self {
        if (width, height) == self.size() {
            return self;
        }
        let resize = match self.kind {
            RasterKind::Colours | RasterKind::Lightness | RasterKind::Opponents => resize_bicubic,
            RasterKind::Features | RasterKind::Ids => resize_nearest,
            RasterKind::Values => {
                let own = self.size();
                let values = self.values();
                let planes = values.chunks_exact((own.0 * own.1).max(1));
                let resized = planes.flat_map(|plane| resize_plane(plane, own, (width, height)));
                // The filter overshoots at edges.
                let values: Vec<f32> = resized.map(|value| value.clamp(-1.0, 1.0)).collect();
                return Self::from_values(&values, (width, height));
            }
        };
        Self {
            kind: self.kind,
            width,
            height,
            channels: self.channels,
            bytes: resize(&self.bytes, self.channels, self.size(), (width, height)),
        }
    }

    /// The window of `width` x `height` whose upper left corner is at (`x`, `y`); it lies inside.
    pub(crate) fn cropped(&self, (x, y): (usize, usize), (width, height): (usize, usize)) -> Self {
        let row = self.width * self.channels;
        let (from, length) = (x * self.channels, width * self.channels);
        let mut bytes = Vec::with_capacity(length * height);
        for row in self.bytes.chunks_exact(row).skip(y).take(height) {
            bytes.extend_from_slice(&row[from..from + length]);
        }
        Self {
            kind: self.kind,
            width,
            height,
            channels: self.channels,
            bytes,
        }
    }

    /// These rows.
    pub fn rows(&self, rows: std::ops::Range<usize>) -> Self {
        self.cropped((0, rows.start), (self.width, rows.len()))
    }

    /// Mirrored left to right.
    pub(crate) fn flipped(mut self) -> Self {
        for row in self.bytes.chunks_exact_mut(self.width * self.channels) {
            match self.channels {
                1 => row.reverse(),
                2 => row.as_chunks_mut::<2>().0.reverse(),
                3 => row.as_chunks_mut::<3>().0.reverse(),
                4 => row.as_chunks_mut::<4>().0.reverse(),
                bytes => {
                    let pixels: Vec<u8> = row.rchunks_exact(bytes).flatten().copied().collect();
                    row.copy_from_slice(&pixels);
                }
            }
        }
        self
    }

    /// The lowest and the highest of its values; none for ids.
    pub(crate) fn extent(&self) -> Option<(f32, f32)> {
        if self.kind == RasterKind::Ids {
            return None;
        }
        if self.kind == RasterKind::Values {
            let values = self.bytes.as_chunks().0.iter().copied();
            let extent = values.map(f32::from_ne_bytes).map(|value| (value, value));
            return extent.reduce(|(low, high), (value, _)| (low.min(value), high.max(value)));
        }
        let (low, high) = (self.bytes.iter().min()?, self.bytes.iter().max()?);
        let value = |level: u8| f32::from(level) / 127.5 - 1.0;
        Some((value(*low), value(*high)))
    }

    /// Values in [-1, 1], `[channels, height, width]`, flattened; of a map of ids the ids, `[1, height, width]`.
    pub fn values(&self) -> Vec<f32> {
        if self.kind == RasterKind::Ids {
            let ids = self.bytes.as_chunks().0.iter();
            return ids.map(|&id| u32::from_le_bytes(id) as f32).collect();
        }
        if self.kind == RasterKind::Values {
            let channels = self.value_channels();
            let area = self.width * self.height;
            let mut values = vec![0.0; area * channels];
            for (index, &bytes) in self.bytes.as_chunks().0.iter().enumerate() {
                let (place, channel) = (index / channels, index % channels);
                values[channel * area + place] = f32::from_ne_bytes(bytes);
            }
            return values;
        }
        match self.kind {
            RasterKind::Lightness => {
                let [lightness, ..] = lab_planes(&self.bytes);
                lightness
            }
            RasterKind::Opponents => {
                let [_, a, b] = lab_planes(&self.bytes);
                [a, b].concat()
            }
            _ => normalize(&self.bytes, self.channels),
        }
    }
}

/// What networks see of a picture at its own size, as they do in training where it has 8 bits.
pub(crate) fn network_values(picture: DynamicImage, channels: usize) -> Vec<f32> {
    if is_16_bit(picture.color()) {
        normalized_values(&picture, channels)
    } else {
        Raster::new(picture.into_rgb8(), channels).values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(width: usize, height: usize, channels: usize) -> Raster {
        Raster {
            kind: RasterKind::Colours,
            width,
            height,
            channels,
            bytes: (0..width * height * channels).map(|n| n as u8).collect(),
        }
    }

    #[test]
    fn a_crop_takes_its_window() {
        let crop = numbered(4, 3, 1).cropped((1, 1), (2, 2));
        assert_eq!(crop.bytes, [5, 6, 9, 10]);
        let crop = numbered(2, 2, 3).cropped((1, 0), (1, 2));
        assert_eq!(crop.bytes, [3, 4, 5, 9, 10, 11]);
    }

    #[test]
    fn ids_are_cropped_mirrored_and_resized_whole() {
        let ids: Vec<u32> = vec![0, 300, 26_001, 4, 5, 16_777_215];
        let map = Raster::from_ids(&ids, (3, 2));
        assert_eq!(map.value_channels(), 1);
        assert_eq!(map.values(), [0.0, 300.0, 26_001.0, 4.0, 5.0, 16_777_215.0]);
        let flipped = map.clone().flipped();
        assert_eq!(
            flipped.values(),
            [26_001.0, 300.0, 0.0, 16_777_215.0, 5.0, 4.0]
        );
        let crop = map.cropped((1, 0), (2, 2));
        assert_eq!(crop.values(), [300.0, 26_001.0, 5.0, 16_777_215.0]);
        let doubled = map.clone().resized((6, 2));
        assert_eq!(
            doubled.values()[..6],
            [0.0, 0.0, 300.0, 300.0, 26_001.0, 26_001.0]
        );
        assert_eq!(map.resized((1, 1)).values(), [5.0]);
    }

    #[test]
    fn values_of_many_bands_are_cropped_mirrored_and_resized() {
        let values: Vec<f32> = (0..2 * 3 * 5).map(|value| value as f32 / 30.0).collect();
        let raster = Raster::from_values(&values, (3, 2));
        assert_eq!(raster.value_channels(), 5);
        assert_eq!(raster.values(), values);
        let flipped = raster.clone().flipped().values();
        assert_eq!(flipped[..3], [values[2], values[1], values[0]]);
        let crop = raster.cropped((1, 1), (2, 1)).values();
        assert_eq!(crop[..4], [values[4], values[5], values[10], values[11]]);
        assert_eq!(raster.resized((6, 4)).values().len(), 6 * 4 * 5);
    }

    #[test]
    fn a_flip_mirrors_pixels_and_not_channels() {
        assert_eq!(
            numbered(3, 2, 1).flipped().bytes,
            [2, 1, 0, 5, 4, 3],
            "odd width"
        );
        assert_eq!(numbered(2, 1, 3).flipped().bytes, [3, 4, 5, 0, 1, 2]);
        assert_eq!(numbered(1, 2, 1).flipped().bytes, [0, 1]);
    }
}
