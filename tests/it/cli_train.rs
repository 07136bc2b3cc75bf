//! `translate train`: the files of a style, seeds, names, initial weights.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cli_support::{CONTRASTIVE, CYCLE, PIX2PIX, Place, assert_same, names, terminate};
use translate::style::{Manifest, StyleFolder, read_weights};

/// Asserts that the files of a style are there and that its metrics have these losses in every step.
fn check_style(place: &Place, style: &str, weights: &[&str], losses: &[&str]) {
    let root = format!("checkpoints/{style}");
    let files = names(&place.path(&root));
    let shown: BTreeSet<&str> = files
        .iter()
        .filter(|name| !name.starts_with("state/"))
        .map(String::as_str)
        .collect();
    let mut wanted: BTreeSet<&str> = weights.iter().copied().collect();
    wanted.extend([
        ".lock",
        "style.toml",
        "metrics.jsonl",
        "report.html",
        "previews/step-000002.png",
        "previews/step-000004.png",
        "previews/step-000005.png",
    ]);
    assert_eq!(shown, wanted);
    for name in weights {
        let kept = place.read(&format!("{root}/state/step-000005/{name}"));
        assert!(place.read(&format!("{root}/{name}")) == kept, "{name}");
    }

    let metrics = place.text(&format!("{root}/metrics.jsonl"));
    let lines: Vec<Value> = metrics
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 5);
    for (index, line) in lines.iter().enumerate() {
        let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["epoch", "losses", "lr", "seconds", "step"]);
        assert_eq!(line["step"], index + 1);
        assert_eq!(line["epoch"], 1);
        assert!((line["lr"].as_f64().unwrap() - 2e-4).abs() < 1e-12);
        assert!(line["seconds"].as_f64().unwrap() > 0.0);
        let found: BTreeSet<&str> = line["losses"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(found, losses.iter().copied().collect());
    }

    let report = place.text(&format!("{root}/report.html"));
    for part in [
        "<!doctype html>",
        "id=\"report\"",
        "data:image/png;base64,",
        "\"step\":5,",
    ] {
        assert!(report.contains(part), "{part}");
    }
    for part in [
        "src=\"http",
        "href=\"http",
        "src=\"/",
        "<link",
        "<script src",
        "url(",
        "@import",
        "\nimport ",
    ] {
        assert!(!report.contains(part), "{part}");
    }
    for name in losses {
        assert!(report.contains(name), "{name}");
    }

    let manifest = Manifest::read(&StyleFolder::new(place.path(&root))).unwrap();
    assert!(manifest.training.finished);
    assert_eq!((manifest.training.steps, manifest.training.epoch), (5, 1));
    assert_eq!(manifest.training.losses.len(), losses.len());
}

#[test]
fn pix2pix_writes_the_files_of_a_style() {
    let place = Place::with_pairs();
    let run = place
        .run(&format!(
            "train {PIX2PIX} --name p --steps 5 --set train.log_every=1 --set train.preview_every=2"
        ))
        .done();
    assert_eq!(
        run.stdout,
        "style `p` is in `checkpoints/p`, its report in `checkpoints/p/report.html`\n\
         apply it: translate apply --input PICTURES --style p\n"
    );
    let lines: Vec<&str> = run.stderr.lines().collect();
    let device = if cfg!(feature = "libtorch") {
        "libtorch"
    } else {
        "cpu"
    };
    assert_eq!(lines[0], format!("training `p` on {device}"));
    assert_eq!(lines[3], "6 samples per epoch, all readable");
    assert!(lines[4].starts_with("step 1/5 epoch 1  G_GAN "), "{run:#?}");
    check_style(
        &place,
        "p",
        &["generator.safetensors", "discriminator.safetensors"],
        &["G_GAN", "G_L1", "D_real", "D_fake"],
    );
    // Input, output and target of four samples, with gaps of 4 pixels.
    let sheet = place.size("checkpoints/p/previews/step-000005.png");
    assert_eq!(sheet, (3 * (64 + 4) + 4, 4 * (64 + 4) + 4));
}

