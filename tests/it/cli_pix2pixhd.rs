//! pix2pixHD as users run it: stages, initial weights, label maps translated.

use std::fs;

use crate::cli_support::{PIX2PIXHD, Place, names, picture};

/// A short run of both stages.
pub fn two_stages(place: &Place, name: &str) {
    let line = format!(
        "train {PIX2PIXHD} --name {name} --set optim.global_epochs=1 --set optim.epochs=1 --set optim.decay_epochs=1"
    );
    let trained = place
        .run(&line)
        .done()
        .says("next stage: local generator at 32 px wide");
    assert!(trained.stdout.starts_with(&format!("style `{name}` is in")));
}

pub fn tensor_names(place: &Place, name: &str) -> Vec<String> {
    let bytes = place.read(name);
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    file.names().into_iter().map(ToString::to_string).collect()
}

#[test]
fn one_command_trains_both_stages_and_the_features() {
    let place = Place::with_labels();
    two_stages(&place, "s");
    let files = names(&place.path("checkpoints/s"));
    for file in ["generator", "discriminator", "encoder", "clusters"] {
        assert!(files.contains(&format!("{file}.safetensors")), "{files:?}");
    }
    let generator = tensor_names(&place, "checkpoints/s/generator.safetensors");
    assert!(
        generator.contains(&"model1_2.5.weight".to_owned()),
        "{generator:?}"
    );
    assert!(!generator.contains(&"model.14.weight".to_owned()));
    let clusters = tensor_names(&place, "checkpoints/s/clusters.safetensors");
    assert!(clusters.contains(&"class.3".to_owned()), "{clusters:?}");
    // The end of each stage has a preview.
    assert!(files.contains(&"previews/step-000006.png".to_owned()));
    assert!(files.contains(&"previews/step-000018.png".to_owned()));
    let recipe = place.text("checkpoints/s/style.toml");
    assert!(recipe.contains("instances = true") && recipe.contains("global_epochs = 1"));
}

#[test]
fn without_data_it_learns_from_the_sample() {
    let place = Place::new();
    let line = PIX2PIXHD.replace("--data labels", "--steps 2");
    let trained = place.run(&format!("train {line} --name s")).done();
    trained.says("train_label: 24 pictures, 128x128, 24 PNG");
}

#[test]
fn a_style_that_stopped_in_the_first_stage_translates() {
    let place = Place::with_labels();
    let line = format!("train {PIX2PIXHD} --name s --set optim.global_epochs=3 --steps 2");
    place.run(&line).done();
    let applied = place
        .run("apply --input labels/train_label --style s")
        .done();
    assert!(applied.stdout.starts_with("translated 6 of 6 pictures"));
    place
        .run("export s --format onnx --output early.onnx")
        .done();
    place.run("train --resume --name s --steps 20").done();
    place
        .run("export s --format onnx --output late.onnx")
        .done();
    assert!(place.read("late.onnx").len() > place.read("early.onnx").len());
}

#[test]
fn stage_by_stage_with_initial_weights() {
    let place = Place::with_labels();
    let global = PIX2PIXHD.replace("arch=local", "arch=global").replace(
        "channels=2 --set generator.down",
        "channels=4 --set generator.down",
    );
    place
        .run(&format!(
            "train {global} --name global --steps 2 --set data.load_size=16"
        ))
        .done();
    let line = format!(
        "train {PIX2PIXHD} --name local --steps 2 --init-from checkpoints/global --set optim.fix_global_epochs=1"
    );
    let local = place.run(&line).done();
    // All of the global generator but the convolution that made its pictures.
    local.says("initial weights: generator (10 of 22 tensors), discriminator, encoder");
    let fixed = |name: &str| {
        let bytes = place.read(&format!("checkpoints/{name}/generator.safetensors"));
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        file.tensor("model.4.weight").unwrap().data().to_vec()
    };
    assert!(
        fixed("global") == fixed("local"),
        "the global generator stays fixed"
    );

    place.write(
        "other/generator.safetensors",
        place.read("checkpoints/global/encoder.safetensors"),
    );
    let line = format!(
        "train {PIX2PIXHD} --name t --steps 1 --init-from other --set generator.channels=3"
    );
    place.run(&line).failed(
        1,
        &[
            "other/generator.safetensors",
            "none of them has a name and a shape",
        ],
    );
}

#[test]
fn one_label_map_has_as_many_looks_as_seeds() {
    let place = Place::with_labels();
    two_stages(&place, "s");
    place.labelled("test", 9);
    // An odd size, which the network cannot take as it is.
    let labels =
        image::GrayImage::from_fn(45, 31, |x, y| image::Luma([((x / 9 + y / 9) % 5) as u8]));
    place.save("labels/test_label/odd.png", labels.clone());
    place.save("labels/test_inst/odd.png", labels);
    let line = "apply --input labels/test_label --style s --output many --samples 3";
    let applied = place.run(line).done();
    assert!(
        applied
            .stdout
            .starts_with("translated 6 of 6 pictures into `many`"),
        "{applied:?}"
    );
    assert_eq!(names(&place.path("many")).len(), 6);
    assert_eq!(place.size("many/odd_2.png"), (45, 31));
    let look = |sample: u32| place.read(&format!("many/ulm_9_gtFine_labelIds_{sample}.png"));
    for seed in 0..3 {
        // Alone or among others, the same seed gives the same picture.
        let input = "labels/test_label/ulm_9_gtFine_labelIds.png";
        let line = format!("apply --input {input} --style s --output one{seed} --seed {seed}");
        place.run(&line).done();
        let one = place.read(&format!("one{seed}/ulm_9_gtFine_labelIds.png"));
        assert!(one == look(seed + 1), "seed {seed}");
    }
    assert!(look(1) != look(2) && look(2) != look(3) && look(1) != look(3));

    fs::remove_file(place.path("checkpoints/s/clusters.safetensors")).unwrap();
    place
        .run("apply --input labels/test_label --style s --output none")
        .failed(1, &["has no clusters of instance features yet"]);
    // As the message says.
    fs::remove_dir_all(place.path("labels/test_img")).unwrap();
    place.run("train --resume --name s").done();
    let line = "apply --input labels/test_label --style s --output anew --samples 3";
    place.run(line).done();
    assert!(place.read("anew/ulm_9_gtFine_labelIds_1.png") == look(1));
}

