//! Translations lose nothing of a photo that their format can hold, and say what they lose.

use std::fs;
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, Rgba};
use translate::apply::{ApplyOptions, Depth, OutputFormat, OutputSize, TileSize};
use translate::picture::ExifFields;

use crate::apply_network::{Network, apply, folder, noise};
use crate::photo_files::{
    THUMBNAIL, animated_png, animated_webp, exif, file, metadata, plain_tiff, profile, tiff,
    tiff_tag,
};

/// The only file in a folder, and the note on it.
struct Translation {
    bytes: Vec<u8>,
    extension: String,
    note: Option<String>,
}

impl Translation {
    /// As `image` decodes it, as it is stored.
    fn picture(&self) -> DynamicImage {
        image::load_from_memory(&self.bytes).unwrap()
    }

    fn says(&self, part: &str) -> bool {
        self.note.as_deref().is_some_and(|note| note.contains(part))
    }
}

/// Translates one file with a network that changes nothing, whole and in bands of rows, which are the same to the byte.
fn translated(name: &str, bytes: &[u8], options: &ApplyOptions, channels: usize) -> Translation {
    let whole = translated_once(name, bytes, options, channels);
    let mut options = options.clone();
    options.tiling.tile = TileSize::Side(8);
    let in_bands = translated_once(name, bytes, &options, channels);
    assert!(whole.bytes == in_bands.bytes, "{name}");
    assert_eq!(whole.note, in_bands.note, "{name}");
    whole
}

