//! Training without a word on pictures or recipe.

use crate::cli_support::{Place, terminate};

#[test]
fn a_mode_alone_trains_a_small_network_on_the_sample() {
    // Steps that take at most five minutes on two cores.
    for (mode, steps, apply) in [
        ("pix2pix", 1440, "--input PICTURES"),
        ("cycle", 600, "--input PICTURES"),
        ("contrastive", 480, "--input PICTURES"),
        ("pix2pixhd", 384, "--input LABEL_MAPS"),
        ("inpaint", 900, "--input PHOTOS --mask MASKS"),
    ] {
        let place = Place::new();
        let run = place
            .run(&format!(
                "train --mode {mode} --steps 1 --seed 3 --progress json"
            ))
            .done();
        assert_eq!(
            run.stdout,
            format!(
                "style `{mode}` is in `checkpoints/{mode}`, its report in `checkpoints/{mode}/report.html`\n\
                 apply it: translate apply {apply} --style {mode}\n"
            )
        );
        let run = run.says(&format!(
            "`--config {mode}` trains the network of the paper"
        ));
        assert!(
            run.stderr.contains("`--data DIR` names your own"),
            "{run:#?}"
        );
        assert!(
            place
                .path(&format!("checkpoints/{mode}/previews/step-000001.png"))
                .is_file()
        );
        let manifest = place.text(&format!("checkpoints/{mode}/style.toml"));
        let recipe: toml::Table = manifest.parse().unwrap();
        let number = |section: &str, key: &str| {
            let value = recipe["recipe"]
                .get(section)
                .and_then(|table| table.get(key));
            value.and_then(toml::Value::as_integer).unwrap_or(0)
        };
        let epochs = [
            "epochs",
            "decay_epochs",
            "global_epochs",
            "global_decay_epochs",
        ];
        let epochs: i64 = epochs.iter().map(|key| number("optim", key)).sum();
        let samples = recipe["training"]["samples"].as_integer().unwrap();
        let batch = number("data", "batch_size");
        let per_epoch = (samples + batch - 1) / batch;
        assert_eq!(epochs * per_epoch, steps, "{mode}");
        assert!(number("generator", "channels") <= 32, "{manifest}");
    }
}

#[test]
fn a_run_on_the_sample_goes_on() {
    let place = Place::new();
    place.run("train --mode cycle --steps 1").done();
    let resumed = place.run("train --resume --name cycle --steps 2").done();
    assert!(
        !resumed.stderr.contains("no pictures are named"),
        "{resumed:#?}"
    );
    assert!(place.path("checkpoints/cycle/state/step-000002").is_dir());
    // What is given with a mode alone wins.
    place
        .run("train --mode cycle --steps 1 --name other --set generator.channels=4")
        .done();
    let manifest = place.text("checkpoints/other/style.toml");
    assert!(
        manifest.contains("channels = 4\n") && manifest.contains("crop_size = 64\n"),
        "{manifest}"
    );
}

#[test]
fn a_recipe_or_pictures_that_are_named_are_those_that_are_meant() {
    let place = Place::with_pairs();
    let tiny = "--steps 1 --set data.load_size=72 --set data.crop_size=64 --set generator.arch=unet_64 \
        --set generator.channels=2 --set discriminator.channels=2 --set discriminator.layers=1";
    for (name, line) in [
        ("a", "--mode pix2pix --data pairs"),
        ("b", "--config pix2pix"),
        ("c", "--mode pix2pix --set data.root=pairs"),
    ] {
        let run = place
            .run(&format!("train {line} {tiny} --name {name}"))
            .done();
        assert!(!run.stderr.contains("no pictures are named"), "{run:#?}");
        let manifest = place.text(&format!("checkpoints/{name}/style.toml"));
        assert!(manifest.contains("\nepochs = 100\n"), "{manifest}");
    }
}

#[test]
fn a_long_run_is_offered_a_smaller_one_that_can_be_pasted() {
    let place = Place::with_pairs();
    // Quick steps of what looks like a large network, for days.
    let line = "train --mode pix2pix --data pairs --name s --set data.load_size=2400 --set data.crop_size=64 \
        --set data.direction=BtoA --set generator.arch=unet_64 --set generator.channels=1 --set discriminator.channels=1 \
        --set optim.epochs=100000000 --set train.log_every=1";
    let mut child = place.command(line).spawn().unwrap();
    assert!(place.reaches(&mut child, "s", 11));
    terminate(&child);
    let run = place.wait(child).done();
    let offered = run
        .stderr
        .split('`')
        .find(|part| part.starts_with("translate train --config"));
    let offered = offered.unwrap_or_else(|| panic!("{run:#?}"));
    let pasted = offered
        .strip_prefix("translate ")
        .unwrap()
        .replace("[PLACE]", &place.path("").display().to_string());
    place.run(&format!("{pasted} --steps 1")).done();
    let manifest = place.text("checkpoints/s/style.toml");
    assert!(
        manifest.contains("direction = \"BtoA\"") && manifest.contains("crop_size = 64"),
        "{manifest}"
    );
    assert!(manifest.contains("load_size = 72"), "{manifest}");
}
