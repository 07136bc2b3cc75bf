//! Data sets of targets alone, whose inputs are made.

use std::path::Path;
use std::sync::Arc;

use image::imageops;
use translate::config::{Mode, Overlay, Recipe};
use translate::data::{Batch, DataLoader, Dataset, Split};

use crate::cli_support::{Place, picture};
use crate::fixture::values;

fn recipe(settings: &[&str]) -> Recipe {
    let mut overlay = Overlay::default();
    for setting in settings {
        overlay.set(setting).unwrap();
    }
    overlay.resolve(Mode::Pix2pix).unwrap()
}

fn photos() -> Place {
    let place = Place::with_photos();
    place.picture("photos/test/9.png", 40, 40, 9);
    place
}

fn first_batches(root: &Path, recipe: &Recipe, count: usize) -> Vec<Batch> {
    let dataset = Dataset::open(root, recipe, Split::Train).unwrap();
    let mut loader = DataLoader::start(Arc::new(dataset), 0).unwrap();
    (0..count).map(|_| loader.next().unwrap()).collect()
}

const SMALLER: [&str; 7] = [
    "generator.arch=srresnet",
    "generator.dropout=false",
    "generator.scale=4",
    "data.degrade=downscale",
    "data.preprocess=crop",
    "data.crop_size=32",
    "data.batch_size=2",
];

#[test]
fn small_inputs_are_their_targets_made_smaller_as_pillow_does_it() {
    let place = photos();
    let recipe = recipe(&SMALLER);
    let dataset = Dataset::open(&place.path("photos"), &recipe, Split::Train).unwrap();
    assert_eq!(dataset.len(), 6, "without those of the test");
    let test = Dataset::open(&place.path("photos"), &recipe, Split::Test).unwrap();
    assert_eq!(test.len(), 1);
    let batch = dataset.fixed(0).unwrap();
    assert_eq!(batch.b.shape().to_vec(), [1, 3, 32, 32]);
    assert_eq!(batch.a.shape().to_vec(), [1, 3, 8, 8]);
    // The same crop, by the middle, of the first photo.
    let photo = picture(90, 76, 0);
    let crop = imageops::crop_imm(&photo, (90 - 32) / 2, (76 - 32) / 2, 32, 32).to_image();
    let level = |value: f32| ((value + 1.0) * 127.5).round() as u8;
    let target = values(&batch.b);
    for (place, pixel) in crop.pixels().enumerate() {
        let got = [0, 1, 2].map(|channel| level(target[channel * 32 * 32 + place]));
        assert_eq!(got, pixel.0);
    }
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    assert!((mean(values(&batch.a)) - mean(target)).abs() < 0.05);
}

#[test]
fn what_spoils_a_picture_follows_from_seed_and_position_alone() {
    let place = photos();
    let settings = [
        &SMALLER[..],
        &["data.degrade=blur,downscale,noise", "data.noise=5,50"],
    ]
    .concat();
    let root = place.path("photos");
    let mut batches = Vec::new();
    for (workers, seed) in [(1, 1), (3, 1), (1, 2)] {
        let mut recipe = recipe(&settings);
        recipe.data.workers = workers;
        recipe.train.seed = seed;
        batches.push(first_batches(&root, &recipe, 5));
    }
    let inputs = |run: usize| {
        batches[run]
            .iter()
            .map(|batch| &batch.a)
            .collect::<Vec<_>>()
    };
    assert_eq!(inputs(0), inputs(1), "whatever the workers");
    assert_ne!(inputs(0), inputs(2));
    // Another epoch, other noise on the same photo.
    assert_ne!(batches[0][0].a, batches[0][3].a);
}

#[test]
fn noise_leaves_the_size_and_the_target() {
    let place = photos();
    let base = [
        "data.preprocess=crop",
        "data.crop_size=64",
        "generator.arch=unet_64",
    ];
    let noisy = recipe(&[&base[..], &["data.degrade=noise", "data.noise=20,20"]].concat());
    let batch = &first_batches(&place.path("photos"), &noisy, 1)[0];
    let (input, target) = (values(&batch.a), values(&batch.b));
    assert_eq!(input.len(), target.len());
    let inner = input
        .iter()
        .zip(target)
        .filter(|(_, target)| target.abs() < 0.5);
    let squares: Vec<f32> = inner
        .map(|(input, target)| (input - target).powi(2))
        .collect();
    let deviation = (squares.iter().sum::<f32>() / squares.len() as f32).sqrt() * 127.5;
    assert!((deviation - 20.0).abs() < 1.0, "{deviation}");
}

#[test]
fn colours_are_taken_apart_into_lightness_and_the_rest() {
    let place = photos();
    place.save("photos/6.png", picture(70, 70, 3));
    let lab = recipe(&[
        "data.colours=lab",
        "data.input_channels=1",
        "data.output_channels=2",
        "data.load_size=64",
        "data.crop_size=64",
        "generator.arch=unet_64",
    ]);
    let dataset = Dataset::open(&place.path("photos"), &lab, Split::Train).unwrap();
    let report = dataset.check(&|_, _| {}).unwrap();
    assert_eq!(report.samples, 7);
    let batch = dataset.fixed(0).unwrap();
    assert_eq!(batch.a.shape().to_vec(), [1, 1, 64, 64]);
    assert_eq!(batch.b.shape().to_vec(), [1, 2, 64, 64]);
    assert!(
        values(&batch.a)
            .iter()
            .all(|value| (-1.0..=1.0).contains(value))
    );
    assert!(values(&batch.b).iter().any(|value| value.abs() > 0.3));
}

#[test]
fn folders_of_spoilt_pictures_can_be_measured() {
    let place = photos();
    place
        .run("data degrade --input photos --output out --downscale 4")
        .done();
    assert_eq!(place.size("out/input/1.png"), (22, 19));
    assert_eq!(place.size("out/target/1.png"), (88, 76));
    assert_eq!(place.size("out/bicubic/1.png"), (88, 76));
    let evaluated = place
        .run("evaluate --real out/target --fake out/bicubic --metrics psnr")
        .done();
    assert!(
        evaluated.stdout.to_lowercase().contains("psnr"),
        "{}",
        evaluated.stdout
    );
    place
        .run("data degrade --input photos --output noisy --noise 25 --seed 4")
        .done();
    place
        .run("data degrade --input photos --output again --noise 25 --seed 4")
        .done();
    assert_eq!(
        place.read("noisy/input/2.png"),
        place.read("again/input/2.png")
    );
    assert!(!place.path("noisy/bicubic").exists());
    place
        .run("data degrade --input photos --output none")
        .failed(2, &["nothing is to be done", "--noise"]);
    place
        .run("data degrade --input photos --output photos/x --noise 3")
        .failed(2, &["photos/x"]);
}
