//! Samples of one picture, for networks that learn to make such pictures.

use std::path::Path;

use super::augmentation::sample_random;
use super::batch::Sample;
use super::dataset::Dataset;
use super::error::DataError;
use super::layout::Layout;
use super::picture_class::require_classes;
use super::plain::{plain_files, plain_name};
use super::side::{Part, Side};
use crate::config::Recipe;
use crate::picture::Raster;

/// The pictures of a plain layout, and a side without files.
///
/// # Errors
/// There are none, or one lies in no folder of a class that the recipe knows.
pub(super) fn sides(
    root: &Path,
    layout: &Layout,
    recipe: &Recipe,
) -> Result<(Side, Side), DataError> {
    let Layout::Plain(folder) = layout else {
        unreachable!("modes that make pictures have plain layouts alone");
    };
    let files = plain_files(root, folder, &[])?;
    require_classes(root, &files, recipe)?;
    let side = |files| Side::new(plain_name(root, folder), folder, files, Part::Whole);
    Ok((side(files), side(Vec::new())))
}

impl Dataset {
    /// Whether a sample is one picture, which is the whole of what is learnt.
    pub(super) fn is_single(&self) -> bool {
        self.recipe.mode.makes_pictures()
    }

    /// Picture `index` with the crop and flip that are drawn for `position` of an epoch.
    pub(super) fn single_augmented(
        &self,
        epoch: u64,
        position: usize,
        index: usize,
    ) -> Result<Sample, DataError> {
        let random = &mut sample_random(self.recipe.train.seed, epoch, position as u64);
        let picture = self.drawn_picture(index, random)?;
        Ok(self.single(index, picture))
    }

    /// Picture `index` as it is shown in previews: always with the same crop.
    pub(super) fn single_fixed(&self, index: usize) -> Result<Sample, DataError> {
        let picture = self.fixed_picture(index)?;
        Ok(self.single(index, picture))
    }

    fn single(&self, index: usize, picture: Raster) -> Sample {
        let file = &self.a.files[index];
        Sample {
            a: picture.clone(),
            b: picture,
            instances: None,
            features: None,
            mask: None,
            a_path: file.path.clone(),
            b_path: file.path.clone(),
            name: file.stem().to_owned(),
        }
    }
}
