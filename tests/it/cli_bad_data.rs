//! Wrong data and wrong recipes: one clear message each, before any training.

use std::fs;

use crate::cli_support::{CYCLE, PIX2PIX, Place};

/// What training says to the data set `pairs` after `spoil` has been at it; `data check` must say the same.
#[track_caller]
fn message(spoil: impl FnOnce(&Place)) -> String {
    let place = Place::with_pairs();
    spoil(&place);
    let train = place
        .run(&format!("train {PIX2PIX} --steps 1 --name s"))
        .failed(1, &[]);
    assert_eq!(train.stdout, "");
    assert!(!place.path("checkpoints").exists(), "nothing is begun");
    let settings = PIX2PIX.replace("--data pairs", "");
    let check = place
        .run(&format!("data check pairs {settings}"))
        .failed(1, &[]);
    let error = train.error().replace("[PLACE]/pairs", "pairs");
    assert_eq!(check.error(), error);
    error
}

/// A PNG of 30000 x 30000 pixels that has no more than its header.
fn header_bomb() -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [30_000u32.to_be_bytes(), 30_000u32.to_be_bytes()].concat();
    header.extend([8, 2, 0, 0, 0]);
    for (kind, data) in [
        (b"IHDR", header),
        (b"IDAT", vec![0x78, 0x9c]),
        (b"IEND", Vec::new()),
    ] {
        file.extend((data.len() as u32).to_be_bytes());
        let checked = [kind.as_slice(), &data].concat();
        file.extend(&checked);
        let mut sum = u32::MAX;
        for byte in checked {
            sum ^= u32::from(byte);
            for _ in 0..8 {
                sum = (sum >> 1) ^ (0xedb8_8320 * (sum & 1));
            }
        }
        file.extend((!sum).to_be_bytes());
    }
    file
}

#[test]
fn missing_and_empty_folders_are_named() {
    insta::assert_snapshot!(
        message(|place| fs::remove_dir_all(place.path("pairs")).unwrap()),
        @"error: `pairs` is not a folder: check the path of the data set"
    );
    let empty = |place: &Place| {
        fs::remove_dir_all(place.path("pairs")).unwrap();
        fs::create_dir(place.path("pairs")).unwrap();
    };
    insta::assert_snapshot!(
        message(empty),
        @"error: no training pictures for mode pix2pix in `pairs`: wanted `train/A/` and `train/B/`, or `train/` (side-by-side pictures), or `trainA/` and `trainB/`, or `A/train/` and `B/train/`, or `A/` and `B/`; found nothing"
    );
    let empty_side = |place: &Place| {
        fs::remove_dir_all(place.path("pairs/B")).unwrap();
        place.write("pairs/B/notes.txt", "no picture");
    };
    insta::assert_snapshot!(
        message(empty_side),
        @"error: `pairs/B` holds no pictures (JPEG, PNG, WebP, TIFF, BMP, PNM): found 1 other file"
    );
}

