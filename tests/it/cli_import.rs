//! `translate import`: weight files as PyTorch has written them over the years, and hostile ones.

use std::fs;
use std::path::Path;

use safetensors::tensor::SafeTensors;

use crate::cli_support::{Place, names};
use crate::fixture;

/// A place with the weight files and the picture that PyTorch has translated.
fn with_files() -> Place {
    let place = Place::new();
    let folder = fixture::path("import");
    for name in names(&folder) {
        place.write(&name, fs::read(folder.join(&name)).unwrap());
    }
    write_picture(&place);
    place
}

/// Bytes `[height, width, channels]` of the fixture.
fn bytes(name: &str) -> (Vec<u8>, Vec<usize>) {
    let file = fs::read(fixture::path("import.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let view = tensors.tensor(name).unwrap();
    (view.data().to_vec(), view.shape().to_vec())
}

fn write_picture(place: &Place) {
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

fn weights(place: &Place, style: &str, stem: &str) -> Vec<u8> {
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

/// A safetensors file of tensors without any values.
fn hollow(tensors: &[(&str, &str)]) -> Vec<u8> {
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, shape)| {
            format!(r#""{name}":{{"dtype":"F32","shape":[{shape}],"data_offsets":[0,0]}}"#)
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.into_bytes());
    bytes
}

#[test]
fn sizes_that_a_file_only_promises_take_no_memory() {
    let place = with_files();
    let patch = |last: &str| {
        hollow(&[
            ("model.0.weight", "1024,3,0,4"),
            ("model.2.weight", "2048,1024,0,4"),
            ("model.5.weight", "4096,2048,0,4"),
            (last, "1,4096,0,4"),
        ])
    };
    let files = [
        patch("model.3000002.weight"),
        patch("model.18446744073709551614.weight"),
        patch("model.8.weight"),
        hollow(&[
            ("model.1.weight", "1024,3,0,7"),
            ("model.15.conv_block.1.weight", "4096,4096,0,3"),
        ]),
        hollow(&[
            ("model.model.0.weight", "64,1125899906842624,0,4"),
            (
                "model.model.1.model.3.model.3.model.3.model.3.model.1.weight",
                "512,512,0,4",
            ),
        ]),
    ];
    for (number, bytes) in files.iter().enumerate() {
        place.write("hollow.safetensors", bytes);
        let run = place
            .run_under("ulimit -v 4000000", "import hollow.safetensors --style s")
            .failed(1, &["`hollow.safetensors` "]);
        assert!(
            run.stderr.contains("supported")
                || run.stderr.contains("fewer than that network")
                || run.stderr.contains("known"),
            "{number}: {run:#?}"
        );
    }
    assert!(!place.path("checkpoints").exists());
}

#[test]
fn an_import_that_cannot_be_written_leaves_no_style() {
    let place = with_files();
    let line = "import zip_net_G_A.pth --style s";
    place
        .run_under("trap '' XFSZ; ulimit -f 4", line)
        .failed(1, &["cannot write"]);
    assert!(!place.path("checkpoints/s").exists());
    place.run(line).done();
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
        .failed(1, &[]);
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
        .failed(1, &["the style `tuned` was trained here"]);
}

#[test]
fn hostile_files_are_refused_by_name_and_run_nothing() {
    let place = with_files();
    for (file, global) in [
        ("hostile_zip", "posix.system"),
        ("hostile_legacy", "posix.system"),
        ("hostile_pickle", "posix.system"),
        ("hostile_hidden", "builtins.exec"),
        ("hostile_module", "torch.nn.modules.module.torch.os.getcwd"),
        ("hostile_tar", "posix.system"),
        ("whole_model", "resnet.Resnet"),
    ] {
        let run = place
            .run(&format!("import {file}.pth --style s"))
            .failed(1, &[&format!("refers to `{global}`")]);
        if file == "hostile_hidden" {
            insta::assert_snapshot!(run.error(), @r#"error: `hostile_hidden.pth` refers to `builtins.exec`, which no weight file needs and which could run code when PyTorch loads it: refused, nothing was executed. If you trust the file, save its weights alone in PyTorch: `torch.save(model.state_dict(), "weights.pth")`, or of a checkpoint's dictionary `torch.save(checkpoint["netG"], "weights.pth")`"#);
        }
    }
    place
        .run("import hostile_twice.pth --style s")
        .failed(1, &["two of its entries have one name"]);
    place
        .run("import lying.pth --style s")
        .failed(1, &["its tensors would take"]);
    assert!(!place.path("executed").exists());
    assert!(!place.path("checkpoints").exists());
}

#[test]
fn damaged_files_are_named() {
    let place = with_files();
    let cut = |name: &str, length: usize| {
        let whole = place.read(name);
        place.write("cut.pth", &whole[..length.min(whole.len())]);
        place
            .run("import cut.pth --style s")
            .failed(1, &["`cut.pth` cannot be read as weights: "]);
    };
    for name in ["zip_net_G_A.pth", "legacy.pth", "tar.pth"] {
        let length = place.read(name).len();
        for part in [1, 3, 10, 100, length / 2, length - 700, length - 3] {
            // The last block of a tar archive is empty.
            if name != "tar.pth" || part < length - 1024 {
                cut(name, part);
            }
        }
    }
    for (content, message) in [
        (&b""[..], "it is empty (0 bytes)"),
        (
            b"hello, I am text",
            "it is neither a PyTorch checkpoint nor a safetensors file",
        ),
        (b"\x10\0\0\0\0\0\0\0{\"a\":", "not a valid safetensors file"),
    ] {
        place.write("bad.pth", content);
        place
            .run("import bad.pth --style s")
            .failed(1, &["`bad.pth` cannot be read as weights", message]);
    }
    fs::create_dir(place.path("folder.pth")).unwrap();
    place
        .run("import folder.pth --style s")
        .failed(1, &["it is a folder"]);
    place
        .run("import nothing.pth --style s")
        .failed(1, &["cannot read `nothing.pth`"]);
    place
        .run("import zip_net_G_A.pth --style ../s")
        .failed(2, &["cannot be the name of a style"]);
    assert!(!place.path("checkpoints").exists());
}

/// Rewrites a safetensors file of a style with a change to its tensors.
fn changed(
    place: &Place,
    source: &str,
    target: &str,
    change: impl Fn(&mut translate::nn::NamedTensors),
) {
    let mut tensors = translate::nn::NamedTensors::from_safetensors(&place.read(source)).unwrap();
    change(&mut tensors);
    place.write(target, tensors.to_safetensors().unwrap());
}

#[test]
fn every_tensor_is_accounted_for() {
    let place = with_files();
    place.run("import zip_net_G_A.pth --style whole").done();
    let source = "checkpoints/whole/generator_a2b.safetensors";
    changed(&place, source, "bad.safetensors", |tensors| {
        let moved = tensors.0.remove("model.12.conv_block.1.weight").unwrap();
        tensors.0.insert("model.99.weight".to_owned(), moved);
        let wrong = tensors.0["model.4.weight"].clone();
        tensors.0.insert("model.7.weight".to_owned(), wrong);
    });
    let run = place.run("import bad.safetensors --style s").failed(1, &[]);
    insta::assert_snapshot!(run.error(), @"error: `bad.safetensors` looks like resnet_6blocks, 1 channels, instance norm, 3 to 3 colour channels, but the tensors are not those of this network: `model.12.conv_block.1.weight` is missing; `model.7.weight` is [2, 1, 3, 3], not [4, 2, 3, 3]; `model.99.weight` is not part of it");

    changed(&place, source, "bad.safetensors", |tensors| {
        tensors.0.retain(|name, _| !name.contains("model.15."));
    });
    let run = place.run("import bad.safetensors --style s").failed(1, &[]);
    insta::assert_snapshot!(run.error(), @"error: `bad.safetensors` holds no network that this program knows: it is a ResNet with 5 residual blocks at the usual place, and 6 or 9 are supported; if it is pix2pixHD's, say `--arch global`");

    changed(&place, source, "bad.safetensors", |tensors| {
        tensors.0.remove("model.1.weight");
    });
    place.run("import bad.safetensors --style s").failed(
        1,
        &["not those of this network: `model.1.weight` is missing"],
    );

    changed(&place, source, "bad.safetensors", |tensors| {
        let one = tensors.0["model.1.bias"].clone();
        tensors.0.insert("model.99.running_mean".to_owned(), one);
    });
    place
        .run("import bad.safetensors --style s")
        .failed(1, &["`model.99.running_mean` is not part of it"]);

    changed(&place, source, "bad.safetensors", |tensors| {
        let renamed = tensors.0.iter();
        tensors.0 = renamed
            .map(|(name, data)| {
                (
                    format!(
                        "features.{}",
                        name.replace("model", "layer")
                            .replace("conv_block", "inner")
                    ),
                    data.clone(),
                )
            })
            .collect();
    });
    place.run("import bad.safetensors --style s").failed(
        1,
        &[
            "holds no network that this program knows: U-Nets, ResNet generators",
            "it has `features.layer.1.bias`",
            "and 28 more",
        ],
    );

    place
        .run("import zip_net_G_A.pth --style s --norm batch")
        .failed(
            1,
            &["holds resnet_6blocks", "not batch norm: leave `--norm` out"],
        );
    place
        .run("import zip_net_G_A.pth --style s --arch resnet_9blocks")
        .failed(
            1,
            &[
                "holds resnet_6blocks",
                "not resnet_9blocks: leave `--arch` out",
            ],
        );
    place
        .run("import zip_net_G_A.pth --style s --arch resnet_5")
        .failed(2, &["resnet_6blocks"]);
    place
        .run("import zip_net_G_A.pth --style s --key netG")
        .failed(
            1,
            &["it has no entry `netG`: the whole file is one network, leave `--key` out"],
        );
    assert!(!place.path("checkpoints/s").exists());
    assert!(Path::new(&place.path(source)).exists());
}
