//! `translate export`.

use std::fs;

use prost::Message;
use safetensors::SafeTensors;
use translate::style::onnx::{Dimension, ModelProto};

use crate::cli_support::{CONTRASTIVE, CYCLE, Outcome, PIX2PIX, Place, names};

/// A place with the trained styles `p` and `c`.
fn with_styles() -> Place {
    let place = Place::with_pairs();
    place
        .run(&format!("train {PIX2PIX} --steps 2 --name p"))
        .done();
    place
        .run(&format!("train {CYCLE} --steps 1 --name c"))
        .done();
    place
}

fn model(place: &Place, name: &str) -> ModelProto {
    ModelProto::decode(&place.read(name)[..]).unwrap()
}

/// Asserts that the one line of the result names the file, its size and a fact.
#[track_caller]
fn wrote(run: &Outcome, file: &str, fact: &str) {
    let line = run.stdout.trim_end();
    let size = line
        .strip_prefix(&format!("wrote `{file}`, "))
        .and_then(|rest| rest.strip_suffix(&format!(" kB: {fact}")));
    assert!(
        size.is_some_and(|size| size.parse::<f64>().is_ok()),
        "{run:#?}"
    );
}

/// The bytes of a weight in a model.
fn weight(model: &ModelProto, name: &str) -> Vec<u8> {
    let tensors = &model.graph.as_ref().unwrap().initializer;
    let found = tensors.iter().find(|tensor| tensor.name == name);
    found.unwrap().raw_data.clone()
}

/// ONNX programs need not hand on NaN: findings/openvino-relu-nan.sh.
#[test]
fn weights_that_are_no_numbers_are_told_of() {
    let place = with_styles();
    let export = "export p --format onnx --output p.onnx --overwrite";
    let told = "some weights are infinite or not numbers";
    let run = place.run(export).done();
    assert!(!run.stderr.contains(told), "{run:#?}");
    let file = "checkpoints/p/generator.safetensors";
    let mut bytes = place.read(file);
    let last = bytes.len() - size_of::<f32>();
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    place.write(file, bytes);
    let run = place.run(export).done();
    assert!(run.stderr.contains(told), "{run:#?}");
}

/// Strict loading asks for the filters of CUT's networks.
#[test]
fn a_state_dict_of_networks_with_filters_has_these() {
    let place = Place::new();
    place
        .run(&format!("train {CONTRASTIVE} --steps 1 --name c"))
        .done();
    let filters = |network: &str| -> Vec<(String, Vec<usize>)> {
        place
            .run(&format!(
                "export c {network} --format safetensors --output net.safetensors --overwrite"
            ))
            .done();
        let file = place.read("net.safetensors");
        let tensors = SafeTensors::deserialize(&file).unwrap();
        let mut found: Vec<_> = tensors
            .iter()
            .filter(|(name, _)| {
                name.rsplit_once('.')
                    .is_some_and(|(_, leaf)| leaf == "filt")
            })
            .map(|(name, view)| (name.to_owned(), view.shape().to_vec()))
            .collect();
        found.sort();
        found
    };
    let filter = |place: usize, channels: usize, side: usize| {
        (format!("model.{place}.filt"), vec![channels, 1, side, side])
    };
    // Six blocks stand between 12 and 17.
    let generator = [
        filter(11, 8, 3),
        filter(18, 8, 4),
        filter(22, 4, 4),
        filter(7, 4, 3),
    ];
    assert_eq!(filters(""), generator);
    assert_eq!(filters("--network discriminator"), [filter(2, 2, 3)]);
    // They do no harm on the way back.
    place.write(
        "checkpoints/c/discriminator.safetensors",
        place.read("net.safetensors"),
    );
    place
        .run(&format!(
            "train {CONTRASTIVE} --steps 1 --name again --init-from checkpoints/c"
        ))
        .done();
}

#[test]
fn an_exported_state_dict_is_the_style_s_own() {
    let place = with_styles();
    let run = place
        .run("export p --format safetensors --output net_G.safetensors")
        .done();
    wrote(&run, "net_G.safetensors", "58 tensors");
    assert_eq!(run.stderr, "");
    // In the place of the style's own weights it gives the same pictures.
    place.picture("in/one.png", 70, 50, 1);
    place
        .run("apply --input in --style p --output before")
        .done();
    place.write(
        "checkpoints/p/generator.safetensors",
        place.read("net_G.safetensors"),
    );
    place
        .run("apply --input in --style p --output after")
        .done();
    assert!(place.read("before/one.png") == place.read("after/one.png"));

    // Discriminators too, and folders in the place of names.
    let run = place
        .run("export checkpoints/c --format safetensors --network discriminator_b --output net_D_B")
        .done();
    wrote(&run, "net_D_B", "6 tensors");
    assert!(place.read("net_D_B") == place.read("checkpoints/c/discriminator_b.safetensors"));
}

