//! The classes of pictures, which are the names of their folders.

use std::collections::BTreeSet;
use std::path::Path;

use super::error::DataError;
use super::folder::PictureFile;
use super::layout::Layout;
use super::pair_name::pair_name;
use super::plain::plain_files;
use super::split::Split;
use crate::config::{ClassSource, ConfigError, Recipe};

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
    if recipe.data.classes_from != ClassSource::Folders || !recipe.data.class_names.is_empty() {
        return Ok(());
    }
    let wrong = |message: String| ConfigError::BadValue {
        key: "data.classes_from".to_owned(),
        message,
    };
    let names = class_names(recipe, root).map_err(|error| wrong(error.to_string()))?;
    if names.is_empty() {
        return Err(wrong(format!(
            "`{}` has no folders of pictures whose names could be classes: leave it at \"none\"",
            root.display()
        )));
    }
    recipe.data.class_names = names;
    recipe.validate()
}

/// The classes of the training pictures in `root`, sorted.
fn class_names(recipe: &Recipe, root: &Path) -> Result<Vec<String>, DataError> {
    let Some(Layout::Plain(folder)) = Layout::find(root, recipe, Split::Train)? else {
        return Ok(Vec::new());
    };
    let files = plain_files(root, &folder, &[])?;
    let classes = files.iter().filter_map(|file| class_of(&file.name));
    // Folders whose names look the same are of one class.
    let classes: BTreeSet<String> = classes.map(pair_name).collect();
    Ok(classes.into_iter().collect())
}

/// Checks that each of `files` is of a class that the recipe knows, where it has classes.
///
/// # Errors
/// Those that are not, in one error.
pub(super) fn require_classes(
    root: &Path,
    files: &[PictureFile],
    recipe: &Recipe,
) -> Result<(), DataError> {
    if recipe.data.classes_from != ClassSource::Folders {
        return Ok(());
    }
    let names = &recipe.data.class_names;
    let known: BTreeSet<String> = names.iter().map(|name| pair_name(name)).collect();
    if known.len() < names.len() {
        let message = "`data.class_names` names a class twice, in two Unicode forms";
        return Err(DataError::BadSetting(message.to_owned()));
    }
    let problems = files
        .iter()
        .filter_map(|file| unclassed(file, &known, names));
    DataError::from_problems(root, problems.collect())
}

/// What is wrong with a picture that has no class.
fn unclassed(file: &PictureFile, known: &BTreeSet<String>, names: &[String]) -> Option<DataError> {
    let message = match class_of(&file.name) {
        None => "lies in no folder, and the folders are the classes: move it into one, or set `data.classes_from = \"none\"`".to_owned(),
        Some(class) if !known.contains(&pair_name(class)) => {
            format!("is of class `{class}`, which is not one of `data.class_names`: {}", names.join(", "))
        }
        Some(_) => return None,
    };
    Some(DataError::Unsuitable {
        path: file.path.clone(),
        message,
    })
}
