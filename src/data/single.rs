//! Samples of one picture, for networks that learn to make such pictures.

use std::path::{Path, PathBuf};

use super::augmentation::sample_random;
use super::batch::Sample;
use super::dataset::Dataset;
use super::embeddings::{Embeddings, EmbeddingsError};
use super::error::DataError;
use super::layout::Layout;
use super::picture_class::require_classes;
use super::plain::{plain_files, plain_name};
use super::side::{Part, Side};
use super::split::Split;
use crate::config::{ConfigError, Recipe};
use crate::picture::Raster;

/// The pictures of a plain layout, and a side without files.
///
/// # Errors
/// There are none, or one lies in no folder of a class that the recipe knows, or the vectors that the recipe names are not theirs.
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
    let pictures = files.len();
    let side = |files| Side::new(plain_name(root, folder), folder, files, Part::Whole);
    let mut input = side(files);
    if let Some(path) = embeddings_file(folder, recipe) {
        let embeddings = Embeddings::read_of_length(&path, recipe.data.embedding_length)?;
        if embeddings.count() != pictures {
            return Err(DataError::Embeddings(EmbeddingsError::Count {
                path,
                rows: embeddings.count(),
                folder: folder.clone(),
                pictures,
            }));
        }
        input.embeddings = Some(embeddings);
    }
    Ok((input, side(Vec::new())))
}

/// Takes the length of the vectors from the file beside the training pictures in `root`, where `recipe` names one and not their length.
///
/// # Errors
/// There is no such file, or it cannot be read.
pub(super) fn measure_embeddings(recipe: &mut Recipe, root: &Path) -> Result<(), ConfigError> {
    if recipe.data.embeddings.is_empty() || recipe.data.embedding_length > 0 {
        return Ok(());
    }
    let wrong = |message: String| ConfigError::BadValue {
        key: "data.embeddings".to_owned(),
        message,
    };
    let layout = Layout::find(root, recipe, Split::Train);
    let layout = layout.map_err(|error| wrong(error.to_string()))?;
    let Some(Layout::Plain(folder)) = layout else {
        return Ok(());
    };
    let Some(path) = embeddings_file(&folder, recipe) else {
        return Ok(());
    };
    let embeddings = Embeddings::read(&path).map_err(|error| wrong(error.to_string()))?;
    recipe.data.embedding_length = embeddings.length();
    recipe.validate()
}

/// The file of the vectors of the pictures of a folder, where the recipe names one.
fn embeddings_file(folder: &Path, recipe: &Recipe) -> Option<PathBuf> {
    let name = &recipe.data.embeddings;
    (!name.is_empty()).then(|| folder.join(name))
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
        let embeddings = self.a.embeddings.as_ref();
        Sample {
            features: embeddings.map(|all| Raster::from_values(all.row(index), (1, 1))),
            ..Sample::of_file(&self.a.files[index], picture.clone(), picture)
        }
    }
}
