//! The files of instance maps, by their names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::data::{name_forms, sample_key};

/// Ends of the names of instance maps, for files that begin alike.
const SUFFIXES: [&str; 5] = [
    "",
    "_gtFine_instanceIds",
    "_gtCoarse_instanceIds",
    "_instanceIds",
    "_inst",
];

/// Ends of the names of coloured label maps.
const COLOUR_SUFFIXES: [&str; 3] = ["_gtFine_color", "_gtCoarse_color", "_color"];

/// The instance map that belongs to an input: in the folder beside that is called `inst` where the input's is called
/// `label` or `A` or `B`, also behind a split (`test_label` and `test_inst`), or in the same folder with another end of the name.
pub(super) fn instances_beside(path: &Path) -> Result<PathBuf, String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let key = sample_key(&stem);
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut places = vec![(folder.to_owned(), false)];
    for ancestor in folder.ancestors() {
        let name = ancestor.file_name().unwrap_or_default().to_string_lossy();
        let begin = ["label", "A", "B"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            // Other names may end in these letters by chance.
            .filter(|begin| begin.is_empty() || begin.ends_with('_'));
        let (Some(begin), Some(parent)) = (begin, ancestor.parent()) else {
            continue;
        };
        let within = folder.strip_prefix(ancestor).unwrap_or(Path::new(""));
        let beside = parent.join(format!("{begin}inst")).join(within);
        // Joining nothing leaves a separator at the end.
        places.push((beside.components().collect(), true));
    }
    for (place, apart) in &places {
        let names = SUFFIXES.iter().map(|suffix| format!("{key}{suffix}"));
        // In a folder of its own a map can have the very name of the input.
        let names = names.chain(apart.then(|| stem.to_string()));
        for name in names.flat_map(|name| name_forms(&name)) {
            for extension in [&extension, "png", "tif", "tiff", "pgm"] {
                let candidate = place.join(format!("{name}.{extension}"));
                if candidate.is_file() && candidate != path {
                    return Ok(candidate);
                }
            }
        }
    }
    // The nearest of the folders beside, where it can have the name of the input.
    let (wanted, end) = match places.get(1) {
        Some((place, _)) => (place.as_path(), ""),
        None => (folder, "_inst"),
    };
    let end = if stem == key {
        end
    } else {
        "_gtFine_instanceIds"
    };
    let wanted = if wanted.as_os_str().is_empty() {
        Path::new(".")
    } else {
        wanted
    };
    Err(format!(
        "`{}` has no instance map, which this style needs: put `{key}{end}.png` into `{}`",
        path.display(),
        wanted.display()
    ))
}

/// The pictures of a folder without those that belong to another of them: instance maps, and the coloured label maps of
/// Cityscapes.
pub(super) fn without_maps<T: AsRef<Path>>(pictures: Vec<T>) -> Vec<T> {
    let stem = |path: &Path| path.with_extension("").to_string_lossy().into_owned();
    let owner = |stem: &str| -> Option<String> {
        let ends = SUFFIXES.iter().chain(&COLOUR_SUFFIXES);
        let keys = ends
            .filter(|end| !end.is_empty())
            .filter_map(|end| stem.strip_suffix(end));
        keys.min_by_key(|key| key.len()).map(str::to_owned)
    };
    let inputs: BTreeSet<String> = pictures
        .iter()
        .map(|path| stem(path.as_ref()))
        .filter(|stem| owner(stem).is_none())
        .map(|stem| sample_key(&stem).to_owned())
        .collect();
    let is_input = |path: &Path| owner(&stem(path)).is_none_or(|key| !inputs.contains(&key));
    pictures
        .into_iter()
        .filter(|path| is_input(path.as_ref()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_maps_are_found_beside_label_maps() {
        let root = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, b"x").unwrap();
            path
        };
        let found = |path: &PathBuf| instances_beside(path);
        let label = file("test_label/ulm/a_gtFine_labelIds.png");
        let wanted = root.path().join("test_inst/ulm");
        assert_eq!(
            found(&label).unwrap_err(),
            format!(
                "`{}` has no instance map, which this style needs: put `a_gtFine_instanceIds.png` into `{}`",
                label.display(),
                wanted.display()
            )
        );
        let instances = file("test_inst/ulm/a_gtFine_instanceIds.png");
        assert_eq!(found(&label).unwrap(), instances);
        let (label, instances) = (file("x_label/7.png"), file("x_inst/7.png"));
        assert_eq!(found(&label).unwrap(), instances);
        let (label, instances) = (file("all/b_gtFine_labelIds.png"), file("all/b_inst.png"));
        assert_eq!(found(&label).unwrap(), instances);
        let message = found(&file("all/c.png")).unwrap_err();
        let wanted = root.path().join("all");
        assert!(
            message.ends_with(&format!("put `c_inst.png` into `{}`", wanted.display())),
            "not the map itself: {message}"
        );
        // Folders that end in A by chance, further up, are not meant.
        let label = file("DATA/A/test_label/d.png");
        let wanted = root.path().join("DATA/A/test_inst");
        let message = found(&label).unwrap_err();
        assert!(
            message.ends_with(&format!("into `{}`", wanted.display())),
            "{message}"
        );
        file("DATinst/A/test_label/d.png");
        assert!(found(&label).is_err());
    }

    #[test]
    fn maps_beside_their_inputs_are_no_inputs() {
        let listed = [
            "a_gtFine_color.png",
            "a_gtFine_instanceIds.png",
            "a_gtFine_labelIds.png",
            "b.png",
            "b_inst.tif",
            "c_inst.png",
            "x/b_inst.png",
        ];
        let pictures = listed.map(PathBuf::from);
        let kept = without_maps(pictures.to_vec());
        let kept: Vec<_> = kept.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(
            kept,
            [
                "a_gtFine_labelIds.png",
                "b.png",
                "c_inst.png",
                "x/b_inst.png"
            ]
        );
    }
}
