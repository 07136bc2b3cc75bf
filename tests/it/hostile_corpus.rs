//! Files that are called like pictures and are none, or broken ones, or traps. All are made here, the same each time.

use std::io::{Cursor, Write};

use image::{DynamicImage, ImageFormat};

use crate::cli_support::picture;

/// Small good pictures, one of each format.
pub fn good() -> Vec<(&'static str, Vec<u8>)> {
    let formats = [
        ("png", ImageFormat::Png),
        ("jpg", ImageFormat::Jpeg),
        ("webp", ImageFormat::WebP),
        ("tif", ImageFormat::Tiff),
        ("bmp", ImageFormat::Bmp),
        ("ppm", ImageFormat::Pnm),
    ];
    let encode = |(index, (extension, format))| {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(picture(61, 47, index))
            .write_to(&mut bytes, format)
            .unwrap();
        (extension, bytes.into_inner())
    };
    (0..).zip(formats).map(encode).collect()
}

/// Files that cannot be translated, by name.
pub fn corpus() -> Vec<(String, Vec<u8>)> {
    let mut files = Files(Vec::new());
    for (extension, bytes) in good() {
        for percent in [3, 30, 60, 95] {
            let kept = bytes.len() * percent / 100;
            files.add(&format!("cut-{percent}.{extension}"), &bytes[..kept]);
        }
        let mut other = bytes.clone();
        other[0] ^= 0x20;
        files.add(&format!("magic.{extension}"), &other);
    }
    no_pictures(&mut files);
    pngs(&mut files);
    jpegs(&mut files);
    tiffs(&mut files);
    others(&mut files);
    files.0
}

struct Files(Vec<(String, Vec<u8>)>);

impl Files {
    fn add(&mut self, name: &str, bytes: &[u8]) {
        self.0.push((name.to_owned(), bytes.to_vec()));
    }
}

fn no_pictures(files: &mut Files) {
    files.add("empty.jpg", b"");
    files.add("text.jpg", b"this is text\n");
    files.add("page.png", b"<!DOCTYPE html><html><body>404</body></html>");
    files.add("document.jpg", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
    files.add("archive.tif", b"PK\x03\x04\x14\x00\x00\x00\x08\x00");
    files.add("animation.png", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;");
    files.add("zeros.bmp", &[0; 4096]);
    files.add("ones.webp", &[255; 4096]);
    let mut state = 1u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    files.add(
        "noise.png",
        &std::array::from_fn::<u8, 4096, _>(|_| noise()),
    );
}

/// A PNG of these chunks, each with the right length and checksum.
fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in chunks {
        bytes.extend((data.len() as u32).to_be_bytes());
        let body = [&kind[..], data].concat();
        bytes.extend(&body);
        bytes.extend(crc(&body).to_be_bytes());
    }
    bytes
}

/// The checksum of PNG chunks.
pub fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

fn header(width: u32, height: u32, depth: u8, colour: u8, interlace: u8) -> Vec<u8> {
    let mut data = [width.to_be_bytes(), height.to_be_bytes()].concat();
    data.extend([depth, colour, 0, 0, interlace]);
    data
}

/// `bytes` as a zlib stream whose blocks are stored as they are.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(0xFFFF).peekable();
    while let Some(block) = blocks.next() {
        stream.push(u8::from(blocks.peek().is_none()));
        let length = block.len() as u16;
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    let (low, high) = bytes.iter().fold((1u32, 0u32), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % 65521;
        (low, (high + low) % 65521)
    });
    stream.extend((high << 16 | low).to_be_bytes());
    stream
}

