//! `translate apply` with trained styles, and `translate evaluate` on what it writes.

use std::fs;

use image::ColorType;

use crate::cli_support::{CYCLE, PIX2PIX, Place, names};

/// Pictures of all sizes in a tree of folders, and what is none.
fn pictures(place: &Place) {
    place.picture("in/one.png", 70, 50, 1);
    place.picture("in/odd.jpg", 33, 129, 2);
    place.picture("in/a/small.png", 5, 9, 3);
    place.picture("in/a/b/exact.png", 64, 64, 4);
    place.write("in/notes.txt", "no picture");
}

fn extension(name: &str) -> &str {
    name.rsplit('.').next().unwrap()
}

fn with_pix2pix() -> Place {
    let place = Place::with_pairs();
    // Enough steps for running averages that differ from those of a picture.
    place
        .run(&format!("train {PIX2PIX} --steps 6 --name s"))
        .done();
    pictures(&place);
    place
}

#[test]
fn a_tree_is_mirrored_and_sizes_are_kept() {
    let place = with_pix2pix();
    place.write("in/a/bad.png", "this is text");
    let line = "apply --input in --style s --output out --report out.json";
    let run = place
        .run(line)
        .failed(3, &["in/a/bad.png` is not a picture"]);
    assert!(
        run.stdout
            .starts_with("translated 4 of 5 pictures into `out`, ")
            && run
                .stdout
                .ends_with(" per second, 1 failed; 1 file is left out: 1 .txt\n"),
        "{run:#?}"
    );
    let files = ["a/b/exact.png", "a/small.png", "odd.jpg", "one.png"];
    assert_eq!(names(&place.path("out")), files);
    for name in files {
        let sizes = ["in", "out"].map(|folder| place.size(&format!("{folder}/{name}")));
        assert_eq!(sizes[0], sizes[1], "{name}");
    }
    let report = place.json("out.json");
    for (key, wanted) in [
        ("inputs", 5),
        ("done", 4),
        ("failed", 1),
        ("skipped", 0),
        ("not_reached", 0),
    ] {
        assert_eq!(report[key], wanted, "{key}");
    }
    assert_eq!(report["files"][1]["input"], "in/a/bad.png");
    assert_eq!(report["files"][1]["status"], "failed");
    assert_eq!(report["files"][2]["width"], 5);

    // What is there already is refused, left or replaced.
    place.run(line).failed(
        2,
        &[
            "`out/a/b/exact.png` exists already (4 such files)",
            "--skip-existing",
        ],
    );
    fs::remove_file(place.path("in/a/bad.png")).unwrap();
    fs::remove_file(place.path("out/one.png")).unwrap();
    let skipping = place.run(&format!("{line} --skip-existing")).done();
    assert!(
        skipping.stdout.starts_with("translated 1 of 4"),
        "{skipping:#?}"
    );
    assert!(
        skipping.stdout.contains("3 were there already"),
        "{skipping:#?}"
    );
    let replacing = place.run(&format!("{line} --overwrite")).done();
    assert!(
        replacing.stdout.starts_with("translated 4 of 4"),
        "{replacing:#?}"
    );
    place
        .run("apply --input in --style s --output in/out")
        .failed(2, &["lies in the input"]);
    place
        .run("apply --input missing --style s")
        .failed(1, &["`missing` does not exist"]);
    place
        .run("apply --input pairs/A/*.png --style checkpoints/s --output pattern --format jpg -q")
        .done();
    let files = names(&place.path("pattern"));
    assert_eq!(files.len(), 6);
    assert!(
        files.iter().all(|name| extension(name) == "jpg"),
        "{files:?}"
    );
}

#[test]
fn statistics_are_a_choice_of_batch_norms_alone() {
    let place = Place::new();
    place.picture("in/one.png", 40, 30, 1);
    let apply = "apply in --style monet --device cpu --norm-stats running --output out";
    let stderr = place.run(apply).done().stderr;
    assert!(
        stderr.contains("`--norm-stats` changes nothing"),
        "{stderr}"
    );
}

#[test]
fn the_choices_of_apply_change_what_they_say() {
    let place = with_pix2pix();
    let pixels = |name: &str, more: &str| {
        let line = format!("apply --input in --style s --output {name} --overwrite {more}");
        place.run(&line).done();
        names(&place.path(name))
            .iter()
            .map(|file| place.read(&format!("{name}/{file}")))
            .collect::<Vec<_>>()
    };
    let plain = pixels("plain", "");
    assert_eq!(plain, pixels("again", "--threads 1"));
    assert_eq!(plain, pixels("batch", "--norm-stats batch --dropout off"));
    let running = pixels("running", "--norm-stats running");
    let line = "apply --input in --style s --output again --overwrite --norm-stats running";
    let stderr = place.run(line).done().stderr;
    assert!(!stderr.contains("changes nothing"), "{stderr}");
    let dropout = pixels("dropout", "--dropout on");
    for (index, plain) in plain.iter().enumerate() {
        assert!(&running[index] != plain, "picture {index}");
        assert!(&dropout[index] != plain, "picture {index}");
    }
    assert_eq!(dropout, pixels("dropout2", "--dropout on"));

    pixels("square", "--size 32");
    pixels("wide", "--size 40x24");
    for name in names(&place.path("in"))
        .iter()
        .filter(|name| extension(name) != "txt")
    {
        assert_eq!(place.size(&format!("square/{name}")), (32, 32));
        assert_eq!(place.size(&format!("wide/{name}")), (40, 24));
    }
    for (more, part) in [
        ("--size huge", "`huge` is not a size"),
        ("--direction AtoC", "AtoC"),
        ("--norm-stats mean", "mean"),
        ("--overwrite --skip-existing", "cannot be used with"),
    ] {
        place
            .run(&format!("apply --input in --style s --output no {more}"))
            .failed(2, &[part]);
    }
    let wrong = place
        .run("apply --input in --style s --output no --direction BtoA")
        .failed(2, &[]);
    insta::assert_snapshot!(wrong.error(), @"error: the style `s` translates AtoB only");
    assert!(!place.path("no").exists());
}

