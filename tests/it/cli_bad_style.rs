//! Damaged styles, places that cannot be written to, losses that explode.

use std::fs;

use crate::cli_support::{CYCLE, PIX2PIX, Place, assert_same, names};

/// A place with the trained style `s` and a picture to apply it to.
fn with_style() -> Place {
    let place = Place::with_pairs();
    place
        .run(&format!("train {PIX2PIX} --steps 1 --name s"))
        .done();
    place.picture("in/one.png", 70, 50, 1);
    place
}

const APPLY: &str = "apply --input in --style s";

#[test]
fn a_style_that_does_not_exist_lists_those_that_do() {
    let place = Place::new();
    place.picture("in/one.png", 70, 50, 1);
    let none = place.run(APPLY).failed(2, &[]);
    insta::assert_snapshot!(none.error_of_own_styles(), @"error: there is no style `s` in `checkpoints`; there are none yet: train one with `translate train`");
    place.write("checkpoints/folder/notes.txt", "no style");
    for name in ["vangogh", "cezanne"] {
        place
            .run(&format!("train {CYCLE} --steps 1 --name {name}"))
            .done();
    }
    for line in [
        APPLY,
        "styles show s",
        "styles remove s",
        "sample --style s",
    ] {
        let run = place.run(line).failed(2, &[]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(run.error_of_own_styles(), @"error: there is no style `s` in `checkpoints`; there are: cezanne, vangogh");
        }
    }
    place.run("apply --input in --style folder").failed(
        1,
        &["`checkpoints/folder` is not a style: it has no `style.toml`"],
    );
    place
        .run("--checkpoints elsewhere apply --input in --style vangogh")
        .failed(2, &["there is no style `vangogh` in `elsewhere`"]);
    assert!(!place.path("translated").exists());
}

#[test]
fn damaged_weights_are_named() {
    let place = with_style();
    let file = "checkpoints/s/generator.safetensors";
    let whole = place.read(file);
    let message = |bytes: Option<&[u8]>| {
        match bytes {
            Some(bytes) => place.write(file, bytes),
            None => fs::remove_file(place.path(file)).unwrap(),
        }
        let run = place.run(APPLY).failed(1, &[file]);
        assert!(!place.path("translated").exists());
        run.error().to_owned()
    };
    insta::assert_snapshot!(message(None), @"error: the weights `checkpoints/s/generator.safetensors` are missing: train the style, or copy the whole style folder");
    let mut corrupt = whole.clone();
    corrupt[8..40].fill(b'x');
    for bytes in [&whole[..whole.len() / 2], &whole[..4], b"", &corrupt] {
        let message = message(Some(bytes));
        assert!(
            message.contains("not a valid safetensors file"),
            "{message}"
        );
    }
    place
        .run(&format!(
            "train {PIX2PIX} --steps 1 --name wide --set generator.channels=3"
        ))
        .done();
    let wide = place.read("checkpoints/wide/generator.safetensors");
    let message = message(Some(&wide));
    assert!(
        message.contains("the tensors are not those of this network"),
        "{message}"
    );
    assert!(message.contains("` is [3, "), "{message}");
    assert!(
        message.lines().count() == 1 && message.len() < 2000,
        "{message}"
    );

    place.write(file, &whole);
    place.run(APPLY).done();
}

#[test]
fn a_damaged_description_is_named() {
    let place = with_style();
    let file = "checkpoints/s/style.toml";
    let whole = place.text(file);
    let version = |number: &str| whole.replace("format_version = 1", number);
    // Within a line: whole lines may be a file of their own.
    let cut = &whole[..=whole[..whole.len() / 2].rfind('=').unwrap()];
    for (text, parts) in [
        (
            version("format_version = 99"),
            ["format version 99", "up to 1"],
        ),
        (version(""), ["is damaged", "no `format_version`"]),
        (cut.to_owned(), ["is damaged", ""]),
        ("\0\0\0\0".to_owned(), ["is damaged", ""]),
        (String::new(), ["is damaged", "no `format_version`"]),
        (
            whole.replace("unet_64", "unet_63"),
            ["the recipe in", "`generator.arch`"],
        ),
        (
            whole.replace("crop_size = 64", "crop_size = 65"),
            ["the recipe in", "`data.crop_size`"],
        ),
        (
            whole.replace("crop_size", "cropsize"),
            ["the recipe in", "unknown key `data.cropsize`"],
        ),
    ] {
        place.write(file, &text);
        for line in [APPLY, "styles show s", "train --resume --name s"] {
            let run = place.run(line);
            let code = run.code.unwrap_or_default();
            let run = run.failed(code, &[file, parts[0], parts[1]]);
            assert!(matches!(code, 1 | 2), "{run:#?}");
        }
        let list = place.run("styles").done();
        assert!(list.stdout.contains("damaged"), "{list:#?}");
    }
    place.write(file, whole);
    place.run(APPLY).done();
}