#[test]
fn cycle_without_data_trains_on_the_sample() {
    let place = Place::new();
    let run = place
        .run(&format!(
            "train {CYCLE} --steps 5 --set train.log_every=1 --set train.preview_every=2"
        ))
        .done();
    assert!(run.stdout.starts_with("style `cycle` is in"), "{run:#?}");
    check_style(
        &place,
        "cycle",
        &[
            "generator_a2b.safetensors",
            "generator_b2a.safetensors",
            "discriminator_a.safetensors",
            "discriminator_b.safetensors",
        ],
        &[
            "D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B",
        ],
    );
    let styles = place.run("styles").done();
    insta::assert_snapshot!(styles.own_styles(), @"cycle                    cycle AtoB, resnet_6blocks at 16x16 px, 5 steps");
    let shown = place.run("styles show cycle").done();
    assert_eq!(shown.stdout, place.text("checkpoints/cycle/style.toml"));
    place.run("styles remove cycle --yes").done();
    assert!(!place.path("checkpoints/cycle").exists());
    assert_eq!(place.run("styles").done().own_styles(), "");
}

#[test]
fn contrastive_without_data_trains_on_the_sample_in_either_direction() {
    let place = Place::new();
    let train = format!(
        "train {CONTRASTIVE} --steps 5 --set train.log_every=1 --set train.preview_every=2"
    );
    place.run(&train).done();
    check_style(
        &place,
        "contrastive",
        &[
            "generator.safetensors",
            "discriminator.safetensors",
            "heads.safetensors",
        ],
        &["G_GAN", "NCE", "NCE_Y", "D_real", "D_fake"],
    );
    let sheet = place.size("checkpoints/contrastive/previews/step-000005.png");
    assert_eq!(sheet, (2 * (16 + 4) + 4, 4 * (16 + 4) + 4));
    // The other direction begins with the same weights and learns from the other side.
    place
        .run(&format!("{train} --name back --set data.direction=BtoA"))
        .done();
    let [there, back] = ["contrastive", "back"]
        .map(|style| place.read(&format!("checkpoints/{style}/previews/step-000005.png")));
    assert!(there != back);
}

/// The weights that a style shows are the averages; a checkpoint has both.
#[test]
fn averaged_weights_are_those_of_the_style() {
    let place = Place::with_pairs();
    for (mode, network) in [(PIX2PIX, "generator"), (CYCLE, "generator_b2a")] {
        place
            .run(&format!(
                "train {mode} --steps 4 --name s --overwrite --set optim.ema=0.999"
            ))
            .done();
        let state = "checkpoints/s/state/step-000004";
        let shown = place.read(&format!("checkpoints/s/{network}.safetensors"));
        let average = place.read(&format!("{state}/state_{network}_average.safetensors"));
        let raw = place.read(&format!("{state}/{network}.safetensors"));
        assert!(shown == average);
        assert!(shown != raw);
        // What is used to judge is used as it is.
        let judge = network.replace("generator_b2a", "discriminator_b");
        let judge = judge.replace("generator", "discriminator");
        let shown = place.read(&format!("checkpoints/s/{judge}.safetensors"));
        assert!(shown == place.read(&format!("{state}/{judge}.safetensors")));
    }
}

#[test]
fn the_seed_alone_decides_what_is_learnt() {
    let place = Place::with_pairs();
    // The program's own kernels add in the same order with any number of threads; LibTorch's do not.
    let threads = if cfg!(feature = "libtorch") { 1 } else { 2 };
    for (mode, weights) in [
        (PIX2PIX, "generator.safetensors"),
        (CYCLE, "generator_a2b.safetensors"),
    ] {
        let train = |name: &str, more: &str| {
            let line = format!(
                "train {mode} --steps 8 --set train.log_every=1 --name {name} --overwrite {more}"
            );
            place.run(&line).done();
            place.learnt(name)
        };
        let first = train("first", "--seed 5 --set data.workers=1 --threads 1");
        assert_same(
            &train(
                "second",
                &format!("--seed 5 --set data.workers=4 --threads {threads}"),
            ),
            &first,
        );
        let other = train("third", "--seed 6");
        assert!(first[weights] != other[weights]);
    }
}