#[test]
fn both_directions_of_a_cycle_are_exported() {
    let place = with_styles();
    let run = place.run("export c --format onnx --output ab.onnx").done();
    wrote(
        &run,
        "ab.onnx",
        "takes pictures whose sides are multiples of 4, at least 8",
    );
    place
        .run("export c --format onnx --output ba.onnx --direction BtoA")
        .done();
    let [ab, ba] = ["ab.onnx", "ba.onnx"].map(|name| model(&place, name));
    assert!(weight(&ab, "model.1.weight") != weight(&ba, "model.1.weight"));
    let direction = |model: &ModelProto| {
        let mut properties = model.metadata_props.iter();
        let direction = properties.find(|entry| entry.key == "direction");
        direction.unwrap().value.clone()
    };
    assert_eq!([direction(&ab), direction(&ba)], ["AtoB", "BtoA"]);
    place
        .run("export c --format safetensors --output ba.safetensors --direction BtoA")
        .done();
    assert!(place.read("ba.safetensors") == place.read("checkpoints/c/generator_b2a.safetensors"));
    let run = place
        .run("export p --format onnx --output p.onnx --direction BtoA")
        .failed(2, &[]);
    insta::assert_snapshot!(run.error(), @"error: the style `p` translates AtoB only");
    assert!(!place.path("p.onnx").exists());
}

#[test]
fn statistics_are_of_the_picture_unless_told() {
    let place = with_styles();
    let uses = |line: &str, operator: &str| {
        place
            .run(&format!(
                "export p --format onnx --overwrite --output p.onnx {line}"
            ))
            .done();
        let nodes = model(&place, "p.onnx").graph.unwrap().node;
        nodes.iter().filter(|node| node.op_type == operator).count()
    };
    assert_eq!(uses("", "BatchNormalization"), 0);
    assert_eq!(uses("", "InstanceNormalization"), 9);
    assert_eq!(uses("--norm-stats batch", "InstanceNormalization"), 9);
    assert_eq!(uses("--norm-stats running", "BatchNormalization"), 9);
}

#[test]
fn sizes_numbers_and_operator_sets_can_be_chosen() {
    let place = with_styles();
    let line = "export p --format onnx --overwrite --output p.onnx";
    let shape = |options: &str, fact: &str| {
        let run = place.run(&format!("{line} {options}")).done();
        assert!(run.stdout.trim_end().ends_with(fact), "{run:#?}");
        let model = model(&place, "p.onnx");
        let graph = model.graph.unwrap();
        let kind = graph.input[0].r#type.clone().unwrap();
        let sizes = kind.tensor_type.unwrap().shape.unwrap().dim;
        let sizes = sizes.into_iter().map(|size| match size.value.unwrap() {
            Dimension::Fixed(size) => size.to_string(),
            Dimension::Named(name) => name,
        });
        let sizes: Vec<String> = sizes.collect();
        (sizes.join(","), model.opset_import[0].version)
    };
    let open = "takes pictures whose sides are multiples of 64";
    assert_eq!(
        shape("", open),
        ("batch,3,64*height,64*width".to_owned(), 11)
    );
    let fixed = shape("--size 128x64", "takes pictures of 128x64");
    assert_eq!(fixed, ("1,3,64,128".to_owned(), 11));
    let fixed = shape("--size 64 --batch 4 --opset 17", "takes pictures of 64x64");
    assert_eq!(fixed, ("4,3,64,64".to_owned(), 17));
    let fixed = shape("--batch 2", open);
    assert_eq!(fixed, ("2,3,64*height,64*width".to_owned(), 11));
    let full = place.read("p.onnx").len();
    shape("--precision f16", open);
    assert!(place.read("p.onnx").len() < full * 6 / 10);

    let message = |options: &str| {
        let run = place.run(&format!("{line} {options}"));
        run.failed(2, &[]).error().to_owned()
    };
    insta::assert_snapshot!(message("--size 100"), @"error: a width of 100 is not possible: the sides of pictures are multiples of 64; take 64 or 128");
    insta::assert_snapshot!(message("--opset 9"), @"error: operator set 9 is not possible: this model needs 11 or later, and 28 is the latest that is known");
    insta::assert_snapshot!(message("--opset 99"), @"error: operator set 99 is not possible: this model needs 11 or later, and 28 is the latest that is known");
    message("--size keep");
    message("--batch 0");
    message("--precision bf16");
}

#[test]
fn author_and_licence_go_along() {
    let place = with_styles();
    let text = place.text("checkpoints/p/style.toml");
    place.write(
        "checkpoints/p/style.toml",
        format!("author = \"Ada\"\nlicence = \"CC0\"\n{text}"),
    );
    place.run("export p --format onnx --output p.onnx").done();
    let properties = model(&place, "p.onnx").metadata_props;
    for (key, value) in [("author", "Ada"), ("licence", "CC0"), ("style", "p")] {
        let found = properties
            .iter()
            .any(|entry| entry.key == key && entry.value == value);
        assert!(found, "{properties:?}");
    }
}

