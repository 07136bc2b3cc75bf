//! Maps of ids as tifffile, GDAL, Pillow and OpenCV write and read them (`scripts/parity/fixture_ids.py`).

use safetensors::tensor::SafeTensors;
use tempfile::TempDir;
use translate::picture::{IdMap, PictureError, PictureLimits, SampleFile};

use crate::fixture::path;

/// Calls `check` with the name, the file and the ids (width, values) of each map; without ids of those that are refused.
fn for_each_map(mut check: impl FnMut(&str, &[u8], Option<(usize, Vec<u32>)>)) {
    let bytes = std::fs::read(path("ids.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut names = tensors.names();
    names.sort_unstable();
    for name in names.iter().filter_map(|name| name.strip_suffix("/file")) {
        let file = tensors.tensor(&format!("{name}/file")).unwrap();
        let ids = tensors.tensor(&format!("{name}/ids")).ok().map(|ids| {
            let values = ids.data().as_chunks().0.iter();
            (
                ids.shape()[1],
                values.map(|&id| u32::from_le_bytes(id)).collect(),
            )
        });
        check(name, file.data(), ids);
    }
}

fn read(folder: &TempDir, name: &str, bytes: &[u8]) -> Result<IdMap, PictureError> {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let file = SampleFile::read(&path, PictureLimits::default())?;
    if name.starts_with("instances") {
        file.instance_ids()
    } else {
        file.ids()
    }
}

#[test]
fn ids_are_the_samples_that_other_programs_read() {
    let folder = TempDir::new().unwrap();
    let mut wrong = Vec::new();
    for_each_map(|name, bytes, ids| match (ids, read(&folder, name, bytes)) {
        (Some((width, ids)), Ok(map)) => {
            if (width, &ids) != (map.width, &map.ids) {
                wrong.push(format!("{name}: {:?} for {:?}", &map.ids[..9], &ids[..9]));
            }
        }
        (Some(_), Err(error)) => wrong.push(format!("{name}: {error}")),
        (None, Ok(_)) => wrong.push(format!("{name} is read")),
        (None, Err(error)) => {
            let words = name.split_once(' ').unwrap().1.split_once(' ').unwrap().1;
            let words = words.rsplit_once('.').unwrap().0;
            let message = error.to_string();
            let message = message.split_once("` ").unwrap().1;
            if !message.contains(words) {
                wrong.push(format!("{name}: {message}"));
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `PROPTEST_CASES` damaged variants, or a few hundred: each is read or refused, and no decoder panics.
#[test]
fn damaged_maps_are_refused() {
    let folder = TempDir::new().unwrap();
    let cases = std::env::var("PROPTEST_CASES").ok();
    let cases: usize = cases.and_then(|cases| cases.parse().ok()).unwrap_or(300);
    let mut files = Vec::new();
    for_each_map(|name, bytes, _| files.push((name.to_owned(), bytes.to_vec())));
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for case in 0..cases {
        let (name, bytes) = &files[case % files.len()];
        let mut bytes = bytes.clone();
        // Headers stand at the beginning or the end.
        for _ in 0..=random(4) {
            let place = match random(3) {
                0 => random(bytes.len().min(200)),
                1 => bytes.len() - 1 - random(bytes.len().min(400)),
                _ => random(bytes.len()),
            };
            bytes[place] = [0, 1, 255, random(256) as u8][random(4)];
        }
        if random(4) == 0 {
            bytes.truncate(random(bytes.len()));
        }
        if let Err(error) = read(&folder, name, &bytes) {
            let error = error.to_string();
            assert!(!error.contains("the decoder failed"), "{name}: {error}");
        }
    }
}
