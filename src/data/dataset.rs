//! The samples of one split of a data set, whatever its layout.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::aligned;
use super::augmentation::{Augmentation, sample_random};
use super::batch::Batch;
use super::cache::Cache;
use super::error::DataError;
use super::folder::PictureFile;
use super::labelled::{self, Folders, Sides};
use super::layout::{Layout, Split};
use super::mask::Mask;
use super::masked;
use super::picture::{Picture, read_picture};
use super::preprocess::Preparation;
use super::raster::{Content, Raster};
use super::unaligned;
use crate::config::{Direction, Mode, Recipe};

/// Which part of a file is a sample's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Left,
    Right,
}

/// The pictures of one domain.
#[derive(Debug)]
pub(super) struct Side {
    /// What the side is called in messages: its folder, or the half of a side-by-side picture.
    pub(super) name: String,
    pub(super) files: Vec<PictureFile>,
    pub(super) part: Part,
    /// Channels that the network sees: 1 or 3.
    pub(super) channels: usize,
    /// Pictures that are ready for their crops.
    pub(super) cache: Cache,
    /// What its files hold.
    pub(super) content: Content,
}

impl Side {
    /// A side whose network sees colour until the data set knows better.
    pub(super) fn new(name: String, files: Vec<PictureFile>, part: Part) -> Self {
        Self {
            name,
            files,
            part,
            channels: 3,
            cache: Cache::new(0),
            content: Content::Colours,
        }
    }
}

/// Prepared pictures of one position.
pub(super) struct Sample {
    pub(super) a: Raster,
    pub(super) b: Raster,
    /// Instances and features of `a` (pix2pixhd).
    pub(super) instances: Option<Raster>,
    pub(super) features: Option<Raster>,
    /// The holes of `a` (inpaint).
    pub(super) mask: Option<Mask>,
    pub(super) a_path: PathBuf,
    pub(super) b_path: PathBuf,
    pub(super) name: String,
}

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
    pub(super) preparation: Preparation,
}

impl Dataset {
    /// Finds the pictures of `split` in `root` and pairs them as the recipe's mode asks. Reads no picture: see
    /// [`Dataset::check`].
    ///
    /// # Errors
    /// The folder or the layout is missing, a side is empty, or pictures have no partner or two.
    pub fn open(root: &Path, recipe: &Recipe, split: Split) -> Result<Self, DataError> {
        Self::open_optional(root, recipe, split)?.ok_or_else(|| match recipe.mode {
            Mode::Pix2pixhd => Folders::missing(root, recipe, split),
            _ => Layout::missing(root, recipe.mode, split),
        })
    }

    /// As [`Dataset::open`], with `None` where the data set has no such split.
    ///
    /// # Errors
    /// As [`Dataset::open`], but for the missing layout.
    pub fn open_optional(
        root: &Path,
        recipe: &Recipe,
        split: Split,
    ) -> Result<Option<Self>, DataError> {
        if recipe.mode == Mode::Pix2pixhd {
            let Some(folders) = Folders::find(root, recipe, split)? else {
                return Ok(None);
            };
            let sides = labelled::sides(root, &folders, recipe)?;
            return Ok(Some(Self::of_sides(root, recipe, sides)));
        }
        let Some(layout) = Layout::find(root, recipe.mode, split)? else {
            return Ok(None);
        };
        let (input, target) = match (recipe.mode, &layout) {
            (Mode::Cycle, Layout::TwoFolders(a, b)) => unaligned::sides(a, b)?,
            (Mode::Contrastive, Layout::TwoFolders(a, b)) => match recipe.data.direction {
                Direction::AToB => unaligned::sides(a, b)?,
                Direction::BToA => unaligned::sides(b, a)?,
            },
            (Mode::Inpaint, _) => masked::sides(root, &layout, recipe)?,
            _ => aligned::sides(root, &layout, recipe.data.direction)?,
        };
        let sides = Sides {
            input,
            target,
            instances: None,
            features: None,
        };
        Ok(Some(Self::of_sides(root, recipe, sides)))
    }

    fn of_sides(root: &Path, recipe: &Recipe, mut sides: Sides) -> Self {
        let (input, output) = (recipe.data.input_channels, recipe.data.output_channels);
        let all = [
            (Some(&mut sides.input), input),
            (Some(&mut sides.target), output),
            (sides.instances.as_mut(), 1),
            (sides.features.as_mut(), recipe.encoder.features),
        ];
        for (side, channels) in all {
            let Some(side) = side else { continue };
            if recipe.data.max_images > 0 {
                side.files.truncate(recipe.data.max_images);
            }
            side.channels = channels;
            side.cache = Cache::new(side.files.len());
        }
        Self {
            root: root.to_owned(),
            a: sides.input,
            b: sides.target,
            instances: sides.instances,
            features: sides.features,
            recipe: recipe.clone(),
            preparation: Preparation::new(recipe),
        }
    }

