//! Large pictures stream from file to file: what is in memory does not grow with them.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use flate2::write::ZlibEncoder;
use tiff::encoder::TiffEncoder;
use tiff::tags::Tag;
use translate::apply::{ApplyOptions, TileSize, Tiling};

use crate::apply_network::{Network, apply, folder};
use crate::cli_support::{CYCLE, Place};

const SIZE: (u32, u32) = (7000, 4500);

/// A row of a picture without two equal rows.
fn row(y: u32, width: u32) -> Vec<u8> {
    let level = |place: u32| (place / 40 + y * 7) as u8;
    (0..width * 3).map(level).collect()
}

fn write_png(path: &Path, (width, height): (u32, u32)) {
    let file = BufWriter::new(File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fastest);
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    for y in 0..height {
        stream.write_all(&row(y, width)).unwrap();
    }
    stream.finish().unwrap();
}

/// In compressed strips of 30 rows, or in one of all rows as they are.
fn write_tiff(path: &Path, is_compressed: bool) {
    let file = BufWriter::new(File::create(path).unwrap());
    let mut encoder = TiffEncoder::new(file).unwrap();
    let mut directory = encoder.image_directory().unwrap();
    let (width, height) = SIZE;
    let (mut places, mut lengths) = (Vec::new(), Vec::new());
    for strip in 0..height / 30 {
        let mut bytes: Vec<u8> = (strip * 30..strip * 30 + 30)
            .flat_map(|y| row(y, width))
            .collect();
        if is_compressed {
            let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&bytes).unwrap();
            bytes = encoder.finish().unwrap();
        }
        places.push(directory.write_data(&bytes[..]).unwrap() as u32);
        lengths.push(bytes.len() as u32);
    }
    if !is_compressed {
        places.truncate(1);
        lengths = vec![lengths.iter().sum()];
    }
    let rows = if is_compressed { 30 } else { height };
    let compression: u16 = if is_compressed { 8 } else { 1 };
    directory.write_tag(Tag::ImageWidth, width).unwrap();
    directory.write_tag(Tag::ImageLength, height).unwrap();
    directory
        .write_tag(Tag::BitsPerSample, &[8u16; 3][..])
        .unwrap();
    directory.write_tag(Tag::Compression, compression).unwrap();
    directory
        .write_tag(Tag::PhotometricInterpretation, 2u16)
        .unwrap();
    directory.write_tag(Tag::StripOffsets, &places[..]).unwrap();
    directory.write_tag(Tag::SamplesPerPixel, 3u16).unwrap();
    directory.write_tag(Tag::RowsPerStrip, rows).unwrap();
    directory
        .write_tag(Tag::StripByteCounts, &lengths[..])
        .unwrap();
    directory.finish().unwrap();
}

/// Memory of this process in MiB, under its name in what the system says.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.unwrap().trim().trim_end_matches(" kB").parse::<u64>();
    kib.unwrap() / 1024
}

/// The test calls itself, since memory is counted for a process.
#[cfg(target_os = "linux")]
#[test]
fn a_large_picture_is_never_in_memory() {
    const INPUT: &str = "TRANSLATE_TEST_MEMORY_INPUT";
    if let Some(input) = std::env::var_os(INPUT) {
        let input = Path::new(&input);
        // A program with LibTorch begins with 100 MiB.
        let before = memory("VmRSS:");
        let options = ApplyOptions {
            tiling: Tiling {
                tile: TileSize::Side(32),
                overlap: None,
            },
            ..ApplyOptions::default()
        };
        let output = input.with_extension("out");
        let mut network = Network::identity();
        let summary = apply(input, &output, &mut network, &options).unwrap();
        assert_eq!(summary.files().next().unwrap().error, None);
        let peak = memory("VmHWM:").saturating_sub(before);
        // The picture has 90 MiB.
        assert!(peak < 70, "{peak} MiB");
        return;
    }
    let place = folder();
    write_png(&place.path().join("a.png"), SIZE);
    write_tiff(&place.path().join("b.tif"), true);
    write_tiff(&place.path().join("c.tif"), false);
    for name in ["a.png", "b.tif", "c.tif"] {
        let input = place.path().join(name);
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "apply_memory::a_large_picture_is_never_in_memory",
            ])
            .env(INPUT, &input)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(
            child.status.success() && said.contains("1 passed"),
            "{said}"
        );
        let made = image::open(input.with_extension("out").join(name)).unwrap();
        assert_eq!((made.width(), made.height()), SIZE);
        for y in [0, 31, 4499] {
            let (start, row) = ((y * SIZE.0 * 3) as usize, row(y, SIZE.0));
            assert!(made.as_bytes()[start..].starts_with(&row), "{name} {y}");
        }
    }
}

#[test]
fn a_large_picture_for_which_there_is_no_room_is_an_error_that_says_so() {
    let place = Place::new();
    for side in ["trainA", "trainB"] {
        place.picture(&format!("data/{side}/0.png"), 20, 20, 1);
    }
    place
        .run(&format!("train {CYCLE} --data data --steps 1 --name s"))
        .done();
    write_png(&place.path("large.png"), (8000, 3000));
    let run = place.run_under(
        "trap '' XFSZ; ulimit -f 16000",
        "apply --input large.png --style s --output out --tile 512",
    );
    assert_eq!(run.code, Some(3), "{run:#?}");
    let message = "cannot keep the pixels of a large picture in `out` (0.1 GiB): File too large";
    assert!(run.stderr.contains(message), "{run:#?}");
    assert!(run.stderr.contains("make room there"), "{run:#?}");
    assert_eq!(fs::read_dir(place.path("out")).unwrap().count(), 0);
}
