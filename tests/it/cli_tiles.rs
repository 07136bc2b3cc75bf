//! `translate apply` in bands and in tiles, against the whole picture.

use image::{DynamicImage, ImageBuffer, Rgba};

use translate::apply::{LabelTranslator, NetworkTranslator, SampleOptions, Translator};
use translate::kernels::Precision;
use translate::nn::{ForwardMode, NormStats};
use translate::style::StyleFolder;

use crate::cli_support::{CONTRASTIVE, CYCLE, PIX2PIX, PIX2PIXHD, Place, names};
use crate::device::test_device;

/// The largest difference of two pictures, in levels.
fn largest_difference(place: &Place, left: &str, right: &str) -> u8 {
    let [left, right] = [left, right].map(|name| image::open(place.path(name)).unwrap());
    assert_eq!(left.color(), right.color());
    assert_eq!(
        (left.width(), left.height()),
        (right.width(), right.height())
    );
    let pairs = left.as_bytes().iter().zip(right.as_bytes());
    let differences = pairs.map(|(left, right)| left.abs_diff(*right));
    differences.max().unwrap_or(0)
}

/// Applies a style whole, in bands of several heights and (`auto`) as the memory allows, and compares.
fn check_bands(place: &Place, style: &str) {
    let apply = |tile: &str| {
        let line = format!(
            "apply --input in --style {style} --output {tile} --tile {tile} --report {tile}.json"
        );
        place.run(&line).done();
        let report = place.text(&format!("{tile}.json"));
        assert!(!report.contains("blended"), "{report}");
    };
    for tile in ["off", "8", "40", "auto"] {
        apply(tile);
    }
    let files = names(&place.path("off"));
    assert_eq!(files.len(), 2);
    for name in files {
        for tile in ["8", "40", "auto"] {
            let difference =
                largest_difference(place, &format!("off/{name}"), &format!("{tile}/{name}"));
            assert!(difference <= 1, "{style} {tile} {name}: {difference}");
        }
        // Features that were kept in files left nothing behind.
        assert_eq!(names(&place.path("8")), names(&place.path("off")));
    }
}

#[test]
fn bands_are_the_whole_picture_for_networks_with_filters() {
    let place = Place::new();
    place.picture("in/wide.png", 150, 61, 1);
    place.picture("in/high.png", 47, 203, 2);
    place
        .run(&format!("train {CONTRASTIVE} --steps 2 --name contrastive"))
        .done();
    check_bands(&place, "contrastive");
}

#[test]
fn bands_are_the_whole_picture_for_every_network() {
    let place = Place::with_pairs();
    place.picture("in/wide.png", 150, 61, 1);
    place.picture("in/high.png", 47, 203, 2);
    place
        .run(&format!("train {CYCLE} --steps 2 --name cycle"))
        .done();
    check_bands(&place, "cycle");
    for folder in ["off", "8", "40", "auto"] {
        std::fs::remove_dir_all(place.path(folder)).unwrap();
    }
    place
        .run(&format!("train {PIX2PIX} --steps 2 --name unet"))
        .done();
    check_bands(&place, "unet");
}

#[test]
fn bands_keep_sixteen_bits_and_transparency() {
    let place = Place::with_pairs();
    let picture = ImageBuffer::from_fn(90, 131, |x, y| {
        let level = |step: u32| (x * step + y * 331) as u16;
        Rgba([level(401), level(97), level(711), level(503)])
    });
    std::fs::create_dir(place.path("in")).unwrap();
    DynamicImage::ImageRgba16(picture)
        .save(place.path("in/deep.png"))
        .unwrap();
    place
        .run(&format!("train {CYCLE} --steps 2 --name s"))
        .done();
    for tile in ["off", "16"] {
        let line = format!("apply --input in --style s --output {tile} --tile {tile}");
        place.run(&line).done();
    }
    let read = |name: &str| match image::open(place.path(name)).unwrap() {
        DynamicImage::ImageRgba16(picture) => picture.into_raw(),
        other => panic!("{name} is {:?}", other.color()),
    };
    let [input, whole, bands] =
        ["in", "off", "16"].map(|folder| read(&format!("{folder}/deep.png")));
    let mut levels = std::collections::BTreeSet::new();
    for (place, (whole, bands)) in whole.iter().zip(&bands).enumerate() {
        if place % 4 == 3 {
            assert_eq!([whole, bands], [&input[place]; 2]);
        } else {
            assert!(whole.abs_diff(*bands) <= 64, "{whole} {bands}");
            levels.insert(bands);
        }
    }
    assert!(levels.len() > 256, "{} levels", levels.len());
}

#[test]
fn bands_of_label_maps_are_the_whole_map() {
    let place = Place::with_labels();
    place
        .run(&format!("train {PIX2PIXHD} --steps 2 --name s"))
        .done();
    for index in 0..2 {
        place.labelled("test", index);
    }
    for tile in ["off", "8"] {
        let line = format!(
            "apply --input labels/test_label --style s --output {tile} --tile {tile} --samples 2 --seed 3"
        );
        place.run(&line).done();
    }
    let files = names(&place.path("off"));
    assert_eq!(files.len(), 4);
    for name in files {
        let [whole, bands] = ["off", "8"].map(|folder| format!("{folder}/{name}"));
        assert!(largest_difference(&place, &whole, &bands) <= 1, "{name}");
    }
}

