//! What stands beside the pixels of a picture and follows its translation, or is said to be left out.

use std::fs;

use image::{DynamicImage, ImageFormat, RgbImage};
use translate::apply::{ApplyOptions, OutputFormat, OutputSize};
use translate::config::{Mode, Pages, Preprocess};
use translate::data::{Dataset, Split};
use translate::picture::{PictureLimits, SampleOptions, read_bands, read_picture, read_sample};

use crate::apply_network::{Network, apply, folder};
use crate::cli_support::{INPAINT, Place};
use crate::data::{Folder, encoded, gradient, noise, recipe};

const DENSITY: u32 = 11_811;

/// The bytes of the output of a network that changes nothing, and the note.
fn translated(name: &str, bytes: &[u8], format: OutputFormat) -> (Vec<u8>, String) {
    let (input, out) = (Folder::new(), folder());
    let options = ApplyOptions {
        format,
        ..ApplyOptions::default()
    };
    let path = input.write(name, bytes);
    let summary = apply(&path, out.path(), &mut Network::identity(), &options).unwrap();
    let file = summary.files().next().unwrap();
    let made = fs::read_dir(out.path()).unwrap().next().unwrap().unwrap();
    let note = file.note.clone().unwrap_or_default();
    (fs::read(made.path()).unwrap(), note)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|found| found == part)
}

#[test]
fn bitmaps_keep_their_resolution() {
    let mut bitmap = encoded(noise(24, 16), ImageFormat::Bmp);
    let density = [DENSITY, DENSITY].map(u32::to_le_bytes).concat();
    bitmap[38..46].copy_from_slice(&density);
    let (made, note) = translated("a.bmp", &bitmap, OutputFormat::Same);
    assert_eq!(note, "");
    assert_eq!(made[38..46], density);
    let (png, _) = translated("a.bmp", &bitmap, OutputFormat::Png);
    let wanted = [
        &b"pHYs"[..],
        &DENSITY.to_be_bytes(),
        &DENSITY.to_be_bytes(),
        &[1],
    ]
    .concat();
    assert!(contains(&png, &wanted));
}

/// A JPEG file with these segments after its first marker.
fn jpeg(segments: &[(u8, &[u8])]) -> Vec<u8> {
    let plain = encoded(noise(24, 16), ImageFormat::Jpeg);
    let mut bytes = plain[..2].to_vec();
    for (marker, content) in segments {
        bytes.extend([0xFF, *marker]);
        bytes.extend((content.len() as u16 + 2).to_be_bytes());
        bytes.extend_from_slice(content);
    }
    bytes.extend_from_slice(&plain[2..]);
    bytes
}

