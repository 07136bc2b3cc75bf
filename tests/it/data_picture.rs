//! Reading pictures: what their bytes are, upright, whole; damage is found and named.

use std::path::Path;

use image::{DynamicImage, GrayAlphaImage, ImageFormat, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;
use safetensors::SafeTensors;
use translate::data::find_pictures;
use translate::picture::{PictureError, read_rgb};

use crate::data::{Folder, encoded, gradient, noise, shared};

const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::WebP,
    ImageFormat::Tiff,
    ImageFormat::Bmp,
    ImageFormat::Pnm,
];

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn message(path: &Path) -> String {
    read_rgb(path)
        .expect_err("this file cannot be read")
        .to_string()
}

#[test]
fn bytes_decide_the_format_whatever_the_name() {
    let folder = Folder::new();
    for format in FORMATS {
        let path = folder.write("a.tif", &encoded(gradient(20, 10, 3), format));
        let picture = read_rgb(&path).unwrap();
        assert_eq!(picture.format, format);
        assert_eq!(picture.pixels.dimensions(), (20, 10));
        if format != ImageFormat::Jpeg {
            assert_eq!(picture.pixels, gradient(20, 10, 3), "{format:?}");
        }
    }
}

#[test]
fn all_kinds_of_pixels_become_rgb() {
    let folder = Folder::new();
    let read = |image: DynamicImage| {
        let path = folder.write("a.png", &encoded(image, ImageFormat::Png));
        *read_rgb(&path).unwrap().pixels.get_pixel(0, 0)
    };
    let grey_alpha = GrayAlphaImage::from_pixel(1, 1, LumaA([90, 0]));
    assert_eq!(read(grey_alpha.into()), Rgb([90, 90, 90]));
    let transparent = RgbaImage::from_pixel(1, 1, Rgba([1, 2, 3, 0]));
    assert_eq!(read(transparent.into()), Rgb([1, 2, 3]));
    // The upper byte, as in Pillow: nothing is rounded.
    let deep = image::ImageBuffer::from_pixel(1, 1, Rgb([255u16, 0x80_F0, 65_535]));
    assert_eq!(read(DynamicImage::ImageRgb16(deep)), Rgb([0, 128, 255]));
    let deep = image::ImageBuffer::from_pixel(1, 1, LumaA([0x12_FFu16, 7]));
    assert_eq!(read(DynamicImage::ImageLumaA16(deep)), Rgb([18; 3]));

    let palette = read_rgb(&fixture("palette_transparent.png")).unwrap();
    // Colours that Pillow reads, alpha left out.
    assert_eq!(*palette.pixels.get_pixel(0, 0), Rgb([45, 0, 128]));
    assert_eq!(*palette.pixels.get_pixel(15, 7), Rgb([195, 195, 128]));
    let cmyk = read_rgb(&fixture("cmyk.jpg")).unwrap();
    for ((x, y), wanted) in [
        ((0, 0), [0, 1, 128]),
        ((15, 7), [225, 210, 128]),
        ((8, 4), [120, 121, 128]),
    ] {
        assert_eq!(cmyk.pixels.get_pixel(x, y).0, wanted);
    }
}

/// A JPEG with an EXIF block that says how the camera was held.
fn jpeg_with_exif(picture: RgbImage, tiff: &[u8]) -> Vec<u8> {
    let plain = encoded(picture, ImageFormat::Jpeg);
    let mut bytes = plain[..2].to_vec();
    bytes.extend([0xFF, 0xE1]);
    bytes.extend(((2 + 6 + tiff.len()) as u16).to_be_bytes());
    bytes.extend(b"Exif\0\0");
    bytes.extend(tiff);
    bytes.extend(&plain[2..]);
    bytes
}

fn tiff_with_orientation(orientation: u8) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0\x01\0".to_vec();
    tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    tiff.extend([0; 4]);
    tiff
}

