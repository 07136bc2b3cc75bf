//! Mode inpaint as users run it: training, filling holes, measuring holes.

use image::{DynamicImage, GenericImageView, ImageBuffer, Luma, Rgb, Rgba};

use crate::cli_support::{INPAINT, Place, names, picture};

/// A place with photos and two styles: `fill` knows the middle alone, `free` is told where the hole is.
fn with_styles() -> Place {
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
fn differences(before: &DynamicImage, after: &DynamicImage, mask: &DynamicImage) -> [usize; 2] {
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
fn open(place: &Place, name: &str) -> DynamicImage {
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
        .run("apply --input in/deep.png --style fill --mask mask.png --output jpg --format jpg")
        .done()
        .says("its 16 bits were rounded to 8: JPEG holds no more");
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
fn transparency_and_colours_are_masks() {
    let place = with_styles();
    let hole = |x: u32, y: u32| (20..30).contains(&x) && (5..25).contains(&y);
    let erased = ImageBuffer::from_fn(50, 40, |x, y| {
        Rgba([x as u8, 100, y as u8, if hole(x, y) { 3 } else { 255 }])
    });
    erased.save(place.path("erased.png")).unwrap();
    let painted = ImageBuffer::from_fn(50, 40, |x, y| {
        Rgb(if hole(x, y) {
            [255u8, 0, 255]
        } else {
            [x as u8, 100, y as u8]
        })
    });
    painted.save(place.path("painted.png")).unwrap();
    let mask: DynamicImage =
        ImageBuffer::from_fn(50, 40, |x, y| Luma([u8::from(hole(x, y)) * 255u8])).into();
    for (name, source) in [("erased", "alpha"), ("painted", "color:#ff00ff")] {
        let line = format!("apply --input {name}.png --style free --mask {source} --output out");
        place.run(&line).done();
        let (before, after) = (
            open(&place, &format!("{name}.png")),
            open(&place, &format!("out/{name}.png")),
        );
        let [outside, inside] = differences(&before, &after, &mask);
        assert_eq!((outside, inside), (0, 200), "{name}");
    }
    // A grown mask reaches two pixels further.
    place
        .run(
            "apply --input painted.png --style free --mask color:#ff00ff --dilate 2 --output grown",
        )
        .done();
    let after = open(&place, "grown/painted.png");
    let [outside, _] = differences(&open(&place, "painted.png"), &after, &mask);
    assert!((100..=14 * 24 - 200).contains(&outside), "{outside}");
    place
        .run("apply --input painted.png --style free --mask alpha --output no")
        .failed(3, &["`painted.png`", "no transparency"]);
    place
        .run("apply --input painted.png --style free --mask color:pink --output no")
        .failed(2, &["color:#rrggbb"]);
}

#[test]
fn masks_that_do_not_fit_are_reported_and_the_rest_is_done() {
    let place = with_styles();
    for name in ["good", "empty", "full", "small", "none", "palette"] {
        place.picture(&format!("in/{name}.png"), 60, 50, 3);
    }
    let mask = |name: &str, width, height, is_hole: &dyn Fn(u32, u32) -> bool| {
        let path = place.path(&format!("masks/{name}.png"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        ImageBuffer::from_fn(width, height, |x, y| Luma([u8::from(is_hole(x, y)) * 255]))
            .save(path)
            .unwrap();
    };
    let square = |x: u32, y: u32| (10..20).contains(&x) && (10..20).contains(&y);
    mask("good", 60, 50, &square);
    mask("empty", 60, 50, &|_, _| false);
    mask("full", 60, 50, &|_, _| true);
    mask("small", 59, 50, &square);
    // A palette of black and white, 1 bit.
    place.write("masks/palette.png", palette_mask());
    let run =
        place.run("apply --input in --style fill --mask masks --output out --report out.json");
    assert_eq!(run.code, Some(3), "{run:#?}");
    for part in [
        "`in/full.png`: the mask covers all of it",
        "`in/small.png` is 60x50, but its mask `masks/small.png` is 59x50: they must have one size",
        "`in/none.png` has no mask: there is no picture `none` in `masks`",
        "`in/empty.png`: its mask is empty: copied unchanged",
    ] {
        assert!(run.stderr.contains(part), "no {part:?} in {run:#?}");
    }
    assert!(run.stdout.starts_with("filled 3 of 6 pictures"), "{run:#?}");
    assert_eq!(
        names(&place.path("out")),
        ["empty.png", "good.png", "palette.png"]
    );
    assert_eq!(place.read("out/empty.png"), place.read("in/empty.png"));
    let report = place.json("out.json");
    assert_eq!(
        report["files"][0]["note"],
        "its mask is empty: copied unchanged"
    );
    let mask = open(&place, "masks/palette.png");
    let [outside, inside] = differences(
        &open(&place, "in/palette.png"),
        &open(&place, "out/palette.png"),
        &mask,
    );
    assert_eq!(outside, 0);
    assert!(inside > 50, "{inside}");

    place
        .run("apply --input in/good.png --style fill --mask masks --output no --dilate 18446744073709551615")
        .failed(
            3,
            &["the mask, grown by --dilate 18446744073709551615, covers all of it"],
        );
    for (line, code, part) in [
        ("--style fill", 2, "say where they are with --mask"),
        ("--style fill --mask nowhere", 2, "`nowhere` does not exist"),
        (
            "--style fill --mask masks --size 64",
            2,
            "cannot be used with",
        ),
        ("--style fill --feather 3", 2, "--mask"),
        (
            "--style fill --mask masks --samples 2 --dropout on",
            2,
            "cannot be used with",
        ),
        (
            "--style fill --mask masks --dropout on",
            2,
            "its network has no dropout",
        ),
        ("--style missing --mask masks", 1, "no style `missing`"),
    ] {
        place
            .run(&format!("apply --input in --output no {line}"))
            .failed(code, &[part]);
    }
}

/// A 60 x 50 PNG with a palette of black and white and a white rectangle.
fn palette_mask() -> Vec<u8> {
    use image::codecs::png::PngEncoder;
    use image::{ExtendedColorType, ImageEncoder};
    // An 8-bit grey file whose header is turned into one with a palette.
    let mut pixels = vec![0u8; 60 * 50];
    for y in 12..32 {
        pixels[y * 60 + 20..y * 60 + 40].fill(1);
    }
    let mut plain = Vec::new();
    PngEncoder::new(&mut plain)
        .write_image(&pixels, 60, 50, ExtendedColorType::L8)
        .unwrap();
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let mut bytes = (data.len() as u32).to_be_bytes().to_vec();
        bytes.extend(kind);
        bytes.extend(data);
        bytes.extend(checksum(&bytes[4..]).to_be_bytes());
        bytes
    };
    let mut header = plain[16..29].to_vec();
    // Colour type 3: palette.
    header[9] = 3;
    let mut file = plain[..8].to_vec();
    file.extend(chunk(b"IHDR", &header));
    file.extend(chunk(b"PLTE", &[0, 0, 0, 255, 255, 255]));
    file.extend(&plain[33..]);
    file
}

/// The cyclic redundancy check of PNG.
fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for &byte in bytes {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0xEDB8_8320
            } else {
                sum >> 1
            };
        }
    }
    !sum
}

#[test]
fn masks_are_drawn_as_files_and_learnt_from() {
    let place = Place::with_photos();
    let drawn = |line: &str| place.run(&format!("data masks {line}")).done();
    let run = drawn("--kind strokes --count 3 --size 40x30 --output free");
    assert_eq!(run.stdout, "3 pictures in `free`\n");
    assert_eq!(
        names(&place.path("free")),
        ["000000.png", "000001.png", "000002.png"]
    );
    assert_eq!(place.size("free/000001.png"), (40, 30));
    assert_ne!(place.read("free/000000.png"), place.read("free/000001.png"));
    drawn("--kind strokes --count 3 --size 40x30 --output again");
    assert_eq!(
        place.read("free/000001.png"),
        place.read("again/000001.png")
    );
    drawn("--kind strokes --count 3 --size 40x30 --seed 1 --output other");
    assert_ne!(
        place.read("free/000001.png"),
        place.read("other/000001.png")
    );

    let again = "--kind strokes --count 1 --size 40x30 --seed 1 --output free";
    place
        .run(&format!("data masks {again}"))
        .failed(1, &["`free/000000.png` exists already", "--overwrite"]);
    let run = drawn(&format!("{again} --overwrite"));
    assert_eq!(run.stdout, "1 picture in `free`\n");
    assert_eq!(
        place.read("free/000000.png"),
        place.read("other/000000.png")
    );

    drawn("--kind regions --input photos --output photos-masks");
    place
        .run("data masks --kind blocks --input photos --output photos-masks")
        .failed(1, &["exists already"]);
    assert_eq!(
        names(&place.path("photos-masks")).len(),
        names(&place.path("photos")).len()
    );
    assert_eq!(place.size("photos-masks/3.png"), place.size("photos/3.png"));
    for (line, code, part) in [
        (
            "--kind centre --size 16 --output no",
            1,
            "has no pixel with an overlap of 4",
        ),
        ("--kind centre --output no", 2, "--size"),
        (
            "--kind blocks --size 16 --count 0 --output no",
            2,
            "--count",
        ),
        (
            "--kind blocks --size 16 --overlap 4 --output no",
            2,
            "it is for `--kind centre`",
        ),
        ("--kind folder --size 16 --output no", 2, "folder"),
        (
            "--kind blocks --input photos --output photos/m",
            1,
            "not inside it",
        ),
    ] {
        place
            .run(&format!("data masks {line}"))
            .failed(code, &[part]);
    }

    // Masks of one's own: in the data set, or anywhere.
    let own = "--set data.masks=folder";
    place
        .run(&format!("train {INPAINT} {own} --steps 2 --name no"))
        .failed(1, &["photos/masks` is not a folder", "data.mask_folder"]);
    std::fs::rename(place.path("free"), place.path("photos/masks")).unwrap();
    let check = place
        .run("data check photos --mode inpaint --set data.masks=folder")
        .done();
    assert!(
        check.stdout.contains("masks: 3 pictures, 40x30"),
        "{check:#?}"
    );
    assert!(check.stdout.contains("photos: 6 pictures"), "{check:#?}");
    place
        .run(&format!("train {INPAINT} {own} --steps 2 --name a"))
        .done();
    place
        .run(&format!(
            "train {INPAINT} {own} --set data.mask_folder=photos/masks --steps 2 --name b"
        ))
        .done();
    for file in ["generator.safetensors", "previews/step-000002.png"] {
        let [a, b] = ["a", "b"].map(|style| place.read(&format!("checkpoints/{style}/{file}")));
        assert!(a == b, "{file}");
    }
    place.picture("photos/masks/black.png", 9, 9, 0);
    let black = ImageBuffer::from_pixel(9, 9, Luma([0u8]));
    black.save(place.path("photos/masks/black.png")).unwrap();
    place
        .run(&format!("train {INPAINT} {own} --steps 2 --name c"))
        .failed(1, &["black.png` is black all over"]);
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
    place
        .run("import free.safetensors --style new --mode inpaint")
        .failed(
            1,
            &["networks of mode inpaint are not imported", "--init-from"],
        );
}
