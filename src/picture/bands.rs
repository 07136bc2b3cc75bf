//! Pictures of any number of bands and of any kind of numbers: satellites, microscopes, elevation models.

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer};

use super::sample_type::SampleType;
use super::samples::{Subpixel, with_samples};

/// Which numbers networks see as -1 (black) and as 1 (white).
pub type ValueRange = [f64; 2];

/// All samples of a picture, as its file holds them.
#[derive(Debug, Clone, PartialEq)]
pub struct Bands {
    /// Width and height.
    pub(crate) size: (u32, u32),
    /// Samples of a pixel.
    pub(crate) count: usize,
    /// What a sample is.
    pub(crate) sample: SampleType,
    /// `[height, width, bands]`, flattened, each number in the byte order of the machine.
    pub(crate) bytes: Vec<u8>,
    /// What pixels without data hold.
    pub(crate) no_data: Option<f64>,
}

impl Bands {
    /// The samples of a picture, transparency among them.
    pub(crate) fn of(picture: &DynamicImage) -> Option<Self> {
        let size = (picture.width(), picture.height());
        let sample = if picture.color().bytes_per_pixel() == picture.color().channel_count() {
            SampleType::Unsigned8
        } else {
            SampleType::Unsigned16
        };
        let count = with_samples!(picture, _levels, channels, channels, 0);
        (count > 0).then(|| Self {
            size,
            count,
            sample,
            bytes: picture.as_bytes().to_vec(),
            no_data: None,
        })
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.size.0 as usize, self.size.1 as usize)
    }

    /// Bands of a pixel.
    pub fn band_count(&self) -> usize {
        self.count
    }

    /// What a number is.
    pub fn sample_type(&self) -> SampleType {
        self.sample
    }

    /// What pixels without data hold, if the file says it.
    pub fn no_data(&self) -> Option<f64> {
        self.no_data
    }

    /// What the pixels are, in words.
    pub(crate) fn description(&self) -> String {
        match (self.sample.is_plain(), self.count) {
            (true, count) => format!("{count} bands"),
            (false, 1) => self.sample.name().to_owned(),
            (false, count) => format!("{count} bands of {}", self.sample.name()),
        }
    }

    /// Why they are no picture without a range, and what to do.
    pub(crate) fn needs_range(&self) -> String {
        needs_range(self.sample, self.extent())
    }

    /// Bytes of a pixel.
    fn pixel(&self) -> usize {
        self.count * self.sample.size()
    }

    fn numbers(&self) -> impl Iterator<Item = f64> + '_ {
        let samples = self.bytes.chunks_exact(self.sample.size());
        samples.map(|bytes| self.sample.read(bytes))
    }

    /// The lowest and the highest number of the pixels with data; none if there are no such.
    pub fn extent(&self) -> Option<(f64, f64)> {
        let numbers = self.numbers();
        let known = numbers.filter(|&number| number.is_finite() && !self.is_no_data(number));
        known.fold(None, |extent, number| {
            let (low, high) = extent.unwrap_or((number, number));
            Some((f64::min(low, number), f64::max(high, number)))
        })
    }

    fn is_no_data(&self, number: f64) -> bool {
        // The value is often written with fewer digits than the pixels have.
        let is_it = |no_data: f64| {
            (number - no_data).abs() <= no_data.abs() * 1e-7 || no_data.is_nan() && number.is_nan()
        };
        self.no_data.is_some_and(is_it)
    }

    /// Of each pixel whether it has no data: all of its bands say so, or one is no finite number. None if all pixels have data.
    pub(crate) fn excluded(&self) -> Option<Vec<bool>> {
        let pixels = self.bytes.chunks_exact(self.pixel());
        let excluded: Vec<bool> = pixels
            .map(|pixel| {
                let samples = pixel.chunks_exact(self.sample.size());
                let mut numbers = samples.map(|bytes| self.sample.read(bytes));
                numbers.clone().any(|number| !number.is_finite())
                    || numbers.all(|number| self.is_no_data(number))
            })
            .collect();
        excluded.contains(&true).then_some(excluded)
    }

    /// The bands as networks see them: planes of values, `[bands, height, width]`, flattened. Numbers outside the range are clipped,
    /// pixels without data are grey.
    pub fn values(&self, [low, high]: ValueRange) -> Vec<f32> {
        let area = self.size.0 as usize * self.size.1 as usize;
        let mut values = vec![0.0; area * self.count];
        let excluded = self.excluded();
        for (index, number) in self.numbers().enumerate() {
            let (place, band) = (index / self.count, index % self.count);
            if excluded.as_ref().is_none_or(|excluded| !excluded[place]) {
                let value = ((number - low) / (high - low) - 0.5) / 0.5;
                values[band * area + place] = value.clamp(-1.0, 1.0) as f32;
            }
        }
        values
    }

    /// The bands of values that a network has made, `[bands, height, width]`, flattened: numbers of the same range.
    pub(crate) fn from_values(
        values: &[f32],
        size: (u32, u32),
        sample: SampleType,
        [low, high]: ValueRange,
    ) -> Self {
        let area = size.0 as usize * size.1 as usize;
        let count = values.len() / area.max(1);
        let mut bytes = Vec::with_capacity(values.len() * sample.size());
        for place in 0..area {
            for band in 0..count {
                let value = f64::from(values[band * area + place]).clamp(-1.0, 1.0);
                sample.write(low + f64::midpoint(value, 1.0) * (high - low), &mut bytes);
            }
        }
        Self {
            size,
            count,
            sample,
            bytes,
            no_data: None,
        }
    }

    /// Puts `number` where there is no data; pixels with data that have become that number get its neighbour.
    pub(crate) fn exclude(&mut self, excluded: &[bool], number: f64) {
        let (pixel, size, sample) = (self.pixel(), self.sample.size(), self.sample);
        let mut nothing = Vec::new();
        sample.write(number, &mut nothing);
        let mut other = Vec::new();
        sample.write(number + 1.0, &mut other);
        if other == nothing {
            other.clear();
            sample.write(number - 1.0, &mut other);
        }
        for (pixel, &is_excluded) in self.bytes.chunks_exact_mut(pixel).zip(excluded) {
            if is_excluded {
                pixel
                    .chunks_exact_mut(size)
                    .for_each(|bytes| bytes.copy_from_slice(&nothing));
            } else if pixel.chunks_exact(size).all(|bytes| bytes == nothing) {
                pixel[..size].copy_from_slice(&other);
            }
        }
    }

    /// Upright, for a picture that was stored like this.
    pub(crate) fn turned(mut self, orientation: Option<Orientation>) -> Self {
        let Some(orientation) = orientation.filter(|&it| it != Orientation::NoTransforms) else {
            return self;
        };
        let (width, height) = self.size;
        // Where each pixel comes from is found by turning a picture of their places.
        let places = (0..width * height)
            .flat_map(|place| [place >> 16, place & 0xFFFF].map(|part| part as u16));
        let Some(places) = ImageBuffer::from_raw(width, height, places.collect()) else {
            return self;
        };
        let mut places = DynamicImage::ImageLumaA16(places);
        places.apply_orientation(orientation);
        let pixel = self.pixel();
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for place in places.to_luma_alpha16().pixels() {
            let place = usize::from(place.0[0]) << 16 | usize::from(place.0[1]);
            bytes.extend_from_slice(&self.bytes[place * pixel..][..pixel]);
        }
        self.size = (places.width(), places.height());
        self.bytes = bytes;
        self
    }

    /// As a picture of grey or colours; itself if it is none.
    pub(crate) fn into_image(self) -> Result<DynamicImage, Self> {
        // Two and four would be taken for grey and RGB with transparency.
        if !matches!(self.count, 1 | 3) {
            return Err(self);
        }
        let picture = match self.sample {
            SampleType::Unsigned8 => u8::into_image(self.bytes.clone(), self.count, self.size),
            SampleType::Unsigned16 => {
                let levels = self.bytes.as_chunks().0.iter();
                let levels = levels.map(|&level| u16::from_ne_bytes(level)).collect();
                u16::into_image(levels, self.count, self.size)
            }
            _ => None,
        };
        picture.ok_or(self)
    }
}

