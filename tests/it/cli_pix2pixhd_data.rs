//! Wrong labelled data: one clear message each, before any training.

use std::fs;

use image::{GrayImage, ImageBuffer, Luma, RgbImage};

use crate::cli_support::{PIX2PIXHD, Place};

/// What training says to the data set `labels` after `spoil` has been at it; `data check` must say the same.
#[track_caller]
fn message(spoil: impl FnOnce(&Place)) -> String {
    let place = Place::with_labels();
    spoil(&place);
    let line = format!("train {PIX2PIXHD} --steps 1 --name s");
    let train = place.run(&line).failed(1, &[]);
    assert!(!place.path("checkpoints").exists(), "nothing is begun");
    let settings = PIX2PIXHD.replace("--data labels", "");
    let check = place
        .run(&format!("data check labels {settings}"))
        .failed(1, &[]);
    let error = train.error().replace("[PLACE]/labels", "labels");
    assert_eq!(check.error(), error);
    error
}

/// What is said of a data set that is in order but for a warning or a note.
#[track_caller]
fn remark(spoil: impl FnOnce(&Place), part: &str) {
    let place = Place::with_labels();
    spoil(&place);
    place
        .run(&format!("train {PIX2PIXHD} --steps 1 --name s"))
        .done()
        .says(part);
}

#[test]
fn a_label_beyond_the_classes_proposes_their_number() {
    insta::assert_snapshot!(
        message(|place| {
            place.save("labels/train_label/ulm_1_gtFine_labelIds.png", GrayImage::from_pixel(48, 32, Luma([33])));
        }),
        @"error: `labels/train_label/ulm_1_gtFine_labelIds.png` has the label 33, and with `data.classes = 5` labels go up to 4: set `data.classes=34`"
    );
    // The proposal holds for all of them.
    let error = message(|place| {
        for (index, label) in [(1, 33), (2, 7)] {
            let map = GrayImage::from_pixel(48, 32, Luma([label]));
            place.save(
                &format!("labels/train_label/ulm_{index}_gtFine_labelIds.png"),
                map,
            );
        }
    });
    assert_eq!(error.matches("set `data.classes=34`").count(), 2, "{error}");
}

#[test]
fn maps_of_other_sizes_are_named() {
    insta::assert_snapshot!(
        message(|place| {
            let map: ImageBuffer<Luma<u16>, _> = ImageBuffer::new(48, 30);
            place.save("labels/train_inst/ulm_2_gtFine_instanceIds.png", map);
        }),
        @"error: `labels/train_inst/ulm_2_gtFine_instanceIds.png` is 48x30, but its partner `labels/train_label/ulm_2_gtFine_labelIds.png` is 48x32: the pictures of a pair must have one size"
    );
    let error = message(|place| place.picture("labels/train_img/ulm_3_leftImg8bit.png", 44, 32, 3));
    assert!(
        error.contains("`labels/train_img/ulm_3_leftImg8bit.png` is 44x32"),
        "{error}"
    );
}

#[test]
fn files_without_partners_are_listed() {
    insta::assert_snapshot!(
        message(|place| {
            fs::remove_file(place.path("labels/train_img/ulm_0_leftImg8bit.png")).unwrap();
            fs::remove_file(place.path("labels/train_label/ulm_1_gtFine_labelIds.png")).unwrap();
            fs::remove_file(place.path("labels/train_inst/ulm_5_gtFine_instanceIds.png")).unwrap();
        }),
        @r"
    error: 3 problems in `labels`:
      `labels/train_img/ulm_1_leftImg8bit.png` has no partner: there is no picture `ulm_1` in `labels/train_label`
      `labels/train_label/ulm_0_gtFine_labelIds.png` has no partner: there is no picture `ulm_0` in `labels/train_img`
      `labels/train_label/ulm_5_gtFine_labelIds.png` has no partner: there is no picture `ulm_5` in `labels/train_inst`
    "
    );
}

#[test]
fn files_that_hold_no_ids_say_what_they_should_be() {
    insta::assert_snapshot!(
        message(|place| place.picture("labels/train_label/ulm_4_gtFine_labelIds.png", 48, 32, 4)),
        @"error: `labels/train_label/ulm_4_gtFine_labelIds.png` is a colour picture, not a map of ids: save it as grey PNG, or as PNG with a palette, whose values are the ids, or give the colours of the classes as a palette (`data.palette`, or `--palette` of `data labels`)"
    );
    let error = message(|place| {
        fs::remove_file(place.path("labels/train_label/ulm_4_gtFine_labelIds.png")).unwrap();
        place.save("labels/train_label/ulm_4.jpg", RgbImage::new(48, 32));
    });
    assert!(
        error.contains("`labels/train_label/ulm_4.jpg` is a JPEG, whose compression changes ids"),
        "{error}"
    );
    let error = message(|place| {
        place.write(
            "labels/train_inst/ulm_4_gtFine_instanceIds.png",
            "no picture",
        );
    });
    assert!(
        error.contains("ulm_4_gtFine_instanceIds.png` is not a picture that can be read"),
        "{error}"
    );
}

