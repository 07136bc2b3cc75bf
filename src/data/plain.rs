//! Plain folders of pictures, whose folders may be classes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use rand_chacha::ChaCha8Rng;

use super::augmentation::{Augmentation, sample_random};
use super::batch::Sample;
use super::dataset::Dataset;
use super::error::DataError;
use super::folder::{PictureFile, describe_folder, require_pictures};
use super::layout::Layout;
use super::side::{Part, Side};
use super::split::Split;
use super::transform::Transform;
use crate::config::{ClassSource, ConfigError, Mode, Recipe};
use crate::picture::{Raster, read_rgb};

/// The class of a picture of this name (its path below the folder of the data set): the name of the outermost folder. None for one
/// that lies in no folder.
pub fn class_of(name: &str) -> Option<&str> {
    name.split_once('/').map(|(class, _)| class)
}

/// Takes the names of the classes from the folders of the training pictures in `root`, sorted, where `recipe` asks for it and does not
/// name them itself.
///
/// # Errors
/// There are no such folders, or more than recipes can have.
pub(super) fn name_classes(recipe: &mut Recipe, root: &Path) -> Result<(), ConfigError> {
    let data = &mut recipe.data;
    if data.classes_from != ClassSource::Folders || !data.class_names.is_empty() {
        return Ok(());
    }
    let wrong = |message: String| ConfigError::BadValue {
        key: "data.classes_from".to_owned(),
        message,
    };
    let layout = Layout::find(root, Mode::Generate, Split::Train);
    let layout = layout.map_err(|error| wrong(error.to_string()))?;
    if let Some(Layout::Plain(folder)) = layout {
        let files = pictures(root, &folder, &[]).map_err(|error| wrong(error.to_string()))?;
        let names: BTreeSet<&str> = files
            .iter()
            .filter_map(|file| class_of(&file.name))
            .collect();
        data.class_names = names.into_iter().map(ToOwned::to_owned).collect();
    }
    if data.class_names.is_empty() {
        return Err(wrong(format!(
            "`{}` has no folders of pictures whose names could be classes: leave it at \"none\"",
            root.display()
        )));
    }
    recipe.validate()
}

/// The pictures of a plain layout, and no second side.
///
/// # Errors
/// There are none, or one lies in no folder of a class that the recipe knows.
pub(super) fn sides(
    root: &Path,
    layout: &Layout,
    recipe: &Recipe,
) -> Result<(Side, Side), DataError> {
    let Layout::Plain(folder) = layout else {
        unreachable!("this mode has plain layouts alone");
    };
    let files = pictures(root, folder, &[])?;
    if recipe.data.classes_from == ClassSource::Folders {
        let problems = files.iter().filter_map(|file| unclassed(file, recipe));
        DataError::from_problems(root, problems.collect())?;
    }
    let side = |files| Side::new(folder_name(root, folder), folder, files, Part::Whole);
    Ok((side(files), side(Vec::new())))
}

/// What is wrong with a picture that has no class.
fn unclassed(file: &PictureFile, recipe: &Recipe) -> Option<DataError> {
    let names = &recipe.data.class_names;
    let message = match class_of(&file.name) {
        None => "lies in no folder, and the folders are the classes: move it into one, or set `data.classes_from = \"none\"`".to_owned(),
        Some(class) if names.iter().all(|name| name != class) => {
            format!("is of class `{class}`, which is not one of `data.class_names`: {}", names.join(", "))
        }
        Some(_) => return None,
    };
    Some(DataError::Unsuitable {
        path: file.path.clone(),
        message,
    })
}

/// The pictures in `folder` of the data set in `root`. Where that is `root` itself, those of the other splits and what lies in the
/// folders `apart` are left out.
///
/// # Errors
/// The folder cannot be listed, or has no pictures.
pub(super) fn pictures(
    root: &Path,
    folder: &Path,
    apart: &[PathBuf],
) -> Result<Vec<PictureFile>, DataError> {
    let mut files = require_pictures(folder)?;
    if folder == root {
        // The pictures lie beside the folders that are something else.
        let splits = [root.join("val"), root.join("test")];
        let apart = [&splits, apart].concat();
        files.retain(|file| !apart.iter().any(|folder| file.path.starts_with(folder)));
    }
    if files.is_empty() {
        return Err(DataError::NoPictures {
            folder: folder.to_owned(),
            found: describe_folder(folder),
        });
    }
    Ok(files)
}

/// What a folder of the data set in `root` is called in messages.
pub(super) fn folder_name(root: &Path, folder: &Path) -> String {
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
    /// Whether a sample is one picture, without holes.
    pub(super) fn is_plain(&self) -> bool {
        self.recipe.mode.makes_pictures()
    }

    /// Picture `index` as one that is shown and learnt at once, with the crop and flip that are drawn for `position` of an epoch.
    pub(super) fn plain_augmented(
        &self,
        epoch: u64,
        position: usize,
        index: usize,
    ) -> Result<Sample, DataError> {
        let random = &mut sample_random(self.recipe.train.seed, epoch, position as u64);
        let picture = self.drawn_picture(index, random)?;
        Ok(self.plain(index, picture))
    }

    /// Picture `index` as it is shown in previews.
    pub(super) fn plain_fixed(&self, index: usize) -> Result<Sample, DataError> {
        let picture = self.fixed_picture(index)?;
        Ok(self.plain(index, picture))
    }

    fn plain(&self, index: usize, picture: Raster) -> Sample {
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
        resized(&self.a.files[index].path, self.a.channels, transform)
    }
}

/// A picture as the previews of `recipe` show those of its data set, `[1, channels, side, side]` in [-1, 1].
///
/// # Errors
/// The picture cannot be read or does not fit the recipe.
pub fn prepared_picture(path: &Path, recipe: &Recipe) -> Result<TensorData, DataError> {
    let transform = Transform::new(recipe).without_margin();
    let picture = centre(
        &resized(path, recipe.data.output_channels, &transform)?,
        &transform,
    );
    let shape = [1, picture.value_channels(), picture.height, picture.width];
    Ok(TensorData::new(picture.values(), shape))
}

/// Reads and resizes a picture.
fn resized(path: &Path, channels: usize, transform: &Transform) -> Result<Raster, DataError> {
    let picture = read_rgb(path)?;
    let (width, height) = picture.pixels.dimensions();
    transform
        .accepts((width as usize, height as usize))
        .map_err(|message| DataError::Unsuitable {
            path: path.to_owned(),
            message,
        })?;
    Ok(transform.resize(Raster::new(picture.pixels, channels)))
}

/// The crop in the middle of a resized picture.
fn centre(picture: &Raster, transform: &Transform) -> Raster {
    let crop = transform.crop_range(picture.size());
    transform.crop_and_flip(picture, Augmentation::centre(crop))
}
