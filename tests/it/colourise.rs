//! Colourisation: the luminance of a picture stays what it is.

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, LumaA, Rgb};

use crate::cli_support::{Place, assert_same};

/// Settings of the smallest colourisation.
const SMALLEST: &str = "--config colourise-small --data photos --set generator.channels=2";

/// The grey level of the luminance of a colour (sRGB, IEC 61966-2-1).
fn grey(colour: [f64; 3], white: f64) -> f64 {
    let linear = |level: f64| match level / white {
        value if value > 0.04045 => ((value + 0.055) / 1.055).powf(2.4),
        value => value / 12.92,
    };
    let [red, green, blue] = colour.map(linear);
    let luminance = 0.212_671 * red + 0.715_16 * green + 0.072_169 * blue;
    let gamma = if luminance > 0.003_130_8 {
        1.055 * luminance.powf(1.0 / 2.4) - 0.055
    } else {
        12.92 * luminance
    };
    gamma * white
}

fn assert_kept(made: &DynamicImage, original: &DynamicImage) {
    let (made, original) = (made.to_rgb16(), original.to_rgb16());
    let mut colours = 0;
    for (made, original) in made.pixels().zip(original.pixels()) {
        let [got, wanted] =
            [made, original].map(|Rgb(pixel)| grey(pixel.map(f64::from), 65_535.0).round());
        assert!((got - wanted).abs() < 0.5, "{made:?} {original:?}");
        colours += usize::from(made.0[0] != made.0[1]);
    }
    assert!(colours > 100, "{colours} pixels in colour");
}

fn assert_kept_in_bytes(made: &DynamicImage, original: &DynamicImage) {
    let (made, original) = (made.to_rgb8(), original.to_rgb8());
    for (made, original) in made.pixels().zip(original.pixels()) {
        let [got, wanted] =
            [made, original].map(|Rgb(pixel)| grey(pixel.map(f64::from), 255.0).round());
        assert!((got - wanted).abs() < 0.5, "{made:?} {original:?}");
    }
}

#[test]
fn luminance_is_kept_to_the_last_bit() {
    let place = Place::with_photos();
    place
        .run(&format!("train {SMALLEST} --name colours --steps 2"))
        .done();
    let grey_of = |x: u32, y: u32| ((x * 5 + y * 3) % 256) as u8;
    place.save(
        "in/grey.png",
        GrayImage::from_fn(70, 66, |x, y| Luma([grey_of(x, y)])),
    );
    let deep = ImageBuffer::from_fn(66, 64, |x, y| Luma([(x * 700 + y * 333) as u16]));
    place.save("in/deep.png", deep);
    let see_through = ImageBuffer::from_fn(64, 64, |x, y| {
        LumaA([grey_of(x, y), if x < 32 { 255 } else { 0 }])
    });
    place.save("in/see_through.png", see_through);
    place.picture("in/colour.png", 80, 70, 2);
    let apply = "apply --input in --style colours";
    place.run(&format!("{apply} --output out")).done();
    let open = |name: &str| image::open(place.path(name)).unwrap();
    for name in ["grey.png", "colour.png"] {
        let made = open(&format!("out/{name}"));
        assert!(made.as_rgb8().is_some(), "{name}: {:?}", made.color());
        assert_kept_in_bytes(&made, &open(&format!("in/{name}")));
    }
    let made = open("out/deep.png");
    assert!(made.as_rgb16().is_some(), "{:?}", made.color());
    assert_kept(&made, &open("in/deep.png"));
    let made = open("out/see_through.png").into_rgba8();
    assert_eq!(made.get_pixel(3, 3).0[3], 255);
    assert_eq!(made.get_pixel(60, 3).0[3], 0);

    // In 8 bits, smaller and back, in tiles: always the luminance of the file.
    place
        .run(&format!("{apply} --output bytes --depth 8"))
        .done();
    assert!(open("bytes/deep.png").as_rgb8().is_some());
    place
        .run(&format!("{apply} --output back --size 64x64 --restore"))
        .done();
    assert_kept(&open("back/deep.png"), &open("in/deep.png"));
    assert_kept_in_bytes(&open("back/grey.png"), &open("in/grey.png"));
    place
        .run(&format!("{apply} --output tiles --tile 64 --overlap 16"))
        .done();
    assert_kept(&open("tiles/deep.png"), &open("in/deep.png"));
    place
        .run(&format!("{apply} --output half --size 32x32"))
        .done();
    assert_eq!(place.size("half/grey.png"), (32, 32));
}

#[test]
fn styles_that_colour_are_exported_imported_and_resumed() {
    let place = Place::with_photos();
    let settings = format!("{SMALLEST} --set train.checkpoint_every=2");
    place
        .run(&format!("train {settings} --name whole --steps 4"))
        .done();
    place
        .run(&format!("train {settings} --name parts --steps 2"))
        .done();
    place.run("train --resume --name parts --steps 4").done();
    let (whole, mut parts) = (place.learnt("whole"), place.learnt("parts"));
    parts.retain(|name, _| whole.contains_key(name));
    assert_same(&parts, &whole);
    // Input in grey, output and target in colour.
    let sheet = image::open(place.path("checkpoints/whole/previews/step-000004.png"));
    assert_eq!(sheet.unwrap().width(), 3 * 64 + 4 * 4);

    place
        .run("export whole --format onnx --output colours.onnx")
        .done();
    let model = place.read("colours.onnx");
    let says = |text: &str| {
        model
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(says("L / 50 - 1") && says("a / 110, b / 110"));
    place
        .run("export whole --format safetensors --output colours.safetensors")
        .done();
    place.run("import colours.safetensors --style again").done();
    place.picture("in/a.png", 64, 64, 5);
    for style in ["whole", "again"] {
        let line = format!("apply --input in --style {style} --output {style}");
        place.run(&line).done();
    }
    assert_eq!(place.read("again/a.png"), place.read("whole/a.png"));
    place
        .run(&format!(
            "train {SMALLEST} --name wrong --set data.degrade=noise"
        ))
        .failed(2, &["`data.degrade`", "lightness as it is"]);
}
