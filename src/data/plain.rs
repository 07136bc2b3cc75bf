//! Plain folders of pictures.

use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use rand_chacha::ChaCha8Rng;

use super::augmentation::Augmentation;
use super::dataset::Dataset;
use super::error::DataError;
use super::folder::{PictureFile, describe_folder, require_pictures};
use super::transform::Transform;
use crate::config::{Colours, Recipe};
use crate::picture::{Raster, read_rgb};

/// The pictures of `folder`; where it is the root of the data set, without those of its other splits and those `apart`.
pub(super) fn plain_files(
    root: &Path,
    folder: &Path,
    apart: &[PathBuf],
) -> Result<Vec<PictureFile>, DataError> {
    let mut files = require_pictures(folder)?;
    if folder == root {
        let splits = [root.join("val"), root.join("test")];
        let is_apart = |file: &PictureFile| {
            let mut others = splits.iter().chain(apart);
            others.any(|folder| file.path.starts_with(folder))
        };
        files.retain(|file| !is_apart(file));
        if files.is_empty() {
            return Err(DataError::NoPictures {
                folder: folder.to_owned(),
                found: describe_folder(folder),
            });
        }
    }
    Ok(files)
}

/// What `folder` is called in messages.
pub(super) fn plain_name(root: &Path, folder: &Path) -> String {
    match folder.strip_prefix(root) {
        Ok(inner) if !inner.as_os_str().is_empty() => inner.display().to_string(),
        _ => folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    }
}

impl Dataset {
    /// Picture `index` of a data set with one side, with a crop and flip from `random`.
    pub(super) fn drawn_picture(
        &self,
        index: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<Raster, DataError> {
        let picture = if let Some(picture) = self.a.cache.get(index) {
            picture
        } else {
            let picture = self.resized_picture(index, &self.transform)?;
            self.a.cache.keep(index, picture)
        };
        let crop = self.transform.crop_range(picture.size());
        let augmentation = Augmentation::draw(random, crop, self.recipe.data.flip);
        Ok(self.transform.crop_and_flip(&picture, augmentation))
    }

    /// Picture `index` of a data set with one side, always with the same crop.
    pub(super) fn fixed_picture(&self, index: usize) -> Result<Raster, DataError> {
        let transform = self.transform.without_margin();
        let picture = self.resized_picture(index, &transform)?;
        Ok(centre(&picture, &transform))
    }

    fn resized_picture(&self, index: usize, transform: &Transform) -> Result<Raster, DataError> {
        let path = &self.a.files[index].path;
        // Targets may have other numbers than those of 8 bits, and more bands than three.
        let has_bands = self.makes_inputs() && self.recipe.data.colours == Colours::Rgb;
        let picture = if has_bands {
            self.a.sample(index)?.raster
        } else {
            Raster::new(read_rgb(path)?.pixels, self.a.channels)
        };
        resized(path, picture, transform)
    }
}

/// A picture as the previews of `recipe` show those of its data set, `[1, channels, side, side]` in [-1, 1].
///
/// # Errors
/// The picture cannot be read or does not fit the recipe.
pub fn prepared_picture(path: &Path, recipe: &Recipe) -> Result<TensorData, DataError> {
    let transform = Transform::new(recipe).without_margin();
    let picture = Raster::new(read_rgb(path)?.pixels, recipe.data.output_channels);
    let picture = centre(&resized(path, picture, &transform)?, &transform);
    let shape = [1, picture.value_channels(), picture.height, picture.width];
    Ok(TensorData::new(picture.values(), shape))
}

/// Resizes the picture of the file at `path`.
fn resized(path: &Path, picture: Raster, transform: &Transform) -> Result<Raster, DataError> {
    let accepted = transform.accepts(picture.size());
    accepted.map_err(|message| DataError::Unsuitable {
        path: path.to_owned(),
        message,
    })?;
    Ok(transform.resize(picture))
}

/// The crop in the middle of a resized picture.
fn centre(picture: &Raster, transform: &Transform) -> Raster {
    let crop = transform.crop_range(picture.size());
    transform.crop_and_flip(picture, Augmentation::centre(crop))
}
