//! Damaged recipes, style descriptions and weights: an error that names the file, and never a panic.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use translate::config::{Mode, Overlay, Recipe};
use translate::nn::NamedTensors;
use translate::style::import::WeightFile;
use translate::style::{Manifest, StyleFolder, map_weights, read_weights};

use crate::apply_network::folder;
use crate::fixture;
use crate::hostile_pictures::cases;

/// A change to a text: from a place on, some characters become others.
type Change = (usize, usize, String);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let inserted = prop_oneof![
        Just(String::new()),
        Just("\n".to_owned()),
        Just("[[".to_owned()),
        Just("= 99999999999999999999\n".to_owned()),
        Just("-1".to_owned()),
        Just("nan".to_owned()),
        Just("{ a = [".to_owned()),
        Just("\"".to_owned()),
        "[ -~\u{e9}\u{1f600}]{0,12}",
    ];
    prop::collection::vec((any::<usize>(), 0usize..30, inserted), 1..5)
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for (at, count, inserted) in changes {
        let start = at % (letters.len() + 1);
        let end = (start + count).min(letters.len());
        letters.splice(start..end, inserted.chars());
    }
    letters.into_iter().collect()
}

fn named<T, E: std::fmt::Display>(result: Result<T, E>, path: &Path) -> Result<Option<T>, String> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            let text = error.to_string();
            let name = path.file_name().unwrap().to_string_lossy();
            if text.contains(&*name) {
                Ok(None)
            } else {
                Err(text)
            }
        }
    }
}

/// Every recipe of the repository.
fn recipes() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// A safetensors file of a few small tensors.
fn weights() -> Vec<u8> {
    let bytes = fs::read(fixture::path("adam.safetensors")).unwrap();
    assert!(bytes.len() > 1000);
    bytes
}

/// Name, shape and bytes of each tensor: some are no numbers, which equal nothing.
fn bits(tensors: &NamedTensors) -> Vec<(&str, &[usize], &[u8])> {
    let each = tensors.0.iter();
    each.map(|(name, data)| (name.as_str(), &**data.shape(), data.as_bytes()))
        .collect()
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn damaged_recipes_are_refused_by_name_or_are_recipes(
        which in any::<prop::sample::Index>(),
        changes in changes(),
    ) {
        let recipes = recipes();
        let place = folder();
        let path = place.path().join("recipe.toml");
        fs::write(&path, changed(&recipes[which.index(recipes.len())], &changes)).unwrap();
        if let Some(overlay) = named(Overlay::from_file(&path), &path).map_err(TestCaseError::fail)? {
            let mode = overlay.mode().ok().flatten().unwrap_or(Mode::Pix2pix);
            if let Ok(recipe) = overlay.resolve(mode) {
                // What is accepted can be saved and read again.
                let again = Overlay::from_table(recipe.to_table(), "saved").unwrap();
                prop_assert_eq!(again.resolve(mode).unwrap(), recipe);
            }
        }
    }

    #[test]
    fn damaged_style_descriptions_are_refused_by_name_or_are_styles(changes in changes()) {
        let place = folder();
        let style = StyleFolder::new(place.path());
        let manifest = Manifest {
            author: Some("somebody".to_owned()),
            ..Manifest::new(Recipe::defaults(Mode::Cycle))
        };
        manifest.write(&style).unwrap();
        let path = style.manifest();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, changed(&text, &changes)).unwrap();
        named(Manifest::read(&style), &path).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn damaged_safetensors_are_refused_by_name_or_are_tensors(
        at in prop_oneof![0usize..8, 0usize..600, any::<usize>()],
        bytes in prop::collection::vec(any::<u8>(), 0..9),
        kept in prop_oneof![3 => Just(usize::MAX), 1 => any::<usize>()],
    ) {
        let mut weights = weights();
        let at = at % weights.len();
        let end = (at + bytes.len()).min(weights.len());
        weights.splice(at..end, bytes);
        if kept != usize::MAX {
            weights.truncate(kept % weights.len());
        }
        let place = folder();
        let path = place.path().join("weights.safetensors");
        fs::write(&path, &weights).unwrap();
        let read: Option<NamedTensors> = named(read_weights(&path), &path).map_err(TestCaseError::fail)?;
        if let Some(tensors) = &read {
            prop_assert!(tensors.0.len() < 10_000);
        }
        let mapped = named(map_weights(&path), &path).map_err(TestCaseError::fail)?;
        prop_assert_eq!(mapped.as_ref().map(bits), read.as_ref().map(bits));
        named(WeightFile::open(&path), &path).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn damaged_checkpoints_are_refused_by_name_or_are_tensors(
        which in 0usize..5,
        places in prop::collection::vec((prop_oneof![0usize..400, any::<usize>()], any::<u8>()), 1..6),
        kept in prop_oneof![3 => Just(usize::MAX), 1 => any::<usize>()],
    ) {
        let names = ["legacy", "tar", "checkpoint", "half", "hostile_pickle"];
        let name = format!("import/{}.pth", names[which]);
        let mut bytes = fs::read(fixture::path(&name)).unwrap();
        for (at, byte) in places {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if kept != usize::MAX {
            bytes.truncate(kept % bytes.len());
        }
        let place = folder();
        let path = place.path().join("weights.pth");
        fs::write(&path, &bytes).unwrap();
        if let Some(file) = named(WeightFile::open(&path), &path).map_err(TestCaseError::fail)? {
            named(file.tensors(), &path).map_err(TestCaseError::fail)?;
        }
    }
}