#[test]
fn tiles_are_blended_and_the_report_says_so() {
    let place = Place::with_pairs();
    place.picture("in/wide.png", 150, 61, 1);
    place.picture("in/small.png", 40, 61, 2);
    place
        .run(&format!("train {PIX2PIX} --steps 2 --name s"))
        .done();
    let line = "apply --input in --style s";
    place
        .run(&format!(
            "{line} --output tiles --tile 64 --overlap 24 --report report.json"
        ))
        .done();
    assert_eq!(place.size("tiles/wide.png"), (150, 61));
    let report = place.json("report.json");
    assert_eq!(report["files"][0]["note"], serde_json::Value::Null);
    let note = report["files"][1]["note"].as_str().unwrap();
    assert!(
        note.contains("blended from tiles of 64 pixels that overlap by 24"),
        "{note}"
    );
    // A picture of one tile is translated whole, and larger ones are not what the whole gives.
    place
        .run(&format!("{line} --output whole --tile off"))
        .done();
    let difference =
        |name: &str| largest_difference(&place, &format!("whole/{name}"), &format!("tiles/{name}"));
    assert_eq!(difference("small.png"), 0);
    assert!(difference("wide.png") > 0);
}

/// Three tiles of `planes` channels of whole numbers up to `most`, together and each alone.
fn check_at_once(translator: &mut dyn Translator, planes: usize, most: usize) {
    let side = 64;
    assert_eq!(translator.tile_batch_size(side * side), 16);
    assert_eq!(translator.tile_batch_size(1024 * 1024), 1);
    let length = planes * side * side;
    let values: Vec<f32> = (0..3 * length)
        .map(|place| (place / 7 % 31 * (1 + place / length) % (most + 1)) as f32)
        .collect();
    let together = translator.translate(values.clone(), side, side, 0).unwrap();
    let alone: Vec<f32> = values
        .chunks(length)
        .flat_map(|tile| translator.translate(tile.to_vec(), side, side, 0).unwrap())
        .collect();
    assert_eq!(together.len(), alone.len());
    let (first, rest) = alone.split_at(alone.len() / 3);
    assert_ne!(first, &rest[..first.len()]);
    for (together, alone) in together.iter().zip(&alone) {
        assert!((together - alone).abs() < 1e-4, "{together} {alone}");
    }
}

#[test]
fn tiles_at_once_are_the_tiles_alone() {
    let folder = |place: &Place| StyleFolder::new(place.path("checkpoints/s"));
    let (precision, device) = (Precision::F32, test_device());
    for (training, stats) in [(CYCLE, NormStats::Batch), (PIX2PIX, NormStats::Running)] {
        let place = Place::with_pairs();
        place
            .run(&format!("train {training} --steps 2 --name s"))
            .done();
        let load = |stats, dropout| {
            let mode = ForwardMode::inference(stats, dropout);
            NetworkTranslator::load(&folder(&place), None, mode, precision, &device).unwrap()
        };
        check_at_once(&mut load(stats, false), 3, 1);
        // What is dropped, and the statistics of a batch, would be of all of them.
        assert_eq!(load(stats, true).tile_batch_size(64), 1);
        if stats == NormStats::Running {
            assert_eq!(load(NormStats::Batch, false).tile_batch_size(64), 1);
        }
    }
    let place = Place::with_labels();
    place
        .run(&format!("train {PIX2PIXHD} --steps 2 --name s"))
        .done();
    let sampling = SampleOptions {
        samples: 1,
        seed: 3,
    };
    let mode = ForwardMode::inference(NormStats::Running, false);
    let mut translator =
        LabelTranslator::load(&folder(&place), None, sampling, mode, precision, &device).unwrap();
    let maps = translator.maps().unwrap();
    let planes = 1 + usize::from(maps.instances);
    check_at_once(&mut translator, planes, maps.labels.unwrap().classes() - 1);
}

#[test]
fn tiles_that_make_no_sense_are_refused() {
    let place = Place::with_pairs();
    place
        .run(&format!("train {PIX2PIX} --steps 1 --name s"))
        .done();
    let line = "apply --input pairs/A --style s";
    for (more, message) in [
        ("--tile 4", "is not a tile"),
        ("--tile huge", "is not a tile"),
        ("--overlap 16", "`--tile 512 --overlap 64`"),
        ("--tile off --overlap 16", "needs the size of the tiles"),
        ("--tile 64 --overlap 40", "half of a tile"),
        ("--tile 64 --dropout on", "cannot go with `--dropout on`"),
    ] {
        place.run(&format!("{line} {more}")).failed(2, &[message]);
    }
    assert!(!place.path("translated").exists());
}
