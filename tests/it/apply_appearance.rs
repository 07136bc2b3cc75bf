//! What decides how a picture looks beside its samples: transparency, colour chunks of PNG, the size at which it is translated;
//! and files that are pictures to their owners, but are not read.

use std::fs;
use std::path::Path;

use image::{DynamicImage, ImageBuffer, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use translate::apply::{ApplyOptions, OutputFormat, OutputSize, TileSize, TransparentPixels};
use translate::picture::read_rgb;

use crate::apply_network::{Network, apply, folder, noise};

/// The output of one input, and the note on it.
fn translated(
    name: &str,
    bytes: &[u8],
    network: &mut Network,
    options: &ApplyOptions,
) -> (Vec<u8>, Option<String>) {
    let (input, output) = (folder(), folder());
    fs::write(input.path().join(name), bytes).unwrap();
    let summary = apply(input.path(), output.path(), network, options).unwrap();
    let report = summary.files().next().unwrap();
    assert_eq!(report.error, None, "{name}");
    let bytes = fs::read(report.output.as_deref().unwrap()).unwrap();
    (bytes, report.note.clone())
}

fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A network whose every output depends on all inputs, as normalisation makes it.
fn mean_seeing() -> Network {
    Network::new(|values, _| {
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        Ok(values
            .iter()
            .map(|value| 0.5 * value + 0.5 * mean)
            .collect())
    })
}

fn sprite(under: impl Fn(u32, u32) -> [u8; 3]) -> RgbaImage {
    ImageBuffer::from_fn(40, 32, |x, y| {
        let distance = x.abs_diff(20).pow(2) + y.abs_diff(14).pow(2);
        let [red, green, blue] = under(x, y);
        match distance {
            0..81 => Rgba([220, (x * 5) as u8, (y * 6) as u8, 255]),
            81..100 => Rgba([180, 40, 90, 120]),
            _ => Rgba([red, green, blue, 0]),
        }
    })
}

#[test]
fn colours_that_cannot_be_seen_change_nothing_that_can() {
    let noise = noise(40, 32, 3);
    let sprites = [
        sprite(|_, _| [0; 3]),
        sprite(|_, _| [255; 3]),
        sprite(|x, y| noise.get_pixel(x, y).0),
    ];
    let output = |sprite: &RgbaImage, options: &ApplyOptions| {
        let bytes = png(&sprite.clone().into());
        let (bytes, note) = translated("a.png", &bytes, &mut mean_seeing(), options);
        assert_eq!(note, None);
        image::load_from_memory(&bytes).unwrap().into_rgba8()
    };
    let resized = OutputSize::Width(80);
    for (size, restore) in [(OutputSize::Keep, false), (resized, false), (resized, true)] {
        let options = ApplyOptions {
            size,
            restore,
            ..ApplyOptions::default()
        };
        let outputs = sprites.each_ref().map(|sprite| output(sprite, &options));
        for other in &outputs[1..] {
            for (pixel, other) in outputs[0].pixels().zip(other.pixels()) {
                assert!(pixel == other || pixel[3] == 0 && other[3] == 0);
            }
        }
        // Put back where it was.
        if size == OutputSize::Keep || restore {
            for (sprite, output) in sprites.iter().zip(&outputs) {
                assert_eq!(output.dimensions(), sprite.dimensions());
                for (pixel, made) in sprite.pixels().zip(output.pixels()) {
                    assert_eq!(pixel[3], made[3]);
                    assert!(pixel[3] > 0 || pixel == made);
                }
            }
        }
    }
    let options = ApplyOptions {
        transparent: TransparentPixels::Keep,
        ..ApplyOptions::default()
    };
    let [black, white] = [0, 1].map(|index| output(&sprites[index], &options));
    assert_ne!(black.get_pixel(20, 14), white.get_pixel(20, 14));
}

#[test]
fn sizes_keep_the_aspect_ratio_and_are_restored() {
    let photo: DynamicImage = noise(60, 41, 9).into();
    for (size, restore, expected) in [
        (OutputSize::Width(30), false, (30, 21)),
        (OutputSize::Height(82), false, (120, 82)),
        (OutputSize::Short(20), false, (29, 20)),
        (OutputSize::Short(20), true, (60, 41)),
        (
            OutputSize::Exact {
                width: 8,
                height: 8,
            },
            true,
            (60, 41),
        ),
    ] {
        for tile in [TileSize::Off, TileSize::Side(8)] {
            let mut options = ApplyOptions {
                size,
                restore,
                ..ApplyOptions::default()
            };
            options.tiling.tile = tile;
            let network = &mut Network::identity();
            let (bytes, _) = translated("a.png", &png(&photo), network, &options);
            let made = image::load_from_memory(&bytes).unwrap();
            assert_eq!((made.width(), made.height()), expected);
        }
    }
}

/// A PNG file with these chunks behind its header.
fn with_chunks(picture: &DynamicImage, chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    const HEADER_END: usize = 33;
    let mut bytes = png(picture);
    let mut all = Vec::new();
    for (kind, data) in chunks {
        let body = [&kind[..], data].concat();
        all.extend((data.len() as u32).to_be_bytes());
        let sum = checksum(&body);
        all.extend(body);
        all.extend(sum.to_be_bytes());
    }
    bytes.splice(HEADER_END..HEADER_END, all);
    bytes
}

/// The checksum of PNG chunks, bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 * (crc & 1))
        })
    })
}

