//! Where the first stage of a style is.

use std::path::Path;

use super::folder::StyleFolder;
use crate::config::Recipe;

/// The folder of the first stage that `recipe` names, if it does: that of its name, or one that lies beside the style itself.
pub fn first_stage_folder(recipe: &Recipe, style: Option<&StyleFolder>) -> Option<StyleFolder> {
    let named = Path::new(&recipe.synthesis.first_stage);
    if named.as_os_str().is_empty() {
        return None;
    }
    let beside = || Some(style?.path().parent()?.join(named.file_name()?));
    let is_style = |path: &Path| StyleFolder::new(path).manifest().is_file();
    let moved = beside().filter(|path| !is_style(named) && is_style(path));
    Some(StyleFolder::new(moved.unwrap_or_else(|| named.to_owned())))
}
