//! Translations lose nothing of a photo that their format can hold, and say what they lose.

use std::fs;
use std::path::Path;

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, Rgba};
use translate::apply::{ApplyOptions, Depth, OutputFormat, OutputSize, TileSize};

use crate::apply_network::{Network, apply, folder, noise};
use crate::photo_files::{animated_png, animated_webp, plain_tiff, tiff, tiff_tag};

/// The only file in a folder, and the note on it.
pub struct Translation {
    pub bytes: Vec<u8>,
    pub extension: String,
    pub note: Option<String>,
}

impl Translation {
    /// As `image` decodes it, as it is stored.
    pub fn picture(&self) -> DynamicImage {
        image::load_from_memory(&self.bytes).unwrap()
    }

    pub fn says(&self, part: &str) -> bool {
        self.note.as_deref().is_some_and(|note| note.contains(part))
    }
}

/// Translates one file with a network that changes nothing, whole and in bands of rows, which are the same to the byte.
pub fn translated(
    name: &str,
    bytes: &[u8],
    options: &ApplyOptions,
    channels: usize,
) -> Translation {
    let whole = translated_once(name, bytes, options, channels);
    let mut options = options.clone();
    options.tiling.tile = TileSize::Side(8);
    let in_bands = translated_once(name, bytes, &options, channels);
    assert!(whole.bytes == in_bands.bytes, "{name}");
    assert_eq!(whole.note, in_bands.note, "{name}");
    whole
}

pub fn translated_once(
    name: &str,
    bytes: &[u8],
    options: &ApplyOptions,
    channels: usize,
) -> Translation {
    let (input, output) = (folder(), folder());
    fs::write(input.path().join(name), bytes).unwrap();
    let mut network = Network {
        channels: (channels, channels),
        ..Network::identity()
    };
    let summary = apply(input.path(), output.path(), &mut network, options).unwrap();
    let report = summary.files().next().unwrap();
    assert_eq!(report.error, None, "{name}");
    let path = report.output.as_deref().unwrap();
    Translation {
        bytes: fs::read(path).unwrap(),
        extension: Path::new(path)
            .extension()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned(),
        note: report.note.clone(),
    }
}

pub fn kept(name: &str, bytes: &[u8]) -> Translation {
    translated(name, bytes, &ApplyOptions::default(), 3)
}

pub fn converted(bytes: &[u8], format: OutputFormat) -> Translation {
    let options = ApplyOptions {
        format,
        ..ApplyOptions::default()
    };
    translated("a.png", bytes, &options, 3)
}

pub fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// All levels of 16 bits, each in another place of another channel.
pub fn deep() -> [DynamicImage; 4] {
    let level = |x: u32, y: u32, channel: u32| ((y * 256 + x + channel * 20_000) % 65_536) as u16;
    [
        ImageBuffer::from_fn(256, 256, |x, y| Luma([level(x, y, 0)])).into(),
        ImageBuffer::from_fn(256, 256, |x, y| LumaA([level(x, y, 0), level(x, y, 1)])).into(),
        ImageBuffer::from_fn(256, 256, |x, y| Rgb([0, 1, 2].map(|c| level(x, y, c)))).into(),
        ImageBuffer::from_fn(256, 256, |x, y| Rgba([0, 1, 2, 3].map(|c| level(x, y, c)))).into(),
    ]
}

/// Pictures with alpha of 8 bits, with colours where nothing is seen.
pub fn transparent() -> [DynamicImage; 2] {
    let colours = noise(40, 30, 5);
    let alpha = |x: u32, y: u32| ((x * 7 + y * 31) % 256) as u8;
    [
        ImageBuffer::from_fn(40, 30, |x, y| {
            LumaA([colours.get_pixel(x, y)[0], alpha(x, y)])
        })
        .into(),
        ImageBuffer::from_fn(40, 30, |x, y| {
            let Rgb([red, green, blue]) = *colours.get_pixel(x, y);
            Rgba([red, green, blue, alpha(x, y)])
        })
        .into(),
    ]
}

#[test]
fn sixteen_bits_stay_sixteen_bits_to_the_last() {
    for picture in deep() {
        let has_colour = picture.color().has_color();
        for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Pnm] {
            // The encoders of `image` write neither grey with alpha as TIFF nor 16 bits with alpha as PNM.
            let is_new = match format {
                ImageFormat::Png => false,
                ImageFormat::Tiff => picture.color() == image::ColorType::La16,
                _ => picture.color().has_alpha(),
            };
            if is_new {
                continue;
            }
            let bytes = encoded(&picture, format);
            let channels = if has_colour { 3 } else { 1 };
            let translation = translated("a.pnm", &bytes, &ApplyOptions::default(), channels);
            // `image` writes TIFF files without the tag that says what a fourth sample is.
            let is_untold = format == ImageFormat::Tiff && picture.color().has_alpha();
            assert_eq!(
                translation.note.is_some(),
                is_untold,
                "{:?}",
                translation.note
            );
            assert!(
                translation.picture() == picture,
                "{:?} in {format:?}",
                picture.color()
            );
        }
        // Grey becomes colour where the network gives colour.
        let translation = kept("a.png", &encoded(&picture, ImageFormat::Png));
        let wanted = if picture.color().has_alpha() {
            DynamicImage::from(picture.to_rgba16())
        } else {
            picture.to_rgb16().into()
        };
        assert!(translation.picture() == wanted, "{:?}", picture.color());
    }
}