fn translated_once(
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

fn kept(name: &str, bytes: &[u8]) -> Translation {
    translated(name, bytes, &ApplyOptions::default(), 3)
}

fn converted(bytes: &[u8], format: OutputFormat) -> Translation {
    let options = ApplyOptions {
        format,
        ..ApplyOptions::default()
    };
    translated("a.png", bytes, &options, 3)
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// All levels of 16 bits, each in another place of another channel.
fn deep() -> [DynamicImage; 4] {
    let level = |x: u32, y: u32, channel: u32| ((y * 256 + x + channel * 20_000) % 65_536) as u16;
    [
        ImageBuffer::from_fn(256, 256, |x, y| Luma([level(x, y, 0)])).into(),
        ImageBuffer::from_fn(256, 256, |x, y| LumaA([level(x, y, 0), level(x, y, 1)])).into(),
        ImageBuffer::from_fn(256, 256, |x, y| Rgb([0, 1, 2].map(|c| level(x, y, c)))).into(),
        ImageBuffer::from_fn(256, 256, |x, y| Rgba([0, 1, 2, 3].map(|c| level(x, y, c)))).into(),
    ]
}

/// Pictures with alpha of 8 bits, with colours where nothing is seen.
fn transparent() -> [DynamicImage; 2] {
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
fn all_orientations_become_upright_once() {
    let stored: DynamicImage = noise(24, 16, 3).into();
    for number in 1..=8 {
        let mut wanted = stored.clone();
        wanted.apply_orientation(Orientation::from_exif(number).unwrap());
        let number = u16::from(number);
        for (name, bytes) in [
            (
                "a.png",
                file(&stored, ImageFormat::Png, Some(exif(number, true)), None),
            ),
            (
                "a.webp",
                file(&stored, ImageFormat::WebP, Some(exif(number, false)), None),
            ),
            ("a.tif", tiff(&stored, number, 1)),
            (
                "a.jpg",
                file(&stored, ImageFormat::Jpeg, Some(exif(number, false)), None),
            ),
        ] {
            let translation = kept(name, &bytes);
            let picture = translation.picture().to_rgb8();
            if name == "a.jpg" {
                assert_eq!(picture.dimensions(), (wanted.width(), wanted.height()));
                let mut decoded = image::load_from_memory(&bytes).unwrap();
                decoded.apply_orientation(Orientation::from_exif(number as u8).unwrap());
                let pairs = picture.as_raw().iter().zip(decoded.as_bytes());
                let most = pairs.map(|(&one, &other)| one.abs_diff(other)).max();
                assert!(most < Some(40), "{number}: {most:?}");
            } else {
                assert!(picture == wanted.to_rgb8(), "{name} {number}");
            }
            if name == "a.tif" {
                let orientation = tiff_tag(&translation.bytes, 274);
                assert!(orientation.is_none(), "upright unless said otherwise");
                assert_eq!(
                    tiff_tag(&translation.bytes, 315).unwrap().1,
                    b"A. Painter\0"
                );
            } else {
                let block = metadata(&translation.bytes).1.unwrap();
                let said = Orientation::from_exif_chunk(&block);
                assert_eq!(said, Some(Orientation::NoTransforms), "{name} {number}");
            }
        }
    }
}

#[test]
fn exif_goes_along_without_the_old_thumbnail() {
    let stored: DynamicImage = noise(24, 16, 3).into();
    for is_big_endian in [false, true] {
        let old = exif(6, is_big_endian);
        let bytes = file(&stored, ImageFormat::Png, Some(old.clone()), None);
        for format in [OutputFormat::Same, OutputFormat::Jpg, OutputFormat::Webp] {
            let new = metadata(&converted(&bytes, format).bytes).1.unwrap();
            assert!(
                !new.windows(8).any(|part| part == &THUMBNAIL[..8]),
                "{format:?}"
            );
            assert_eq!(new.len(), old.len() - THUMBNAIL.len());
            let [before, after] = [&old, &new].map(|block| ExifFields::read(block).unwrap());
            assert!(before.image.iter().all(|field| after.image.contains(field)));
            // The picture has been turned.
            let sides: Vec<_> = after
                .photo
                .iter()
                .map(|field| field.bytes.as_slice())
                .collect();
            assert_eq!(sides, [&16u32.to_ne_bytes()[..], &24u16.to_ne_bytes()[..]]);
        }
        let tiff = converted(&bytes, OutputFormat::Tiff);
        assert_eq!(tiff_tag(&tiff.bytes, 271).unwrap().1, b"Polders\0");
        assert_eq!(
            tiff_tag(&tiff.bytes, 282).unwrap().1,
            [300u32.to_ne_bytes(), 1u32.to_ne_bytes()].concat()
        );
        // And back: what the TIFF file says becomes a block again.
        let back = metadata(&converted(&tiff.bytes, OutputFormat::Png).bytes)
            .1
            .unwrap();
        let [before, after] = [&old, &back].map(|block| ExifFields::read(block).unwrap());
        assert!(before.image.iter().all(|field| after.image.contains(field)));
        assert_eq!(after.photo.len(), 2);
    }
}

#[test]
fn xmp_goes_along_upright() {
    let block = |orientation: u8| {
        format!(
            r#"<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}" xmp:Rating="6"/></x:xmpmeta>"#
        )
    };
    let of = |bytes: &[u8]| {
        let text = |xmp: Vec<u8>| String::from_utf8(xmp).unwrap();
        let source = std::io::Cursor::new(bytes);
        if bytes.starts_with(b"II") {
            let tag = tiff::tags::Tag::from_u16_exhaustive(700);
            let mut decoder = tiff::decoder::Decoder::new(source).unwrap();
            return Some(text(decoder.get_tag_u8_vec(tag).unwrap()));
        }
        let reader = image::ImageReader::new(source);
        let mut decoder = reader
            .with_guessed_format()
            .unwrap()
            .into_decoder()
            .unwrap();
        let xmp = image::ImageDecoder::xmp_metadata(&mut decoder).unwrap();
        xmp.map(text)
    };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 24, 16);
    encoder.set_color(png::ColorType::Rgb);
    encoder
        .add_itxt_chunk("XML:com.adobe.xmp".to_owned(), block(6))
        .unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(noise(24, 16, 3).as_raw()).unwrap();
    writer.finish().unwrap();
    for format in [OutputFormat::Png, OutputFormat::Tiff, OutputFormat::Jpg] {
        let first = converted(&bytes, format);
        assert_eq!(first.note, None);
        assert_eq!(of(&first.bytes), Some(block(1)), "{format:?}");
        let again = converted(&first.bytes, OutputFormat::Png);
        assert_eq!(of(&again.bytes), Some(block(1)), "{format:?}");
    }
    let webp = converted(&bytes, OutputFormat::Webp);
    assert!(webp.says("its XMP block has no place in such a file, and was left out"));
}

#[test]
fn colour_profiles_are_kept_where_they_fit() {
    let colour: DynamicImage = noise(24, 16, 3).into();
    // Longer than one segment of a JPEG file.
    let rgb = profile(*b"RGB ", 150_000);
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Tiff,
    ] {
        let bytes = file(&colour, format, None, Some(rgb.clone()));
        for output in [
            OutputFormat::Same,
            OutputFormat::Png,
            OutputFormat::Jpg,
            OutputFormat::Webp,
            OutputFormat::Tiff,
        ] {
            let translation = converted(&bytes, output);
            assert_eq!(translation.note, None);
            assert!(
                metadata(&translation.bytes).0.as_ref() == Some(&rgb),
                "{format:?} to {output:?}"
            );
        }
    }
    let grey = profile(*b"GRAY", 200);
    let picture: DynamicImage = GrayImage::from_fn(24, 16, |x, y| Luma([(x * y) as u8])).into();
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Tiff] {
        let bytes = file(&picture, format, None, Some(grey.clone()));
        let options = ApplyOptions::default();
        let stays_grey = translated("a.png", &bytes, &options, 1);
        assert_eq!(stays_grey.note, None, "{format:?}");
        assert_eq!(
            metadata(&stays_grey.bytes).0.as_ref(),
            Some(&grey),
            "{format:?}"
        );
        let coloured = kept("a.png", &bytes);
        assert!(
            coloured.says("grey colour profile does not fit RGB pixels"),
            "{:?}",
            coloured.note
        );
        assert_eq!(metadata(&coloured.bytes).0, None);
    }
    let inks = file(
        &colour,
        ImageFormat::Png,
        None,
        Some(profile(*b"CMYK", 200)),
    );
    assert!(kept("a.png", &inks).says("CMYK colour profile does not fit"));
}

#[test]
fn damaged_metadata_never_fail_a_picture() {
    let picture: DynamicImage = noise(24, 16, 3).into();
    let whole = profile(*b"RGB ", 400);
    let profiles = [vec![], vec![7; 20], whole[..300].to_vec(), vec![0; 400]];
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Tiff,
    ] {
        for profile in profiles.iter().filter(|profile| !profile.is_empty()) {
            let translation = kept(
                "a.png",
                &file(&picture, format, None, Some(profile.clone())),
            );
            assert!(
                translation.says("its colour profile is damaged and was left out"),
                "{format:?}"
            );
            assert_eq!(metadata(&translation.bytes).0, None);
        }
    }
    let block = exif(6, false);
    for length in 1..block.len() {
        let bytes = file(
            &picture,
            ImageFormat::Png,
            Some(block[..length].to_vec()),
            None,
        );
        let translation = kept("a.png", &bytes);
        let new = metadata(&translation.bytes).1;
        // The first directory ends at 74, its link at 70.
        assert_eq!(
            translation.says("its EXIF block is damaged"),
            length < 70,
            "{length}"
        );
        assert_eq!(new.is_none(), length < 70, "{length}");
        assert_eq!(
            translation.picture().width(),
            if length < 70 { 24 } else { 16 }
        );
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
