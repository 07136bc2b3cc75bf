//! Labelled data sets: maps go with their pictures, real sets are read.

use std::sync::Arc;

use image::{ImageBuffer, Luma};
use translate::config::{Mode, Preprocess, Recipe};
use translate::data::{DataError, DataLoader, Dataset, Split, fit_to_data};
use translate::picture::IdMap;

use crate::data::{Folder, gradient, shared};
use crate::fixture::values;

fn recipe(preprocess: Preprocess, load: usize, crop: usize) -> Recipe {
    let mut recipe = Recipe::defaults(Mode::Pix2pixhd);
    recipe.data.preprocess = preprocess;
    recipe.data.load_size = load;
    recipe.data.crop_size = crop;
    recipe.generator.downsamplings = 2;
    recipe
}

/// Every pixel of every map tells where it was in its file: after crops and flips they must agree.
#[test]
fn all_maps_of_a_sample_are_cropped_and_mirrored_alike() {
    let folder = Folder::new();
    let save = |name: &str, map: ImageBuffer<Luma<u16>, Vec<u16>>| {
        folder.write(name, &crate::data::encoded(map, image::ImageFormat::Png));
    };
    for index in 0..3 {
        save(
            &format!("train_label/{index}.png"),
            ImageBuffer::from_fn(30, 24, |x, _| Luma([x as u16])),
        );
        save(
            &format!("train_inst/{index}.png"),
            ImageBuffer::from_fn(30, 24, |x, y| Luma([(1000 * y + x) as u16])),
        );
        folder.png(&format!("train_img/{index}.png"), gradient(30, 24, index));
        folder.png(&format!("train_feat/{index}.png"), gradient(30, 24, 200));
    }
    let mut recipe = recipe(Preprocess::Crop, 30, 16);
    recipe.encoder.features = 3;
    let dataset = Dataset::open(folder.path(), &recipe, Split::Train).unwrap();
    dataset.check(&|_, _| {}).unwrap();
    let mut loader = DataLoader::start(Arc::new(dataset), 0).unwrap();
    let (mut corners, mut mirrored) = (std::collections::BTreeSet::new(), 0);
    for _ in 0..12 {
        let batch = loader.next().unwrap();
        assert_eq!(batch.a.shape().to_vec(), [1, 1, 16, 16]);
        let (labels, picture) = (values(&batch.a), values(&batch.b));
        let (instances, features) = (batch.instances.unwrap(), batch.features.unwrap());
        assert_eq!(features.shape().to_vec(), [1, 3, 16, 16]);
        let byte = |value: f32| ((value + 1.0) * 127.5).round() as u32;
        for pixel in 0..256 {
            let (x, red) = (labels[pixel] as u32, byte(picture[pixel]));
            let green = byte(picture[256 + pixel]);
            assert_eq!(red, x * 7 % 256);
            let y = values(&instances)[pixel] as u32 / 1000;
            assert_eq!(values(&instances)[pixel] as u32, 1000 * y + x);
            assert_eq!(green, y * 5 % 256);
            assert_eq!(byte(values(&features)[pixel]), red);
        }
        corners.insert(labels[0].min(labels[15]) as u32);
        mirrored += usize::from(labels[0] > labels[15]);
    }
    assert!(
        corners.len() > 3 && (1..12).contains(&mirrored),
        "{corners:?} {mirrored}"
    );
}

#[test]
fn cityscapes_is_read_and_a_class_too_few_is_found() {
    let Some(root) = shared("cityscapes_hd") else {
        return;
    };
    let mut recipe = recipe(Preprocess::ScaleWidth, 256, 128);
    fit_to_data(&mut recipe, &root).unwrap();
    assert!(recipe.data.instances);
    let dataset = Dataset::open(&root, &recipe, Split::Train).unwrap();
    let report = dataset.check(&|_, _| {}).unwrap();
    assert_eq!((report.samples, report.sides.len()), (6, 3));
    assert!(report.warnings.is_empty() && report.notes.is_empty());
    let sample = dataset.fixed(0).unwrap();
    assert_eq!(sample.a.shape().to_vec(), [1, 1, 128, 256]);
    assert_eq!(sample.names, ["aachen_000000_000019"]);
    let ids = sample.instances.unwrap();
    assert!(
        values(&ids).iter().any(|&id| id >= 24_000.0),
        "16-bit ids are whole"
    );

    recipe.data.classes = 30;
    let dataset = Dataset::open(&root, &recipe, Split::Train).unwrap();
    let error = dataset.check(&|_, _| {}).unwrap_err();
    let DataError::Several { problems, .. } = &error else {
        panic!("{error}");
    };
    let told = |problem: &DataError| problem.to_string().contains(": set `data.classes=34`");
    assert!(problems.iter().all(told), "{error}");
    // The test maps have no photos: there is nothing to preview them with.
    assert!(
        Dataset::open_optional(&root, &recipe, Split::Test)
            .unwrap()
            .is_none()
    );
}

#[test]
fn facades_with_palettes_are_read_as_ids() {
    let Some(root) = shared("cmp_base") else {
        return;
    };
    let folder = Folder::new();
    for index in 1..5 {
        for (from, to) in [("png", "train_label"), ("jpg", "train_img")] {
            let name = format!("cmp_b{index:04}.{from}");
            let bytes = std::fs::read(root.join(&name)).unwrap();
            folder.write(&format!("{to}/{name}"), &bytes);
        }
    }
    let map = IdMap::read(&folder.join("train_label/cmp_b0001.png")).unwrap();
    assert!(map.has_palette && map.ids.iter().all(|id| (1..=12).contains(id)));
    let mut recipe = recipe(Preprocess::ResizeAndCrop, 72, 64);
    fit_to_data(&mut recipe, folder.path()).unwrap();
    assert!(!recipe.data.instances);
    recipe.data.classes = 13;
    let dataset = Dataset::open(folder.path(), &recipe, Split::Train).unwrap();
    let report = dataset.check(&|_, _| {}).unwrap();
    assert!(
        report.notes[0].starts_with("train_label: 4 with a palette"),
        "{:?}",
        report.notes
    );
    let sample = dataset.fixed(2).unwrap();
    assert!(sample.instances.is_none());
    assert!(values(&sample.a).iter().all(|id| (1.0..=12.0).contains(id)));
}
