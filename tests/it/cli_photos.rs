//! `translate apply` on photos as people have them: what is kept, what is said, what is refused.

use std::collections::HashSet;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, Rgb, Rgba};

use crate::cli_support::{CYCLE, Place, picture};
use crate::photo_files::{animated_png, exif, file, metadata, profile};

/// A place with the style `c`, whose network has no norm statistics to speak of.
fn with_style() -> Place {
    let place = Place::new();
    for index in 0..2 {
        place.picture(&format!("data/trainA/{index}.png"), 20, 20, index);
        place.picture(&format!("data/trainB/{index}.png"), 20, 20, 50 + index);
    }
    place
        .run(&format!("train {CYCLE} --data data --steps 1 --name c"))
        .done();
    place
}

#[test]
fn a_folder_of_photos_loses_nothing_and_the_report_says_what_it_cannot_keep() {
    let place = with_style();
    let rgb = DynamicImage::from(picture(40, 30, 1));
    let deep: DynamicImage = ImageBuffer::from_fn(200, 40, |x, y| {
        Rgb([(x * 300) as u16, (y * 1600) as u16, 9000])
    })
    .into();
    place.save("in/deep.png", deep);
    let transparent: DynamicImage = ImageBuffer::from_fn(40, 30, |x, y| {
        Rgba([x as u8, y as u8, 200, (x * y % 256) as u8])
    })
    .into();
    place.save("in/transparent.webp", transparent.to_rgba8());
    let photo = file(
        &rgb,
        ImageFormat::Jpeg,
        Some(exif(8, false)),
        Some(profile(*b"RGB ", 70_000)),
    );
    place.write("in/photo.jpg", photo);
    place.write("in/moving.png", animated_png(&rgb, &rgb));
    place.save(
        "in/grey.pgm",
        ImageBuffer::from_fn(30, 20, |x, y| Luma([(x * y) as u8])),
    );

    let run = place
        .run("apply --input in --style c --output out --report out.json")
        .done()
        .says("its first frame");
    assert!(run.stdout.starts_with("translated 5 of 5"), "{run:#?}");
    let open = |name: &str| image::open(place.path(name)).unwrap();
    let levels: HashSet<u16> = open("out/deep.png")
        .to_rgb16()
        .into_raw()
        .into_iter()
        .collect();
    assert!(levels.len() > 256, "{} levels", levels.len());
    assert_eq!(open("out/deep.png").color(), image::ColorType::Rgb16);
    let alpha = |picture: DynamicImage| -> Vec<u8> {
        picture.to_rgba8().pixels().map(|pixel| pixel[3]).collect()
    };
    assert!(alpha(open("out/transparent.webp")) == alpha(transparent));
    assert_eq!(place.size("out/photo.jpg"), (30, 40), "upright");
    let (profile, block) = metadata(&place.read("out/photo.jpg"));
    assert_eq!(profile.map(|profile| profile.len()), Some(70_000));
    assert!(block.is_some());
    assert!(place.read("out/grey.pgm").starts_with(b"P6"));
    let report = place.json("out.json");
    let notes: Vec<_> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["note"].as_str())
        .collect();
    // In the order of names: deep, grey, moving, photo, transparent.
    assert_eq!(notes[0], None);
    assert_eq!(
        notes[1],
        Some("in colour (PPM), though its name ends in .pgm")
    );
    assert_eq!(notes[2], Some("its first frame"));
    assert_eq!(notes[3..], [None, None]);

    place
        .run("apply --input in --style c --output jpeg --format jpg --report jpeg.json")
        .done();
    let report = place.json("jpeg.json");
    let said = |index: usize, part: &str| {
        let note = report["files"][index]["note"].as_str().unwrap_or_default();
        assert!(note.contains(part), "{report:#?}");
    };
    said(0, "its 16 bits were rounded to 8");
    said(4, "its transparency was left out");

    place
        .run("apply --input in/deep.png --style c --output eight --depth 8")
        .done();
    assert_eq!(open("eight/deep.png").color(), image::ColorType::Rgb8);
}

#[test]
fn quality_is_for_jpeg_files() {
    let place = with_style();
    place.save("a.jpg", picture(90, 60, 3));
    let size = |quality: &str| {
        let line = format!("apply --input a.jpg --style c --output q --overwrite {quality}");
        place.run(&line).done();
        place.read("q/a.jpg").len()
    };
    let (poor, usual, best) = (size("--quality 20"), size(""), size("--quality 100"));
    assert!(poor < usual && usual < best, "{poor} {usual} {best}");
    assert_eq!(size("--quality 95"), usual);
    let line = "apply --input a.jpg --style c --output q --quality";
    place
        .run(&format!("{line} 90 --format png"))
        .failed(2, &["`--quality` changes nothing here"]);
    place.run(&format!("{line} 0")).failed(2, &["1..=100"]);
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let place = with_style();
    place.save("in/a.png", picture(90, 60, 3));
    place.save("in/b.png", picture(30, 20, 3));
    // A header that promises what nothing can hold, and bytes that nothing needs.
    place.write("in/bomb.ppm", b"P6 60000 60000 255\n123");
    let line = "apply --input in --style c --overwrite --output";
    let run = place.run(&format!("{line} out --report out.json"));
    assert_eq!(run.code, Some(3), "{run:#?}");
    assert!(
        run.stderr.contains("`in/bomb.ppm` is 60000x60000: more than 500M pixels are not read; --max-pixels raises the limit"),
        "{run:#?}"
    );
    let run = place.run(&format!("{line} few --max-pixels 1K"));
    assert_eq!(run.code, Some(3), "{run:#?}");
    assert!(
        run.stderr
            .contains("`in/a.png` is 90x60: more than 1K pixels are not read"),
        "{run:#?}"
    );
    assert!(place.path("few/b.png").exists());
    let run = place.run(&format!("{line} short --max-bytes 100"));
    assert_eq!(run.code, Some(3), "{run:#?}");
    assert!(
        run.stderr
            .contains(" bytes: more than 100 bytes are not read; --max-bytes raises the limit"),
        "{run:#?}"
    );
    place
        .run("apply --input in --style c --output no --max-pixels 0")
        .failed(2, &["`0` is not a number above 0"]);
    place
        .run("apply --input in --style c --output no --size 70000x70000")
        .failed(2, &["`--size 70000x70000` has more than 500M pixels"]);
}