/// Cityscapes keeps all maps of a sample in one folder.
#[test]
fn instance_maps_beside_the_inputs_are_not_translated() {
    let place = Place::with_labels();
    place
        .run(&format!("train {PIX2PIXHD} --name s --set optim.epochs=1 --set optim.decay_epochs=0 --set optim.fix_global_epochs=1"))
        .done()
        .says("`optim.fix_global_epochs` is 1, and there are 1 epochs");
    for (folder, end) in [("label", "labelIds"), ("inst", "instanceIds")] {
        let name = format!("ulm_2_gtFine_{end}.png");
        place.write(
            &format!("all/{name}"),
            place.read(&format!("labels/train_{folder}/{name}")),
        );
    }
    place.picture("all/ulm_2_gtFine_color.png", 48, 32, 1);
    let applied = place.run("apply --input all --style s").done();
    assert!(
        applied.stdout.contains("translated 1 of 1 pictures")
            && applied.stdout.contains("2 maps beside them are no inputs"),
        "{applied:?}"
    );
    assert_eq!(
        names(&place.path("translated")),
        ["ulm_2_gtFine_labelIds.png"]
    );
}

#[test]
fn samples_need_features() {
    let place = Place::with_labels();
    let line = format!("train {PIX2PIXHD} --name s --steps 1").replace("features=3", "features=0");
    place.run(&line).done();
    place
        .run("apply --input labels/train_label --style s --samples 2")
        .failed(2, &["change nothing for the style `s`"]);
    place
        .run("apply --input labels/train_label --style s")
        .done();
}

#[test]
fn an_input_that_cannot_be_translated_is_named_and_the_others_are_done() {
    let place = Place::with_labels();
    place
        .run(&format!(
            "train {PIX2PIXHD} --name s --set optim.epochs=1 --set optim.decay_epochs=0"
        ))
        .done();
    for index in 0..4 {
        place.labelled("test", index);
    }
    fs::remove_file(place.path("labels/test_inst/ulm_1_gtFine_instanceIds.png")).unwrap();
    place.save(
        "labels/test_inst/ulm_2_gtFine_instanceIds.png",
        image::GrayImage::new(40, 32),
    );
    place.save(
        "labels/test_label/ulm_3_gtFine_labelIds.png",
        image::GrayImage::from_pixel(48, 32, image::Luma([7])),
    );
    let applied = place.run("apply --input labels/test_label --style s");
    assert_eq!(applied.code, Some(3), "{applied:#?}");
    for part in [
        "ulm_1_gtFine_labelIds.png` has no instance map, which this style needs: put `ulm_1_gtFine_instanceIds.png` into",
        "ulm_2_gtFine_labelIds.png` is 48x32, but its instance map",
        "ulm_3_gtFine_labelIds.png` has the label 7, and the style knows labels up to 4",
    ] {
        assert!(applied.stderr.contains(part), "{part} in {applied:#?}");
    }
    assert_eq!(
        names(&place.path("translated")),
        ["ulm_0_gtFine_labelIds.png"]
    );
}

/// Pictures of two kinds instead of label maps, and feature maps that come with the data.
#[test]
fn pictures_and_given_features_are_learnt_from() {
    let place = Place::new();
    for index in 0..3 {
        place.picture(&format!("plain/train_A/{index}.png"), 48, 32, index);
        place.picture(&format!("plain/train_B/{index}.png"), 48, 32, 50 + index);
    }
    let plain = PIX2PIXHD
        .replace("--data labels", "--data plain")
        .replace("classes=5", "classes=0")
        .replace("features=3", "features=0");
    place
        .run(&format!("train {plain} --name plain --steps 2"))
        .done()
        .says("no instance maps: the networks are not shown the edges of instances");
    assert!(
        place
            .text("checkpoints/plain/style.toml")
            .contains("instances = false")
    );
    place
        .run("apply --input plain/train_A --style plain")
        .done();
    assert_eq!(place.size("translated/1.png"), (48, 32));
    // Not a recipe that differs from the one saved.
    place
        .run(&format!("train {plain} --name plain --steps 3 --resume"))
        .done();

    let place = Place::with_labels();
    for index in 0..6 {
        place.save(
            &format!("labels/train_feat/ulm_{index}.png"),
            picture(48, 32, index),
        );
    }
    place
        .run(&format!(
            "train {PIX2PIXHD} --name s --set optim.epochs=1 --set optim.decay_epochs=0"
        ))
        .done()
        .says("train_feat: 6 pictures");
    let clusters = tensor_names(&place, "checkpoints/s/clusters.safetensors");
    assert!(!clusters.is_empty());
    place
        .run(&format!(
            "train {PIX2PIXHD} --name t --steps 1 --set encoder.features=2"
        ))
        .failed(2, &["`encoder.features` is 2", "set it to 3"]);
}
