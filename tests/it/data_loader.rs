//! Batches: what the networks get, in which order, and that neither workers nor interruptions change it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};
use proptest::prelude::*;
use translate::config::{Direction, Mode, Preprocess, Recipe};
use translate::data::{Batch, DataError, DataLoader, Dataset, Share, Split};

use crate::data::{Folder, gradient, recipe};

fn start(root: &Path, recipe: &Recipe, first_step: u64) -> DataLoader {
    let dataset = Dataset::open(root, recipe, Split::Train).unwrap();
    DataLoader::start(Arc::new(dataset), first_step).unwrap()
}

fn batches(root: &Path, recipe: &Recipe, first_step: u64, count: usize) -> Vec<Batch> {
    let mut loader = start(root, recipe, first_step);
    (0..count).map(|_| loader.next().unwrap()).collect()
}

fn assert_same(first: &[Batch], second: &[Batch]) {
    assert_eq!(first.len(), second.len());
    for (first, second) in first.iter().zip(second) {
        assert_eq!(first.names, second.names);
        assert_eq!(first.a, second.a);
        assert_eq!(first.b, second.b);
    }
}

/// Levels of one channel of a picture of a batch.
fn levels(batch: &Batch, picture: usize, channel: usize) -> Vec<u8> {
    let [_, channels, height, width] = batch.a.shape().to_vec()[..] else {
        panic!("four dimensions");
    };
    let plane = height * width;
    let start = (picture * channels + channel) * plane;
    batch.a.as_slice::<f32>().unwrap()[start..start + plane]
        .iter()
        .map(|value| ((value + 1.0) * 127.5).round() as u8)
        .collect()
}

/// Ten pictures of different sizes on side A, seven on side B.
fn unpaired_folder() -> Folder {
    let folder = Folder::new();
    for index in 0..10 {
        let image = gradient(20 + index, 30 - index, index as u8 * 10);
        folder.png(&format!("trainA/{index}.png"), image);
    }
    for index in 0..7 {
        let image = gradient(25, 18 + index, 255 - index as u8 * 10);
        folder.png(&format!("trainB/{index}.png"), image);
    }
    folder
}

#[test]
fn the_number_of_workers_changes_nothing() {
    let folder = unpaired_folder();
    let mut recipe = recipe(Mode::Cycle, Preprocess::ResizeAndCrop, 18, 12);
    recipe.data.batch_size = 3;
    recipe.data.workers = 1;
    let one = batches(folder.path(), &recipe, 0, 14);
    recipe.data.workers = 4;
    assert_same(&one, &batches(folder.path(), &recipe, 0, 14));
    recipe.train.seed = 1;
    assert_ne!(one[0].a, batches(folder.path(), &recipe, 0, 1)[0].a);
}

#[test]
fn a_run_that_goes_on_gets_what_it_would_have_got() {
    let folder = unpaired_folder();
    let mut recipe = recipe(Mode::Cycle, Preprocess::ResizeAndCrop, 18, 12);
    recipe.data.batch_size = 4;
    recipe.data.workers = 3;
    let whole = batches(folder.path(), &recipe, 0, 12);
    for done in [1, 2, 3, 5, 11] {
        let rest = batches(folder.path(), &recipe, done as u64, 12 - done);
        assert_same(&whole[done..], &rest);
    }
}

