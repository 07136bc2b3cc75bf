//! Photos with holes: a plain folder of pictures, and a mask for each sample.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::augmentation::sample_random;
use super::batch::Sample;
use super::dataset::Dataset;
use super::error::DataError;
use super::folder::{PictureFile, require_pictures};
use super::layout::Layout;
use super::mask::Mask;
use super::mask_reading::MaskFile;
use super::mask_shapes::{blocks, centre, regions, strokes};
use super::mask_threshold::MaskThreshold;
use super::plain::{plain_files, plain_name};
use super::side::{Part, Side};
use super::transform::Size;
use crate::config::{MaskKind, Recipe};
use crate::picture::{PictureLimits, Raster, grey, normalize};

/// Red, green and blue of what is put into holes before a network sees them: the mean colour of photos, as in the
/// context encoder's code.
pub const HOLE_COLOUR: [u8; 3] = [117, 104, 123];
/// Folder of mask files in a data set.
const MASKS: &str = "masks";
/// Epoch from which the masks of previews are drawn: none of training comes so far.
const PREVIEW_EPOCH: u64 = u64::MAX;

/// What a network of so many channels, 1 or 3, sees in holes: [`HOLE_COLOUR`] or its grey, in [-1, 1].
pub fn hole_values(channels: usize) -> Vec<f32> {
    if channels == 1 {
        let pixel = RgbImage::from_pixel(1, 1, Rgb(HOLE_COLOUR));
        return normalize(grey(&pixel).as_raw(), 1);
    }
    normalize(&HOLE_COLOUR, 3)
}

/// Draws a mask of `size` in one of the shapes that need no files; `overlap` is the margin of the centre.
pub(super) fn draw(kind: MaskKind, size: Size, overlap: usize, random: &mut ChaCha8Rng) -> Mask {
    match kind {
        MaskKind::Blocks => blocks(size, random),
        MaskKind::Regions => regions(size, random),
        MaskKind::Strokes => strokes(size, random),
        MaskKind::Centre | MaskKind::Folder => centre(size, overlap),
    }
}

/// The photos, and the mask files where the recipe asks for them.
pub(super) fn sides(
    root: &Path,
    layout: &Layout,
    recipe: &Recipe,
) -> Result<(Side, Side), DataError> {
    let Layout::Plain(folder) = layout else {
        unreachable!("mode inpaint has plain layouts alone");
    };
    let files = plain_files(root, folder, &[mask_folder(root, recipe)])?;
    let masks = if recipe.data.masks == MaskKind::Folder {
        let folder = mask_folder(root, recipe);
        if !folder.is_dir() {
            return Err(DataError::NoMasks(folder));
        }
        let files = require_pictures(&folder)?;
        Side::new(plain_name(root, &folder), &folder, files, Part::Whole)
    } else {
        Side::new(MASKS.to_owned(), folder, Vec::new(), Part::Whole)
    };
    let photos = Side::new(plain_name(root, folder), folder, files, Part::Whole);
    Ok((photos, masks))
}

fn mask_folder(root: &Path, recipe: &Recipe) -> PathBuf {
    match recipe.data.mask_folder.as_str() {
        "" => root.join(MASKS),
        folder => PathBuf::from(folder),
    }
}

/// Reads a mask file.
pub(super) fn read_mask(file: &PictureFile, recipe: &Recipe) -> Result<MaskFile, DataError> {
    // The recipe was validated.
    let threshold = MaskThreshold::new(recipe.data.mask_threshold).unwrap_or_default();
    let read = MaskFile::read(&file.path, threshold, PictureLimits::default())?;
    let message = if read.mask.is_empty() {
        "is black all over: white is what is to be filled"
    } else if read.mask.is_full() {
        "is white all over: nothing would be left to continue from"
    } else {
        return Ok(read);
    };
    Err(DataError::Unsuitable {
        path: file.path.clone(),
        message: message.to_owned(),
    })
}

/// A photo with [`HOLE_COLOUR`], or its grey, in the holes of a mask of its size.
fn with_holes(photo: &Raster, mask: &Mask) -> Raster {
    let colour = RgbImage::from_pixel(1, 1, Rgb(HOLE_COLOUR));
    let colour = Raster::new(colour, photo.channels);
    let mut filled = photo.clone();
    let pixels = filled.bytes.chunks_exact_mut(photo.channels);
    for (pixel, &hole) in pixels.zip(mask.holes()) {
        if hole {
            pixel.copy_from_slice(&colour.bytes);
        }
    }
    filled
}

impl Dataset {
    /// What is wrong with the mask files, and in `notes` what should be known about them. They need not have the size of a photo: they are brought to that of the crop.
    pub(super) fn wrong_masks(&self, notes: &mut Vec<String>) -> Vec<DataError> {
        let read = |file: &PictureFile| read_mask(file, &self.recipe).map(|read| read.note);
        let read: Vec<_> = self.b.files.par_iter().map(read).collect();
        let is_soft = |read: &&Result<Option<String>, DataError>| matches!(read, Ok(Some(_)));
        let soft = read.iter().filter(is_soft).count();
        if soft > 0 {
            notes.push(format!(
                "{}: {soft} of {} masks are largely grey; from `data.mask_threshold = {}` of white on a pixel is a hole",
                self.b.name,
                read.len(),
                self.recipe.data.mask_threshold
            ));
        }
        read.into_iter().filter_map(Result::err).collect()
    }

    /// Photo `index` with the crop, flip and mask that are drawn for `position` of an epoch.
    pub(super) fn with_drawn_hole(
        &self,
        epoch: u64,
        position: usize,
        index: usize,
    ) -> Result<Sample, DataError> {
        let random = &mut sample_random(self.recipe.train.seed, epoch, position as u64);
        let photo = self.drawn_picture(index, random)?;
        self.with_hole(index, photo, random)
    }

    /// Photo `index` as it is shown in previews: always with the same crop and mask.
    pub(super) fn with_fixed_hole(&self, index: usize) -> Result<Sample, DataError> {
        let photo = self.fixed_picture(index)?;
        let seed = self.recipe.train.seed;
        let random = &mut sample_random(seed, PREVIEW_EPOCH, index as u64);
        self.with_hole(index, photo, random)
    }

    fn with_hole(
        &self,
        index: usize,
        photo: Raster,
        random: &mut ChaCha8Rng,
    ) -> Result<Sample, DataError> {
        let recipe = &self.recipe;
        let mask = if recipe.data.masks == MaskKind::Folder {
            let files = &self.b.files;
            let file = &files[random.random_range(0..files.len())];
            let mask = read_mask(file, recipe)?.mask;
            let mirrored = recipe.data.flip && random.random::<f64>() > 0.5;
            let mask = mask.resized(photo.size());
            if mirrored { mask.flipped() } else { mask }
        } else {
            draw(recipe.data.masks, photo.size(), recipe.loss.overlap, random)
        };
        let shown = with_holes(&photo, &mask);
        Ok(Sample {
            mask: Some(mask),
            ..Sample::of_file(&self.a.files[index], shown, photo)
        })
    }
}
