//! Label maps as people have them: unlabelled pixels, colours for classes, other formats.

use image::{GrayImage, Luma, Rgb, RgbImage};
use translate::config::{Mode, Overlay, Recipe};
use translate::data::{ClassPalette, Dataset, Split, fit_to_data};

use crate::cli_support::{PIX2PIXHD, Place};
use crate::data::{Folder, gradient};
use crate::fixture::values;

const COLOURS: &str =
    "# label:color_rgb:parts:actions\nroad:128,64,128::\ncar:0,0,142::\nsky:70,130,180::\n";
const ROAD: [u8; 3] = [128, 64, 128];
const CAR: [u8; 3] = [0, 0, 142];
const SKY: [u8; 3] = [70, 130, 180];

/// A data set of one sample, whose labels are `map`.
fn sample(map: &[u8], extension: &str) -> Folder {
    let folder = Folder::new();
    folder.write(&format!("train_label/a.{extension}"), map);
    folder.png("train_img/a.png", gradient(16, 16, 0));
    folder
}

fn recipe(settings: &[&str]) -> Recipe {
    let mut overlay = Overlay::default();
    let usual = [
        "data.preprocess=none",
        "data.instances=false",
        "generator.downsamplings=2",
    ];
    for setting in usual.iter().chain(settings) {
        overlay.set(setting).unwrap();
    }
    overlay.resolve(Mode::Pix2pixhd).unwrap()
}

/// The ids that the network is shown in the first row, or what is wrong.
fn first_row(folder: &Folder, settings: &[&str]) -> Result<Vec<f32>, String> {
    let mut recipe = recipe(settings);
    fit_to_data(&mut recipe, folder.path()).map_err(|error| error.to_string())?;
    let read = || {
        let dataset = Dataset::open(folder.path(), &recipe, Split::Train)?;
        dataset.check(&|_, _| {})?;
        dataset.fixed(0)
    };
    let batch = read().map_err(|error| error.to_string())?;
    Ok(values(&batch.a)[..16].to_vec())
}

fn grey(levels: [u8; 3]) -> Vec<u8> {
    let map = GrayImage::from_fn(16, 16, |x, _| Luma([levels[(x as usize / 4).min(2)]]));
    crate::data::encoded(map, image::ImageFormat::Png)
}

fn colours(colours: [[u8; 3]; 3]) -> Vec<u8> {
    let map = RgbImage::from_fn(16, 16, |x, _| Rgb(colours[(x as usize / 4).min(2)]));
    crate::data::encoded(map, image::ImageFormat::Png)
}

fn row(ids: [f32; 3]) -> Vec<f32> {
    (0..16).map(|x| ids[(x / 4).min(2)]).collect()
}

#[test]
fn unlabelled_pixels_are_a_class_of_their_own_or_none() {
    let folder = sample(&grey([0, 2, 255]), "png");
    let classes = "data.classes=3";
    let message = first_row(&folder, &[classes]).unwrap_err();
    assert!(
        message.ends_with(
            "has the label 255, and with `data.classes = 3` labels go up to 2: set `data.unlabelled=255` if that is the id of pixels without a label"
        ),
        "{message}"
    );
    let message = first_row(&folder, &["data.classes=2"]).unwrap_err();
    assert!(
        message.contains("set `data.classes=3` and `data.unlabelled=255`"),
        "{message}"
    );
    let shown = |settings: &[&str]| first_row(&folder, settings).unwrap();
    // The fourth of four channels; no channel at all; one of the classes.
    let own = [classes, "data.unlabelled=255"];
    assert_eq!(shown(&own), row([0.0, 2.0, 3.0]));
    assert_eq!(recipe(&own).data.label_channels(), 4);
    let zeros = [classes, "data.unlabelled=255", "data.unlabelled_as=zeros"];
    assert_eq!(shown(&zeros), row([0.0, 2.0, 3.0]));
    assert_eq!(recipe(&zeros).data.label_channels(), 3);
    let message = first_row(&folder, &["data.classes=2", "data.unlabelled=255"]).unwrap_err();
    assert!(
        message.contains("has the label 2, and") && message.ends_with("set `data.classes=3`"),
        "{message}"
    );
}

#[test]
fn colours_become_the_classes_of_a_palette() {
    let folder = sample(&colours([CAR, SKY, ROAD]), "png");
    folder.write("colours.txt", COLOURS.as_bytes());
    let settings = ["data.classes=3", "data.palette=colours.txt"];
    assert_eq!(first_row(&folder, &settings).unwrap(), row([1.0, 2.0, 0.0]));
    // A style needs no file beside it.
    let mut fitted = recipe(&settings);
    fit_to_data(&mut fitted, folder.path()).unwrap();
    assert_eq!(
        fitted.data.palette,
        "0, road, #804080\n1, car, #00008e\n2, sky, #4682b4\n"
    );
    let overlay = Overlay::from_toml(&fitted.to_toml(), "it").unwrap();
    assert_eq!(overlay.resolve(Mode::Pix2pixhd).unwrap(), fitted);

    folder.write("train_label/a.png", &colours([CAR, [0, 0, 141], [1, 2, 3]]));
    let message = first_row(&folder, &settings).unwrap_err();
    assert!(
        message.contains("has 2 colours that ")
            && message
                .contains(" does not know: 1,2,3 (128 pixels), 0,0,141 (64 pixels); add them"),
        "{message}"
    );
    let message = first_row(&folder, &["data.classes=2", settings[1]]).unwrap_err();
    assert!(message.contains("set `data.classes=3`"), "{message}");
}

