//! What new users do in their first hour: signals, longer runs, kept states, names, inputs, recipes.

use std::time::Duration;

use crate::cli_support::{CYCLE, PIX2PIX, PIX2PIXHD, Place, assert_same, terminate};

#[test]
fn two_signals_at_once_are_one_request() {
    let place = Place::new();
    let line = format!("train {CYCLE} --steps 5000 --name s --set train.log_every=1");
    let mut run = place.command(&line).spawn().unwrap();
    assert!(place.reaches(&mut run, "s", 2));
    terminate(&run);
    std::thread::sleep(Duration::from_millis(50));
    terminate(&run);
    place.wait(run).done().says("all saved");
    // Fewer steps than are done are no end.
    let before = place.text("checkpoints/s/style.toml");
    place
        .run("train --resume --name s --steps 1")
        .failed(2, &["`--steps 1`", "steps that are done"]);
    assert_eq!(place.text("checkpoints/s/style.toml"), before);
    let done = place.last_step("s");
    place
        .run(&format!("train --resume --name s --steps {done}"))
        .done()
        .says("is finished");
}

/// The training of an extended run is that of a run whose recipe has had the added epochs from the beginning.
#[test]
fn a_finished_style_is_trained_further_as_if_it_had_been_longer() {
    let place = Place::with_pairs();
    let quiet =
        "--set train.preview_every=6 --set train.checkpoint_every=6 --set train.log_every=1";
    let start = format!("train {PIX2PIX} {quiet} --epochs 2");
    place.run(&format!("{start} --name long")).done();
    place
        .run("train --resume --name long --epochs 4")
        .done()
        .says("after the 2 epochs of the recipe come 2 more: 1 at the full learning rate, then 1 in which it goes towards zero")
        .says("resuming after step 12 of 24");
    assert_eq!(place.last_step("long"), 24);
    let manifest = place.text("checkpoints/long/style.toml");
    assert!(manifest.contains("extensions = [2]"), "{manifest}");
    // The same words ask for nothing more.
    place
        .run("train --resume --name long --epochs 4")
        .done()
        .says("all 24 steps are done");
    place
        .run("train --resume --name long --epochs 3")
        .failed(2, &["less than the 4 epochs of the recipe"]);
    // Steps beyond the end add whole epochs.
    place
        .run("train --resume --name long --steps 26")
        .done()
        .says("after the 4 epochs of the recipe comes 1 more: at the full learning rate");
    assert_eq!(place.last_step("long"), 26);

    place
        .run(&format!(
            "{start} --name at-once --set optim.extensions=[2,1] --steps 26"
        ))
        .done();
    assert_same(&place.learnt("long"), &place.learnt("at-once"));
}

#[test]
fn states_are_kept_and_used_by_name() {
    let place = Place::with_pairs();
    place
        .run(&format!("train {PIX2PIX} --steps 12 --name s --set train.keep_every=5 --set train.keep_every_epochs=1"))
        .done();
    let shown = place.run("styles show s").done();
    assert!(
        shown.stdout.contains("# kept states: s@5, s@6, s@10, s@12"),
        "{shown:#?}"
    );
    assert!(place.run("styles").done().stdout.contains("4 kept states"));
    for (style, output) in [("s@5", "early"), ("s", "late"), ("s@12", "last")] {
        place
            .run(&format!("apply pairs/A -s {style} -o {output}"))
            .done();
    }
    assert!(place.read("early/0.png") != place.read("late/0.png"));
    assert!(place.read("last/0.png") == place.read("late/0.png"));
    place
        .run("apply pairs/A -s s@7 -o seven")
        .failed(2, &["the style `s` has no state `@7`", "@5, @6, @10, @12"]);
    place
        .run("train --name t --init-from s@5 --steps 1")
        .done()
        .says("initial weights: generator, discriminator");
    place.run("styles remove s@5 --yes").done();
    assert!(!place.path("checkpoints/s/kept/step-000005").exists());
    assert!(place.path("checkpoints/s/style.toml").is_file());
}