#[test]
fn a_cycle_style_translates_both_ways() {
    let place = Place::new();
    pictures(&place);
    place
        .run(&format!("train {CYCLE} --steps 2 --name c"))
        .done();
    for (name, more) in [
        ("default", ""),
        ("forth", "--direction AtoB"),
        ("back", "--direction BtoA"),
    ] {
        place
            .run(&format!(
                "apply --input in --style c --output {name} {more}"
            ))
            .done();
    }
    for name in names(&place.path("back")) {
        let [default, forth, back] =
            ["default", "forth", "back"].map(|folder| place.read(&format!("{folder}/{name}")));
        assert!(default == forth && forth != back, "{name}");
        assert_eq!(
            place.size(&format!("in/{name}")),
            place.size(&format!("back/{name}"))
        );
    }
}

#[test]
fn grey_styles_train_and_apply() {
    let place = Place::with_pairs();
    pictures(&place);
    let colour = |name: &str| image::open(place.path(name)).unwrap().color();
    for (name, input, output) in [("grey", 1, 1), ("to_grey", 3, 1), ("to_colour", 1, 3)] {
        let channels = format!(
            "--set data.input_channels={input} --set data.output_channels={output} --steps 2 --name {name}"
        );
        place.run(&format!("train {PIX2PIX} {channels}")).done();
        place
            .run(&format!("apply --input in --style {name} --output {name}"))
            .done();
        let wanted = if output == 1 {
            ColorType::L8
        } else {
            ColorType::Rgb8
        };
        assert_eq!(colour(&format!("{name}/one.png")), wanted);
        assert_eq!(place.size(&format!("{name}/one.png")), (70, 50));
    }
    let cycle = format!("train {CYCLE} --set data.input_channels=1 --steps 2 --name c");
    place.run(&cycle).failed(
        2,
        &["`loss.identity`: needs as many input channels as output channels"],
    );
    place.run(&format!("{cycle} --set loss.identity=0")).done();
    for (direction, wanted) in [("AtoB", ColorType::Rgb8), ("BtoA", ColorType::L8)] {
        place
            .run(&format!(
                "apply --input in --style c --output {direction} --direction {direction}"
            ))
            .done();
        assert_eq!(colour(&format!("{direction}/one.png")), wanted);
    }
}

#[test]
fn translations_are_evaluated_against_real_pictures() {
    let place = with_pix2pix();
    place
        .run("apply --input pairs/A --style s --output fake --format png")
        .done();
    let run = place
        .run("evaluate --real pairs/B --fake fake --report scores.json")
        .done();
    let lines: Vec<Vec<&str>> = run
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines.len(), 8, "{run:#?}");
    assert_eq!(lines[0].join(" "), "name psnr (dB) ssim l1 (0 to 1)");
    assert_eq!(lines[7][..3], ["mean", "of", "6"]);
    let scores = place.json("scores.json");
    assert_eq!(scores["pairs"], 6);
    assert_eq!(scores["pictures"].as_array().unwrap().len(), 6);
    for (index, metric) in ["psnr", "ssim", "l1"].into_iter().enumerate() {
        let mean = scores["metrics"][metric].as_f64().unwrap();
        let pictures = scores["pictures"].as_array().unwrap().iter();
        let sum: f64 = pictures.map(|one| one[metric].as_f64().unwrap()).sum();
        assert!((sum / 6.0 - mean).abs() < 1e-9, "{metric}");
        let shown: f64 = lines[7][3 + index].parse().unwrap();
        assert!((shown - mean).abs() < 0.01, "{metric}: {shown} for {mean}");
    }
    let equal = place
        .run("evaluate --real fake --fake fake --metrics l1")
        .done();
    let mean = equal.stdout.lines().next_back().unwrap();
    assert!(
        mean.starts_with("mean of 6 ") && mean.ends_with(" 0.0000"),
        "{equal:#?}"
    );
    place
        .run("evaluate --real fake --fake fake --metrics fud")
        .failed(2, &["unknown metric `fud`", "psnr"]);
    place
        .run("evaluate --real missing --fake fake")
        .failed(1, &["`missing` is not a folder"]);
    place.picture("small/0.png", 40, 40, 1);
    place
        .run("evaluate --real pairs/B --fake small")
        .failed(1, &["`0` (80x76 and 40x40)"]);
}
