//! What translations look like: their pixels, size and format.

use std::fs;
use std::path::Path;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use translate::apply::{ApplyOptions, OnExisting, OutputFormat, OutputSize, Status};

use crate::apply_network::{Network, apply, files, folder, noise, save};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_network_that_changes_nothing_gives_the_same_pictures(
        sizes in prop::collection::vec((1u32..71, 1u32..71), 1..8),
        multiple in 4usize..65,
        smallest in 1usize..80,
        is_grey in any::<bool>(),
        threads in 0usize..4,
    ) {
        let (input, output) = (folder(), folder());
        let mut pictures = Vec::new();
        for (index, &(width, height)) in sizes.iter().enumerate() {
            let mut picture = DynamicImage::ImageRgb8(noise(width, height, index as u32 + 7));
            if is_grey {
                picture = DynamicImage::ImageLuma8(picture.to_luma8());
            }
            picture.save(input.path().join(format!("{index}.png"))).unwrap();
            pictures.push(picture);
        }
        let channels = if is_grey { 1 } else { 3 };
        let mut network = Network {
            channels: (channels, channels),
            multiple,
            smallest,
            ..Network::identity()
        };
        let options = ApplyOptions { threads, ..ApplyOptions::default() };
        let summary = apply(input.path(), output.path(), &mut network, &options).unwrap();
        prop_assert_eq!(summary.count(Status::Done), sizes.len());
        for (index, picture) in pictures.iter().enumerate() {
            let translated = image::open(output.path().join(format!("{index}.png"))).unwrap();
            prop_assert_eq!(&translated, picture);
            let report = summary.files().nth(index).unwrap();
            prop_assert_eq!((report.width, report.height), (Some(picture.width()), Some(picture.height())));
        }
    }
}

#[test]
fn every_format_can_be_read_back() {
    let input = folder();
    let picture = RgbImage::from_fn(37, 23, |x, y| Rgb([x as u8 * 5, y as u8 * 9, 90]));
    save(&picture, &input.path().join("a.png"));
    for (extension, format) in [
        ("bmp", ImageFormat::Bmp),
        ("tiff", ImageFormat::Tiff),
        ("webp", ImageFormat::WebP),
        ("ppm", ImageFormat::Pnm),
    ] {
        let path = input.path().join(format!("{extension}.{extension}"));
        picture.save_with_format(path, format).unwrap();
    }
    for channels in [3, 1] {
        let output = folder();
        let mut network = Network {
            channels: (3, channels),
            ..Network::new(move |mut values, _| {
                values.truncate(values.len() / 3 * channels);
                Ok(values)
            })
        };
        let options = ApplyOptions::default();
        apply(input.path(), output.path(), &mut network, &options).unwrap();
        let expected = DynamicImage::ImageRgb8(if channels == 3 {
            picture.clone()
        } else {
            RgbImage::from_fn(37, 23, |x, _| Rgb([x as u8 * 5; 3]))
        });
        for name in ["a.png", "bmp.bmp", "tiff.tiff", "webp.webp", "ppm.ppm"] {
            let translated = image::open(output.path().join(name)).unwrap();
            assert_eq!(translated.to_rgb8(), expected.to_rgb8(), "{name}");
            // The WebP decoder gives colour for grey, and 8-bit BMPs have a palette.
            if !["webp.webp", "bmp.bmp"].contains(&name) {
                assert_eq!(
                    usize::from(translated.color().channel_count()),
                    channels,
                    "{name}"
                );
            }
        }
        let ppm = fs::read(output.path().join("ppm.ppm")).unwrap();
        assert!(ppm.starts_with(if channels == 3 { b"P6" } else { b"P5" }));

        let jpeg = ApplyOptions {
            format: OutputFormat::Jpg,
            existing: OnExisting::Overwrite,
            ..ApplyOptions::default()
        };
        apply(
            &input.path().join("a.png"),
            output.path(),
            &mut network,
            &jpeg,
        )
        .unwrap();
        let jpeg = image::open(output.path().join("a.jpg"))
            .unwrap()
            .into_rgb8();
        let pairs = jpeg.as_raw().iter().zip(expected.as_bytes());
        let largest = pairs.map(|(&one, &other)| one.abs_diff(other)).max();
        assert!(largest < Some(12), "{largest:?}");
    }
}

#[test]
fn a_chosen_size_is_the_size_of_the_output() {
    let input = folder();
    save(
        &RgbImage::from_fn(64, 32, |x, _| Rgb([x as u8 * 4, 7, 255])),
        &input.path().join("a.png"),
    );
    for (text, expected) in [
        ("20", (20, 20)),
        ("50x9", (50, 9)),
        ("64x32", (64, 32)),
        ("130x70", (130, 70)),
    ] {
        for channels in [3, 1] {
            let output = folder();
            let size: OutputSize = text.parse().unwrap();
            let options = ApplyOptions {
                size,
                ..ApplyOptions::default()
            };
            let mut network = Network {
                channels: (channels, channels),
                ..Network::identity()
            };
            let summary = apply(input.path(), output.path(), &mut network, &options).unwrap();
            let report = summary.files().next().unwrap();
            assert_eq!(
                (report.width, report.height),
                (Some(expected.0), Some(expected.1))
            );
            let picture = image::open(output.path().join("a.png"))
                .unwrap()
                .into_rgb8();
            assert_eq!(picture.dimensions(), expected);
            if channels == 3 {
                // A ramp stays a ramp from left to right whatever its length, and what is even stays even.
                let step = 256.0 / f64::from(expected.0);
                for x in 3..expected.0 - 3 {
                    let Rgb([red, green, blue]) = *picture.get_pixel(x, expected.1 / 2);
                    let ramp = (f64::from(x) + 0.5) * step - 2.0;
                    assert!(
                        (f64::from(red) - ramp).abs() < 2.0,
                        "{text}: {red} at {x}, not {ramp}"
                    );
                    assert_eq!((green, blue), (7, 255));
                }
            }
        }
    }
}

#[test]
fn real_pictures_keep_their_size_and_format() {
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/facades/val");
    if !input.is_dir() {
        println!("skipped: no shared/data/facades");
        return;
    }
    let output = folder();
    let options = ApplyOptions::default();
    let mut network = Network {
        multiple: 256,
        smallest: 256,
        ..Network::identity()
    };
    let summary = apply(&input, output.path(), &mut network, &options).unwrap();
    println!("{:.1} pictures per second", summary.pictures_per_second());
    assert_eq!(summary.count(Status::Done), summary.files().count());
    assert_eq!(files(output.path()), files(&input));
    for file in summary.files() {
        let path = file.output.as_ref().unwrap();
        assert_eq!(
            image::image_dimensions(path).unwrap(),
            image::image_dimensions(&file.input).unwrap()
        );
    }
}