#[test]
fn pairs_side_by_side_are_not_translated_as_one_picture() {
    let place = Place::new();
    for index in 0..4 {
        place.picture(&format!("set/train/{index}.png"), 160, 76, index);
    }
    place.picture("single/0.png", 80, 76, 9);
    let line = PIX2PIX.replace("--data pairs", "--data set");
    place
        .run(&format!("train {line} --steps 1 --name s"))
        .done();
    place.run("apply set/train -s s").failed(
        2,
        &[
            "set/train/0.png",
            "side-by-side pairs that `s`",
            "--side left",
        ],
    );
    place
        .run("apply set/train -s s -o half --side right")
        .done();
    assert_eq!(place.size("half/0.png"), (80, 76));
    place.run("apply set/train -s s -o all --side whole").done();
    assert_eq!(place.size("all/0.png"), (160, 76));
    place.run("apply single -s s -o one").done();
    // The half alone gives the same picture.
    let pair = image::open(place.path("set/train/0.png")).unwrap();
    place.save("cut/0.png", pair.crop_imm(80, 0, 80, 76));
    place.run("apply cut -s s -o cut-out").done();
    assert!(place.read("cut-out/0.png") == place.read("half/0.png"));
}

#[test]
fn a_fine_tune_inherits_the_recipe_of_its_style() {
    let place = Place::with_pairs();
    place
        .run(&format!(
            "train {PIX2PIX} --steps 2 --name faces --set optim.lr=0.001"
        ))
        .done();
    place
        .run("train --init-from faces --name tuned --steps 1 --set optim.lr=0.0005")
        .done();
    let manifest = place.text("checkpoints/tuned/style.toml");
    for part in ["arch = \"unet_64\"", "channels = 2", "lr = 0.0005", "pairs"] {
        assert!(manifest.contains(part), "no {part} in {manifest}");
    }
    let other = place
        .run("train --init-from faces --name other --steps 1 --set generator.channels=4")
        .failed(1, &[]);
    insta::assert_snapshot!(other.error(), @"error: the recipe does not fit `faces`: generator.channels: 2, now 4; leave these settings out to take those of the style, or leave out `--init-from`");
    place
        .run("train --init-from facez --name other --mode pix2pix")
        .failed(2, &["there is no style `facez`", "did you mean `faces`?"]);
}

#[test]
fn a_mistyped_name_is_not_trained_anew() {
    let place = Place::new();
    place
        .run("train --resume")
        .failed(2, &["there is no style to resume", "--mode"]);
    for name in ["facades", "horses"] {
        place
            .run(&format!("train {CYCLE} --steps 1 --name {name}"))
            .done();
    }
    place.run("train --resume").failed(
        2,
        &["every style is finished (facades, horses)", "--epochs N"],
    );
    for line in ["", "--mode cycle"] {
        place
            .run(&format!("train --resume --name facade {line}"))
            .failed(2, &["no style `facade` to resume: did you mean `facades`?"]);
    }
    place.run("train --resume --name zebras").failed(
        2,
        &["no style `zebras` to resume; there are: facades, horses"],
    );
    let mark = |name: &str| {
        let path = format!("checkpoints/{name}/style.toml");
        let text = place.text(&path);
        place.write(&path, text.replace("finished = true", "finished = false"));
    };
    mark("horses");
    place
        .run("train --resume")
        .done()
        .says("resuming `horses`, the only style that is not finished");
    mark("horses");
    mark("facades");
    place
        .run("train --resume")
        .failed(2, &["--name", "facades, horses"]);
}

#[test]
fn inputs_stand_alone_and_an_output_can_be_a_file() {
    let place = Place::new();
    place
        .run(&format!("train {CYCLE} --steps 1 --name s"))
        .done();
    for name in ["photos/a.png", "photos/deep/b.png", "more/a.png", "c.png"] {
        place.picture(name, 20, 16, 4);
    }
    place.write("photos/notes.txt", "no picture");
    place.run("apply photos -s s -o one").done();
    assert!(place.path("one/deep/b.png").is_file());
    // As a shell expands a pattern.
    place
        .run("apply photos/a.png photos/notes.txt photos/deep/b.png -s s -o two")
        .done();
    assert!(place.path("two/a.png").is_file() && place.path("two/deep/b.png").is_file());
    place
        .run("apply photos more c.png -i c.png -s s -o three")
        .done();
    let names = crate::cli_support::names(&place.path("three"));
    assert_eq!(
        names,
        ["c.png", "more/a.png", "photos/a.png", "photos/deep/b.png"]
    );
    place
        .run("apply photos more -s s -o more/out")
        .failed(2, &["lies in the input `more`"]);

    place.run("apply c.png -s s -o painted.jpg").done();
    let painted = place.read("painted.jpg");
    assert_eq!(&painted[..2], b"\xff\xd8");
    place
        .run("apply c.png -s s -o painted.jpg")
        .failed(2, &["painted.jpg", "exists already"]);
    place
        .run("apply c.png -s s -o c.png --overwrite")
        .failed(2, &["would replace the input"]);
    place
        .run("apply photos -s s -o painted.png")
        .failed(2, &["must be a folder"]);
    place
        .run("apply c.png -s s -o painted.jgp")
        .failed(2, &["`painted.jgp` has the extension of no format"]);
    place.run("apply c.png -s s -o painted.jgp/").done();
    assert!(place.path("painted.jgp/c.png").is_file());
    place.run("apply c.png -s s -o v1.2").done();
    assert!(place.path("v1.2/c.png").is_file());
}

