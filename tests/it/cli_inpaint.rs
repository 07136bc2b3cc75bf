//! Mode inpaint as users run it: training, filling holes, measuring holes.

use image::{DynamicImage, GenericImageView, ImageBuffer, Luma, Rgb, Rgba};

use crate::cli_support::{INPAINT, Place, names, picture};

/// A place with photos and two styles: `fill` knows the middle alone, `free` is told where the hole is.
pub fn with_styles() -> Place {
    let place = Place::with_photos();
    place
        .run(&format!("train {INPAINT} --steps 4 --name fill"))
        .done();
    let free = "--set generator.arch=unet_64 --set data.masks=strokes --set data.crop_size=64 --set data.load_size=70";
    place
        .run(&format!("train {INPAINT} {free} --steps 4 --name free"))
        .done();
    place
}

/// Pixels that differ outside the holes of a mask, and inside.
pub fn differences(before: &DynamicImage, after: &DynamicImage, mask: &DynamicImage) -> [usize; 2] {
    assert_eq!(before.color(), after.color());
    assert_eq!(before.dimensions(), after.dimensions());
    let size = before.as_bytes().len() / (before.width() * before.height()) as usize;
    let mask = mask.to_luma8();
    let pixels = before
        .as_bytes()
        .chunks_exact(size)
        .zip(after.as_bytes().chunks_exact(size));
    let mut counts = [0, 0];
    for ((before, after), white) in pixels.zip(mask.as_raw()) {
        counts[usize::from(*white >= 128)] += usize::from(before != after);
    }
    counts
}

/// A picture as it is, decoded as the program does: decoders of JPEG differ by a level here and there.
pub fn open(place: &Place, name: &str) -> DynamicImage {
    let limits = translate::picture::PictureLimits::default();
    translate::picture::read_picture(&place.path(name), limits)
        .unwrap()
        .pixels
}

#[test]
fn ten_masks_of_different_shapes_change_nothing_outside_on_photos_of_481_by_321() {
    let place = with_styles();
    let kinds = ["centre", "blocks", "regions", "strokes"];
    for index in 0..10u32 {
        let (width, height) = if index % 2 == 0 {
            (481, 321)
        } else {
            (321, 481)
        };
        let name = format!("in/{index}.{}", if index % 3 == 0 { "jpg" } else { "png" });
        place.picture(&name, width, height, index);
        if index < 6 {
            let (kind, seed) = (kinds[index as usize % 4], index);
            place
                .run(&format!(
                    "data masks --kind {kind} --seed {seed} --size {width}x{height} --output drawn{index}"
                ))
                .done();
            std::fs::create_dir_all(place.path("masks")).unwrap();
            std::fs::copy(
                place.path(&format!("drawn{index}/000000.png")),
                place.path(&format!("masks/{index}.png")),
            )
            .unwrap();
            continue;
        }
        // At the border, in the corners, thin lines all over, and nearly everything.
        let mask = ImageBuffer::from_fn(width, height, |x, y| {
            Luma([u8::from(match index {
                6 => x < 40 && y > 100,
                7 => (x < 20 || x + 20 >= width) && (y < 20 || y + 20 >= height),
                8 => (x + y) % 40 == 0,
                _ => x > 30,
            }) * 255])
        });
        mask.save(place.path(&format!("masks/{index}.png")))
            .unwrap();
    }
    for (style, more) in [
        ("fill", ""),
        ("free", "--feather 0"),
        ("free", "--feather 30"),
    ] {
        let line = format!(
            "apply --input in --style {style} --mask masks --output out --overwrite {more}"
        );
        let run = place.run(&line).done();
        assert!(
            run.stdout
                .starts_with("filled 10 of 10 pictures into `out`")
        );
        for index in 0..10 {
            let name = format!("{index}.{}", if index % 3 == 0 { "jpg" } else { "png" });
            let before = open(&place, &format!("in/{name}"));
            // JPEG cannot keep pixels.
            let after = open(&place, &format!("out/{index}.png"));
            let mask = open(&place, &format!("masks/{index}.png"));
            let [outside, inside] = differences(&before, &after, &mask);
            assert_eq!(outside, 0, "{name} with {style} {more}");
            assert!(inside > 0, "{name} with {style} {more}");
        }
    }
}