#[test]
fn gain_maps_and_other_pictures_of_a_photo_are_said_to_be_gone() {
    let xmp = |block: &str| format!("http://ns.adobe.com/xap/1.0/\0{block}").into_bytes();
    let ultra_hdr = xmp(
        r#"<x:xmpmeta><rdf:Description hdrgm:Version="1.0"><Container:Directory/></rdf:Description></x:xmpmeta>"#,
    );
    let motion = xmp(r#"<x:xmpmeta><rdf:Description GCamera:MicroVideo="1"/></x:xmpmeta>"#);
    // One tag in one directory: the number of pictures.
    let pictures = |count: u32| {
        let mut block = b"MPF\0II*\0".to_vec();
        block.extend(8u32.to_le_bytes());
        block.extend(1u16.to_le_bytes());
        block.extend([0x01, 0xB0, 4, 0, 1, 0, 0, 0]);
        block.extend(count.to_le_bytes());
        block.extend(0u32.to_le_bytes());
        block
    };
    let gain_map = "its XMP block tells of a gain map, which is not in this file, and was left out";
    let others = "its XMP block tells of pictures that are not in this file, and was left out";
    let first = "the first of its 2 pictures";
    for (segments, wanted) in [
        (vec![(0xE1, ultra_hdr.clone())], vec![gain_map]),
        (vec![(0xE1, motion)], vec![others]),
        (vec![(0xE2, pictures(2))], vec![first]),
        (vec![(0xE2, pictures(1))], vec![]),
        (
            vec![(0xE1, ultra_hdr), (0xE2, pictures(2))],
            vec![first, gain_map],
        ),
    ] {
        let segments: Vec<(u8, &[u8])> = segments
            .iter()
            .map(|(marker, content)| (*marker, &content[..]))
            .collect();
        for format in [OutputFormat::Same, OutputFormat::Png] {
            let (made, note) = translated("a.jpg", &jpeg(&segments), format);
            assert_eq!(note, wanted.join("; "), "{format:?}");
            for promise in [&b"hdrgm"[..], b"MicroVideo", b"MPF\0"] {
                assert!(!contains(&made, promise));
            }
        }
    }
}

#[test]
fn pages_are_samples_where_the_recipe_says_so() {
    let pages = fs::read("tests/fixtures/tiff/big_pages.tif").unwrap();
    let folder = Folder::new();
    folder.write("A/a.tif", &pages);
    folder.write("B/a.tif", &pages);
    let mut recipe = recipe(Mode::Pix2pix, Preprocess::None, 24, 16);
    recipe.data.flip = false;
    let open = |recipe: &_| Dataset::open(folder.path(), recipe, Split::Train);
    let first = open(&recipe).unwrap();
    assert_eq!(first.len(), 1);
    let report = first.check(&|_, _| ()).unwrap().to_string();
    assert!(report.contains("the first of its 3 pages"), "{report}");

    recipe.data.pages = Pages::All;
    let all = open(&recipe).unwrap();
    assert_eq!(all.len(), 3);
    let report = all.check(&|_, _| ()).unwrap().to_string();
    assert!(!report.contains("pages"), "{report}");
    let values: Vec<_> = (0..3).map(|index| all.fixed(index).unwrap().a).collect();
    assert!(values[0] == first.fixed(0).unwrap().a);
    assert!(values[0] != values[1] && values[1] != values[2]);

    folder.write("B/a.tif", &encoded(gradient(40, 24, 0), ImageFormat::Tiff));
    let message = open(&recipe).unwrap_err().to_string();
    assert!(
        message.contains("has 3 pages, but its partner") && message.contains("has 1: "),
        "{message}"
    );
}

#[test]
fn pictures_that_use_little_of_their_range_are_warned_of() {
    let folder = Folder::new();
    // As 12 bits in 16 bits.
    let deep = image::ImageBuffer::from_fn(32, 24, |x, y| image::Luma([(x * 100 + y) as u16]));
    for side in ["A", "B"] {
        let bytes = encoded(DynamicImage::ImageLuma16(deep.clone()), ImageFormat::Png);
        folder.write(&format!("{side}/a.png"), &bytes);
    }
    let mut recipe = recipe(Mode::Pix2pix, Preprocess::None, 24, 16);
    let warnings = |recipe: &_| {
        let dataset = Dataset::open(folder.path(), recipe, Split::Train).unwrap();
        dataset.check(&|_, _| ()).unwrap().warnings
    };
    let found = warnings(&recipe);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains("use 4.8 % of the range") && found[0].contains("`data.range = [0, 312"),
        "{found:?}"
    );
    recipe.data.range = vec![0.0, 4095.0];
    assert_eq!(warnings(&recipe), Vec::<String>::new());
}

