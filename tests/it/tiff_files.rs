//! TIFF files of other programs: their samples are those that tifffile and GDAL read, and translations keep what they say.
//!
//! `scripts/parity/tiff_files.py` makes the files.

use std::fs;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat};
use proptest::prelude::*;
use translate::apply::{ApplyOptions, OutputFormat, TileSize};
use translate::picture::{
    Exclusion, PictureLimits, SampleOptions, SampleType, page_count, picture_size, read_bands,
    read_page, read_picture, read_sample,
};

use crate::apply_network::{Network, apply, files, folder};
use crate::hostile_pictures::cases;

const WIDTH: u32 = 40;
const HEIGHT: u32 = 24;

pub fn path(name: &str) -> PathBuf {
    Path::new("tests/fixtures/tiff").join(name)
}

/// Sample `channel` of each picture.
pub fn level(x: u32, y: u32, channel: u32) -> u8 {
    ((x * 5 + y * (3 + 2 * channel) + 40 * channel) % 256) as u8
}

/// Whether a pixel lies in the part without data of files that have one.
pub fn is_hole(x: u32, y: u32) -> bool {
    (8..30).contains(&x) && (4..12).contains(&y)
}

pub fn levels(channels: u32) -> Vec<u8> {
    let pixels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    pixels
        .flat_map(|(x, y)| (0..channels).map(move |channel| level(x, y, channel)))
        .collect()
}

pub fn read(name: &str) -> translate::picture::Picture {
    read_picture(&path(name), PictureLimits::default())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn message(name: &str) -> String {
    let error = read_picture(&path(name), PictureLimits::default());
    error.err().unwrap().to_string()
}

/// What a network that changes nothing makes of a file: the folder of the output, the output's name and the note.
pub struct Translated {
    pub folder: tempfile::TempDir,
    pub name: String,
    pub note: String,
}

impl Translated {
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }
}

pub fn translated(
    name: &str,
    channels: usize,
    options: &ApplyOptions,
) -> Result<Translated, String> {
    let out = folder();
    let mut network = Network {
        channels: (channels, channels),
        ..Network::identity()
    };
    let summary = apply(&path(name), out.path(), &mut network, options).unwrap();
    let report = summary.files().next().unwrap();
    if let Some(error) = &report.error {
        return Err(error.clone());
    }
    let names = files(out.path());
    Ok(Translated {
        name: names[0].to_string_lossy().into_owned(),
        note: report.note.clone().unwrap_or_default(),
        folder: out,
    })
}

#[test]
fn big_tiff_is_read_in_both_byte_orders_with_all_that_it_says() {
    assert_eq!(
        read("big_le_rgb8.tif").pixels.into_rgb8().into_raw(),
        levels(3)
    );
    let deep = read("big_be_rgb16.tif");
    let wanted: Vec<u16> = levels(3)
        .iter()
        .map(|&level| u16::from(level) * 257)
        .collect();
    assert_eq!(deep.pixels.into_rgb16().into_raw(), wanted);
    let density = deep.metadata.density.unwrap();
    assert!((density.across * 0.0254 - 300.0).abs() < 1e-6);
    assert_eq!(deep.metadata.xmp.as_deref(), Some("<x:xmpmeta/>"));
    let palette = read("big_palette.tif").pixels.into_rgb8();
    for (x, y, pixel) in palette.enumerate_pixels() {
        let index = u32::from(level(x, y, 0));
        assert_eq!(pixel.0, [3, 4, 5].map(|k| (index * k % 256) as u8));
    }
    let turned = read("big_turned.tif").pixels;
    assert_eq!((turned.width(), turned.height()), (HEIGHT, WIDTH));
    let pages = path("big_pages.tif");
    assert_eq!(page_count(&pages), 3);
    assert_eq!(read("big_pages.tif").notes, ["the first of its 3 pages"]);
    let second = read_page(&pages, 1, PictureLimits::default()).unwrap();
    let wanted: Vec<u8> = levels(3).iter().map(|level| level / 2).collect();
    assert_eq!(second.pixels.into_rgb8().into_raw(), wanted);
    assert!(second.notes.is_empty());
    assert_eq!(
        picture_size(&path("big_le_rgb8.tif")),
        Some((WIDTH, HEIGHT))
    );
}

