//! Weights that go into and come out of pix2pixHD networks.

use std::fs;

use crate::cli_pix2pixhd::two_stages;
use crate::cli_support::{PIX2PIXHD, Place, names};
use crate::fixture::Fixture;

/// The first of two stages has no use for an enhancer that was trained already.
#[test]
fn initial_weights_keep_their_enhancers() {
    let place = Place::with_labels();
    place
        .run(&format!("train {PIX2PIXHD} --name s --steps 1"))
        .done();
    let more = format!("train {PIX2PIXHD} --name t --steps 1 --init-from checkpoints/s");
    place
        .run(&format!("{more} --set optim.global_epochs=1"))
        .failed(
            1,
            &["has enhancers, which the first stage would discard: set `optim.global_epochs=0`"],
        );
    assert!(!place.path("checkpoints/t").exists());
    fs::remove_file(place.path("checkpoints/s/encoder.safetensors")).unwrap();
    place
        .run(&more)
        .done()
        .says("initial weights: generator, discriminator")
        .says("fresh weights: encoder");
}

/// Networks with the public names go out and come back in.
#[test]
fn exported_networks_can_be_imported() {
    let place = Place::with_labels();
    let line = format!("train {PIX2PIXHD} --name s --steps 2").replace("features=3", "features=0");
    place.run(&line).done();
    place
        .run("apply --input labels/train_label --style s --output own")
        .done();
    for network in ["generator", "discriminator"] {
        let line = format!(
            "export s --format safetensors --network {network} --output {network}.safetensors"
        );
        place.run(&line).done();
        let imported = place
            .run(&format!("import {network}.safetensors --style t"))
            .done();
        assert!(imported.stdout.starts_with("imported "), "{imported:?}");
        let offers = imported
            .stdout
            .contains("apply --input LABEL_MAPS --style t");
        assert_eq!(offers, network == "generator", "{imported:?}");
    }
    place
        .run("apply --input labels/train_label --style t --output again")
        .done();
    for name in names(&place.path("own")) {
        assert!(
            place.read(&format!("own/{name}")) == place.read(&format!("again/{name}")),
            "{name}"
        );
    }
    let recipe = place.text("checkpoints/t/style.toml");
    assert!(
        recipe.contains("mode = \"pix2pixhd\"") && recipe.contains("classes = 5"),
        "{recipe}"
    );
    place.run("export s --format onnx --output s.onnx").done();
    let told = b"[batch, 6, height, width]: one channel for each of 5 classes";
    assert!(
        place
            .read("s.onnx")
            .windows(told.len())
            .any(|part| part == told)
    );

    two_stages(&place, "f");
    place
        .run("import checkpoints/f/encoder.safetensors --style t")
        .failed(
            1,
            &["is an encoder of 3 instance features: import a generator that takes so many"],
        );
    // 5 classes, edges, 3 features.
    let imported = place
        .run("import checkpoints/f/generator.safetensors --style u --classes 5")
        .done()
        .says("train on with `translate train --mode pix2pixhd --init-from u`");
    let said = imported.stdout;
    assert!(
        said.contains("label maps of 5 classes and instance maps"),
        "{said}"
    );
    assert!(!said.contains("translate apply"), "{said}");
    place.run("train --resume --name u").failed(
        1,
        &[
            "has weights but no saved state to resume from",
            "--init-from",
        ],
    );
    place
        .run("import checkpoints/f/encoder.safetensors --style u")
        .done();
    place
        .run("apply --input labels/train_label --style u --output none")
        .failed(
            1,
            &[
                "the imported style",
                "train a new style with `--init-from checkpoints/u`",
            ],
        );
    let line = format!("train {PIX2PIXHD} --name v --steps 1 --init-from checkpoints/u");
    place
        .run(&line)
        .done()
        .says("initial weights: generator, encoder");
}

#[test]
fn the_perceptual_loss_takes_a_file() {
    let place = Place::with_labels();
    let mut weights = Fixture::open("perceptual.safetensors").named("weights.");
    place.write("vgg.safetensors", weights.to_safetensors().unwrap());
    let train = |name: &str, file: &str| {
        format!(
            "train {PIX2PIXHD} --name {name} --steps 2 --set train.log_every=1 --set loss.perceptual_weights={file}"
        )
    };
    let log = |name: &str| place.text(&format!("checkpoints/{name}/metrics.jsonl"));
    place.run(&train("with", "vgg.safetensors")).done();
    assert!(log("with").contains("\"G_VGG\":"));
    place
        .run(&format!("train {PIX2PIXHD} --name without --steps 1"))
        .done()
        .says("no perceptual loss: it needs the weights of VGG19 in `loss.perceptual_weights`");
    assert!(!log("without").contains("G_VGG"));

    place
        .run(&format!(
            "{} --set data.load_size=16",
            train("s", "vgg.safetensors")
        ))
        // Said of the label maps alone.
        .failed(
            1,
            &["6 problems", "is 48x32", "the networks need at least 16x16"],
        );
    place
        .run(&train("s", "nowhere.pth"))
        .failed(1, &["nowhere.pth"]);
    weights.0.remove("features.16.bias");
    place.write("bad.safetensors", weights.to_safetensors().unwrap());
    place
        .run(&train("s", "bad.safetensors"))
        .failed(1, &["bad.safetensors", "`features.16.bias` is missing"]);
    assert!(!place.path("checkpoints/s").exists(), "nothing is begun");

    // A file that has moved is no other recipe.
    fs::rename(
        place.path("vgg.safetensors"),
        place.path("moved.safetensors"),
    )
    .unwrap();
    let resume = "train --resume --name with --steps 3";
    place.run(resume).failed(1, &["vgg.safetensors"]);
    let moved = format!("{resume} --set loss.perceptual_weights=moved.safetensors");
    place.run(&moved).done().says("resuming after step 2 of 3");
}