    /// The recipe that the data set was opened with.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Whether `a` and `b` of a sample show the same thing.
    pub fn is_paired(&self) -> bool {
        matches!(self.recipe.mode, Mode::Pix2pix | Mode::Pix2pixhd)
    }

    /// Whether samples are photos with holes.
    pub(super) fn has_holes(&self) -> bool {
        self.recipe.mode == Mode::Inpaint
    }

    /// Samples per epoch: the pairs, the photos with holes, or the pictures of the larger side.
    #[allow(clippy::len_without_is_empty)] // A data set that opens has at least one sample.
    pub fn len(&self) -> usize {
        if self.has_holes() {
            return self.a.files.len();
        }
        self.a.files.len().max(self.b.files.len())
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
        let index = index % self.len();
        if self.is_labelled() {
            return Batch::stack(vec![self.labelled_fixed(index)?]);
        }
        if self.has_holes() {
            return Batch::stack(vec![self.with_fixed_hole(index)?]);
        }
        let preparation = self.preparation.without_margin();
        let (a_index, b_index) = (index % self.a.files.len(), index % self.b.files.len());
        let (a, b) = self.read(a_index, b_index, &preparation)?;
        let finish = |raster: &Raster| {
            preparation.finish(raster, Augmentation::centre(&preparation, raster.size()))
        };
        Batch::stack(vec![self.sample(a_index, b_index, finish(&a), finish(&b))])
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
        let data = &self.recipe.data;
        let random = &mut sample_random(self.recipe.train.seed, epoch, position as u64);
        let a_index = index % self.a.files.len();
        let b_index = if self.is_paired() {
            index
        } else {
            unaligned::partner(random, index, self.b.files.len(), data.shuffle)
        };
        let (a, b) = self.resized(a_index, b_index)?;
        let for_a = Augmentation::draw(random, &self.preparation, a.size(), data.flip);
        let for_b = if self.is_paired() {
            for_a
        } else {
            Augmentation::draw(random, &self.preparation, b.size(), data.flip)
        };
        let a = self.preparation.finish(&a, for_a);
        let b = self.preparation.finish(&b, for_b);
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
        let (a_raster, b_raster) = self.read(a_index, b_index, &self.preparation)?;
        Ok((a.keep(a_index, a_raster), b.keep(b_index, b_raster)))
    }

    /// Reads and resizes the two pictures of a sample.
    fn read(
        &self,
        a_index: usize,
        b_index: usize,
        preparation: &Preparation,
    ) -> Result<(Raster, Raster), DataError> {
        let (a, b) = self.decode(a_index, b_index)?;
        let prepare = |picture: Picture, side: &Side, index: usize| {
            let (width, height) = picture.pixels.dimensions();
            preparation
                .accepts((width as usize, height as usize))
                .map_err(|message| DataError::Unfit {
                    path: side.files[index].path.clone(),
                    message,
                })?;
            Ok::<_, DataError>(preparation.resize(Raster::new(picture.pixels, side.channels)))
        };
        let a = prepare(a, &self.a, a_index)?;
        let b = prepare(b, &self.b, b_index)?;
        Ok((a, b))
    }

    /// Decodes the two pictures of a sample; a file that holds both is decoded once. The pictures of a pair have one size.
    fn decode(&self, a_index: usize, b_index: usize) -> Result<(Picture, Picture), DataError> {
        let (a_path, b_path) = (&self.a.files[a_index].path, &self.b.files[b_index].path);
        if self.a.part != Part::Whole {
            let picture = read_picture(a_path)?;
            let (left, right) = aligned::halves(a_path, &picture)?;
            return Ok(match self.a.part {
                Part::Right => (right, left),
                Part::Left | Part::Whole => (left, right),
            });
        }
        let (a, b) = (read_picture(a_path)?, read_picture(b_path)?);
        let (a_size, b_size) = (a.pixels.dimensions(), b.pixels.dimensions());
        if self.is_paired() && a_size != b_size {
            return Err(DataError::SizesDiffer {
                a: a_path.clone(),
                a_size,
                b: b_path.clone(),
                b_size,
            });
        }
        Ok((a, b))
    }
}