#[test]
fn bands_are_what_the_file_says_that_they_are() {
    let infrared = read("rgb_infrared.tif");
    assert_eq!(
        infrared.pixels,
        DynamicImage::ImageRgb8(image::RgbImage::from_raw(WIDTH, HEIGHT, levels(3)).unwrap())
    );
    assert_eq!(
        infrared.notes,
        ["without its fourth band, which is no transparency"]
    );
    let alpha = read("rgba.tif");
    assert_eq!(alpha.pixels.as_bytes(), levels(4));
    assert!(alpha.notes.is_empty() && alpha.pixels.color().has_alpha());
    let two = read("two_bands.tif");
    assert_eq!(two.pixels.as_bytes(), levels(1));
    assert!(two.notes[0].contains("the first of its 2 bands"));
    let three = read("min_is_black_3.tif");
    assert!(three.notes[0].contains("are taken for red, green and blue"));
    assert_eq!(three.pixels.color(), image::ColorType::Rgb16);
    let error = translated("bands_8.tif", 3, &ApplyOptions::default())
        .err()
        .unwrap();
    assert!(
        error.ends_with("has 8 bands; this style takes 3"),
        "{error}"
    );
    assert!(message("bands_4.tif").contains("has 4 bands"));
}

#[test]
fn networks_of_many_bands_get_all_of_them_and_give_them_back() {
    for (name, bands, factor, sample) in [
        ("bands_8.tif", 8, 100, SampleType::Unsigned16),
        ("bands_4.tif", 4, 1, SampleType::Unsigned8),
        ("rgb_infrared.tif", 4, 1, SampleType::Unsigned8),
    ] {
        let mut options = ApplyOptions::default();
        for tile in [TileSize::Auto, TileSize::Side(8)] {
            options.tiling.tile = tile;
            let made = translated(name, bands, &options).unwrap();
            let again = read_bands(&made.path(), None, PictureLimits::default()).unwrap();
            assert_eq!(again.pixels.band_count(), bands);
            assert_eq!(again.pixels.sample_type(), sample);
            let white = f32::from(if sample == SampleType::Unsigned8 {
                u8::MAX.into()
            } else {
                u16::MAX
            });
            let values = again.pixels.values([0.0, white.into()]);
            for (index, value) in values.iter().enumerate() {
                let (place, band) = (index % 960, index / 960);
                let (x, y) = (place as u32 % WIDTH, place as u32 / WIDTH);
                let wanted = f32::from(level(x, y, band as u32)) * factor as f32;
                assert!(
                    ((value + 1.0) / 2.0 * white - wanted).abs() < 0.01,
                    "{name}"
                );
            }
        }
    }
    let options = ApplyOptions {
        format: OutputFormat::Png,
        ..ApplyOptions::default()
    };
    let error = translated("bands_8.tif", 8, &options).err().unwrap();
    assert_eq!(error, "8 bands go into no file but TIFF: add --format tiff");
}

#[test]
fn numbers_with_a_range_keep_their_type_scale_and_holes() {
    for (name, range, sample) in [
        ("signed_16.tif", [-1000.0, 1550.0], SampleType::Signed16),
        ("signed_64.tif", [-1000.0, 1550.0], SampleType::Signed64),
        ("unsigned_32.tif", [0.0, 255_000.0], SampleType::Unsigned32),
        ("float_16.tif", [0.0, 1.0], SampleType::Float16),
        ("float_64.tif", [0.0, 64.0], SampleType::Float64),
        ("heights.tif", [-200.0, 820.0], SampleType::Float32),
        ("twelve_in_16.tif", [0.0, 4095.0], SampleType::Unsigned16),
    ] {
        let options = ApplyOptions {
            range: Some(range),
            ..ApplyOptions::default()
        };
        let original = read_bands(&path(name), None, PictureLimits::default())
            .unwrap()
            .pixels;
        let made = translated(name, 1, &options).unwrap();
        let again = read_bands(&made.path(), None, PictureLimits::default())
            .unwrap()
            .pixels;
        assert_eq!(again.sample_type(), sample, "{name}");
        assert_eq!(again.no_data(), original.no_data(), "{name}");
        assert_eq!(
            again
                .extent()
                .map(|(low, high)| (low.round(), high.round())),
            original
                .extent()
                .map(|(low, high)| (low.round(), high.round())),
            "{name}"
        );
        let difference = again
            .values(range)
            .into_iter()
            .zip(original.values(range))
            .map(|(a, b)| (a - b).abs());
        assert!(difference.fold(0.0, f32::max) < 2e-3, "{name}");
        let sample = read_sample(
            &path(name),
            SampleOptions {
                channels: 1,
                range: Some(range),
                page: None,
            },
        )
        .unwrap();
        assert_eq!(sample.raster.values(), original.values(range), "{name}");
    }
    let error = message("signed_16.tif");
    assert!(
        error.contains("signed numbers from -1000 to 1550") && error.contains("data.range"),
        "{error}"
    );
    assert!(message("heights.tif").contains("floating-point numbers from -200 to 820"));
    assert!(message("unsigned_32.tif").contains("32-bit whole numbers"));
}

