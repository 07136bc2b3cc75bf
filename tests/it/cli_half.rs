//! Styles whose weights are passed on in 16 bits.

use std::path::Path;

use translate::style::read_weights;

use crate::cli_support::{CONTRASTIVE, CYCLE, INPAINT, PIX2PIXHD, Place, are_nearly_equal, names};

/// The largest difference of two pictures, in levels.
fn difference(first: &Path, second: &Path) -> u8 {
    let [first, second] = [first, second].map(|path| image::open(path).unwrap().to_rgb8());
    let pairs = first.as_raw().iter().zip(second.as_raw());
    pairs
        .map(|(first, second)| first.abs_diff(*second))
        .max()
        .unwrap()
}

#[test]
fn sixteen_bits_translate_as_thirty_two_do() {
    let place = Place::with_photos();
    place.picture("in/one.png", 40, 36, 1);
    place
        .run("data masks --kind strokes --input in --output masks")
        .done();
    let inpaint = format!(
        "{INPAINT} --set data.masks=strokes --set generator.arch=unet_64 --set data.crop_size=64 --set data.load_size=64"
    );
    for (name, mode, more) in [
        ("cycle", CYCLE, ""),
        ("contrastive", CONTRASTIVE, ""),
        ("inpaint", &*inpaint, "--mask masks"),
    ] {
        place
            .run(&format!("train {mode} --steps 2 --name {name}"))
            .done();
        let shared = format!("shared/{name}");
        let export = format!("export {name} --format style --output");
        let run = place
            .run(&format!("{export} {shared} --precision f16"))
            .done();
        assert!(
            run.stdout
                .starts_with(&format!("wrote the style `{shared}`: ")),
            "{run:#?}"
        );
        place.run(&format!("{export} whole/{name}")).done();
        for (style, output) in [
            (name, "f32"),
            (&*shared, "f16"),
            (&*format!("whole/{name}"), "whole"),
        ] {
            let line = format!("apply --input in --style {style} --output {name}/{output} {more}");
            place.run(&line).done();
        }
        let [full, half, whole] =
            ["f32", "f16", "whole"].map(|kind| place.path(&format!("{name}/{kind}/one.png")));
        assert!(difference(&full, &half) <= 1);
        assert_eq!(difference(&full, &whole), 0);
        let files = names(&place.path(&shared));
        assert!(
            files
                .iter()
                .all(|file| file.starts_with("generator") || file == "style.toml"),
            "{files:?}"
        );
        for file in files.iter().filter(|file| file.ends_with(".safetensors")) {
            let size = |folder: &str| place.read(&format!("{folder}/{name}/{file}")).len();
            assert!(size("shared") * 10 < size("checkpoints") * 8, "{file}");
        }
        let manifest = place.text(&format!("{shared}/style.toml"));
        assert!(
            manifest.contains("weights = \"f16\"") && manifest.contains("root = \"\""),
            "{manifest}"
        );
        assert!(
            !place
                .text(&format!("whole/{name}/style.toml"))
                .contains("weights")
        );
    }
}

#[test]
fn sixteen_bits_come_back_as_they_were() {
    let place = Place::with_labels();
    place
        .run(&format!("train {PIX2PIXHD} --steps 1 --name s"))
        .done();
    place
        .run("export s --format style --precision f16 --output half")
        .done();
    assert_eq!(
        names(&place.path("half")),
        [
            "clusters.safetensors",
            "generator.safetensors",
            "style.toml"
        ]
    );
    // Read into 32 bits, and rounded again.
    place.run("export half --format style --output full").done();
    place
        .run("export full --format style --precision f16 --output again")
        .done();
    for file in ["clusters", "generator"] {
        let bytes = |style: &str| place.read(&format!("{style}/{file}.safetensors"));
        let numbers = |style: &str| {
            read_weights(&place.path(&format!("{style}/{file}.safetensors"))).unwrap()
        };
        assert!(bytes("half") == bytes("again"), "{file}");
        assert!(numbers("half") == numbers("full"), "{file}");
    }
    for style in ["half", "full"] {
        place
            .run(&format!(
                "apply --input labels/train_label --style {style} --output out/{style}"
            ))
            .done();
        place
            .run(&format!(
                "export {style} --format safetensors --output {style}.safetensors"
            ))
            .done();
    }
    for name in names(&place.path("out/half")) {
        assert!(place.read(&format!("out/half/{name}")) == place.read(&format!("out/full/{name}")));
    }
    assert!(place.read("half.safetensors") == place.read("full.safetensors"));
    // What is trained further has 32 bits.
    let more =
        format!("train {PIX2PIXHD} --steps 1 --name more --init-from half --set optim.lr=1e-30");
    place.run(&more).done();
    let [half, more] = ["half", "checkpoints/more"]
        .map(|style| place.path(&format!("{style}/generator.safetensors")));
    assert!(are_nearly_equal(&half, &more));
    assert!(!place.text("checkpoints/more/style.toml").contains("f16"));
}

#[test]
fn a_style_is_exported_into_a_folder_of_its_own() {
    let place = Place::new();
    place
        .run(&format!("train {CYCLE} --steps 1 --name s"))
        .done();
    place.write("notes/file.txt", "precious");
    let export = "export s --format style --output";
    let message = |line: &str| place.run(line).failed(2, &[]).error().to_owned();
    insta::assert_snapshot!(message(&format!("{export} checkpoints/s --overwrite")), @"error: `checkpoints/s` belongs to the style itself: choose another output");
    insta::assert_snapshot!(message(&format!("{export} notes --overwrite")), @"error: `notes` exists and is not a style: choose another output");
    place
        .run(&format!("{export} copy --size 64"))
        .failed(2, &["`--size` has no effect with `--format style`"]);
    place
        .run(&format!("{export} copy --direction BtoA"))
        .failed(2, &["`--direction` has no effect"]);
    place.write("checkpoints/s/README.md", "# s\n\nA card.\n");
    place.run(&format!("{export} copy")).done();
    assert_eq!(place.text("copy/README.md"), "# s\n\nA card.\n");
    let shown = place.run("styles show copy").done().stdout;
    assert!(
        shown.starts_with("# s\n\nA card.\n\nformat_version = 1\n"),
        "{shown}"
    );
    insta::assert_snapshot!(message(&format!("{export} copy")), @"error: `copy` exists already: add --overwrite to replace it");
    place
        .run(&format!("{export} copy --overwrite --precision f16"))
        .done();
    assert!(place.text("copy/style.toml").contains("weights = \"f16\""));
    assert_eq!(place.text("notes/file.txt"), "precious");
}