#[test]
fn a_name_that_exists_is_refused_or_replaced() {
    let place = Place::new();
    let line = format!("train {CYCLE} --steps 1 --name s");
    place.run(&line).done();
    let before = place.learnt("s");
    let refused = place.run(&line).failed(2, &[]);
    insta::assert_snapshot!(refused.error(), @"error: there is already a style `s` in `checkpoints/s`: go on with `--resume`, replace it with `--overwrite`, or choose another `--name`");
    assert_same(&place.learnt("s"), &before);

    // Data that is wrong must not cost the style that is to be replaced.
    place
        .run(&format!("{line} --overwrite --data missing"))
        .failed(1, &["missing` is not a folder"]);
    assert_same(&place.learnt("s"), &before);
    place
        .run(&format!("{line} --overwrite --steps 2"))
        .failed(2, &["--steps"]);
    place.write("checkpoints/s/old.txt", "of the old style");
    place
        .run(&format!("train {CYCLE} --steps 2 --name s --overwrite"))
        .done();
    assert!(!place.path("checkpoints/s/old.txt").exists());
    assert_eq!(
        names(&place.path("checkpoints/s/previews")),
        ["step-000002.png"]
    );

    for name in ["../s", "a/b", ".hidden", "-"] {
        let run = place.run(&format!("train {CYCLE} --steps 1 --name={name}"));
        if name != "-" {
            run.failed(2, &[name, "cannot be the name of a style"]);
        }
    }
}

#[test]
fn a_folder_that_is_no_style_is_never_touched() {
    let place = Place::new();
    place.write("checkpoints/mine/notes.txt", "precious");
    place.write("checkpoints/hidden/.notes", "precious");
    for name in ["mine", "hidden"] {
        for more in ["", "--overwrite", "--resume"] {
            place
                .run(&format!("train {CYCLE} --steps 1 --name {name} {more}"))
                .failed(
                    2,
                    &[&format!("`checkpoints/{name}` exists and is not a style")],
                );
        }
        place
            .run(&format!("styles remove {name}"))
            .failed(1, &["is not a style"]);
    }
    assert_eq!(
        names(&place.path("checkpoints")),
        ["hidden/.notes", "mine/notes.txt"]
    );
}

#[test]
fn only_one_run_at_a_time_trains_a_style() {
    let place = Place::new();
    let line = format!("train {CYCLE} --steps 5000 --name s --set train.log_every=1");
    let mut first = place.command(&line).spawn().unwrap();
    assert!(place.reaches(&mut first, "s", 2));
    for flag in ["--resume", "--overwrite"] {
        place
            .run(&format!("{line} {flag}"))
            .failed(1, &["another run is writing the style in `checkpoints/s`"]);
    }
    assert!(first.try_wait().unwrap().is_none());
    terminate(&first);
    place.wait(first).done();
    assert!(place.last_step("s") >= 2);
}

#[test]
fn a_run_starts_from_given_weights() {
    let place = Place::with_pairs();
    place
        .run(&format!("train {PIX2PIX} --steps 3 --name old --seed 1"))
        .done();
    // Weights alone are enough, whatever else the folder lacks.
    for name in ["generator.safetensors", "discriminator.safetensors"] {
        let bytes = place.read(&format!("checkpoints/old/{name}"));
        place.write(&format!("weights/{name}"), bytes);
    }
    place
        .run(&format!(
            "train {PIX2PIX} --steps 1 --seed 2 --name new --init-from weights --set optim.lr=1e-12"
        ))
        .done()
        .says("initial weights: generator, discriminator");
    let mut compared = 0;
    for name in ["generator.safetensors", "discriminator.safetensors"] {
        let [old, new] = ["weights", "checkpoints/new"]
            .map(|folder| read_weights(&place.path(folder).join(name)).unwrap());
        for (key, data) in &old.0 {
            if key.contains("running_") {
                continue;
            }
            let (old, new) = (data, &new.0[key]);
            let distance = crate::fixture::distance(old, new);
            assert!(distance < 1e-6, "{name}: {key} is off by {distance}");
            compared += 1;
        }
    }
    assert!(compared > 30, "{compared}");

    place.write("empty/readme.txt", "no weights");
    let line = format!("train {CYCLE} --steps 1 --name other --init-from");
    let run = place.run(&format!("{line} empty")).failed(1, &[]);
    insta::assert_snapshot!(run.error(), @"error: `empty` has none of the weight files of this mode: generator_a2b.safetensors, generator_b2a.safetensors, discriminator_a.safetensors, discriminator_b.safetensors");
    place
        .run(&format!("{line} missing"))
        .failed(2, &["there is no style `missing`"]);
    place
        .run(&format!(
            "train {PIX2PIX} --set generator.channels=3 --steps 1 --name other --init-from weights"
        ))
        .failed(
            1,
            &["weights/generator.safetensors", "not those of this network"],
        );
    assert!(!place.path("checkpoints/other").exists());
}
