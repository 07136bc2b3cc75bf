//! Five training steps of autoencoders compute what PyTorch computes; encoding, decoding and sums of codes by the program.

use serde_json::Value;
use translate::config::{ClassSource, Condition, Mode, Recipe};
use translate::method::Method;
use translate::synthesis::Autoencoder;

use crate::cli_support::Place;
use crate::device::test_device;
use crate::fixture::{Fixture, values};
use crate::synthesis_training::{LATENT, WithNoise, batch};
use crate::training::{RATE, check_steps};

fn recipe(kl: f64, has_classes: bool) -> Recipe {
    let mut recipe = Recipe::defaults(Mode::Vae);
    (recipe.data.crop_size, recipe.data.load_size) = (16, 16);
    (recipe.generator.channels, recipe.generator.latent) = (2, LATENT);
    recipe.optim.beta1 = 0.5;
    recipe.loss.kl = kl;
    if has_classes {
        recipe.data.classes_from = ClassSource::Folders;
        recipe.data.class_names = ["a", "b", "c"].map(ToOwned::to_owned).to_vec();
        recipe.generator.condition = Condition::Concat;
    }
    recipe.validate().unwrap();
    recipe
}

#[test]
fn five_steps_of_autoencoders_equal_pytorch() {
    for (name, kl, has_classes) in [
        ("training_vae", 1.0, false),
        ("training_vae_classes", 0.3, true),
        ("training_vae_plain", 0.0, false),
    ] {
        let fixture = Fixture::open(&format!("{name}.safetensors"));
        let mut method = WithNoise {
            method: Autoencoder::new(&recipe(kl, has_classes), &test_device()),
            noise: values(&fixture.data("noise")).to_vec(),
            detail: 1.0,
            step: |method: &mut Autoencoder, batch, noise, context| {
                method.step_with(batch, noise, context)
            },
        };
        check_steps(name, &mut method, (RATE, RATE), |step| {
            (batch(&fixture, step), 1)
        });
    }
}

#[test]
fn previews_show_what_becomes_of_a_picture() {
    let fixture = Fixture::open("training_vae.safetensors");
    let mut one = batch(&fixture, 0);
    let method = Autoencoder::new(&recipe(1.0, false), &test_device());
    let picture = crate::training::sample(&one.b, 0);
    (one.a, one.b) = (picture.clone(), picture.clone());
    let rows = method.preview(one.clone());
    assert_eq!((rows.len(), rows[0].len()), (1, 8));
    assert_eq!(rows[0][0], picture);
    let plain = Autoencoder::new(&recipe(0.0, false), &test_device());
    assert_eq!(plain.preview(one.clone())[0].len(), 2);
    assert_eq!(method.translations(one)[0].1, picture);
}

/// Settings of the smallest autoencoder with classes.
const VAE: &str = "--mode vae --data pictures --name v --set data.load_size=16 --set data.crop_size=16 \
    --set data.batch_size=4 --set generator.channels=2 --set generator.latent=6 --set data.classes_from=folders \
    --set generator.condition=concat";