#[test]
fn the_eight_exif_orientations_are_turned_upright() {
    let folder = Folder::new();
    let stored = gradient(24, 16, 77);
    let path = folder.write("plain.jpg", &encoded(stored.clone(), ImageFormat::Jpeg));
    let plain = read_rgb(&path).unwrap().pixels;
    let (width, height) = plain.dimensions();
    for orientation in 1..=8 {
        let bytes = jpeg_with_exif(stored.clone(), &tiff_with_orientation(orientation));
        let picture = read_rgb(&folder.write("turned.jpg", &bytes)).unwrap();
        let upright = picture.pixels;
        let size = if orientation >= 5 {
            (height, width)
        } else {
            (width, height)
        };
        assert_eq!(upright.dimensions(), size, "orientation {orientation}");
        for (x, y, pixel) in upright.enumerate_pixels() {
            let (right, bottom) = (width - 1, height - 1);
            let (from_x, from_y) = match orientation {
                1 => (x, y),
                2 => (right - x, y),
                3 => (right - x, bottom - y),
                4 => (x, bottom - y),
                5 => (y, x),
                6 => (y, bottom - x),
                7 => (right - y, bottom - x),
                _ => (right - y, x),
            };
            assert_eq!(pixel, plain.get_pixel(from_x, from_y), "{orientation}");
        }
    }
}

#[test]
fn garbage_in_exif_is_no_orientation() {
    let folder = Folder::new();
    for tiff in [
        &b""[..],
        b"II*\0\xFF\xFF\xFF\xFF",
        b"nonsense that is no TIFF at all",
        &tiff_with_orientation(9),
        &tiff_with_orientation(6)[..15],
    ] {
        let path = folder.write("a.jpg", &jpeg_with_exif(gradient(24, 16, 0), tiff));
        assert_eq!(read_rgb(&path).unwrap().pixels.dimensions(), (24, 16));
    }
}

#[test]
fn files_that_are_no_pictures_are_named() {
    let folder = Folder::new();
    let path = folder.write("a.png", b"");
    assert_eq!(
        message(&path),
        format!("`{}` is empty (0 bytes)", path.display())
    );
    let path = folder.write("notes.png", b"these are notes and no picture");
    assert!(message(&path).ends_with(
        "notes.png` is not a picture that can be read (JPEG, PNG, WebP, TIFF, BMP, PNM)"
    ));
    let path = folder.join("gone.png");
    assert!(message(&path).starts_with(&format!("cannot read `{}`: ", path.display())));
    let error = read_rgb(folder.path()).unwrap_err();
    assert!(matches!(error, PictureError::Unreadable { .. }));
}

#[test]
fn headers_that_promise_too_much_take_no_memory() {
    let folder = Folder::new();
    let too_large = |bytes: &[u8], promised: &str| {
        let path = folder.write("bomb.png", bytes);
        let wanted = format!("bomb.png` is {promised}: more than");
        assert!(message(&path).contains(&wanted), "{}", message(&path));
    };
    // The size of a bitmap is not protected by a checksum.
    let mut bytes = encoded(gradient(4, 4, 0), ImageFormat::Bmp);
    bytes[18..22].copy_from_slice(&30_000u32.to_le_bytes());
    bytes[22..26].copy_from_slice(&30_000u32.to_le_bytes());
    too_large(&bytes, "30000x30000");
    too_large(b"P6 30000 30000 255\n123", "30000x30000");
    // A PNG header with its CRC.
    too_large(
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x75\x30\0\0\x75\x30\x08\x02\0\0\0\xe9\x45\x6f\xed\0\0\0\x01IDAT\0",
        "30000x30000",
    );
    let mut bytes = encoded(gradient(16, 16, 0), ImageFormat::Jpeg);
    let frame = bytes
        .windows(2)
        .position(|two| two == [0xFF, 0xC0])
        .unwrap();
    bytes[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0, 0xFF, 0]);
    too_large(&bytes, "65280x65280");
    // Within the limit, but each block of pixels would have less than a bit.
    bytes[frame + 5..frame + 9].copy_from_slice(&[0x40, 0, 0x40, 0]);
    let path = folder.write("bomb.jpg", &bytes);
    let wanted = "is damaged: it is too short for the 16384x16384 that it promises";
    assert!(message(&path).ends_with(wanted), "{}", message(&path));
}

/// Every format cut at several places: what is still read has lost no pixel.
fn assert_cuts_are_found(folder: &Folder, bytes: &[u8]) {
    let path = folder.write("whole.jpg", bytes);
    let whole = read_rgb(&path).unwrap();
    for kept in [1, 10, 30, 50, 90, 99] {
        let cut = &bytes[..bytes.len() * kept / 100];
        let path = folder.write("cut.jpg", cut);
        match read_rgb(&path) {
            Ok(picture) => assert!(
                picture.pixels == whole.pixels && kept == 99,
                "{:?} of {} bytes cut to {kept} % was read",
                whole.format,
                bytes.len()
            ),
            Err(error) => assert!(error.to_string().contains("cut.jpg` is")),
        }
    }
}

