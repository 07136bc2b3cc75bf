//! What TIFF files say beside their pixels: georeferences, pages, descriptions, densities.

use std::fs;

use translate::apply::{ApplyOptions, OutputFormat, OutputSize};
use translate::config::Pages;
use translate::picture::{PictureLimits, page_count, read_page, read_picture};

use crate::apply_network::{Network, apply, folder};
use crate::tiff_files::{levels, path, read, translated};

#[test]
fn a_georeference_is_kept_scaled_and_its_loss_is_said() {
    for name in ["geo_rgb.tif", "geo_big.tif"] {
        let original = read(name);
        assert_eq!(original.pixels.into_rgb8().into_raw(), levels(3), "{name}");
        let made = translated(name, 3, &ApplyOptions::default()).unwrap();
        let again = read_picture(&made.path(), PictureLimits::default()).unwrap();
        assert_eq!(again.metadata.georeference, original.metadata.georeference);
        assert_ne!(
            again.metadata.georeference,
            translate::picture::Georeference::default()
        );
        assert_eq!(again.pixels.into_rgb8().into_raw(), levels(3));
        let options = ApplyOptions {
            size: OutputSize::Exact {
                width: 20,
                height: 8,
            },
            ..ApplyOptions::default()
        };
        let small = translated(name, 3, &options).unwrap();
        let bytes = fs::read(small.path()).unwrap();
        let scale: Vec<u8> = [20.0f64, 30.0, 0.0]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect();
        assert!(bytes.windows(scale.len()).any(|part| part == scale));
        let options = ApplyOptions {
            format: OutputFormat::Png,
            ..ApplyOptions::default()
        };
        let png = translated(name, 3, &options).unwrap();
        assert!(png.note.contains("georeference"), "{}", png.note);
    }
}

#[test]
fn all_pages_are_translated_into_one_file_and_descriptions_tell_the_truth() {
    for name in ["imagej.tif", "shaped.tif", "ome.tif", "big_pages.tif"] {
        let channels = if name == "big_pages.tif" { 3 } else { 1 };
        let options = ApplyOptions {
            pages: Pages::All,
            ..ApplyOptions::default()
        };
        let made = translated(name, channels, &options).unwrap();
        assert_eq!(page_count(&made.path()), 3, "{name}");
        for page in 0..3 {
            let limits = PictureLimits::default();
            let wanted = read_page(&path(name), page, limits).unwrap().pixels;
            assert_eq!(
                read_page(&made.path(), page, limits).unwrap().pixels,
                wanted
            );
        }
        let first = translated(name, channels, &ApplyOptions::default()).unwrap();
        assert!(first.note.contains("the first of its 3 pages"));
        let bytes = fs::read(first.path()).unwrap();
        for lie in [&b"images=3"[..], b"[3, 24, 40]", b"SizeZ"] {
            assert!(!bytes.windows(lie.len()).any(|part| part == lie), "{name}");
        }
        assert_eq!(first.note.contains("OME description"), name == "ome.tif");
    }
    let options = ApplyOptions {
        pages: Pages::All,
        format: OutputFormat::Png,
        ..ApplyOptions::default()
    };
    let error = translated("imagej.tif", 1, &options).err().unwrap();
    assert_eq!(
        error,
        "several pages go into no file but TIFF: add --format tiff"
    );
}

#[test]
fn a_density_goes_into_every_format_that_has_a_place_for_it() {
    let input = folder();
    let original = input.path().join("a.tif");
    fs::copy(path("big_be_rgb16.tif"), &original).unwrap();
    for (format, name) in [
        (OutputFormat::Png, "a.png"),
        (OutputFormat::Jpg, "a.jpg"),
        (OutputFormat::Tiff, "a.tif"),
        (OutputFormat::Webp, "a.webp"),
    ] {
        let out = folder();
        let options = ApplyOptions {
            format,
            ..ApplyOptions::default()
        };
        apply(&original, out.path(), &mut Network::identity(), &options).unwrap();
        let made = read_picture(&out.path().join(name), PictureLimits::default()).unwrap();
        let density = made.metadata.density.unwrap();
        assert!((density.across * 0.0254 - 300.0).abs() < 0.01, "{name}");
        // And on from there, without an EXIF block to help.
        let again = folder();
        let options = ApplyOptions {
            format: OutputFormat::Png,
            ..ApplyOptions::default()
        };
        apply(
            &out.path().join(name),
            again.path(),
            &mut Network::identity(),
            &options,
        )
        .unwrap();
        let png = fs::read(again.path().join("a.png")).unwrap();
        let wanted = [
            &b"pHYs"[..],
            &11_811u32.to_be_bytes(),
            &11_811u32.to_be_bytes(),
            &[1],
        ]
        .concat();
        assert!(
            png.windows(wanted.len()).any(|part| part == wanted),
            "{name}"
        );
    }
}
