//! Weights that cannot be imported: damaged and hostile files, tensors that are missing or left over.

use std::fs;
use std::path::Path;

use crate::cli_import::with_files;
use crate::cli_support::Place;
use crate::import_forms::hollow;

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
            2,
            &["holds resnet_6blocks", "not batch norm: leave `--norm` out"],
        );
    place
        .run("import zip_net_G_A.pth --style s --arch resnet_9blocks")
        .failed(
            2,
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
            2,
            &["it has no entry `netG`: the whole file is one network, leave `--key` out"],
        );
    assert!(!place.path("checkpoints/s").exists());
    assert!(Path::new(&place.path(source)).exists());
}