#[test]
fn an_epoch_goes_through_every_picture_once_and_keeps_its_last_batch() {
    let folder = unpaired_folder();
    let mut recipe = recipe(Mode::Cycle, Preprocess::ResizeAndCrop, 18, 12);
    recipe.data.batch_size = 4;
    let dataset = Dataset::open(folder.path(), &recipe, Split::Train).unwrap();
    assert_eq!((dataset.len(), dataset.steps_per_epoch(4)), (10, 3));
    let run = batches(folder.path(), &recipe, 0, 6);
    let sizes: Vec<usize> = run.iter().map(|batch| batch.names.len()).collect();
    assert_eq!(sizes, [4, 4, 2, 4, 4, 2]);
    assert_eq!(run[2].a.shape().to_vec(), [2, 3, 12, 12]);
    let epoch = |steps: &[Batch]| -> Vec<String> {
        steps.iter().flat_map(|batch| batch.names.clone()).collect()
    };
    let (first, second) = (epoch(&run[..3]), epoch(&run[3..]));
    assert_ne!(first, second);
    for mut names in [first, second] {
        names.sort();
        assert_eq!(names, (0..10).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[test]
fn without_shuffling_both_sides_go_round_in_order() {
    let folder = unpaired_folder();
    let mut recipe = recipe(Mode::Cycle, Preprocess::ResizeAndCrop, 12, 12);
    recipe.data.shuffle = false;
    recipe.data.flip = false;
    let run = batches(folder.path(), &recipe, 0, 11);
    let names: Vec<&str> = run.iter().map(|batch| batch.names[0].as_str()).collect();
    assert_eq!(
        names,
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0"]
    );
    assert_eq!(run[7].b, run[0].b);
    assert_ne!(run[7].b, run[1].b);
    assert_eq!(run[10].a, run[0].a);
}

#[test]
fn shuffled_partners_are_drawn_from_all_of_b() {
    let folder = unpaired_folder();
    let mut recipe = recipe(Mode::Cycle, Preprocess::ResizeAndCrop, 12, 12);
    recipe.data.flip = false;
    let mut seen: Vec<burn::tensor::TensorData> = Vec::new();
    for batch in batches(folder.path(), &recipe, 0, 100) {
        if !seen.contains(&batch.b) {
            seen.push(batch.b);
        }
    }
    assert_eq!(seen.len(), 7);
}

#[test]
fn unpaired_sides_are_augmented_independently() {
    let folder = Folder::new();
    folder.png("trainA/1.png", gradient(40, 40, 0));
    folder.png("trainB/1.png", gradient(40, 40, 0));
    let recipe = recipe(Mode::Cycle, Preprocess::Crop, 12, 12);
    let run = batches(folder.path(), &recipe, 0, 20);
    assert!(run.iter().filter(|batch| batch.a != batch.b).count() >= 18);
}

#[test]
fn a_grey_side_is_grey_before_it_is_resized() {
    let folder = Folder::new();
    folder.png(
        "trainA/1.png",
        RgbImage::from_pixel(30, 30, Rgb([255, 0, 0])),
    );
    folder.png("trainB/1.png", gradient(30, 30, 0));
    let mut recipe = recipe(Mode::Pix2pix, Preprocess::ResizeAndCrop, 16, 16);
    recipe.data.input_channels = 1;
    let batch = &batches(folder.path(), &recipe, 0, 1)[0];
    assert_eq!(batch.a.shape().to_vec(), [1, 1, 16, 16]);
    assert!(levels(batch, 0, 0).iter().all(|&level| level == 76));
}

#[test]
fn a_file_that_vanished_is_named_and_the_run_can_go_on() {
    let folder = unpaired_folder();
    let mut recipe = recipe(Mode::Cycle, Preprocess::ResizeAndCrop, 12, 12);
    recipe.data.shuffle = false;
    let mut loader = start(folder.path(), &recipe, 0);
    loader.next().unwrap();
    std::fs::remove_file(folder.join("trainA/9.png")).unwrap();
    folder.write("trainA/8.png", b"not any more");
    let results: Vec<Result<Batch, DataError>> = (1..11).map(|_| loader.next()).collect();
    let messages: Vec<String> = results
        .iter()
        .filter_map(|result| result.as_ref().err().map(ToString::to_string))
        .collect();
    assert_eq!(messages.len(), 2);
    assert!(messages[0].contains("8.png` is not a picture"));
    assert!(messages[1].starts_with("cannot read `") && messages[1].contains("9.png"));
    assert_eq!(results[9].as_ref().unwrap().names, ["0"]);
}

#[test]
fn sizes_that_do_not_fit_in_one_batch_are_an_error() {
    let folder = unpaired_folder();
    let mut recipe = recipe(Mode::Cycle, Preprocess::None, 12, 12);
    recipe.data.batch_size = 10;
    let error = start(folder.path(), &recipe, 0).next().unwrap_err();
    assert!(
        error.to_string().contains("set `data.batch_size=1`"),
        "{error}"
    );
}

#[test]
fn a_dropped_loader_ends_at_once() {
    let folder = unpaired_folder();
    let mut recipe = recipe(Mode::Cycle, Preprocess::ResizeAndCrop, 64, 64);
    recipe.data.workers = 8;
    let begun = Instant::now();
    for taken in 0..20 {
        let mut loader = start(folder.path(), &recipe, 0);
        for _ in 0..taken {
            loader.next().unwrap();
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_direction_swaps_pairs_before_anything_else() {
    let folder = Folder::new();
    folder.png("train/1.png", gradient(60, 30, 9));
    let mut recipe = recipe(Mode::Pix2pix, Preprocess::ResizeAndCrop, 20, 12);
    let there = batches(folder.path(), &recipe, 0, 5);
    recipe.data.direction = Direction::BToA;
    for (there, back) in there.iter().zip(batches(folder.path(), &recipe, 0, 5)) {
        assert_eq!((&there.a, &there.b), (&back.b, &back.a));
    }
}

const METHODS: [Preprocess; 5] = [
    Preprocess::ResizeAndCrop,
    Preprocess::Crop,
    Preprocess::ScaleWidth,
    Preprocess::ScaleWidthAndCrop,
    Preprocess::None,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Both halves of a pair get the same crop and flip: equal halves stay equal, whatever the recipe.
    #[test]
    fn pairs_stay_aligned(
        method in 0..METHODS.len(),
        width in 24u32..90,
        height in 24u32..60,
        odd in 0u32..2,
        margin in 0usize..9,
        seed in any::<u64>(),
    ) {
        let folder = Folder::new();
        let half = gradient(width, height, 50);
        let mut both = RgbImage::new(2 * width + odd, height);
        image::imageops::replace(&mut both, &half, 0, 0);
        image::imageops::replace(&mut both, &half, i64::from(width), 0);
        folder.png("train/1.png", both);
        let mut recipe = recipe(Mode::Pix2pix, METHODS[method], 24 + margin, 24);
        recipe.train.seed = seed;
        let run = batches(folder.path(), &recipe, 0, 4);
        for batch in &run {
            prop_assert_eq!(&batch.a, &batch.b);
            let shape = batch.a.shape().to_vec();
            prop_assert!(shape[2].is_multiple_of(4) && shape[3].is_multiple_of(4));
            if !matches!(METHODS[method], Preprocess::ScaleWidth | Preprocess::None) {
                prop_assert_eq!(&shape[2..], &[24, 24]);
            }
        }
    }

    /// A crop is a window of the picture, or its mirror image: nothing else, nothing from outside.
    #[test]
    fn crops_are_windows(width in 16u32..60, height in 16u32..60, seed in any::<u64>()) {
        let folder = Folder::new();
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 0]));
        folder.png("trainA/1.png", picture.clone());
        folder.png("trainB/1.png", picture);
        let mut recipe = recipe(Mode::Cycle, Preprocess::Crop, 16, 16);
        recipe.train.seed = seed;
        for batch in batches(folder.path(), &recipe, 0, 4) {
            let (xs, ys) = (levels(&batch, 0, 0), levels(&batch, 0, 1));
            let (left, top) = (*xs.iter().min().unwrap(), ys[0]);
            prop_assert!(u32::from(left) + 16 <= width && u32::from(top) + 16 <= height);
            let flipped = xs[0] > xs[1];
            for (place, (x, y)) in xs.iter().zip(&ys).enumerate() {
                let column = (place % 16) as u8;
                let from_left = if flipped { 15 - column } else { column };
                prop_assert_eq!((*x, *y), (left + from_left, top + (place / 16) as u8));
            }
        }
    }
}

#[test]
fn every_corner_and_both_mirrors_occur() {
    let folder = Folder::new();
    let picture = RgbImage::from_fn(18, 17, |x, y| Rgb([x as u8, y as u8, 0]));
    folder.png("trainA/1.png", picture.clone());
    folder.png("trainB/1.png", picture);
    let recipe = recipe(Mode::Cycle, Preprocess::Crop, 16, 16);
    let mut seen = std::collections::BTreeMap::new();
    for batch in batches(folder.path(), &recipe, 0, 600) {
        let (xs, ys) = (levels(&batch, 0, 0), levels(&batch, 0, 1));
        let key = (*xs.iter().min().unwrap(), ys[0], xs[0] > xs[1]);
        *seen.entry(key).or_insert(0) += 1;
    }
    // 3 columns, 2 rows, 2 mirrors: 50 of each are expected.
    assert_eq!(seen.len(), 12);
    assert!(seen.values().all(|&count| count > 25), "{seen:?}");
}

#[test]
fn fixed_samples_are_never_augmented() {
    let folder = Folder::new();
    let picture = RgbImage::from_fn(20, 18, |x, y| Rgb([x as u8, y as u8, 0]));
    folder.png("trainA/1.png", picture.clone());
    folder.png("trainB/1.png", picture);
    let crop = recipe(Mode::Cycle, Preprocess::Crop, 16, 16);
    let dataset = Dataset::open(folder.path(), &crop, Split::Train).unwrap();
    let batch = dataset.fixed(5).unwrap();
    assert_eq!((levels(&batch, 0, 0)[0], levels(&batch, 0, 1)[0]), (2, 1));
    let resize = recipe(Mode::Cycle, Preprocess::ResizeAndCrop, 20, 16);
    let dataset = Dataset::open(folder.path(), &resize, Split::Train).unwrap();
    let batch = dataset.fixed(0).unwrap();
    // The whole width is there.
    let xs = levels(&batch, 0, 0);
    assert!(xs[0] <= 1 && xs[15] >= 18, "{xs:?}");
}

#[test]
fn processes_read_the_parts_of_what_one_reads() {
    let folder = unpaired_folder();
    let mut recipe = recipe(Mode::Cycle, Preprocess::ResizeAndCrop, 18, 12);
    recipe.data.batch_size = 3;
    // Ten samples: three steps of three, and one of one.
    let whole = batches(folder.path(), &recipe, 0, 8);
    recipe.data.batch_size = 1;
    let parts = [0, 1, 2].map(|rank| {
        let dataset = Arc::new(Dataset::open(folder.path(), &recipe, Split::Train).unwrap());
        let mut loader = DataLoader::start_share(dataset, 0, Share { rank, size: 3 }).unwrap();
        (0..8).map(|_| loader.next().unwrap()).collect::<Vec<_>>()
    });
    for (step, batch) in whole.iter().enumerate() {
        let names: Vec<&str> = parts
            .iter()
            .map(|part| part[step].names[0].as_str())
            .collect();
        if step % 4 == 3 {
            // The others read it too, for nothing.
            assert_eq!(names, [batch.names[0].as_str(); 3]);
            continue;
        }
        assert_eq!(names, batch.names);
        let length = parts[0][step].a.as_slice::<f32>().unwrap().len();
        let pictures = batch.a.as_slice::<f32>().unwrap().chunks(length);
        for (part, picture) in parts.iter().zip(pictures) {
            assert_eq!(part[step].a.as_slice::<f32>().unwrap(), picture);
        }
    }
}