#[test]
fn missing_folders_say_what_is_wanted() {
    insta::assert_snapshot!(
        message(|place| fs::remove_dir_all(place.path("labels/train_img")).unwrap()),
        @"error: no training pictures for mode pix2pixhd in `labels`: wanted `train_label/` and `train_img/` and `train_inst/`; found folders `train_inst` `train_label`"
    );
    let error = message(|place| {
        fs::rename(
            place.path("labels/train_label"),
            place.path("labels/train_A"),
        )
        .unwrap();
        fs::rename(place.path("labels/train_img"), place.path("labels/train_B")).unwrap();
    });
    assert!(
        error.contains("for pictures of two kinds set `data.classes=0`"),
        "{error}"
    );
}

#[test]
fn palettes_and_small_instance_maps_are_remarked_on() {
    remark(
        |place| {
            for index in 0..2 {
                let map = GrayImage::from_fn(48, 32, |x, _| Luma([(x / 16) as u8]));
                place.save(
                    &format!("labels/train_inst/ulm_{index}_gtFine_instanceIds.png"),
                    map,
                );
            }
        },
        "train_inst: 2 instance maps have 8 bits, which hold no `class * 1000 + number`",
    );
    remark(
        |place| {
            let path = place.path("labels/train_label/ulm_0_gtFine_labelIds.png");
            let mut encoder = png::Encoder::new(fs::File::create(path).unwrap(), 48, 32);
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(
                (0..5)
                    .flat_map(|class| [class * 50, 255 - class, 7])
                    .collect::<Vec<u8>>(),
            );
            let mut writer = encoder.write_header().unwrap();
            let ids: Vec<u8> = (0..48 * 32).map(|pixel| (pixel / 48 / 7) as u8).collect();
            writer.write_image_data(&ids).unwrap();
        },
        "train_label: 1 with a palette; the ids are the places in it, not its colours",
    );
}

/// Features of pixels that nothing sums up would tell the generator its target.
#[test]
fn features_without_instances_are_refused() {
    let place = Place::new();
    for index in 0..3 {
        place.picture(&format!("labels/train_A/{index}.png"), 48, 32, index);
        place.picture(&format!("labels/train_B/{index}.png"), 48, 32, 50 + index);
    }
    let settings = PIX2PIXHD.replace("classes=5", "classes=0");
    let message = "`encoder.features`: needs instance maps (`train_inst/`) or label maps, which tell the instances apart: set it to 0";
    place
        .run(&format!("train {settings} --steps 1 --name s"))
        .failed(2, &[message]);
    assert!(!place.path("checkpoints").exists(), "nothing is begun");
    let settings = settings.replace("--data labels", "");
    place
        .run(&format!("data check labels {settings}"))
        .failed(2, &[message]);
}

/// Whatever brings pictures to the size of the crop: it is the crop that the networks see.
#[test]
fn a_crop_that_the_networks_cannot_take_is_what_must_change() {
    let place = Place::with_labels();
    for method in [
        "resize_and_crop",
        "scale_width_and_crop",
        "scale_shortside_and_crop",
    ] {
        for (side, part) in [(4, "must be at least 8"), (18, "needs a multiple of 4")] {
            let set = format!("--set data.preprocess={method} --set data.crop_size={side}");
            place
                .run(&format!("train {PIX2PIXHD} --steps 1 --name s {set}"))
                .failed(2, &["`data.crop_size`: ", part]);
        }
    }
}

#[test]
fn instance_maps_that_are_gone_are_missed_when_a_run_goes_on() {
    let place = Place::with_labels();
    place
        .run(&format!("train {PIX2PIXHD} --name s --steps 1"))
        .done();
    fs::remove_dir_all(place.path("labels/train_inst")).unwrap();
    place.run("train --resume --name s --steps 2").failed(
        2,
        &["`[PLACE]/labels` has no folder `train_inst/`: put it back"],
    );
}

/// Without a folder of instance maps the edges are off, and the recipe says so.
#[test]
fn a_set_without_instances_needs_no_flag() {
    let place = Place::with_labels();
    fs::remove_dir_all(place.path("labels/train_inst")).unwrap();
    place
        .run(&format!(
            "train {PIX2PIXHD} --name s --set optim.epochs=1 --set optim.decay_epochs=0"
        ))
        .done();
    assert!(
        place
            .text("checkpoints/s/style.toml")
            .contains("instances = false")
    );
    place
        .run("apply --input labels/train_label --style s --samples 2")
        .done();
}