#[test]
fn files_that_are_no_good_pictures_are_named() {
    let error = message(|place| {
        place.picture("whole.jpg", 80, 76, 3);
        let whole = place.read("whole.jpg");
        fs::remove_file(place.path("pairs/A/0.png")).unwrap();
        place.write("pairs/A/0.jpg", &whole[..whole.len() / 2]);
        place.write("pairs/A/1.png", "this is text");
        place.write("pairs/A/2.png", "");
        place.write("pairs/B/3.png", header_bomb());
    });
    insta::assert_snapshot!(error, @r"
    error: 4 problems in `pairs`:
      `pairs/A/0.jpg` is damaged: it is cut off before its end; copy or download it again
      `pairs/A/1.png` is not a picture that can be read (JPEG, PNG, WebP, TIFF, BMP, PNM)
      `pairs/A/2.png` is empty (0 bytes)
      `pairs/B/3.png` is 30000x30000: more than 500M pixels are not read
    ");
    let error = message(|place| place.write("pairs/A/2.png", ""));
    assert_eq!(error, "error: `pairs/A/2.png` is empty (0 bytes)");
}

#[test]
fn pairs_that_do_not_fit_are_named() {
    let error = message(|place| {
        place.picture("pairs/A/extra.png", 80, 76, 3);
        fs::rename(place.path("pairs/B/1.png"), place.path("pairs/B/one.png")).unwrap();
    });
    insta::assert_snapshot!(error, @r"
    error: 3 problems in `pairs`:
      `pairs/A/1.png` has no partner: there is no picture `1` in `pairs/B`
      `pairs/A/extra.png` has no partner: there is no picture `extra` in `pairs/B`
      `pairs/B/one.png` has no partner: there is no picture `one` in `pairs/A`
    ");
    let error = message(|place| place.picture("pairs/B/4.png", 80, 75, 3));
    insta::assert_snapshot!(error, @"error: `pairs/A/4.png` is 80x76, but its partner `pairs/B/4.png` is 80x75: the pictures of a pair must have one size");
}

#[test]
fn a_picture_that_goes_bad_during_a_run_keeps_the_steps_before() {
    let place = Place::with_pairs();
    // More pictures than are read ahead; each is read anew, as its first epoch has not ended.
    for index in 6..400 {
        for side in ["A", "B"] {
            let from = place.path(&format!("pairs/{side}/0.png"));
            fs::copy(from, place.path(&format!("pairs/{side}/{index}.png"))).unwrap();
        }
    }
    let line = format!("train {PIX2PIX} --name s --set train.log_every=1 --set data.shuffle=false");
    let mut child = place.command(&line).spawn().unwrap();
    assert!(place.reaches(&mut child, "s", 3));
    // The last in the order of names.
    place.write("pairs/A/99.png", "this is text");
    place
        .wait(child)
        .failed(1, &["pairs/A/99.png` is not a picture"]);
    let step = place.last_step("s");
    assert_eq!(step, 399);
    fs::copy(place.path("pairs/A/98.png"), place.path("pairs/A/99.png")).unwrap();
    place
        .run("train --resume --name s --steps 401")
        .done()
        .says("resuming after step 399 of 401");
}

#[test]
fn wrong_settings_name_their_key() {
    let place = Place::with_pairs();
    let error = |settings: &str| {
        let line = format!("train {PIX2PIX} --steps 1 --name s {settings}");
        let run = place.run(&line).failed(2, &[]);
        run.error().to_owned()
    };
    for (setting, wanted) in [
        (
            "data.cropsize=64",
            "error: `--set data.cropsize=64`: unknown key `data.cropsize`, did you mean `data.crop_size`?",
        ),
        (
            "data.crop_size=big",
            "error: `--set data.crop_size=big`: `data.crop_size` must be a whole number, but is \"big\"",
        ),
        (
            "data.flip=1",
            "error: `--set data.flip=1`: `data.flip` must be true or false, but is 1",
        ),
        (
            "data.crop_size=100",
            "error: `data.crop_size`: `generator.arch = \"unet_64\"` needs a multiple of 64, and 100 is none: take 64, or another arch",
        ),
        (
            "data.load_size=32",
            "error: `data.load_size`: must be at least `data.crop_size` (64), but is 32",
        ),
        ("optim.lr=-1", "error: `optim.lr`: must be above 0"),
        (
            "data.workers=0",
            "error: `data.workers`: must be at least 1",
        ),
        (
            "optim.beta1=1",
            "error: `optim.beta1`: must be at least 0 and below 1",
        ),
        (
            "loss.cycle_a=1",
            "error: `loss.cycle_a`: has no effect in mode pix2pix: leave it out",
        ),
        (
            "train.metrics=ssim",
            "error: `train.metrics`: has no effect without `train.evaluate_every`, the steps from one evaluation to the next: add `train.evaluate_every = 1000`, or measure afterwards with `translate evaluate`",
        ),
        (
            "loss.perceptual=5",
            "error: `loss.perceptual`: has no effect without `loss.perceptual_weights`, the file with the weights of VGG19",
        ),
        (
            "crop_size",
            "error: `--set crop_size`: write it as section.key=value, for example `--set data.crop_size=64`",
        ),
    ] {
        assert_eq!(error(&format!("--set {setting}")), wanted);
    }
    assert!(
        error("--set generator.arch=unet_63")
            .starts_with("error: `generator.arch`: takes \"unet_64\", ")
    );

    for (text, parts) in [
        (
            "[data]\ncropsize = 64\n",
            ["`recipe.toml`", "unknown key `data.cropsize`"],
        ),
        (
            "[data]\ncrop_size = \"64\"\n",
            ["`recipe.toml`", "`data.crop_size` must be a whole number"],
        ),
        (
            "[data\ncrop_size = 64\n",
            ["`recipe.toml` is not valid TOML", "line 1"],
        ),
    ] {
        place.write("recipe.toml", text);
        let message = error("--config recipe.toml");
        for part in parts {
            assert!(message.contains(part), "{message}");
        }
    }
    assert!(error("--config missing.toml").starts_with("error: there is no recipe `missing.toml`"));
    assert!(error("--config monnet").contains("did you mean `monet`?"));
    for line in [
        "train --mode cyclone",
        "train --mode cycle --steps many",
        "train --mode cycle --threads 0",
        "train --mode cycle --threads 100000",
        "train --mode cycle --device toaster",
        "nonsense",
    ] {
        place
            .run(line)
            .failed(2, &[line.split(' ').next_back().unwrap()]);
    }
    place
        .run(&format!("train {CYCLE} --device cuda:0 --steps 1"))
        .failed(
            2,
            &[
                "device `cuda:0` is not compiled into this program",
                "--features cuda",
            ],
        );
    assert!(!place.path("checkpoints").exists());
}
