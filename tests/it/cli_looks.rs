//! Styles with several looks of one picture, from training to import.

use crate::cli_support::{PIX2PIX, Place, assert_same, names};

/// Settings of the smallest training with a latent code.
fn training(more: &str) -> String {
    format!(
        "train {PIX2PIX} --set generator.latent=3 --set encoder.channels=1 --set encoder.downsamplings=2 \
         --set train.preview_every=1 {more}"
    )
}

#[test]
fn trainings_with_a_code_resume_to_the_bit() {
    let place = Place::with_pairs();
    let own = "--set generator.latent_at=all --set optim.ema=0.9 --set optim.pool_size=3 --set data.batch_size=2";
    let shared = "--set discriminator.shared=true --set loss.r1=1 --set discriminator.augment=color \
         --set generator.norm=spectral --set loss.feature_matching=1 --set optim.discriminator_steps=2";
    for (name, more, networks) in [("own", own, 4), ("shared", shared, 3)] {
        let train = training(more);
        place
            .run(&format!("{train} --steps 3 --name {name}"))
            .done();
        place
            .run(&format!("{train} --steps 1 --name {name}-parts"))
            .done();
        place
            .run(&format!("train --resume --name {name}-parts --steps 3"))
            .done();
        assert_same(&place.learnt(name), &place.learnt(&format!("{name}-parts")));
        let files = names(&place.path(&format!("checkpoints/{name}")));
        let weights = files
            .iter()
            .filter(|file| file.ends_with(".safetensors") && !file.contains('/'));
        assert_eq!(weights.count(), networks);
        let state = files
            .iter()
            .any(|file| file.ends_with("state_encoder.safetensors"));
        assert!(state, "{files:?}");
    }
}

#[test]
fn pictures_have_as_many_looks_as_are_asked_for() {
    let place = Place::with_pairs();
    place
        .run(&training(
            "--set generator.latent_at=all --steps 2 --name looks",
        ))
        .done();
    // High enough for bands of rows, which give the same looks.
    place.picture("in/a.png", 70, 150, 1);
    place.picture("in/b.png", 64, 64, 2);
    let apply = "apply --input in --style looks --format png";
    place
        .run(&format!("{apply} --samples 3 --seed 5 --output three"))
        .done();
    let found = names(&place.path("three"));
    let expected = [
        "a_1.png", "a_2.png", "a_3.png", "b_1.png", "b_2.png", "b_3.png",
    ];
    assert_eq!(found, expected);
    assert_ne!(place.read("three/a_1.png"), place.read("three/a_2.png"));
    for (line, output, same) in [
        // One look by its seed, and the looks of one share of the input.
        ("--seed 6", "a.png", "three/a_2.png"),
        (
            "--samples 3 --seed 5 --shard 1/2",
            "b_3.png",
            "three/b_3.png",
        ),
        (
            "--samples 3 --seed 5 --shard 2/2",
            "b_3.png",
            "three/b_3.png",
        ),
        // From the look of the first seed to that of the next.
        ("--interpolate 4 --seed 5", "a_1.png", "three/a_1.png"),
        ("--interpolate 4 --seed 5", "b_4.png", "three/b_2.png"),
    ] {
        let folder = format!("out-{}", line.replace([' ', '/'], ""));
        place
            .run(&format!("{apply} {line} --output {folder} --overwrite"))
            .done();
        let path = format!("{folder}/{output}");
        // A share has one of the two pictures.
        if line.contains("shard") && !place.path(&path).exists() {
            continue;
        }
        assert_eq!(place.read(&path), place.read(same), "{line}");
    }
    place
        .run(&format!(
            "{apply} --interpolate 4 --seed 5 --animation --output way"
        ))
        .done();
    let decoder = gif::DecodeOptions::new()
        .read_info(std::fs::File::open(place.path("way/a.gif")).unwrap())
        .unwrap();
    assert_eq!((decoder.width(), decoder.height()), (70, 150));
    assert_eq!(decoder.into_iter().count(), 4);
    // Nobody needs to hear of it.
    place
        .run(&format!(
            "{apply} --interpolate 4 --seed 5 --animation --output quiet --quiet"
        ))
        .done();
    assert_eq!(place.read("quiet/a.gif"), place.read("way/a.gif"));
    place
        .run(&format!("{apply} --samples 4 --animation --output no"))
        .failed(2, &["--samples"]);
    // What is there is left, whatever it is.
    place.write("way/a.gif", "mine");
    place
        .run(&format!(
            "{apply} --interpolate 4 --animation --skip-existing --output way"
        ))
        .done();
    assert_eq!(place.text("way/a.gif"), "mine");
    for frame in 1..=4 {
        std::fs::remove_file(place.path(&format!("way/a_{frame}.png"))).unwrap();
        std::fs::remove_file(place.path(&format!("way/b_{frame}.png"))).unwrap();
    }
    place
        .run(&format!("{apply} --interpolate 4 --animation --output way"))
        .failed(2, &["way/a.gif", "exists already"]);
    place.run(&format!("{apply} --output mean")).done();
    place
        .run(&format!("{apply} --output bands --tile 64"))
        .done();
    assert_eq!(names(&place.path("mean")), ["a.png", "b.png"]);
    let [whole, bands] = ["mean", "bands"].map(|folder| {
        let picture = image::open(place.path(&format!("{folder}/a.png"))).unwrap();
        picture.into_rgb8().into_raw()
    });
    let pairs = whole.iter().zip(&bands);
    assert!(pairs.map(|(a, b)| a.abs_diff(*b)).max() <= Some(1));

    // A look called like another picture of the input is found before any work.
    place.picture("both/x.png", 64, 64, 1);
    place.picture("both/x_1.png", 64, 64, 2);
    place
        .run("apply --input both/*.png --style looks --output both --samples 2")
        .failed(2, &["x_1.png"]);
}