#[test]
fn nothing_is_replaced_unasked() {
    let place = with_styles();
    let line = "export p --format onnx --output p.onnx";
    place.write("p.onnx", "mine");
    let run = place.run(line).failed(2, &[]);
    insta::assert_snapshot!(run.error(), @"error: `p.onnx` exists already: add --overwrite to replace it");
    assert_eq!(place.text("p.onnx"), "mine");
    place.run(&format!("{line} --overwrite")).done();
    model(&place, "p.onnx");

    let own = "checkpoints/p/generator.safetensors";
    let before = place.read(own);
    for options in ["", " --overwrite"] {
        let run = place
            .run(&format!("export p --format onnx --output {own}{options}"))
            .failed(2, &[]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(run.error(), @"error: `checkpoints/p/generator.safetensors` belongs to the style itself: choose another output");
        }
    }
    assert!(place.read(own) == before);
}

#[test]
fn outputs_that_cannot_be_written_are_named() {
    let place = with_styles();
    place.write("file", "in the way");
    let message = |output: &str| {
        let line = format!("export p --format safetensors --output {output} --overwrite");
        place.run(&line).failed(2, &[]).error().to_owned()
    };
    insta::assert_snapshot!(message("nowhere/net.safetensors"), @"error: cannot write `nowhere/net.safetensors`: there is no folder `nowhere`");
    insta::assert_snapshot!(message("file/net.safetensors"), @"error: cannot write `file/net.safetensors`: there is no folder `file`");
    insta::assert_snapshot!(message("checkpoints"), @"error: the output `checkpoints` is a folder: give the name of a file");
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_no_file() {
    let place = with_styles();
    for format in ["onnx", "safetensors"] {
        let run = place
            .run_under(
                "trap '' XFSZ; ulimit -f 1",
                &format!("export p --format {format} --output out"),
            )
            .failed(1, &["cannot write `out`"]);
        assert!(run.error().contains("File too large"), "{run:#?}");
    }
    let files = fs::read_dir(place.path("")).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name());
    assert!(
        files
            .into_iter()
            .all(|name| ["checkpoints", "pairs"].contains(&name.to_str().unwrap())),
        "{:?}",
        names(&place.path(""))
    );
}

#[test]
fn styles_that_cannot_be_exported_are_named() {
    let place = with_styles();
    let failed = |code: i32, style: &str| {
        let line = format!("export {style} --format onnx --output out.onnx");
        let run = place.run(&line).failed(code, &[]);
        assert!(!place.path("out.onnx").exists());
        run.error_of_own_styles()
    };
    let message = |style: &str| failed(1, style);
    insta::assert_snapshot!(failed(2, "q"), @"error: there is no style `q` in `checkpoints`; there are: c, p");
    let file = "checkpoints/p/generator.safetensors";
    let whole = place.read(file);
    place.write(file, &whole[..whole.len() / 2]);
    let damaged = message("p");
    assert!(damaged.contains(file), "{damaged}");
    assert!(
        damaged.contains("not a valid safetensors file"),
        "{damaged}"
    );
    place.write(file, place.read("checkpoints/p/discriminator.safetensors"));
    let foreign = message("p");
    assert!(foreign.contains(file), "{foreign}");
    assert!(foreign.contains("not those of this network"), "{foreign}");
    fs::remove_file(place.path(file)).unwrap();
    insta::assert_snapshot!(message("p"), @"error: the weights `checkpoints/p/generator.safetensors` are missing: train the style, or copy the whole style folder");
}

#[test]
fn options_without_effect_are_refused() {
    let place = with_styles();
    let message = |line: &str| {
        let run = place.run(&format!("export c --output out {line}"));
        let run = run.failed(2, &[]);
        assert!(!place.path("out").exists());
        run.error().to_owned()
    };
    insta::assert_snapshot!(message("--format safetensors --norm-stats running"), @"error: `--norm-stats` has no effect with `--format safetensors`: leave it out");
    for option in ["--size 64", "--batch 1", "--opset 17"] {
        let message = message(&format!("--format safetensors {option}"));
        assert!(
            message.contains("has no effect with `--format safetensors`"),
            "{message}"
        );
    }
    insta::assert_snapshot!(message("--format onnx --network discriminator_a"), @"error: `--network` has no effect with `--format onnx`: leave it out");
    insta::assert_snapshot!(message("--format safetensors --network discriminator"), @"error: the style `c` has no network `discriminator`; it has: discriminator_a, discriminator_b, generator_a2b, generator_b2a");
    message("--format safetensors --network generator_a2b --direction BtoA");
    message("--format pickle");
}

#[test]
fn weights_that_no_pytorch_repository_takes_are_pointed_out() {
    let place = Place::with_pairs();
    place
        .run(&format!(
            "train {PIX2PIX} --steps 1 --name r --set generator.upsample=resize"
        ))
        .done();
    place
        .run("export r --format safetensors --output r.safetensors")
        .done()
        .says("`generator.upsample` is `resize`");
    let run = place.run("export r --format onnx --output r.onnx").done();
    assert_eq!(run.stderr, "");
}
