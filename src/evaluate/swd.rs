//! The sliced Wasserstein distance of patches of a Laplacian pyramid (Karras, Aila, Laine and Lehtinen, "Progressive growing of
//! GANs", 2018).

use std::path::PathBuf;

use image::imageops::crop_imm;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::pyramid::{Level, laplacian};
use super::set_error::SetError;
use crate::picture::read_rgb;
use crate::random;

/// Side of a patch.
const PATCH: usize = 7;
/// Numbers of a patch, three channels one after the other.
const NUMBERS: usize = 3 * PATCH * PATCH;
/// Patches of each picture and level.
const PATCHES: usize = 128;
/// Patches of a level in all pictures: of many pictures fewer are taken of each, which bounds the memory to 150 MiB a set.
const MAX_PATCHES: usize = 1 << 18;
/// Random directions.
const DIRECTIONS: usize = 512;
/// The smallest side of a level.
pub(super) const MIN_SIDE: usize = 16;
/// The distance is told times this.
const SCALE: f64 = 1000.0;

/// What was found at one level of the pyramid.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct SwdLevel {
    /// Width of the level in pixels.
    pub width: usize,
    /// Height of the level in pixels.
    pub height: usize,
    /// The distance there, times 1000.
    pub distance: f64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SwdDistances {
    /// The levels, the finest first.
    pub(super) levels: Vec<SwdLevel>,
    /// Whether the pictures have several sizes, so that their centres were compared.
    pub(super) is_cropped: bool,
}

/// The distances at all levels from the pictures' own size to the last one of [`MIN_SIDE`] or more. The metric is their mean.
///
/// Of pictures of several sizes the centres are compared: squares of the shortest side of all. From each, 128 patches of 7 x 7
/// pixels (fewer from more than 2048 pictures) are taken at random places of each level; each channel of all patches of a set is
/// brought to mean 0 and deviation 1; along 512 random directions the mean difference of the sorted projections is the earth
/// mover's distance in one dimension.
pub(super) fn swd(real: &[PathBuf], fake: &[PathBuf], seed: u64) -> Result<SwdDistances, SetError> {
    let size_of = |path: &PathBuf| {
        let picture = read_rgb(path).map_err(SetError::unreadable)?;
        let (width, height) = picture.pixels.dimensions();
        if width.min(height) < MIN_SIDE as u32 {
            return Err(SetError::TooSmall {
                path: path.clone(),
                metric: "swd",
                min_side: MIN_SIDE as u32,
            });
        }
        Ok((width, height))
    };
    let sizes: Result<Vec<(u32, u32)>, SetError> =
        real.par_iter().chain(fake).map(size_of).collect();
    let sizes = sizes?;
    let is_cropped = sizes.iter().any(|&size| size != sizes[0]);
    let size = if is_cropped {
        let sides = sizes.iter().map(|&(width, height)| width.min(height));
        let side = sides.min().expect("the first picture has a size");
        (side, side)
    } else {
        sizes[0]
    };
    let probe = image::RgbImage::new(size.0, size.1);
    let sizes = laplacian(&probe, MIN_SIDE);
    let sizes = sizes.iter().map(|level| (level.width, level.height));
    let mut levels = Vec::new();
    for (index, (width, height)) in sizes.enumerate() {
        let real = Patches::collect(real, index, size, seed)?;
        let fake = Patches::collect(fake, index, size, seed)?;
        levels.push(SwdLevel {
            width,
            height,
            distance: SCALE * sliced_distance(&real, &fake, seed, index as u64),
        });
    }
    Ok(SwdDistances { levels, is_cropped })
}

/// Patches of one level of all pictures of a set, [`NUMBERS`] each, normalised.
struct Patches(Vec<f32>);

impl Patches {
    /// Those of the centres of pictures, which have this size (width, height).
    fn collect(
        set: &[PathBuf],
        level: usize,
        (width, height): (u32, u32),
        seed: u64,
    ) -> Result<Self, SetError> {
        let each = PATCHES.min(MAX_PATCHES / set.len().max(1)).max(1);
        let mut patches = vec![0.0; set.len() * each * NUMBERS];
        let filled: Result<Vec<()>, SetError> = patches
            .par_chunks_exact_mut(each * NUMBERS)
            .zip(set)
            .enumerate()
            .map(|(picture, (patches, path))| {
                let pixels = read_rgb(path).map_err(SetError::unreadable)?.pixels;
                let left = pixels.width().saturating_sub(width) / 2;
                let top = pixels.height().saturating_sub(height) / 2;
                let pixels = crop_imm(&pixels, left, top, width, height).to_image();
                let levels = laplacian(&pixels, MIN_SIDE);
                // The place in the set alone, so that a set has the same patches on either side of the comparison.
                let mut rng = random::step_rng(seed, ((picture as u64) << 8) | level as u64);
                take_patches(&levels[level], &mut rng, patches);
                Ok(())
            })
            .collect();
        filled?;
        let mut patches = Self(patches);
        patches.normalize();
        Ok(patches)
    }