#[test]
fn the_report_is_there_while_a_run_goes_on() {
    let place = Place::new();
    let line = format!(
        "train {CYCLE} --steps 5000 --name s --set train.log_every=1 --set train.checkpoint_every=3"
    );
    let mut run = place.command(&line).spawn().unwrap();
    assert!(place.reaches(&mut run, "s", 6));
    assert!(
        place
            .text("checkpoints/s/report.html")
            .contains("\"curves\":{")
    );
    terminate(&run);
    place.wait(run).done();
}

#[test]
fn a_style_with_features_is_applied_while_it_trains() {
    let place = Place::with_labels();
    let line = format!(
        "train {PIX2PIXHD} --steps 5000 --name s --set train.log_every=1 --set train.checkpoint_every=3"
    );
    let mut run = place.command(&line).spawn().unwrap();
    assert!(place.reaches(&mut run, "s", 7));
    place
        .run("apply labels/train_label -s s --samples 2")
        .done();
    terminate(&run);
    place.wait(run).done();
}

#[test]
fn what_has_moved_or_exists_is_said_with_its_remedy() {
    let place = Place::with_pairs();
    place
        .run(&format!("train {PIX2PIX} --steps 1 --name s"))
        .done();
    std::fs::rename(place.path("pairs"), place.path("moved")).unwrap();
    place
        .run("train --resume --name s --steps 2")
        .failed(1, &["pairs` is not a folder", "--data DIR"]);
    place
        .run("train --resume --name s --steps 2 --data moved")
        .done();
    place
        .run("styles remove s")
        .failed(2, &["must be confirmed", "--yes"]);
    assert!(place.path("checkpoints/s").is_dir());

    let demo = place.run("demo --steps 2").done();
    // It trains in two parts, and nobody has resumed anything.
    assert!(!demo.stderr.contains("resuming"), "{demo:#?}");
    // Its own first step, by which it measures what was learnt, is no training.
    let shows = |step| demo.stderr.contains(step);
    assert!(shows("step 2/2 ") && !shows("step 1/1 "), "{demo:#?}");
    place.run("demo --steps 2").failed(
        2,
        &["`demo` has the results of an earlier demo", "--overwrite"],
    );
    place.run("demo --steps 2 --overwrite").done();
}

#[test]
fn recipes_are_found_by_name() {
    let place = Place::new();
    let list = place.run("recipes").done().stdout;
    for part in ["cycle-small", "CycleGAN for a CPU", "demo"] {
        assert!(list.contains(part), "{list}");
    }
    let text = place.run("recipes show cycle-small").done().stdout;
    assert!(text.contains("mode = \"cycle\""), "{text}");
    place.write("cycle-small", &text);
    let small = "--set generator.channels=2 --set discriminator.channels=2";
    for (config, name) in [
        ("pix2pix-small", "a"),
        ("configs/pix2pix-small.toml", "b"),
        // A file wins.
        ("cycle-small", "c"),
    ] {
        place
            .run(&format!(
                "train --config {config} --name {name} --steps 1 {small}"
            ))
            .done();
    }
    place.run("train --config cycle-smal --name d").failed(
        2,
        &["no recipe `cycle-smal`", "did you mean `cycle-small`?"],
    );
    place
        .run("recipes show other")
        .failed(2, &["no recipe `other`", "cycle-small, day-night"]);
}

#[test]
fn completions_and_manual_know_every_verb() {
    let place = Place::new();
    for target in ["bash", "zsh", "fish", "elvish", "powershell", "man"] {
        let text = place.run(&format!("completions {target}")).done().stdout;
        for verb in ["train", "apply", "recipes"] {
            assert!(text.contains(verb), "{target}");
        }
        if target == "man" {
            assert!(text.contains(".SH \"TRANSLATE STYLES REMOVE\"") && text.contains("init"));
        }
    }
}