#[test]
fn palettes_are_read_in_the_forms_that_people_have() {
    let folder = Folder::new();
    let read = |text: &str| {
        let path = folder.write("palette.txt", text.as_bytes());
        ClassPalette::read(&path).map(|palette| palette.to_text())
    };
    let two = "0, road, #804080\n1, traffic light, #faaa1e\n";
    for text in [
        "road, 128, 64, 128\ntraffic light, 250, 170, 30\n",
        "\u{feff}name,r,g,b\r\nroad,128,64,128\r\ntraffic light,250,170,30\r\n",
        "128 64 128 road\n250 170 30 traffic light",
        "128 64 128\troad\n250 170 30\ttraffic light",
        "# label:color_rgb:parts:actions\nroad:128,64,128::\ntraffic light:250,170,30:a,b:",
        "0 road 128 64 128\n1 traffic light 250 170 30",
        "road #804080\n\ntraffic light #FAAA1E",
        "1, traffic light, 250, 170, 30\n0, road, 128, 64, 128",
    ] {
        let mut lines: Vec<String> = read(text).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines.join("\n") + "\n", two, "{text}");
    }
    for (text, words) in [
        ("road, 128, 64", "line 1: `road, 128, 64` is no class"),
        (
            "road, 1, 2, 3\nsky, 1, 2, 256",
            "line 2: `sky, 1, 2, 256` is no class",
        ),
        ("7 128 64 128", "line 1: `7 128 64 128` is no class"),
        (
            "road, 1, 2, 3\nsky, 1, 2, 3",
            "`road` and `sky` have one colour",
        ),
        (
            "4, road, 1, 2, 3\n4, sky, 1, 2, 4",
            "`road` and `sky` have one id",
        ),
        ("# nothing\n", "has no colours"),
    ] {
        let message = read(text).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn coloured_instances_are_panoptic_ids() {
    let folder = sample(&grey([0, 1, 2]), "png");
    folder.write(
        "train_inst/a.png",
        &colours([[1, 0, 0], [1, 2, 0], [1, 2, 3]]),
    );
    let mut recipe = recipe(&["data.classes=3", "data.instances=true"]);
    fit_to_data(&mut recipe, folder.path()).unwrap();
    let dataset = Dataset::open(folder.path(), &recipe, Split::Train).unwrap();
    let report = dataset.check(&|_, _| {}).unwrap();
    assert!(
        report.warnings[0].contains("1 instance maps have colours"),
        "{report}"
    );
    let instances = dataset.fixed(0).unwrap().instances.unwrap();
    assert_eq!(
        values(&instances)[..16].to_vec(),
        row([1.0, 513.0, 197_121.0])
    );
}

#[test]
fn a_style_with_unlabelled_colours_trains_and_translates() {
    let place = Place::new();
    for index in 0..4 {
        let map = RgbImage::from_fn(48, 32, |x, y| {
            Rgb([ROAD, CAR, SKY][((x + index * 5) / 12 + y / 16) as usize % 3])
        });
        place.save(&format!("labels/train_label/{index}.bmp"), map);
        place.picture(&format!("labels/train_img/{index}.png"), 48, 32, index);
    }
    place.write("labels/colours.txt", COLOURS);
    let line = PIX2PIXHD.replace("data.classes=5", "data.classes=2");
    let palette = "--set data.palette=colours.txt --set data.unlabelled=2";
    place
        .run(&format!("train {line} {palette} --steps 2 --name s"))
        .done();
    std::fs::remove_file(place.path("labels/colours.txt")).unwrap();
    let applied = place
        .run("apply --input labels/train_label --style s")
        .done();
    assert!(
        applied.stdout.starts_with("translated 4 of 4 pictures"),
        "{applied:?}"
    );
    place.save("one.png", RgbImage::from_pixel(48, 32, Rgb([1, 2, 3])));
    place
        .run("apply --input one.png --style s --output one")
        .failed(3, &["does not know: 1,2,3 (1536 pixels)"]);
    place.run("train --resume --name s --steps 4").done();
}

#[test]
fn data_labels_converts_maps_and_lists_their_classes() {
    let place = Place::new();
    place.write("in/a.pgm", b"P5\n4 1\n33\n\x00\x01\x01\x21");
    place.write("in/b/c.pgm", b"P5\n2 1\n65535\n\x01\x2c\x00\x00");
    let run = place.run("data labels --input in --output out").done();
    assert_eq!(
        run.stdout,
        "2 pictures in `out`\n   id    pixels    maps  class\n    0   33.33 %       2\n    1   33.33 %       1\n   33   16.67 %       1\n  300   16.67 %       1\n"
    );
    let map = image::open(place.path("out/a.png")).unwrap();
    assert_eq!(map.as_luma8().unwrap().as_raw(), &[0, 1, 1, 33]);
    let map = image::open(place.path("out/b/c.png")).unwrap();
    assert_eq!(map.as_luma16().unwrap().as_raw(), &[300, 0]);

    place.write("labelmap.txt", COLOURS);
    place.save("seg/x.png", RgbImage::from_pixel(4, 4, Rgb(SKY)));
    place.save("seg/y.png", RgbImage::from_pixel(4, 4, Rgb([9, 9, 9])));
    let run = place
        .run("data labels --input seg --output ids --palette labelmap.txt")
        .failed(
            3,
            &["seg/y.png` has 1 colour that `labelmap.txt` does not know: 9,9,9 (16 pixels)"],
        );
    assert!(
        run.stdout.ends_with("    2  100.00 %       1  sky\n")
            && run.stdout.contains("0.00 %       0  road"),
        "{run:?}"
    );
}
