//! The samples of one split of a data set, whatever its layout.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::augmentation::{Augmentation, sample_random};
use super::batch::{Batch, Sample};
use super::error::DataError;
use super::side::{Part, Side, raster_halves};
use super::transform::Transform;
use super::unaligned;
use crate::config::{Mode, Recipe};
use crate::picture::{Raster, picture_size};

/// The samples of one split. `a` is always the network's input or domain A, `b` the target or domain B.
#[derive(Debug)]
pub struct Dataset {
    pub(super) root: PathBuf,
    pub(super) a: Side,
    pub(super) b: Side,
    /// Maps that belong to the pictures of `a` (pix2pixhd).
    pub(super) instances: Option<Side>,
    pub(super) features: Option<Side>,
    pub(super) recipe: Recipe,
    pub(super) transform: Transform,
}

impl Dataset {
    /// The recipe that the data set was opened with.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Whether `a` and `b` of a sample show the same thing.
    pub fn is_paired(&self) -> bool {
        matches!(self.recipe.mode, Mode::Pix2pix | Mode::Pix2pixhd)
    }

    /// The size of the first file, where files hold both pictures of a pair side by side.
    pub fn side_by_side_size(&self) -> Option<(u32, u32)> {
        let file = self.a.files.first()?;
        (self.a.part != Part::Whole).then(|| picture_size(&file.path))?
    }

    /// Whether one side alone has the pictures, and the other, if there is one, is made of them.
    pub(super) fn has_one_side(&self) -> bool {
        self.has_holes() || self.makes_inputs() || self.is_single()
    }

    /// Whether samples are photos with holes.
    pub(super) fn has_holes(&self) -> bool {
        self.recipe.mode == Mode::Inpaint
    }

    /// Samples per epoch: the pairs, the photos with holes, or the pictures of the larger side.
    #[allow(clippy::len_without_is_empty)] // A data set that opens has at least one sample.
    pub fn len(&self) -> usize {
        if self.has_one_side() {
            return self.a.files.len();
        }
        self.a.files.len().max(self.b.files.len())
    }

    /// Up to `count` samples, spread over the pictures of both sides, which are sorted by name. None has a picture of another, where
    /// the smaller side has that many.
    pub fn spread(&self, count: usize) -> Vec<usize> {
        let length = self.len();
        let shorter = match self.b.files.len() {
            0 => length,
            others => self.a.files.len().min(others),
        };
        spread(length, shorter, count.min(length))
    }

    /// Steps per epoch; the last batch may be smaller.
    pub fn steps_per_epoch(&self, batch_size: usize) -> u64 {
        self.len().div_ceil(batch_size.max(1)) as u64
    }

    /// A hash (SHA-256, hexadecimal) of the names and sizes of the files: the same data in another place has the same.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let maps = self.instances.iter().chain(&self.features);
        for side in [&self.a, &self.b].into_iter().chain(maps) {
            hash.update((side.files.len() as u64).to_le_bytes());
            hash.update([side.part as u8]);
            for file in &side.files {
                hash.update((file.name.len() as u64).to_le_bytes());
                hash.update(&file.name);
                hash.update(file.bytes.to_le_bytes());
            }
        }
        let mut text = String::with_capacity(64);
        for byte in hash.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Sample `index` (counted from 0, modulo the length) as it is shown in previews: not flipped, cropped in the middle, and
    /// with `resize_and_crop` not cropped at all. A batch of one.
    ///
    /// # Errors
    /// The picture cannot be read or does not fit the recipe.
    pub fn fixed(&self, index: usize) -> Result<Batch, DataError> {
        Batch::stack(vec![self.fixed_sample(index)?])
    }

    /// A batch of `count` samples spread over the data set, as [`Dataset::fixed`] has them; some more than once where there are fewer.
    ///
    /// # Errors
    /// A picture cannot be read or does not fit the recipe or the others.
    pub fn reference(&self, count: usize) -> Result<Batch, DataError> {
        let chosen = self.spread(count).into_iter().cycle().take(count);
        let samples: Result<Vec<Sample>, DataError> =
            chosen.map(|index| self.fixed_sample(index)).collect();
        Batch::stack(samples?)
    }

    fn fixed_sample(&self, index: usize) -> Result<Sample, DataError> {
        let index = index % self.len();
        if self.is_labelled() {
            return self.labelled_fixed(index);
        }
        if self.has_holes() {
            return self.with_fixed_hole(index);
        }
        if self.makes_inputs() {
            return self.made_fixed(index);
        }
        if self.is_single() {
            return self.single_fixed(index);
        }
        let transform = self.transform.without_margin();
        let (a_index, b_index) = (index % self.a.files.len(), index % self.b.files.len());
        let (a, b) = self.read(a_index, b_index, &transform)?;
        let finish = |raster: &Raster| {
            transform.crop_and_flip(
                raster,
                Augmentation::centre(transform.crop_range(raster.size())),
            )
        };
        Ok(self.sample(a_index, b_index, finish(&a), finish(&b)))
    }