fn pngs(files: &mut Files) {
    let data = stored(&[0; 200]);
    let whole = |header: &[u8]| png(&[(b"IHDR", header), (b"IDAT", &data), (b"IEND", b"")]);
    for (name, header) in [
        ("huge", header(i32::MAX as u32, i32::MAX as u32, 8, 2, 0)),
        ("beyond", header(u32::MAX, 1, 8, 2, 0)),
        ("bomb", header(30_000, 30_000, 1, 0, 0)),
        ("no-width", header(0, 5, 8, 2, 0)),
        ("no-height", header(5, 0, 8, 2, 0)),
        ("depth", header(8, 8, 3, 2, 0)),
        ("colour", header(8, 8, 8, 7, 0)),
        ("interlace", header(8, 8, 8, 2, 9)),
        ("no-palette", header(8, 8, 8, 3, 0)),
        ("too-little", header(64, 64, 8, 2, 0)),
    ] {
        files.add(&format!("png-{name}.png"), &whole(&header));
    }
    let small = header(8, 8, 8, 2, 0);
    files.add(
        "png-no-data.png",
        &png(&[(b"IHDR", &small), (b"IEND", b"")]),
    );
    files.add("png-end-only.png", &png(&[(b"IEND", b"")]));
    files.add(
        "png-no-header.png",
        &png(&[(b"IDAT", &data), (b"IEND", b"")]),
    );
    files.add("png-short-header.png", &png(&[(b"IHDR", &small[..7])]));
    let bad = png(&[(b"IHDR", &small), (b"IDAT", b"not zlib"), (b"IEND", b"")]);
    files.add("png-no-zlib.png", &bad);
    let mut checksum = whole(&small);
    checksum[30] ^= 1;
    files.add("png-checksum.png", &checksum);
    let mut length = whole(&small);
    length[33..37].copy_from_slice(&u32::MAX.to_be_bytes());
    files.add("png-length.png", &length);
}

/// `bytes` of a JPEG with what `change` makes of the height, the width and the marker of its frame header.
fn with_frame(bytes: &[u8], change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let frame = bytes.windows(2).position(|pair| pair == b"\xff\xc0");
    change(&mut bytes[frame.unwrap()..]);
    bytes
}

fn jpegs(files: &mut Files) {
    let (_, bytes) = good().remove(1);
    let size = |height: u16, width: u16| {
        with_frame(&bytes, |frame| {
            frame[5..7].copy_from_slice(&height.to_be_bytes());
            frame[7..9].copy_from_slice(&width.to_be_bytes());
        })
    };
    files.add("jpg-huge.jpg", &size(65500, 65500));
    files.add("jpg-no-width.jpg", &size(47, 0));
    files.add("jpg-no-height.jpg", &size(0, 61));
    files.add(
        "jpg-lossless-arithmetic.jpg",
        &with_frame(&bytes, |frame| frame[1] = 0xCB),
    );
    files.add(
        "jpg-lossless.jpg",
        &with_frame(&bytes, |frame| frame[1] = 0xC3),
    );
    files.add(
        "jpg-12-bits.jpg",
        &with_frame(&bytes, |frame| frame[4] = 12),
    );
    files.add(
        "jpg-sampling.jpg",
        &with_frame(&bytes, |frame| frame[11] = 0),
    );
    files.add(
        "jpg-length.jpg",
        &with_frame(&bytes, |frame| frame[2] = 0xFF),
    );
    files.add("jpg-start-and-end.jpg", b"\xff\xd8\xff\xd9");
    files.add("jpg-no-frame.jpg", b"\xff\xd8\xff\xdb\x00\x02\xff\xd9");
    let tables = bytes
        .windows(2)
        .position(|pair| pair == b"\xff\xc4")
        .unwrap();
    let scan = bytes
        .windows(2)
        .position(|pair| pair == b"\xff\xda")
        .unwrap();
    let without = [&bytes[..tables], &bytes[scan + 14..]].concat();
    files.add("jpg-no-scan.jpg", &without);
    let mut scans = bytes[..bytes.len() - 2].to_vec();
    for _ in 0..600 {
        scans.extend(&bytes[scan..scan + 14]);
    }
    scans.extend(b"\xff\xd9");
    files.add("jpg-scans.jpg", &scans);
}

