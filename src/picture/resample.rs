//! Resizing with antialiased bicubic interpolation (Keys, 1981, a = -0.5), bit-equal to Pillow's (version 13).
//!
//! Networks trained with the reference implementations have seen pictures that went through Pillow, so this follows its arithmetic:
//! rows and columns one after the other, 8 bits in between, and weights in 22-bit fixed point. The fast resizers that are made like
//! Pillow use 16-bit weights and differ from it by one level here and there, which is why none of them is used.

/// Bits after the point: 8 bits of pixel, 2 bits of headroom for overshoot and 22 bits make the 32 of the sum.
const FRACTION: u32 = 22;

/// Weights of the source positions that make up each target position along one axis.
struct Weights {
    /// First source position and number of source positions, for each target position.
    spans: Vec<(usize, usize)>,
    /// `longest` weights for each target position, in fixed point.
    values: Vec<i32>,
    longest: usize,
}

impl Weights {
    fn new(from: usize, to: usize) -> Self {
        let exact = bicubic_weights(from, to);
        let longest = exact.iter().map(|(_, weights)| weights.len()).max();
        let longest = longest.unwrap_or_default().max(1);
        let mut values = vec![0; longest * to];
        for ((_, weights), fixed) in exact.iter().zip(values.chunks_exact_mut(longest)) {
            for (fixed, weight) in fixed.iter_mut().zip(weights) {
                *fixed = (weight * f64::from(1 << FRACTION) + 0.5_f64.copysign(*weight)) as i32;
            }
        }
        let spans = exact
            .iter()
            .map(|(first, weights)| (*first, weights.len()))
            .collect();
        Self {
            spans,
            values,
            longest,
        }
    }

    /// For each target position: first source position and the weights from there on.
    fn iter(&self) -> impl Iterator<Item = (usize, &[i32])> {
        self.spans
            .iter()
            .zip(self.values.chunks_exact(self.longest))
            .map(|(&(first, length), weights)| (first, &weights[..length]))
    }
}

/// For each of `to` target positions: the first of `from` source positions that count, and the weights from there on, which add
/// up to 1.
pub fn bicubic_weights(from: usize, to: usize) -> Vec<(usize, Vec<f64>)> {
    let scale = from as f64 / to as f64;
    // When shrinking, the filter widens so that every source position counts.
    let stretch = scale.max(1.0);
    let reach = 2.0 * stretch;
    let span = |target: usize| {
        let centre = (target as f64 + 0.5) * scale;
        // Conversions to integers cut towards zero, and what is below zero becomes zero.
        let first = (centre - reach + 0.5) as usize;
        let end = ((centre + reach + 0.5) as usize).min(from);
        let mut weights: Vec<f64> = (first..end)
            .map(|source| cubic((source as f64 - centre + 0.5) * (1.0 / stretch)))
            .collect();
        let sum: f64 = weights.iter().sum();
        if sum != 0.0 {
            for weight in &mut weights {
                *weight /= sum;
            }
        }
        (first, weights)
    };
    (0..to).map(span).collect()
}

fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

/// Resizes `bytes`, `[height, width, channels]` flattened with 1 or 3 channels, from one (width, height) to another.
pub(crate) fn resize_bicubic(
    bytes: &[u8],
    channels: usize,
    (width, height): (usize, usize),
    (to_width, to_height): (usize, usize),
) -> Vec<u8> {
    let rows = |bytes: &[u8]| match channels {
        1 => resize_rows::<1>(bytes, width, to_width),
        _ => resize_rows::<3>(bytes, width, to_width),
    };
    let columns =
        |bytes: &[u8], width: usize| resize_columns(bytes, width * channels, height, to_height);
    match (to_width == width, to_height == height) {
        (true, true) => bytes.to_vec(),
        (false, true) => rows(bytes),
        (true, false) => columns(bytes, width),
        (false, false) if columns_first((width, height), (to_width, to_height)) => {
            rows(&columns(bytes, width))
        }
        (false, false) => columns(&rows(bytes), to_width),
    }
}