/// Why numbers of this type between the lowest and the highest of `extent` are no picture without a range, and what to do.
pub(crate) fn needs_range(sample: SampleType, extent: Option<(f64, f64)>) -> String {
    let extent = extent.map_or_else(String::new, |(low, high)| format!(" from {low} to {high}"));
    format!(
        "it holds {}{extent}: say which of them are black and white with `data.range = [low, high]` in a recipe or `--range LOW,HIGH` in `apply`; for other commands convert it to 16 bits",
        sample.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heights(numbers: &[f32]) -> Bands {
        Bands {
            size: (numbers.len() as u32, 1),
            count: 1,
            sample: SampleType::Float32,
            bytes: numbers
                .iter()
                .flat_map(|number| number.to_ne_bytes())
                .collect(),
            no_data: Some(-9999.0),
        }
    }

    #[test]
    fn numbers_come_back_in_their_scale_and_holes_stay() {
        let bands = heights(&[-9999.0, 0.0, 250.0, 1000.0, f32::NAN]);
        assert_eq!(bands.extent(), Some((0.0, 1000.0)));
        let values = bands.values([0.0, 1000.0]);
        assert_eq!(values, [0.0, -1.0, -0.5, 1.0, 0.0]);
        let mut made = Bands::from_values(&values, (5, 1), SampleType::Float32, [0.0, 1000.0]);
        made.exclude(&bands.excluded().unwrap(), -9999.0);
        assert_eq!(
            made.bytes,
            heights(&[-9999.0, 0.0, 250.0, 1000.0, -9999.0]).bytes
        );
    }

    #[test]
    fn a_pixel_with_data_never_becomes_one_without() {
        let mut made =
            Bands::from_values(&[-1.0, 1.0], (2, 1), SampleType::Unsigned8, [0.0, 255.0]);
        made.exclude(&[false, true], 0.0);
        assert_eq!(made.bytes, [1, 0]);
        let mut made = Bands::from_values(&[1.0, 1.0], (2, 1), SampleType::Unsigned8, [0.0, 255.0]);
        made.exclude(&[false, true], 255.0);
        assert_eq!(made.bytes, [254, 255]);
    }
}