#[test]
fn sixteen_bits_are_rounded_where_they_must_be_and_it_is_said() {
    let [_, _, _, picture] = deep();
    let bytes = encoded(&picture, ImageFormat::Png);
    let options = ApplyOptions {
        depth: Depth::Bits8,
        ..ApplyOptions::default()
    };
    let asked = translated("a.png", &bytes, &options, 3);
    assert_eq!(asked.note, None);
    let nearest = |level: u16| ((u32::from(level) + 128) / 257) as u8;
    let (wanted, picture) = (picture.to_rgba16(), asked.picture());
    assert_eq!(picture.color(), image::ColorType::Rgba8);
    let pairs = wanted.as_raw().iter().zip(picture.as_bytes());
    assert!(
        pairs
            .into_iter()
            .all(|(&deep, &level)| nearest(deep) == level)
    );
    for (format, name) in [(OutputFormat::Webp, "WebP"), (OutputFormat::Jpg, "JPEG")] {
        let translation = converted(&bytes, format);
        assert!(
            translation.says(&format!("16 bits were rounded to 8: {name}")),
            "{:?}",
            translation.note
        );
    }
}

#[test]
fn alpha_is_carried_over_to_the_bit() {
    for picture in transparent() {
        let wanted = picture.to_rgba8();
        for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
            let bytes = if format == ImageFormat::Bmp {
                encoded(&picture.to_rgba8().into(), format)
            } else {
                encoded(&picture, format)
            };
            let translation = kept("a.png", &bytes);
            assert_eq!(translation.note, None);
            assert!(translation.picture().to_rgba8() == wanted, "{format:?}");
        }
        let bytes = encoded(&picture, ImageFormat::Png);
        for (format, extension) in [(OutputFormat::Tiff, "tif"), (OutputFormat::Webp, "webp")] {
            let translation = converted(&bytes, format);
            assert_eq!(translation.extension, extension);
            assert!(translation.picture().to_rgba8() == wanted, "{format:?}");
        }
        let jpeg = converted(&bytes, OutputFormat::Jpg);
        assert!(
            jpeg.says("its transparency was left out: JPEG has none"),
            "{:?}",
            jpeg.note
        );
        assert_eq!(jpeg.picture().color(), image::ColorType::Rgb8);
    }
    // Nothing is lost where nothing shines through.
    let opaque = DynamicImage::from(noise(9, 9, 1)).to_rgba8().into();
    let jpeg = converted(&encoded(&opaque, ImageFormat::Png), OutputFormat::Jpg);
    assert_eq!(jpeg.note, None);
    // Grey with alpha stays that in TIFF files too, which are read again.
    let [grey, _] = transparent();
    let options = ApplyOptions {
        format: OutputFormat::Tiff,
        ..ApplyOptions::default()
    };
    let bytes = encoded(&grey, ImageFormat::Png);
    let tiff = translated("a.png", &bytes, &options, 1);
    assert_eq!(tiff_tag(&tiff.bytes, 338).unwrap().1, 2u16.to_ne_bytes());
    let again = translated("a.tif", &tiff.bytes, &ApplyOptions::default(), 1);
    let back = converted(&again.bytes, OutputFormat::Png);
    assert!(back.picture().to_luma_alpha8() == grey.to_luma_alpha8());
}

#[test]
fn palettes_with_transparency_and_packed_grey_are_looked_up() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/palette_transparent.png");
    let bytes = fs::read(path).unwrap();
    let wanted = image::load_from_memory(&bytes).unwrap();
    assert!(wanted.color().has_alpha());
    assert!(kept("a.png", &bytes).picture() == wanted);

    // TIFF: a palette of four colours with two bits each, and grey of one bit where 0 is white.
    let map: [u16; 12] = [0, 65_535, 256, 512, 0, 0, 65_535, 768, 0, 0, 0, 1024];
    let tags: &[(u16, &[u16])] = &[
        (258, &[2]),
        (259, &[1]),
        (262, &[3]),
        (277, &[1]),
        (278, &[2]),
        (320, &map),
    ];
    let picture = kept(
        "a.tif",
        &plain_tiff(3, 2, tags, &[0b0001_1000, 0b1100_0100]),
    )
    .picture();
    let colours = [[0, 0, 0], [255, 0, 0], [1, 255, 0], [2, 3, 4]].map(Rgb);
    let pixels: Vec<_> = picture.to_rgb8().pixels().copied().collect();
    assert_eq!(pixels, [0, 1, 2, 3, 0, 1].map(|index| colours[index]));
    let tags: &[(u16, &[u16])] = &[
        (258, &[1]),
        (259, &[1]),
        (262, &[0]),
        (277, &[1]),
        (278, &[1]),
    ];
    let picture = kept(
        "a.tif",
        &plain_tiff(10, 1, tags, &[0b1010_0000, 0b0100_0000]),
    )
    .picture();
    let levels: Vec<u8> = picture.to_luma8().into_raw();
    assert_eq!(levels, [0, 255, 0, 255, 255, 255, 255, 255, 255, 0]);
}

