//! `translate import`: weight files as PyTorch has written them over the years, and hostile ones.

use std::fs;

use safetensors::tensor::SafeTensors;

use crate::cli_support::{Place, names};
use crate::fixture;

/// A place with the weight files and the picture that PyTorch has translated.
pub fn with_files() -> Place {
    let place = Place::new();
    let folder = fixture::path("import");
    for name in names(&folder) {
        place.write(&name, fs::read(folder.join(&name)).unwrap());
    }
    write_picture(&place);
    place
}

/// Bytes `[height, width, channels]` of the fixture.
pub fn bytes(name: &str) -> (Vec<u8>, Vec<usize>) {
    let file = fs::read(fixture::path("import.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let view = tensors.tensor(name).unwrap();
    (view.data().to_vec(), view.shape().to_vec())
}

pub fn write_picture(place: &Place) {
    let (pixels, shape) = bytes("picture");
    let picture = image::RgbImage::from_raw(shape[1] as u32, shape[0] as u32, pixels).unwrap();
    fs::create_dir_all(place.path("in")).unwrap();
    picture.save(place.path("in/one.png")).unwrap();
}

/// Applies the style and compares with what PyTorch made of the picture.
#[track_caller]
fn assert_translates_like_pytorch(place: &Place, style: &str, flags: &str, expected: &str) {
    let line = format!(
        "apply --input in --style {style} --output out/{style}{expected} --overwrite {flags}"
    );
    place.run(&line).done();
    let made = image::open(place.path(&format!("out/{style}{expected}/one.png"))).unwrap();
    let (wanted, shape) = bytes(&format!("output.{expected}"));
    assert!(!wanted.is_empty());
    let made = if shape[2] == 1 {
        made.into_luma8().into_raw()
    } else {
        made.into_rgb8().into_raw()
    };
    assert_eq!(made.len(), wanted.len());
    let worst = made.iter().zip(&wanted).map(|(x, y)| x.abs_diff(*y)).max();
    assert!(worst <= Some(1), "{style} {expected}: {worst:?} levels");
}

pub fn weights(place: &Place, style: &str, stem: &str) -> Vec<u8> {
    place.read(&format!("checkpoints/{style}/{stem}.safetensors"))
}

#[test]
fn every_container_gives_the_same_weights() {
    let place = with_files();
    let run = place.run("import zip_net_G_A.pth --style first").done();
    let count = fixture::json("import.json")["weights"].as_u64().unwrap();
    insta::assert_snapshot!(run.stdout.replace(&count.to_string(), "[COUNT]"), @r#"imported resnet_6blocks, 1 channels, instance norm, 3 to 3 colour channels ([COUNT] weights) as `checkpoints/first/generator_a2b.safetensors`
style `first` translates AtoB: translate apply --input PICTURES --style first
"#);
    assert_translates_like_pytorch(&place, "first", "", "resnet");
    let first = weights(&place, "first", "generator_a2b");
    for file in [
        "legacy",
        "tar",
        "parallel",
        "double",
        "old_statistics",
        "views",
        "checkpoint",
    ] {
        place
            .run(&format!("import {file}.pth --style {file}"))
            .done();
        assert!(
            weights(&place, file, "generator_a2b") == first,
            "{file} has other weights"
        );
    }
    // What was imported is a safetensors file, and can be imported again.
    place
        .run("import checkpoints/first/generator_a2b.safetensors --style again")
        .done();
    assert!(weights(&place, "again", "generator_a2b") == first);
}

#[test]
fn leftovers_and_other_entries_are_said() {
    let place = with_files();
    place
        .run("import old_statistics.pth --style a")
        .done()
        .says("ignored 34 running statistics of instance norms");
    place
        .run("import checkpoint.pth --style b")
        .done()
        .says("ignored `optimizer_G` (2 tensors)");
}

#[test]
fn a_whole_run_is_read_and_an_unknown_generator_is_not_replaced_by_its_discriminator() {
    let place = with_files();
    let run = place.run("import run.pth --style run").done();
    for part in ["`netD`", "`rng_state` (1 tensor)", "`epoch` (1 tensor)"] {
        assert!(run.stderr.contains(&format!("ignored {part}")), "{run:#?}");
    }
    assert_translates_like_pytorch(&place, "run", "", "resnet");
    place.run("import run.pth --style run --key netD").done();
    // Again as a generator, into the style that is there.
    let run = place
        .run("import unknown_generator.pth --style run --overwrite")
        .failed(1, &[]);
    insta::assert_snapshot!(run.error(), @"error: `unknown_generator.pth` holds no network that this program knows: `netG`: it is a ResNet with 5 residual blocks at the usual place, and 6 or 9 are supported; if it is pix2pixHD's, say `--arch global`");
    place.run("import unet_32.pth --style s").failed(
        1,
        &["it is a U-Net with 5 downsamplings, and 6 (unet_64) to 9 (unet_512) are supported"],
    );
}

#[test]
fn half_precision_is_read() {
    let place = with_files();
    for kind in ["half", "bfloat16"] {
        place
            .run(&format!("import {kind}.pth --style {kind}"))
            .done();
        assert_translates_like_pytorch(&place, kind, "", kind);
    }
}

#[test]
fn both_generators_of_a_cycle_go_into_one_style() {
    let place = with_files();
    place.run("import zip_net_G_A.pth --style zebra").done();
    place
        .run("apply --input in --style zebra --direction BtoA")
        .failed(1, &["generator_b2a.safetensors` are missing"]);
    // The direction of each is in its name.
    place.run("import latest_net_G_B.pth --style zebra").done();
    assert_translates_like_pytorch(&place, "zebra", "", "resnet");
    assert_translates_like_pytorch(&place, "zebra", "--direction BtoA", "resnet_b");
    let taken = place
        .run("import latest_net_G_B.pth --style zebra")
        .failed(2, &[]);
    insta::assert_snapshot!(taken.error(), @"error: the style `zebra` has `checkpoints/zebra/generator_b2a.safetensors` already: replace it with `--overwrite`, or choose another name");
    place
        .run("import legacy.pth --direction BtoA --style zebra --overwrite")
        .done();
    assert_translates_like_pytorch(&place, "zebra", "--direction BtoA", "resnet");

    let several = place.run("import two.pth --style two").failed(1, &[]);
    insta::assert_snapshot!(several.error(), @"error: `two.pth` holds several networks, choose one with `--key`: `G_A` (resnet_6blocks, 1 channels, instance norm, 3 to 3 colour channels), `G_B` (resnet_6blocks, 1 channels, instance norm, 3 to 3 colour channels)");
    place.run("import two.pth --style two --key G_A").done();
    place.run("import two.pth --style two --key G_B").done();
    assert_translates_like_pytorch(&place, "two", "--direction BtoA", "resnet_b");
}

#[test]
fn dropout_batch_norm_and_affine_norms_are_recognised() {
    let place = with_files();
    let run = place
        .run("import dropout.pth --style dropout")
        .done()
        .says("it has batch norm");
    insta::assert_snapshot!(run.stdout, @r#"imported resnet_9blocks, 1 channels, batch norm, 3 to 1 colour channels (3297 weights) as `checkpoints/dropout/generator.safetensors`
style `dropout` translates AtoB: translate apply --input PICTURES --style dropout
"#);
    assert_translates_like_pytorch(&place, "dropout", "", "dropout");
    place
        .run("import latest_net_G.pth --style labels --direction BtoA")
        .done();
    assert_translates_like_pytorch(&place, "labels", "", "unet");

    place.run("import affine.pth --style affine").done();
    assert_translates_like_pytorch(&place, "affine", "", "affine");
    let question = place
        .run("import affine_old_statistics.pth --style unsure")
        .failed(1, &[]);
    insta::assert_snapshot!(question.error(), @"error: `affine_old_statistics.pth`: its norms have scale, shift and running statistics, and its convolutions biases: say `--norm instance_affine` if it was trained with instance normalisation (the running statistics are left out), or `--norm batch`");
    place
        .run("import affine_old_statistics.pth --style sure --norm instance_affine")
        .done();
    assert_translates_like_pytorch(&place, "sure", "", "affine");
}

#[test]
fn discriminators_join_their_generator() {
    let place = with_files();
    place
        .run("import patch_net_D.pth --style labels")
        .failed(1, &["is a discriminator (PatchGAN of 3 layers, 2 channels, batch norm, 6 colour channels): import the generator of the style `labels` first"]);
    place.run("import latest_net_G.pth --style labels").done();
    place.run("import patch_net_D.pth --style labels").done();
    place
        .run("import patch_a_net_D.pth --style labels --overwrite")
        .failed(
            1,
            &["judges pictures with 3 channels, and the style `labels` needs a discriminator of 6"],
        );
    // The only one of its kind may be replaced by another.
    place
        .run("import pixel_net_D.pth --style labels --overwrite")
        .done();
    place.run("import zip_net_G_A.pth --style zebra").done();
    place
        .run("import patch_a_net_D.pth --style zebra --direction BtoA")
        .done();
    let files = names(&place.path("checkpoints/zebra"));
    let safetensors: Vec<&String> = files
        .iter()
        .filter(|name| name.ends_with(".safetensors"))
        .collect();
    assert_eq!(
        safetensors,
        ["discriminator_b.safetensors", "generator_a2b.safetensors"]
    );
}

#[test]
fn an_imported_style_is_a_style_and_a_beginning() {
    let place = with_files();
    place.run("import latest_net_G.pth --style labels").done();
    let list = place.run("styles list").done();
    insta::assert_snapshot!(list.own_styles(), @"labels                   pix2pix AtoB, unet_64, imported");
    place
        .run("train --resume --name labels")
        .failed(1, &["has weights but no saved state to resume from"]);
    let recipe = "--mode pix2pix --set generator.arch=unet_64 --set generator.channels=1 --set discriminator.channels=2 \
        --set discriminator.layers=1 --set data.load_size=64 --set data.crop_size=64 --steps 1";
    place
        .run(&format!(
            "train {recipe} --init-from checkpoints/labels --name tuned"
        ))
        .done()
        .says("initial weights: generator");
    place
        .run("import latest_net_G.pth --style tuned --overwrite")
        .failed(2, &["the style `tuned` was trained here"]);
}