#[test]
fn depth_transparency_and_formats_are_kept() {
    let place = with_styles();
    let save = |name: &str, photo: DynamicImage| {
        let path = place.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        photo.save(path).unwrap();
    };
    let deep = |x: u32, y: u32| (x * 523 + y * 1_031 + 7) as u16;
    save(
        "in/deep.png",
        ImageBuffer::from_fn(60, 50, |x, y| Rgb([deep(x, y), deep(y, x), 9])).into(),
    );
    save(
        "in/deep.tif",
        ImageBuffer::from_fn(60, 50, |x, y| Rgb([deep(x, y), 1, deep(y, x)])).into(),
    );
    save(
        "in/grey16.png",
        ImageBuffer::from_fn(60, 50, |x, y| Luma([deep(x, y)])).into(),
    );
    save(
        "in/grey.png",
        ImageBuffer::from_fn(60, 50, |x, y| Luma([(x * y) as u8])).into(),
    );
    save(
        "in/alpha.png",
        ImageBuffer::from_fn(60, 50, |x, y| Rgba([x as u8, y as u8, 5, (x + y) as u8])).into(),
    );
    save("in/bitmap.bmp", picture(60, 50, 3).into());
    save("in/web.webp", picture(60, 50, 4).into());
    save("in/portable.ppm", picture(60, 50, 5).into());
    let mask = ImageBuffer::from_fn(60, 50, |x, y| {
        Luma([u8::from((10..31).contains(&x) && (20..40).contains(&y)) * 255])
    });
    mask.save(place.path("mask.png")).unwrap();
    let mask: DynamicImage = mask.into();
    place
        .run("apply --input in --style fill --mask mask.png --output out")
        .done();
    let files = names(&place.path("in"));
    assert_eq!(names(&place.path("out")), files);
    for name in &files {
        let (before, after) = (
            open(&place, &format!("in/{name}")),
            open(&place, &format!("out/{name}")),
        );
        let [outside, inside] = differences(&before, &after, &mask);
        assert_eq!(outside, 0, "{name}");
        assert!(inside > 300, "{name}: {inside}");
    }
    // What has been filled is opaque.
    let filled = open(&place, "out/alpha.png").to_rgba8();
    assert_eq!(filled.get_pixel(15, 25).0[3], 255);
    place
        .run("apply --input in/deep.png --style fill --mask mask.png --output jpg --format jpg --report jpg.json")
        .done()
        .says("its 16 bits were rounded to 8: JPEG holds no more");
    let report = place.json("jpg.json");
    let note = report["files"][0]["note"].as_str().unwrap();
    assert!(note.contains("JPEG changes every pixel a little"), "{note}");
    place
        .run("apply --input in/deep.png --style fill --mask mask.png --output eight --depth 8")
        .done();
    let eight = open(&place, "eight/deep.png");
    assert_eq!(eight.color(), image::ColorType::Rgb8);
    place
        .run("apply --input in --style fill --mask mask.png --output no --quality 90")
        .failed(2, &["`--quality` changes nothing here"]);
}

#[test]
fn holes_alone_are_measured() {
    let place = with_styles();
    place.picture("in/one.png", 60, 50, 3);
    place
        .run("data masks --kind strokes --input in --output masks")
        .done();
    place
        .run("apply --input in --style free --mask masks --output out")
        .done();
    place
        .run("evaluate --real in --fake out --mask masks --report hole.json")
        .done();
    place
        .run("evaluate --real in --fake out --report whole.json")
        .done();
    let (hole, whole) = (place.json("hole.json"), place.json("whole.json"));
    let score =
        |report: &serde_json::Value, metric: &str| report["metrics"][metric].as_f64().unwrap();
    // All of the difference is in the hole.
    assert!(score(&hole, "psnr") < score(&whole, "psnr"));
    assert!(score(&hole, "ssim") < score(&whole, "ssim"));
    let mask = open(&place, "masks/one.png").to_luma8();
    let share = mask.as_raw().iter().filter(|&&white| white > 0).count() as f64 / 3000.0;
    let ratio = score(&whole, "l1") / score(&hole, "l1");
    assert!((ratio / share - 1.0).abs() < 1e-9, "{ratio} for {share}");
    place
        .run("evaluate --real in --fake out --mask masks/one.png")
        .done();
    place.picture("in/two.png", 60, 50, 3);
    place.picture("out/two.png", 60, 50, 4);
    place
        .run("evaluate --real in --fake out --mask masks/one.png")
        .done();
    // What has no hole that can be measured is left out, and counted.
    let pixel = |name: &str, hole: Option<(u32, u32)>| {
        place.picture(&format!("in/{name}.png"), 60, 50, 3);
        place.picture(&format!("out/{name}.png"), 60, 50, 4);
        ImageBuffer::from_fn(60, 50, |x, y| Luma([u8::from(hole == Some((x, y))) * 255]))
            .save(place.path(&format!("masks/{name}.png")))
            .unwrap();
    };
    pixel("black", None);
    pixel("corner", Some((0, 0)));
    let run = place
        .run("evaluate --real in --fake out --mask masks --report odd.json")
        .done();
    for part in [
        "3 pictures left out, without a hole to measure",
        "`two` (no mask in `masks`)",
        "`black` (its mask is black all over)",
        "`corner` (its hole is within 5 pixels",
    ] {
        assert!(run.stderr.contains(part), "no {part:?} in {run:#?}");
    }
    let odd = place.json("odd.json");
    assert_eq!(
        (&odd["pairs"], &odd["metrics"]),
        (&1.into(), &hole["metrics"])
    );
    assert_eq!(odd["left_out"].as_array().unwrap().len(), 3);
    place
        .run("evaluate --real in --fake out --mask masks/black.png")
        .failed(1, &["nothing to compare: 4 pictures without a hole"]);
    ImageBuffer::from_pixel(9, 9, Luma([255u8]))
        .save(place.path("masks/two.png"))
        .unwrap();
    place
        .run("evaluate --real in --fake out --mask masks")
        .failed(1, &["1 picture whose mask cannot be used: `two`"]);
}

#[test]
fn the_sample_in_the_program_can_be_inpainted() {
    let place = Place::new();
    place
        .run(&format!(
            "train {} --config inpaint --steps 2 --name s",
            INPAINT.replace("--data photos", "")
        ))
        .done();
    assert!(
        place
            .path("checkpoints/s/previews/step-000002.png")
            .is_file()
    );
}

#[test]
fn networks_go_out_where_others_can_use_them() {
    let place = with_styles();
    place
        .run("export free --format safetensors --output free.safetensors")
        .done();
    place
        .run("export fill --format safetensors --output fill.safetensors")
        .done();
    place
        .run("export free --format onnx --output free.onnx")
        .done();
    place
        .run("export fill --format onnx --output fill.onnx")
        .done();
    place
        .run("export fill --format onnx --size 40 --output other.onnx")
        .failed(2, &["the sides of pictures are", "each; take"]);
    for mode in ["", " --mode inpaint"] {
        let line = format!("import free.safetensors --style new{mode}");
        place.run(&line).failed(
            1,
            &[
                "of mode inpaint do, and such are not imported",
                "--init-from",
            ],
        );
    }
}