    /// The sample at `position` of an epoch whose order begins with sample `index` there, with its augmentation.
    pub(super) fn augmented(
        &self,
        epoch: u64,
        position: usize,
        index: usize,
    ) -> Result<Sample, DataError> {
        if self.is_labelled() {
            return self.labelled_augmented(epoch, position, index);
        }
        if self.has_holes() {
            return self.with_drawn_hole(epoch, position, index);
        }
        if self.makes_inputs() {
            return self.made_augmented(epoch, position, index);
        }
        if self.is_single() {
            return self.single_augmented(epoch, position, index);
        }
        let data = &self.recipe.data;
        let random = &mut sample_random(self.recipe.train.seed, epoch, position as u64);
        let a_index = index % self.a.files.len();
        let b_index = if self.is_paired() {
            index
        } else {
            unaligned::partner(random, index, self.b.files.len(), data.shuffle)
        };
        let (a, b) = self.resized(a_index, b_index)?;
        let for_a = Augmentation::draw(random, self.transform.crop_range(a.size()), data.flip);
        let for_b = if self.is_paired() {
            for_a
        } else {
            Augmentation::draw(random, self.transform.crop_range(b.size()), data.flip)
        };
        let a = self.transform.crop_and_flip(&a, for_a);
        let b = self.transform.crop_and_flip(&b, for_b);
        Ok(self.sample(a_index, b_index, a, b))
    }

    /// The input of a sample, for messages.
    pub(super) fn path(&self, index: usize) -> &Path {
        &self.a.files[index % self.a.files.len()].path
    }

    fn sample(&self, a_index: usize, b_index: usize, a: Raster, b: Raster) -> Sample {
        let (a_file, b_file) = (&self.a.files[a_index], &self.b.files[b_index]);
        Sample {
            a,
            b,
            instances: None,
            features: None,
            mask: None,
            a_path: a_file.path.clone(),
            b_path: b_file.path.clone(),
            name: a_file.stem().to_owned(),
        }
    }

    /// The two pictures of a sample, resized: from the cache when both are there.
    fn resized(
        &self,
        a_index: usize,
        b_index: usize,
    ) -> Result<(Arc<Raster>, Arc<Raster>), DataError> {
        let (a, b) = (&self.a.cache, &self.b.cache);
        if let (Some(a), Some(b)) = (a.get(a_index), b.get(b_index)) {
            return Ok((a, b));
        }
        let (a_raster, b_raster) = self.read(a_index, b_index, &self.transform)?;
        Ok((a.keep(a_index, a_raster), b.keep(b_index, b_raster)))
    }

    /// Reads and resizes the two pictures of a sample.
    fn read(
        &self,
        a_index: usize,
        b_index: usize,
        transform: &Transform,
    ) -> Result<(Raster, Raster), DataError> {
        let (a, b) = self.decode(a_index, b_index)?;
        let prepare = |picture: Raster, side: &Side, index: usize| {
            transform
                .accepts(picture.size())
                .map_err(|message| DataError::Unsuitable {
                    path: side.files[index].path.clone(),
                    message,
                })?;
            Ok::<_, DataError>(transform.resize(picture))
        };
        let a = prepare(a, &self.a, a_index)?;
        let b = prepare(b, &self.b, b_index)?;
        Ok((a, b))
    }

    /// Decodes the two pictures of a sample; a file that holds both is decoded once if both have the same channels. The pictures of
    /// a pair have one size.
    fn decode(&self, a_index: usize, b_index: usize) -> Result<(Raster, Raster), DataError> {
        let (a_path, b_path) = (&self.a.files[a_index].path, &self.b.files[b_index].path);
        let a = self.a.sample(a_index)?.raster;
        if self.a.part != Part::Whole {
            let (left, right) = raster_halves(a_path, &a)?;
            let (own_left, own_right) = if self.a.channels == self.b.channels {
                (left.clone(), right.clone())
            } else {
                raster_halves(b_path, &self.b.sample(b_index)?.raster)?
            };
            return Ok(match self.a.part {
                Part::Right => (right, own_left),
                Part::Left | Part::Whole => (left, own_right),
            });
        }
        let b = self.b.sample(b_index)?.raster;
        if self.is_paired() && a.size() != b.size() {
            let small = |(width, height): (usize, usize)| (width as u32, height as u32);
            return Err(DataError::SizesDiffer {
                a: a_path.clone(),
                a_size: small(a.size()),
                b: b_path.clone(),
                b_size: small(b.size()),
            });
        }
        Ok((a, b))
    }
}

/// Numbers below `length` that are spread over it, and over `shorter` when they are divided by it.
fn spread(length: usize, shorter: usize, count: usize) -> Vec<usize> {
    let places = 0..count;
    if shorter < count {
        return places.collect();
    }
    let spread = places.map(|place| {
        let start = (place * length / count).min(length - shorter);
        let wanted = place * shorter / count;
        start + (wanted + shorter - start % shorter) % shorter
    });
    spread.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_two_sides_share_no_picture() {
        assert_eq!(spread(10, 10, 4), [0, 2, 5, 7]);
        assert_eq!(spread(3, 3, 3), [0, 1, 2]);
        assert_eq!(spread(40, 10, 4), [0, 12, 25, 37]);
        for length in 1..60 {
            for shorter in 1..=length {
                let chosen = spread(length, shorter, 4.min(length));
                let mut long = chosen.clone();
                long.dedup();
                assert_eq!(long.len(), chosen.len(), "{length} {shorter}: {chosen:?}");
                assert!(long.iter().all(|&index| index < length));
                let mut short: Vec<_> = chosen.iter().map(|index| index % shorter).collect();
                short.sort_unstable();
                short.dedup();
                assert_eq!(short.len(), chosen.len().min(shorter), "{length} {shorter}");
            }
        }
    }
}
