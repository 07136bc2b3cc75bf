//! Pictures that are made of vectors from a file.

use burn::tensor::TensorData;
use translate::config::{ClassSource, Condition, GanObjective, NormKind};
use translate::data::Batch;
use translate::method::Method;
use translate::synthesis::Generate;

use crate::cli_support::Place;
use crate::device::test_device;
use crate::fixture::{Fixture, values};
use crate::synthesis_training::{WithNoise, batch, small};
use crate::training::{RATE, check_steps};

/// Settings of the smallest training that is told vectors.
const TRAIN: &str = "train --mode generate --data pictures --name g --overwrite --set data.load_size=16 \
    --set data.crop_size=16 --set data.batch_size=4 --set generator.channels=2 --set generator.latent=5 \
    --set discriminator.channels=2 --set generator.condition=concat --set data.embeddings=told.npy --steps 2";

/// A vector that is 1 at the place of a class is as good as the class.
#[test]
fn vectors_are_told_as_classes_are() {
    let mut recipe = small(Condition::Projection);
    recipe.data.classes_from = ClassSource::None;
    recipe.data.class_names.clear();
    recipe.data.embeddings = "captions.npy".to_owned();
    recipe.data.embedding_length = 3;
    recipe.loss.gan = GanObjective::Hinge;
    recipe.discriminator.norm = NormKind::None;
    (recipe.loss.r1, recipe.loss.r1_every) = (2.0, 1);
    recipe.validate().unwrap();
    let fixture = Fixture::open("training_generate_projection.safetensors");
    let mut method = WithNoise {
        method: Generate::new(&recipe, &test_device()),
        noise: values(&fixture.data("noise")).to_vec(),
        detail: 1.0,
        step: |method, batch, noise, context| {
            let rng = &mut context.rng();
            method.step_with(batch, noise, context, rng)
        },
    };
    check_steps(
        "training_generate_projection",
        &mut method,
        (RATE, RATE),
        |step| {
            let batch = batch(&fixture, step);
            let count = batch.b.shape()[0];
            let vector =
                |picture: usize| (0..3).map(move |place| f32::from(u8::from(picture % 3 == place)));
            let vectors: Vec<f32> = (0..count).flat_map(vector).collect();
            let features = Some(TensorData::new(vectors, [count, 3, 1, 1]));
            (Batch { features, ..batch }, 1)
        },
    );
    assert_eq!(method.networks().len(), 2);
}

/// An array of NumPy with rows of two numbers.
fn npy(rows: &[[f32; 2]]) -> Vec<u8> {
    let header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 2), }}\n",
        rows.len()
    );
    let length = (header.len() as u16).to_le_bytes();
    let numbers = rows
        .iter()
        .flatten()
        .flat_map(|number| number.to_le_bytes());
    let mut file = [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes()].concat();
    file.extend(numbers);
    file
}

#[test]
fn vectors_lie_beside_the_pictures_of_each_split() {
    let place = Place::new();
    for index in 0..4 {
        place.picture(&format!("pictures/train/{index}.png"), 16, 16, index);
    }
    place.picture("pictures/val/0.png", 16, 16, 40);
    place.run(TRAIN).failed(2, &["told.npy"]);
    let rows = [[0.0, 1.0], [2.0, 0.5], [-1.0, 0.0], [0.3, 0.3]];
    place.write("pictures/train/told.npy", npy(&rows[..3]));
    place
        .run(TRAIN)
        .failed(1, &["3 vectors for 4 pictures", "one for each"]);
    place.write("pictures/train/told.npy", npy(&rows));
    place.write("pictures/val/told.npy", npy(&rows[1..2]));
    let evaluated = "--set train.evaluate_every=2 --set train.metrics=colour";
    place.run(&format!("{TRAIN} {evaluated}")).done();
    let shown = place.run("styles show g").done().stdout;
    assert!(shown.contains("embedding_length = 2"), "{shown}");

    place.write("others.npy", npy(&rows[2..]));
    let run = |line: &str| place.run(line).done();
    run("sample --style g --count 3 --embeddings others.npy --output made");
    run("sample --style g --count 3 --embeddings pictures/val/told.npy --output same");
    let made = |file: &str| place.read(file);
    // The first picture has the same noise and another vector.
    assert_ne!(made("made/000000.png"), made("same/000000.png"));
    place
        .run("sample --style g --output none")
        .failed(2, &["--embeddings"]);
    place
        .run("encode pictures/val --style g")
        .failed(2, &["is told a vector"]);
    run("export g --format onnx --output g.onnx");
}