/// Kinds and contents of the chunks before the pixels.
fn chunks(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = &bytes[8..];
    loop {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        let kind = String::from_utf8(rest[4..8].to_vec()).unwrap();
        if kind == "IDAT" {
            return found;
        }
        found.push((kind, rest[8..8 + length].to_vec()));
        rest = &rest[12 + length..];
    }
}

#[test]
fn png_files_keep_what_describes_their_colours() {
    let volume = [7; 24];
    let light = [0, 0, 3, 232, 0, 0, 1, 144];
    let all: [(&[u8; 4], &[u8]); 7] = [
        (b"cICP", &[9, 16, 0, 1]),
        (b"gAMA", &100_000_u32.to_be_bytes()),
        (b"cHRM", &[1; 32]),
        (b"sBIT", &[5, 6, 5]),
        (b"mDCV", &volume),
        (b"cLLI", &light),
        (b"sRGB", &[0]),
    ];
    let options = ApplyOptions::default();
    let photo: DynamicImage = noise(20, 11, 4).into();
    let input = with_chunks(&photo, &all);
    let (bytes, note) = translated("a.png", &input, &mut Network::identity(), &options);
    let found = chunks(&bytes);
    for (kind, data) in all {
        let kind = String::from_utf8(kind.to_vec()).unwrap();
        assert!(found.contains(&(kind.clone(), data.to_vec())), "{kind}");
    }
    let note = note.unwrap();
    assert!(note.contains("PQ (high dynamic range)"), "{note}");
    // Grey has no chromaticities, and 3 significant bits need 3 samples.
    let mut grey = Network {
        channels: (3, 1),
        ..Network::new(|values, _| Ok(values[..values.len() / 3].to_vec()))
    };
    let (bytes, _) = translated("a.png", &input, &mut grey, &options);
    let kinds: Vec<String> = chunks(&bytes).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["IHDR", "gAMA", "cLLI", "sRGB"]);
    // Other formats cannot hold them, which is said unless it is what everyone assumes.
    let jpeg = ApplyOptions {
        format: OutputFormat::Jpg,
        ..ApplyOptions::default()
    };
    let (_, note) = translated("a.png", &input, &mut Network::identity(), &jpeg);
    let note = note.unwrap();
    assert!(
        note.contains("PNG colour description (cICP, gAMA, mDCV, cLLI) has no place"),
        "{note}"
    );
    let usual = with_chunks(
        &photo,
        &[(b"sRGB", &[0]), (b"gAMA", &45_455_u32.to_be_bytes())],
    );
    let (_, note) = translated("a.png", &usual, &mut Network::identity(), &jpeg);
    assert_eq!(note, None);
}