    fn rows(&self) -> impl IndexedParallelIterator<Item = &[f32]> {
        self.0.par_chunks_exact(NUMBERS)
    }

    /// Brings each channel to mean 0 and deviation 1.
    fn normalize(&mut self) {
        for channel in 0..3 {
            let range = channel * PATCH * PATCH..(channel + 1) * PATCH * PATCH;
            let (mut sum, mut squares) = (0.0_f64, 0.0_f64);
            for row in self.0.chunks_exact(NUMBERS) {
                for &value in &row[range.clone()] {
                    sum += f64::from(value);
                    squares += f64::from(value) * f64::from(value);
                }
            }
            let count = (self.0.len() / 3).max(1) as f64;
            let mean = sum / count;
            let deviation = (squares / count - mean * mean).max(0.0).sqrt();
            // A channel without any detail has no deviation: it stays zero.
            let scale = if deviation > 1e-6 {
                deviation.recip()
            } else {
                0.0
            };
            for row in self.0.chunks_exact_mut(NUMBERS) {
                for value in &mut row[range.clone()] {
                    *value = ((f64::from(*value) - mean) * scale) as f32;
                }
            }
        }
    }
}

/// Copies patches from random places of a level.
fn take_patches(level: &Level, rng: &mut impl Rng, patches: &mut [f32]) {
    let area = level.width * level.height;
    for patch in patches.chunks_exact_mut(NUMBERS) {
        let left = rng.random_range(0..=level.width - PATCH);
        let top = rng.random_range(0..=level.height - PATCH);
        for (row, values) in patch.chunks_exact_mut(PATCH).enumerate() {
            let (channel, row) = (row / PATCH, row % PATCH);
            let start = channel * area + (top + row) * level.width + left;
            values.copy_from_slice(&level.values[start..start + PATCH]);
        }
    }
}

/// The mean over random directions of the distance of the projections.
fn sliced_distance(real: &Patches, fake: &Patches, seed: u64, level: u64) -> f64 {
    const FIRST: u64 = 1 << 60;
    let sum: f64 = (0..DIRECTIONS)
        .map(|direction| {
            let mut rng = random::step_rng(seed, FIRST | (level << 32) | direction as u64);
            let direction = unit_vector(&mut rng);
            let project = |patches: &Patches| {
                let dot =
                    |row: &[f32]| -> f32 { row.iter().zip(&direction).map(|(x, y)| x * y).sum() };
                let mut projections: Vec<f32> = patches.rows().map(dot).collect();
                projections.par_sort_unstable_by(f32::total_cmp);
                projections
            };
            earth_movers_distance(&project(real), &project(fake))
        })
        .sum();
    sum / DIRECTIONS as f64
}

fn unit_vector(rng: &mut impl Rng) -> Vec<f32> {
    let values: Vec<f64> = StandardNormal.sample_iter(rng).take(NUMBERS).collect();
    let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    values.iter().map(|value| (value / norm) as f32).collect()
}

/// The earth mover's distance of two sorted lists of numbers, each number an equal share of its list: the mean distance of
/// their quantiles.
fn earth_movers_distance(first: &[f32], second: &[f32]) -> f64 {
    let (rows, columns) = (first.len(), second.len());
    let (mut i, mut j) = (0, 0);
    // In units of 1 / (rows * columns), so that equal shares end together.
    let (mut at, mut sum) = (0_usize, 0.0_f64);
    while i < rows && j < columns {
        let next = ((i + 1) * columns).min((j + 1) * rows);
        sum += (next - at) as f64 * f64::from((first[i] - second[j]).abs());
        at = next;
        if (i + 1) * columns == next {
            i += 1;
        }
        if (j + 1) * rows == next {
            j += 1;
        }
    }
    sum / (rows as f64 * columns as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_lists_of_unequal_length_are_compared() {
        assert!(earth_movers_distance(&[0.0, 1.0], &[0.0, 1.0]) <= 0.0);
        assert!((earth_movers_distance(&[0.0, 1.0], &[1.0, 3.0]) - 1.5).abs() < 1e-12);
        // 0 0 0 1 1 1 against 0 0 2 2 4 4: 0, 0, 2, 1, 3, 3.
        let distance = earth_movers_distance(&[0.0, 1.0], &[0.0, 2.0, 4.0]);
        assert!((distance - 1.5).abs() < 1e-12, "{distance}");
    }

    #[test]
    fn channels_are_brought_to_mean_zero_and_deviation_one() {
        let mut patches = Patches((0..NUMBERS * 4).map(|value| (value % 11) as f32).collect());
        patches.normalize();
        for channel in 0..3 {
            let values: Vec<f64> = patches
                .0
                .chunks_exact(NUMBERS)
                .flat_map(|row| &row[channel * 49..(channel + 1) * 49])
                .map(|&value| f64::from(value))
                .collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let square = values.iter().map(|value| value * value).sum::<f64>();
            assert!(mean.abs() < 1e-6);
            assert!((square / values.len() as f64 - 1.0).abs() < 1e-5);
        }
    }
}