#[test]
fn looks_of_styles_that_have_one_are_refused() {
    let place = Place::with_pairs();
    place
        .run(&format!("train {PIX2PIX} --steps 1 --name plain"))
        .done();
    place.picture("in/a.png", 64, 64, 1);
    place
        .run("apply --input in --style plain --interpolate 4")
        .failed(2, &["`plain` has none", "latent code"]);
    place
        .run("apply --input in --style plain --samples 4")
        .failed(2, &["change nothing", "no latent code"]);
    place
        .run(&training(
            "--set generator.arch=resnet_6blocks --set generator.latent_at=all --name none",
        ))
        .failed(2, &["generator.latent_at", "take \"input\""]);
    assert!(!place.path("checkpoints/none").exists());
}

#[test]
fn generators_with_a_code_are_exported_and_imported() {
    let place = Place::with_pairs();
    place.picture("in/a.png", 64, 64, 1);
    for (name, more, flags) in [
        ("all", "--set generator.latent_at=all", ""),
        ("unet", "", "--latent 3"),
        (
            "resnet",
            "--set generator.arch=resnet_6blocks",
            "--latent 3",
        ),
    ] {
        let settings = format!("{more} --steps 1 --name {name}");
        place.run(&training(&settings)).done();
        place
            .run(&format!(
                "export {name} --format safetensors --output {name}.safetensors"
            ))
            .done();
        let import = format!("import {name}.safetensors --style {name}-back {flags}");
        let imported = place.run(&import).done();
        assert!(
            imported.stdout.contains("latent code of 3 numbers"),
            "{imported:#?}"
        );
        for style in [name.to_owned(), format!("{name}-back")] {
            place
                .run(&format!(
                    "apply --input in --style {style} --output {style}-out --seed 2"
                ))
                .done();
        }
        let back = place.read(&format!("{name}-back-out/a.png"));
        assert_eq!(place.read(&format!("{name}-out/a.png")), back);
        place
            .run(&format!("export {name} --format onnx --output {name}.onnx"))
            .done();
    }
    place
        .run("import all.safetensors --style other --latent 5")
        .failed(2, &["latent code of 3 numbers", "--latent"]);
    // The encoder is part of training alone.
    place
        .run("export all --format safetensors --network encoder --output encoder.safetensors")
        .done();
    place
        .run("import encoder.safetensors --style other")
        .failed(1, &["encoder.safetensors", "conv.0.bias"]);
}