/// Whether Pillow 13 begins with the columns: the height must shrink, and by more than twice as many pixels as the width. The
/// orders differ by how they round and clip in between. Versions before 13 always begin with the rows.
pub fn columns_first(
    (width, height): (usize, usize),
    (to_width, to_height): (usize, usize),
) -> bool {
    to_height < height && height + 2 * to_width > to_height + 2 * width
}

fn resize_rows<const CHANNELS: usize>(bytes: &[u8], from: usize, to: usize) -> Vec<u8> {
    let weights = Weights::new(from, to);
    let mut resized = vec![[0; CHANNELS]; bytes.len() / (from * CHANNELS) * to];
    let (pixels, _) = bytes.as_chunks::<CHANNELS>();
    for (row, target) in pixels.chunks_exact(from).zip(resized.chunks_exact_mut(to)) {
        for ((first, weights), target) in weights.iter().zip(target) {
            let mut sums = [1 << (FRACTION - 1); CHANNELS];
            for (weight, pixel) in weights.iter().zip(&row[first..]) {
                for (sum, byte) in sums.iter_mut().zip(pixel) {
                    *sum += weight * i32::from(*byte);
                }
            }
            *target = sums.map(level);
        }
    }
    resized.into_flattened()
}

fn resize_columns(bytes: &[u8], row: usize, from: usize, to: usize) -> Vec<u8> {
    let weights = Weights::new(from, to);
    let mut resized = Vec::with_capacity(row * to);
    let mut sums = vec![0; row];
    for (first, weights) in weights.iter() {
        sums.fill(1 << (FRACTION - 1));
        for (weight, pixels) in weights.iter().zip(bytes[first * row..].chunks_exact(row)) {
            for (sum, byte) in sums.iter_mut().zip(pixels) {
                *sum += weight * i32::from(*byte);
            }
        }
        resized.extend(sums.iter().copied().map(level));
    }
    resized
}

/// Resizes a plane of numbers with the same weights, without rounding: for samples of 16 bits, which Pillow does not resize.
///
/// Sizes are (width, height).
pub fn resize_plane(
    plane: &[f32],
    (width, height): (usize, usize),
    (to_width, to_height): (usize, usize),
) -> Vec<f32> {
    let share = |weight: &i32| *weight as f32 / (1 << FRACTION) as f32;
    let across = Weights::new(width, to_width);
    let mut rows = Vec::with_capacity(to_width * height);
    for row in plane.chunks_exact(width) {
        rows.extend(across.iter().map(|(first, weights)| {
            let products = weights.iter().zip(&row[first..]);
            products
                .map(|(weight, value)| share(weight) * value)
                .sum::<f32>()
        }));
    }
    let mut resized = vec![0.0; to_width * to_height];
    let down = Weights::new(height, to_height);
    for ((first, weights), target) in down.iter().zip(resized.chunks_exact_mut(to_width)) {
        let sources = rows[first * to_width..].chunks_exact(to_width);
        for (weight, source) in weights.iter().zip(sources) {
            for (target, value) in target.iter_mut().zip(source) {
                *target += share(weight) * value;
            }
        }
    }
    resized
}

fn level(sum: i32) -> u8 {
    (sum >> FRACTION).clamp(0, 255) as u8
}