#[test]
fn pictures_are_encoded_decoded_and_summed() {
    let place = Place::new();
    for index in 0..4 {
        place.picture(&format!("pictures/cats/{index}.png"), 20, 18, index);
        place.picture(&format!("pictures/dogs/{index}.png"), 18, 24, 50 + index);
    }
    let run = |line: &str| place.run(line).done().stdout;
    run(&format!("train {VAE} --steps 2"));
    run("train --resume --name v --steps 3");
    run("sample --style v --count 3 --output made");
    assert_eq!(place.size("made/000002.png"), (16, 16));

    run("encode pictures --style v --decoded again");
    let text = place.text("codes.jsonl");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[5]["picture"], "dogs/1.png");
    assert_eq!(lines[5]["class"], "dogs");
    assert_eq!(lines[5]["mean"].as_array().unwrap().len(), 6);
    assert_eq!(lines[5]["log_variance"].as_array().unwrap().len(), 6);
    assert_eq!(place.size("again/dogs/1.png"), (16, 16));

    // A picture, less another, and that again, is the picture that comes of its code.
    let sum = "pictures/cats/1.png - pictures/cats/2.png + pictures/cats/2.png";
    let mut command = place.command("sample --style v --class cats --output sum --arithmetic");
    place.wait(command.arg(sum).spawn().unwrap()).done();
    let near = |first: &str, second: &str| {
        let open = |name: &str| image::open(place.path(name)).unwrap().into_rgb8();
        let (first, second) = (open(first), open(second));
        let pairs = first.as_raw().iter().zip(second.as_raw());
        pairs
            .map(|(first, second)| first.abs_diff(*second))
            .max()
            .unwrap()
    };
    assert!(near("sum/000000.png", "again/cats/1.png") <= 1);
    let mut command =
        place.command("sample --style v --class dogs --grid --output sum.png --arithmetic");
    place
        .wait(
            command
                .arg("pictures/dogs - pictures/cats")
                .spawn()
                .unwrap(),
        )
        .done();
    assert_eq!(place.size("sum.png"), (2 + 3 * 18, 2 + 18));

    // A style that is passed on encodes and decodes.
    run("export v --format style --output passed --precision f16");
    run("encode pictures --style passed --output passed.jsonl");

    place
        .run("encode pictures --style v")
        .failed(2, &["--overwrite"]);
    // Pictures, whichever of them, are not replaced by what is made of them, nor found again with it.
    let before = place.read("pictures/cats/1.png");
    for copy in ["more/sub/1.png", "sub/sub/1.png"] {
        place.write(copy, &before);
    }
    let (outside, input) = (
        "another folder than the input",
        "one of the pictures that are encoded",
    );
    for (part, arguments) in [
        (outside, "pictures --decoded pictures"),
        (outside, "pictures --decoded pictures/again"),
        (outside, "pictures --decoded new/../pictures"),
        (
            outside,
            "more pictures/cats --class cats --decoded pictures/cats",
        ),
        (
            input,
            "pictures/cats/1.png --class cats --decoded pictures/cats",
        ),
        (input, "sub more/sub/1.png --class cats --decoded more"),
        (
            "called like a picture",
            "pictures/cats/1.png --class cats --output pictures/cats/1.png",
        ),
        (
            "called like a file of numbers",
            "pictures/cats/1.png --class cats --output codes.npy",
        ),
    ] {
        let line = format!("encode {arguments} --style v --overwrite");
        place.run(&line).failed(2, &[part]);
    }
    for copy in ["pictures/cats/1.png", "more/sub/1.png", "sub/sub/1.png"] {
        assert!(place.read(copy) == before, "{copy}");
    }
    place
        .run("encode sub --style v --output c")
        .failed(2, &["--class"]);
    run("encode pictures/cats pictures/dogs/1.png --style v --output named.jsonl");
    let text = place.text("named.jsonl");
    assert_eq!(text.matches("\"class\":\"cats\"").count(), 4, "{text}");
    assert_eq!(text.matches("\"class\":\"dogs\"").count(), 1, "{text}");
    place
        .run("apply pictures --style v")
        .failed(2, &["makes pictures from noise"]);
    run(&format!(
        "train {VAE} --overwrite --steps 1 --set loss.kl=0"
    ));
    place
        .run("sample --style v")
        .failed(2, &["plain autoencoder"]);
    run("encode pictures/cats/1.png --style v --class cats --output one.jsonl");
    // Into a folder that is made for it; a picture that is named and lies in a folder is one.
    run("encode pictures/cats/1.png pictures/cats --style v --class cats --output new/all.jsonl");
    run("encode pictures/cats --style v --class cats --output cats.jsonl");
    let lines = |name: &str| place.text(name).lines().count();
    assert_eq!(lines("new/all.jsonl"), lines("cats.jsonl"));
    place
        .run("encode pictures/cats --style v --class cats --output -")
        .failed(2, &["into a file"]);
}

#[test]
fn damaged_pictures_are_left_out_and_named() {
    let place = Place::new();
    for index in 0..4 {
        place.picture(&format!("pictures/cats/{index}.png"), 20, 18, index);
        place.picture(&format!("pictures/dogs/{index}.png"), 18, 24, 50 + index);
    }
    place.run(&format!("train {VAE} --steps 1")).done();
    let whole = place.read("pictures/cats/2.png");
    place.write("pictures/cats/2.png", &whole[..whole.len() / 2]);
    let damaged = format!("pictures{0}cats{0}2.png", std::path::MAIN_SEPARATOR);

    let outcome = place.run("encode pictures --style v --decoded again");
    let said = outcome.failed(3, &[&damaged]).stdout;
    assert!(
        said.contains("codes of 7 pictures in `codes.jsonl`, 1 failed"),
        "{said}"
    );
    let text = place.text("codes.jsonl");
    assert_eq!(text.lines().count(), 7);
    assert!(
        text.contains("\"cats/3.png\"") && !text.contains("\"cats/2.png\""),
        "{text}"
    );
    assert!(place.path("again/cats/3.png").is_file());
    assert!(!place.path("again/cats/2.png").exists());

    let sum = |output: &str, sum: &str| {
        let line = format!("sample --style v --grid --output {output} --arithmetic");
        place.wait(place.command(&line).arg(sum).spawn().unwrap())
    };
    sum("sum.png", "pictures/dogs - pictures/cats").failed(3, &[&damaged]);
    assert!(place.path("sum.png").is_file());
    let none = sum("none.png", "pictures/cats/2.png").says("no picture of `pictures/cats/2.png`");
    assert_eq!(none.code, Some(1));
    place
        .run("sample --style v --count 2 --grid --nearest pictures --output near.png")
        .failed(3, &[&damaged]);
    assert!(place.path("near.png").is_file());
}