#[test]
fn a_damaged_state_is_named_and_does_no_harm() {
    let place = with_style();
    let state = "checkpoints/s/state/step-000001";
    let before = place.learnt("s");
    for name in [
        "progress.json",
        "generator.safetensors",
        "state_generator.safetensors",
    ] {
        let file = format!("{state}/{name}");
        let whole = place.read(&file);
        place.write(&file, &whole[..whole.len() / 2]);
        place
            .run("train --resume --name s --steps 3")
            .failed(1, &[state, name]);
        fs::remove_file(place.path(&file)).unwrap();
        place
            .run("train --resume --name s --steps 3")
            .failed(1, &[state, name]);
        place.write(&file, whole);
    }
    assert_same(&place.learnt("s"), &before);
    // The state may be deleted: the style still works.
    fs::remove_dir_all(place.path("checkpoints/s/state")).unwrap();
    place.run(APPLY).done();
}

#[test]
fn places_that_cannot_be_written_to_are_named() {
    let place = with_style();
    place.write("file", "in the way");
    place
        .run(&format!("{APPLY} --output file"))
        .failed(2, &["the output `file` must be a folder"]);
    place
        .run(&format!("{APPLY} --output file/below"))
        .failed(1, &["`file/below`", "Not a directory"]);
    place
        .run(&format!("{APPLY} --report file/report.json"))
        .failed(1, &["report", "`file"]);
    place
        .run(&format!("--checkpoints file train {CYCLE} --steps 1"))
        .failed(1, &["`file/cycle`"]);
    place
        .run("evaluate --real in --fake in --report file/report.json")
        .failed(1, &["cannot write the report", "`file`"]);
    assert_eq!(place.text("file"), "in the way");
}

#[test]
fn exploding_losses_stop_the_run_and_keep_the_checkpoint_before() {
    let place = Place::new();
    let run = place
        .run(&format!(
            "train {CYCLE} --steps 20 --name s --set optim.lr=1e30 --set train.checkpoint_every=1 --set train.log_every=1"
        ))
        .failed(1, &[]);
    insta::assert_snapshot!(run.error(), @"error: loss D_A is NaN at step 2: the checkpoint of step 1 is kept; lower `optim.lr`, or choose another `loss.gan`");
    assert_eq!(place.last_step("s"), 1);
    assert!(place.path("checkpoints/s/state/step-000001").is_dir());
    place
        .run(&format!(
            "train {CYCLE} --steps 20 --name t --set optim.lr=1e30"
        ))
        .failed(1, &["at step 2: there is no earlier checkpoint"]);
}

#[test]
#[cfg(unix)]
fn a_checkpoint_that_cannot_be_written_leaves_the_one_before() {
    let place = Place::new();
    // The image pools grow with each step: in the end their files are over the limit (280 blocks of 512 bytes).
    let line = format!(
        "train {CYCLE} --steps 60 --name s --set train.checkpoint_every=10 --set train.log_every=1 --set train.preview_every=1000"
    );
    place.run(&line.replace("--name s", "--name whole")).done();
    let run = place
        .run_under("trap '' XFSZ; ulimit -f 280", &line)
        .failed(1, &["cannot write `checkpoints/s/state/", "state_pool_"]);
    assert!(run.error().contains("File too large"), "{run:#?}");
    let files = names(&place.path("checkpoints/s/state"));
    assert!(
        files.iter().all(|name| name.starts_with("step-000040/")),
        "{files:?}"
    );
    place
        .run("train --resume --name s")
        .done()
        .says("resuming after step 40 of 60");
    assert_same(&place.learnt("s"), &place.learnt("whole"));
}