/// Resizes interleaved channels as Pillow's nearest filter does: each pixel takes that in which its centre lies.
///
/// Sizes are (width, height).
pub(crate) fn resize_nearest(
    bytes: &[u8],
    channels: usize,
    (width, height): (usize, usize),
    (new_width, new_height): (usize, usize),
) -> Vec<u8> {
    // Pillow adds up the scale instead of multiplying; the sums are its own, rounding and all.
    let sources = |size: usize, new_size: usize| {
        let scale = size as f64 / new_size as f64;
        let mut centre = scale * 0.5;
        let mut sources = Vec::with_capacity(new_size);
        for _ in 0..new_size {
            sources.push((centre as usize).min(size - 1));
            centre += scale;
        }
        sources
    };
    let columns = sources(width, new_width);
    let mut resized = Vec::with_capacity(new_width * new_height * channels);
    for row in sources(height, new_height) {
        let row = &bytes[row * width * channels..][..width * channels];
        for &column in &columns {
            resized.extend_from_slice(&row[column * channels..][..channels]);
        }
    }
    resized
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use safetensors::SafeTensors;

    use super::*;
    use crate::picture::grey;

    fn fixture() -> Vec<u8> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pillow.safetensors");
        std::fs::read(path).unwrap()
    }

    /// Bytes and [height, width, channels].
    type OutputPixels<'a> = (&'a [u8], [usize; 3]);
    /// Before and after.
    type Case<'a> = (OutputPixels<'a>, OutputPixels<'a>);

    fn tensor<'a>(tensors: &'a SafeTensors<'_>, name: &str) -> Option<OutputPixels<'a>> {
        let view = tensors.tensor(name).ok()?;
        Some((view.data(), view.shape().try_into().unwrap()))
    }

    /// The cases of the fixture, with the place of each in its name.
    fn cases<'a>(tensors: &'a SafeTensors<'_>) -> Vec<(String, Case<'a>)> {
        let mut cases = Vec::new();
        for prefix in ["", "grey_"] {
            for index in 0.. {
                let Some(source) = tensor(tensors, &format!("{prefix}source_{index}")) else {
                    break;
                };
                let resized = tensor(tensors, &format!("{prefix}resized_{index}")).unwrap();
                cases.push((format!("{prefix}{index}"), (source, resized)));
            }
        }
        assert!(cases.len() >= 19, "only {} cases", cases.len());
        cases
    }

    #[test]
    fn nearest_pixels_are_those_of_pillow() {
        let file = fixture();
        let tensors = SafeTensors::deserialize(&file).unwrap();
        let mut count = 0;
        while let Some((source, from)) = tensor(&tensors, &format!("label_source_{count}")) {
            let (wanted, to) = tensor(&tensors, &format!("label_resized_{count}")).unwrap();
            let resized = resize_nearest(source, from[2], (from[1], from[0]), (to[1], to[0]));
            assert_eq!(resized, wanted, "case {count}");
            count += 1;
        }
        assert!(count >= 6);
    }

    #[test]
    fn resizing_equals_pillow_to_the_bit() {
        let file = fixture();
        let tensors = SafeTensors::deserialize(&file).unwrap();
        let mut columns_first = 0;
        for (name, ((source, from), (wanted, to))) in cases(&tensors) {
            let channels = from[2];
            let resize = |bytes: &[u8], from, to| resize_bicubic(bytes, channels, from, to);
            let (from, to) = ((from[1], from[0]), (to[1], to[0]));
            assert!(resize(source, from, to) == wanted, "case {name}");
            let rows = resize(source, from, (to.0, from.1));
            columns_first += usize::from(resize(&rows, (to.0, from.1), to) != wanted);
        }
        assert!(
            columns_first >= 5,
            "only {columns_first} cases need the columns first"
        );
    }

    #[test]
    fn grey_equals_pillow_to_the_bit() {
        let file = fixture();
        let tensors = SafeTensors::deserialize(&file).unwrap();
        let (source, shape) = tensor(&tensors, "luma_source").unwrap();
        let (wanted, _) = tensor(&tensors, "luma").unwrap();
        let picture =
            image::RgbImage::from_raw(shape[1] as u32, shape[0] as u32, source.to_vec()).unwrap();
        assert_eq!(grey(&picture).as_raw(), wanted);
    }

    #[test]
    fn a_single_pixel_can_be_enlarged_and_a_picture_shrunk_to_one() {
        let pixel = resize_bicubic(&[9, 8, 7], 3, (1, 1), (5, 4));
        assert_eq!(pixel, [9, 8, 7].repeat(20));
        assert_eq!(resize_bicubic(&[100; 12], 1, (4, 3), (1, 1)), [100]);
    }
}