#[test]
fn a_chosen_size_holds_for_alpha_and_for_sixteen_bits() {
    let options = ApplyOptions {
        size: OutputSize::Exact {
            width: 64,
            height: 20,
        },
        ..ApplyOptions::default()
    };
    // Even colours and a ramp of alpha, which stays a ramp.
    let shallow: DynamicImage =
        ImageBuffer::from_fn(32, 10, |x, _| Rgba([9u8, 200, 30, x as u8 * 8])).into();
    let picture = translated("a.png", &encoded(&shallow, ImageFormat::Png), &options, 3).picture();
    assert_eq!(picture.color(), image::ColorType::Rgba8);
    for (x, y, Rgba([red, green, blue, alpha])) in picture.to_rgba8().enumerate_pixels() {
        assert_eq!([red, green, blue], [&9, &200, &30], "{x} {y}");
        if (6..58).contains(&x) {
            assert!(
                (i32::from(*alpha) - (x as i32 * 4 - 2)).abs() <= 1,
                "{alpha} at {x}"
            );
        }
    }
    let deep: DynamicImage = ImageBuffer::from_fn(32, 10, |x, _| {
        LumaA([x as u16 * 2000, 65_535 - x as u16 * 100])
    })
    .into();
    let picture = translated("a.png", &encoded(&deep, ImageFormat::Png), &options, 1).picture();
    for (x, _, LumaA([level, alpha])) in picture.to_luma_alpha16().enumerate_pixels() {
        if (6..58).contains(&x) {
            assert!(
                (i32::from(*level) - (x as i32 * 1000 - 500)).abs() <= 3,
                "{level} at {x}"
            );
            assert!((i32::from(*alpha) - (65_535 - (x as i32 * 50 - 25))).abs() <= 3);
        }
    }
}

#[test]
fn the_first_of_several_frames_is_taken_and_it_is_said() {
    let frames: [DynamicImage; 2] = [noise(24, 16, 3).into(), noise(24, 16, 4).into()];
    for (name, bytes, note) in [
        (
            "a.png",
            animated_png(&frames[0], &frames[1]),
            "its first frame",
        ),
        (
            "a.webp",
            animated_webp(&frames[0], &frames[1]),
            "its first frame",
        ),
        ("a.tif", tiff(&frames[0], 1, 3), "the first of its 3 pages"),
    ] {
        let translation = kept(name, &bytes);
        assert_eq!(translation.note.as_deref(), Some(note), "{name}");
        // Frames of WebP files are blended with the canvas.
        let first = if name == "a.webp" {
            image::load_from_memory(&bytes).unwrap()
        } else {
            frames[0].clone()
        };
        assert!(translation.picture().to_rgb8() == first.to_rgb8(), "{name}");
    }
}

#[test]
fn four_inks_become_rgb_as_pillow_does_it() {
    let tags: &[(u16, &[u16])] = &[
        (258, &[8; 4]),
        (259, &[1]),
        (262, &[5]),
        (277, &[4]),
        (278, &[1]),
    ];
    let inks = [0, 0, 0, 0, 255, 0, 0, 0, 10, 20, 30, 40, 200, 100, 50, 128];
    let translation = kept("a.tif", &plain_tiff(4, 1, tags, &inks));
    // Of Pillow 13.
    let wanted = [
        [255, 255, 255],
        [0, 255, 255],
        [207, 198, 190],
        [27, 77, 102],
    ]
    .map(Rgb);
    let pixels: Vec<_> = translation.picture().to_rgb8().pixels().copied().collect();
    assert_eq!(pixels, wanted);
    assert!(translation.says("converted from CMYK to RGB"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cmyk.jpg");
    let jpeg = converted(&fs::read(path).unwrap(), OutputFormat::Png);
    assert_eq!(
        *jpeg.picture().to_rgb8().get_pixel(15, 7),
        Rgb([225, 210, 128])
    );
    assert!(jpeg.says("converted from CMYK to RGB"));
}

#[test]
fn floating_point_pictures_are_refused_in_words() {
    let (input, output) = (folder(), folder());
    let picture = image::Rgb32FImage::new(4, 4);
    picture.save(input.path().join("a.tif")).unwrap();
    let options = ApplyOptions::default();
    let summary = apply(
        input.path(),
        output.path(),
        &mut Network::identity(),
        &options,
    )
    .unwrap();
    let error = summary.files().next().unwrap().error.clone().unwrap();
    assert!(
        error.contains("it holds floating-point numbers from 0 to 0: say which of them are black"),
        "{error}"
    );
}