#[test]
fn pixels_without_data_stay_without_at_another_size() {
    let path = std::path::Path::new("tests/fixtures/tiff/heights.tif");
    let original = read_bands(path, None, PictureLimits::default()).unwrap();
    let (width, height) = original.pixels.size();
    for (side, restore) in [(2, false), (2, true), (1, false)] {
        let out = folder();
        let options = ApplyOptions {
            size: OutputSize::Exact {
                width: (side * width) as u32,
                height: (side * height) as u32,
            },
            restore,
            range: Some([-200.0, 820.0]),
            ..ApplyOptions::default()
        };
        let mut network = Network {
            channels: (1, 1),
            ..Network::identity()
        };
        apply(path, out.path(), &mut network, &options).unwrap();
        let made = out.path().join("heights.tif");
        let made = read_bands(&made, None, PictureLimits::default()).unwrap();
        let side = if restore { 1 } else { side };
        assert_eq!(made.pixels.size(), (side * width, side * height));
        assert_eq!(made.pixels.no_data(), original.pixels.no_data());
        // What has no data is grey in every range.
        let nothing = |pixels: &translate::picture::Bands| -> Vec<bool> {
            let ranges = [[-200.0, 820.0], [-200.0, 1000.0]];
            let [first, second] = ranges.map(|range| pixels.values(range));
            let values = first.iter().zip(&second);
            values
                .map(|(first, second)| first.abs() + second.abs() <= 0.0)
                .collect()
        };
        let (before, after) = (nothing(&original.pixels), nothing(&made.pixels));
        assert!(before.contains(&true));
        for (place, &is_excluded) in after.iter().enumerate() {
            let (x, y) = (place % (side * width), place / (side * width));
            assert_eq!(is_excluded, before[y / side * width + x / side], "{x} {y}");
        }
    }
}

#[test]
fn training_sees_no_colours_that_cannot_be_seen() {
    let folder = Folder::new();
    let sprite = |hidden: [u8; 3]| {
        image::RgbaImage::from_fn(20, 12, |x, y| {
            let [red, green, blue] = hidden;
            if (5..15).contains(&x) && y > 3 {
                image::Rgba([200, (9 * x) as u8, y as u8, 255])
            } else {
                image::Rgba([red, green, blue, 0])
            }
        })
    };
    let read = |name: &str, hidden| {
        let path = folder.write(name, &encoded(sprite(hidden), ImageFormat::Png));
        let options = SampleOptions {
            channels: 3,
            range: None,
            page: None,
        };
        read_sample(&path, options).unwrap().raster.values()
    };
    let black = read("black.png", [0; 3]);
    assert_eq!(black, read("white.png", [255; 3]));
    // The corner has the nearest colour that can be seen.
    assert!((black[0] - (200.0 / 127.5 - 1.0)).abs() < 1e-6);
}

#[test]
fn what_lies_beside_a_photo_goes_along_when_its_holes_are_filled() {
    let place = Place::with_photos();
    place
        .run(&format!("train {INPAINT} --steps 1 --name fill"))
        .done();
    let photo = RgbImage::from_fn(70, 66, |x, y| image::Rgb([x as u8, y as u8, 9]));
    place.save("in/a.png", photo);
    place.write("in/a.pgw", "10\n0\n0\n-10\n505\n995\n");
    place.write("in/a.prj", "PROJCS[]");
    place.write("in/a.png.aux.xml", "<PAMDataset>\n</PAMDataset>\n");
    let mask = |is_empty: bool| {
        image::GrayImage::from_fn(70, 66, move |x, _| {
            image::Luma([u8::from(!is_empty && x < 9) * 255])
        })
    };
    place.save("masks/a.png", mask(false));
    place
        .run("apply --input in --style fill --mask masks --output out")
        .done();
    // Photos that are only copied, too.
    place.save("masks/a.png", mask(true));
    place
        .run("apply --input in --style fill --mask masks --output copied")
        .done();
    for out in ["out", "copied"] {
        for name in ["a.pgw", "a.prj", "a.png.aux.xml"] {
            assert_eq!(
                place.read(&format!("{out}/{name}")),
                place.read(&format!("in/{name}"))
            );
        }
    }
    let picture = read_picture(&place.path("out/a.png"), PictureLimits::default()).unwrap();
    assert_eq!(picture.pixels.width(), 70);
}