/// A little-endian TIFF whose first directory, at 8, has these entries and says that the next one is at `next`.
fn tiff(entries: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((entries.len() as u16).to_le_bytes());
    for &(tag, kind, count, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(next.to_le_bytes());
    bytes.extend([7; 64]);
    bytes
}

fn tiffs(files: &mut Files) {
    const SHORT: u16 = 3;
    const LONG: u16 = 4;
    // Width, height, bits, compression, interpretation, place, samples, rows in a strip, bytes of it.
    let grey = [
        (256, LONG, 1, 8),
        (257, LONG, 1, 8),
        (258, SHORT, 1, 8),
        (259, SHORT, 1, 1),
        (262, SHORT, 1, 1),
        (273, LONG, 1, 122),
        (277, SHORT, 1, 1),
        (278, LONG, 1, 8),
        (279, LONG, 1, 64),
    ];
    let changed = |tag: u16, count: u32, value: u32| {
        let mut entries = grey;
        for entry in &mut entries {
            if entry.0 == tag {
                (entry.2, entry.3) = (count, value);
            }
        }
        tiff(&entries, 8)
    };
    files.add("tif-huge.tif", &{
        let mut entries = grey;
        (entries[0].3, entries[1].3) = (u32::MAX, u32::MAX);
        tiff(&entries, 0)
    });
    files.add("tif-no-width.tif", &changed(256, 1, 0));
    files.add("tif-no-height.tif", &changed(257, 1, 0));
    files.add("tif-bits.tif", &changed(258, 1, 9));
    files.add("tif-compression.tif", &changed(259, 1, 54321));
    files.add("tif-strip-outside.tif", &changed(273, 1, 0x7FFF_FFFF));
    files.add("tif-strips-lie.tif", &changed(273, 0x3FFF_FFFF, 8));
    files.add("tif-loop.tif", &tiff(&[], 8));
    files.add("tif-directory-outside.tif", b"II*\0\xff\xff\xff\x7f");
    files.add("tif-directory-in-header.tif", b"II*\0\0\0\0\0");
    files.add("tif-many-entries.tif", b"II*\0\x08\0\0\0\xff\xff\x00\x01");
    files.add("tif-big-endian-nothing.tif", b"MM\0*\0\0\0\x08");
}

fn others(files: &mut Files) {
    let (_, bmp) = good().remove(4);
    let bmp = |at: usize, value: [u8; 4]| {
        let mut bytes = bmp.clone();
        bytes[at..at + 4].copy_from_slice(&value);
        bytes
    };
    files.add("bmp-negative-width.bmp", &bmp(18, (-61i32).to_le_bytes()));
    files.add("bmp-no-width.bmp", &bmp(18, [0; 4]));
    files.add("bmp-lowest-height.bmp", &bmp(22, i32::MIN.to_le_bytes()));
    files.add("bmp-huge.bmp", &bmp(18, i32::MAX.to_le_bytes()));
    files.add("bmp-bits.bmp", &bmp(28, [7, 0, 0, 0]));
    files.add("bmp-compression.bmp", &bmp(30, [99, 0, 0, 0]));
    files.add("bmp-header-size.bmp", &bmp(14, [255; 4]));
    for (name, text) in [
        (
            "absurd",
            "P6 99999999999999999999 99999999999999999999 255\n",
        ),
        ("huge", "P6 4000000000 4000000000 255\n"),
        ("negative", "P6 -5 -5 255\nxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("no-size", "P6 0 0 255\n"),
        ("no-levels", "P5 2 2 0\nxxxx"),
        ("levels", "P5 2 2 70000\nxxxxxxxx"),
        ("words", "P2 two two 255\n1 2 3 4\n"),
        ("comment", "P6 # and nothing more"),
        ("too-little", "P5 100 100 255\nxxxx"),
    ] {
        files.add(&format!("pnm-{name}.ppm"), text.as_bytes());
    }
    let riff = |size: u32, chunk: &[u8; 4], length: u32, data: &[u8]| {
        let mut bytes = Vec::new();
        for part in [
            b"RIFF",
            &size.to_le_bytes(),
            b"WEBP",
            chunk,
            &length.to_le_bytes(),
            data,
        ] {
            bytes.write_all(part).unwrap();
        }
        bytes
    };
    files.add("webp-long.webp", &riff(u32::MAX, b"VP8 ", 10, &[0; 10]));
    files.add(
        "webp-chunk-lies.webp",
        &riff(22, b"VP8L", u32::MAX, &[0x2F; 10]),
    );
    files.add("webp-nothing.webp", &riff(4, b"    ", 0, &[]));
    let canvas = [0, 0, 0, 0, 255, 255, 255, 255, 255, 255];
    files.add("webp-canvas.webp", &riff(22, b"VP8X", 10, &canvas));
    files.add("webp-unknown.webp", &riff(22, b"XXXX", 10, &[1; 10]));
}