#[test]
fn cut_off_files_are_found() {
    let folder = Folder::new();
    for format in FORMATS {
        assert_cuts_are_found(&folder, &encoded(noise(90, 70), format));
    }
    for name in ["facades/val", "apple2orange/testA", "sample_photos"] {
        let Some(files) = shared(name) else { continue };
        for file in find_pictures(&files).unwrap().iter().take(12) {
            assert_cuts_are_found(&folder, &std::fs::read(&file.path).unwrap());
        }
    }
}

#[test]
fn the_end_of_a_thumbnail_is_not_the_end_of_the_picture() {
    let folder = Folder::new();
    let thumbnail = encoded(gradient(8, 8, 0), ImageFormat::Jpeg);
    let bytes = jpeg_with_exif(noise(90, 70), &thumbnail);
    assert!(read_rgb(&folder.write("a.jpg", &bytes)).is_ok());
    let path = folder.write("a.jpg", &bytes[..bytes.len() * 3 / 4]);
    assert!(message(&path).contains("is damaged: it is cut off before its end"));
}

#[test]
fn files_are_read_as_pillow_reads_them_to_the_bit() {
    let file = std::fs::read(fixture("pillow_files.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let folder = Folder::new();
    let mut read = 0;
    for (name, bytes) in tensors.iter() {
        let Some(name) = name.strip_suffix(".file") else {
            continue;
        };
        let wanted = tensors.tensor(&format!("{name}.pixels")).unwrap();
        let picture = read_rgb(&folder.write("a.jpg", bytes.data())).unwrap();
        let (width, height) = picture.pixels.dimensions();
        assert_eq!([height as usize, width as usize, 3], *wanted.shape());
        assert!(picture.pixels.as_raw() == wanted.data(), "{name}");
        read += 1;
    }
    assert_eq!(read, 15);
}

#[test]
fn a_jpeg_of_a_thousand_scans_is_refused() {
    let folder = Folder::new();
    let bytes = encoded(gradient(16, 16, 0), ImageFormat::Jpeg);
    let start = bytes
        .windows(2)
        .position(|two| two == [0xFF, 0xDA])
        .unwrap();
    let (scan, end) = (&bytes[start..bytes.len() - 2], &bytes[bytes.len() - 2..]);
    let bomb = [&bytes[..start], &scan.repeat(1000), end].concat();
    assert!(
        message(&folder.write("a.jpg", &bomb))
            .ends_with("a.jpg` is damaged: it has 1000 scans, more than 500")
    );
}

#[test]
fn what_the_jpeg_decoder_says_is_passed_on() {
    let folder = Folder::new();
    let mut bytes = encoded(gradient(16, 16, 0), ImageFormat::Jpeg);
    let frame = bytes
        .windows(2)
        .position(|two| two == [0xFF, 0xC0])
        .unwrap();
    bytes[frame + 4] = 12;
    assert_eq!(
        message(&folder.write("deep.jpg", &bytes)),
        format!(
            "`{}` cannot be read: it is a JPEG with 12 bits: save it as TIFF or PNG with 16 bits",
            folder.join("deep.jpg").display()
        )
    );
}

#[test]
fn jpegs_are_decoded_on_many_threads_at_once() {
    let folder = Folder::new();
    let good = folder.write("good.jpg", &encoded(noise(90, 70), ImageFormat::Jpeg));
    let mut bytes = encoded(noise(90, 70), ImageFormat::Jpeg);
    // A wrong number of components: the decoder reports it by unwinding.
    let frame = bytes
        .windows(2)
        .position(|two| two == [0xFF, 0xC0])
        .unwrap();
    bytes[frame + 9] = 9;
    let bad = folder.write("bad.jpg", &bytes);
    let wanted = read_rgb(&good).unwrap().pixels;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    assert!(read_rgb(&bad).is_err());
                    assert_eq!(read_rgb(&good).unwrap().pixels, wanted);
                }
            });
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever happens to a file: it is read or refused, and the program goes on.
    #[test]
    fn damage_never_panics(
        format in 0..FORMATS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let folder = Folder::new();
        let mut bytes = encoded(noise(23, 17), FORMATS[format]);
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let path = folder.write("a.png", &bytes);
        if let Err(error) = read_rgb(&path) {
            prop_assert!(error.to_string().contains("a.png"));
        }
    }
}