#[test]
fn what_is_packed_is_read_or_refused_by_name() {
    for name in ["zstd.tif", "webp.tif", "geo_rgb.tif"] {
        assert_eq!(
            read(name).pixels.into_rgb8().into_raw(),
            levels(3),
            "{name}"
        );
    }
    for name in ["white_is_zero.tif", "white_is_zero_16.tif"] {
        assert_eq!(
            read(name).pixels.into_luma8().into_raw(),
            levels(1),
            "{name}"
        );
    }
    let jpeg = read("jpeg.tif").pixels.into_rgb8();
    let pillow = image::open(path("jpeg.png")).unwrap().into_rgb8();
    assert_eq!(jpeg, pillow);
    let fax = read("fax.tif").pixels.into_luma8();
    for (x, y, pixel) in fax.enumerate_pixels() {
        assert_eq!(pixel.0[0], if level(x, y, 0) > 127 { 255 } else { 0 });
    }
    for (name, packed) in [
        ("lerc", "LERC"),
        ("lzma", "LZMA"),
        ("jpegxl", "JPEG XL"),
        ("jpeg2000", "JPEG 2000"),
    ] {
        let error = message(&format!("{name}.tif"));
        assert!(
            error.contains(&format!(
                "packed with {packed}: convert it with `gdal_translate"
            )),
            "{error}"
        );
    }
}

#[test]
fn pixels_without_data_stay_without() {
    let sparse = read("sparse.tif").pixels;
    for (x, y, pixel) in sparse.to_luma_alpha8().enumerate_pixels() {
        let written = x < 16 && y < 16;
        let wanted = if written { level(x, y, 0) } else { 7 };
        assert_eq!(pixel.0, [wanted, if wanted == 7 { 0 } else { 255 }]);
    }
    for (name, exclusion) in [
        ("mask.tif", Exclusion::MaskPage),
        ("no_data.tif", Exclusion::NoData(0.0)),
    ] {
        let original = read(name);
        assert_eq!(original.metadata.exclusion, Some(exclusion));
        let mut options = ApplyOptions::default();
        for tile in [TileSize::Auto, TileSize::Side(8)] {
            options.tiling.tile = tile;
            let made = translated(name, 3, &options).unwrap();
            let again = read_picture(&made.path(), PictureLimits::default()).unwrap();
            assert_eq!(again.metadata.exclusion, Some(exclusion), "{name}");
            assert_eq!(again.pixels, original.pixels, "{name}");
            for (x, y, pixel) in again.pixels.to_rgba8().enumerate_pixels() {
                assert_eq!(pixel.0[3], if is_hole(x, y) { 0 } else { 255 }, "{name}");
            }
        }
        options.format = OutputFormat::Png;
        let png = translated(name, 3, &options).unwrap();
        let png = image::open(png.path()).unwrap();
        assert!(png.color().has_alpha());
    }
}

fn fixture_names() -> Vec<PathBuf> {
    let mut names = files(Path::new("tests/fixtures/tiff"));
    names.retain(|name| ImageFormat::from_path(name).ok() == Some(ImageFormat::Tiff));
    names
}

proptest! {
    #![proptest_config(cases(200))]

    /// Damaged files are refused or read, and take neither a panic nor all memory.
    #[test]
    fn damaged_tiff_files_are_refused_without_a_panic(
        file in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        near_tags in any::<bool>(),
        length in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let names = fixture_names();
        let mut bytes = fs::read(path(file.get(&names).to_str().unwrap())).unwrap();
        for (place, byte) in damage {
            // The directory is what matters most; it lies in front or at the end.
            let place = if near_tags { place.index(300.min(bytes.len())) } else { place.index(bytes.len()) };
            bytes[place] = byte;
        }
        if let Some(length) = length {
            bytes.truncate(length.index(bytes.len()));
        }
        let folder = folder();
        let damaged = folder.path().join("a.tif");
        fs::write(&damaged, &bytes).unwrap();
        let limits = PictureLimits { pixels: 1_000_000, ..PictureLimits::default() };
        let mut messages = Vec::new();
        messages.extend(read_picture(&damaged, limits).err().map(|error| error.to_string()));
        messages.extend(read_bands(&damaged, None, limits).err().map(|error| error.to_string()));
        let pages = page_count(&damaged);
        messages.extend(read_page(&damaged, pages - 1, limits).err().map(|error| error.to_string()));
        picture_size(&damaged);
        for message in messages {
            prop_assert!(!message.contains("the decoder failed"), "{message}");
            prop_assert!(!message.contains("Unspecified") && !message.contains("Multiband"), "{message}");
        }
    }
}