#[test]
fn jpeg_files_with_arithmetic_coding_are_read() {
    let fixture = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(name);
        read_rgb(&path).unwrap().pixels
    };
    let picture: RgbImage = fixture("arithmetic.jpg");
    assert_eq!(picture.dimensions(), (37, 22));
    assert_eq!(picture, fixture("huffman.jpg"));
}

#[test]
fn what_is_not_read_is_called_by_its_name() {
    let input = folder();
    let message = |name: &str, bytes: &[u8]| {
        let path = input.path().join(name);
        fs::write(&path, bytes).unwrap();
        let message = read_rgb(&path).unwrap_err().to_string();
        let start = format!("`{}` ", path.display());
        message.strip_prefix(&start).unwrap().to_owned()
    };
    let frame = |marker: u8, bits: u8| {
        [
            b"\xff\xd8\xff",
            &[marker][..],
            &[0, 11, bits, 0, 8, 0, 8, 1, 1, 17, 0],
        ]
        .concat()
    };
    // The header of a whole file, one row too high.
    let mut tall = Vec::new();
    RgbImage::new(1, 8)
        .write_to(&mut std::io::Cursor::new(&mut tall), ImageFormat::Jpeg)
        .unwrap();
    let start = tall.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
    tall[start + 5..start + 7].copy_from_slice(&65_501_u16.to_be_bytes());
    for (bytes, expected) in [
        (
            tall,
            "cannot be read: it has more than the 65500 pixels a side that JPEG decoders take: save it as PNG or TIFF",
        ),
        (
            frame(0xC1, 12),
            "cannot be read: it is a JPEG with 12 bits: save it as TIFF or PNG with 16 bits",
        ),
        (
            frame(0xC3, 8),
            "cannot be read: it is a lossless JPEG: save it as PNG or TIFF",
        ),
        (
            frame(0xF7, 8),
            "cannot be read: it is a JPEG-LS picture: save it as PNG or TIFF",
        ),
        (
            b"GIF89a\x01\0\x01\0".to_vec(),
            "is a GIF picture, which is not read: take its frames out, for example with `ffmpeg -i IN frame-%05d.png`",
        ),
        (
            b"\0\0\0\x1cftypheic\0\0\0\0mif1heic".to_vec(),
            "is a HEIC picture, which is not read: convert it to PNG, for example with `magick IN OUT.png`",
        ),
    ] {
        assert_eq!(message("photo.jpg", &bytes), expected);
    }
}

#[test]
fn every_kind_of_pnm_is_a_picture() {
    let (input, output) = (folder(), folder());
    let pixel = |kind: &str, rest: &[u8]| [kind.as_bytes(), rest].concat();
    for (name, bytes) in [
        ("a.pbm", pixel("P1\n2 1\n", b"1 0\n")),
        ("b.pgm", pixel("P2\n2 1\n255\n", b"7 9\n")),
        ("c.ppm", pixel("P3\n1 1\n255\n", b"7 9 11\n")),
        ("d.pbm", pixel("P4\n8 1\n", &[0xAA])),
        ("e.pgm", pixel("P5\n1 1\n255\n", &[7])),
        ("f.pnm", pixel("P6\n1 1\n255\n", &[7, 8, 9])),
        (
            "g.pam",
            pixel(
                "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n",
                &[7, 8, 9, 99],
            ),
        ),
    ] {
        fs::write(input.path().join(name), bytes).unwrap();
    }
    let summary = apply(
        input.path(),
        output.path(),
        &mut Network::identity(),
        &ApplyOptions::default(),
    )
    .unwrap();
    assert_eq!(summary.files().count(), 7);
    for report in summary.files() {
        assert_eq!(report.error, None, "{:?}", report.input);
    }
    let pam = image::open(output.path().join("g.pam")).unwrap();
    assert_eq!(pam.into_rgba8().get_pixel(0, 0), &Rgba([7, 8, 9, 99]));
    let bitmap = read_rgb(&output.path().join("d.pbm")).unwrap().pixels;
    assert_eq!(bitmap.get_pixel(0, 0), &Rgb([0; 3]));
}
