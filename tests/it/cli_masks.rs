//! Masks as users have them: transparency, colours, files that do not fit, files that `data masks` draws.

use image::{DynamicImage, ImageBuffer, Luma, Rgb, Rgba};

use crate::cli_inpaint::{differences, open, with_styles};
use crate::cli_support::{INPAINT, Place, names};

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
        .run("apply --input painted.png --style free --mask color:#123456 --output same")
        .done()
        .says("`painted.png`: no pixel of it has the colour #123456: copied unchanged");
    assert_eq!(place.read("same/painted.png"), place.read("painted.png"));
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
        ("--style missing --mask masks", 2, "no style `missing`"),
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
        .failed(2, &["`free/000000.png` exists already", "--overwrite"]);
    let run = drawn(&format!("{again} --overwrite"));
    assert_eq!(run.stdout, "1 picture in `free`\n");
    assert_eq!(
        place.read("free/000000.png"),
        place.read("other/000000.png")
    );

    drawn("--kind regions --input photos --output photos-masks");
    place
        .run("data masks --kind blocks --input photos --output photos-masks")
        .failed(2, &["exists already"]);
    assert_eq!(
        names(&place.path("photos-masks")).len(),
        names(&place.path("photos")).len()
    );
    assert_eq!(place.size("photos-masks/3.png"), place.size("photos/3.png"));
    for (line, part) in [
        (
            "--kind centre --size 16 --output no",
            "has no pixel with an overlap of 4",
        ),
        ("--kind centre --output no", "--size"),
        ("--kind blocks --size keep --output no", "no size to keep"),
        ("--kind blocks --size 16 --count 0 --output no", "--count"),
        (
            "--kind blocks --size 16 --overlap 4 --output no",
            "it is for `--kind centre`",
        ),
        ("--kind folder --size 16 --output no", "folder"),
        (
            "--kind blocks --input photos --output photos/m",
            "not inside it",
        ),
    ] {
        place.run(&format!("data masks {line}")).failed(2, &[part]);
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
    // A recipe has a mode.
    place.write(
        "holes.toml",
        "mode = \"inpaint\"\n[data]\nmasks = \"folder\"\n",
    );
    let by_recipe = place.run("data check photos --config holes.toml").done();
    assert_eq!(by_recipe.stdout, check.stdout);
    place.run("data check photos").failed(2, &["--mode <MODE>"]);
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
