//! What files say beside their pixels goes along with translated pictures: orientation, EXIF, XMP, colour profiles.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageFormat, Luma};
use translate::apply::{ApplyOptions, OutputFormat};
use translate::picture::ExifFields;

use crate::apply_network::noise;
use crate::apply_photos::{converted, kept, translated};
use crate::photo_files::{THUMBNAIL, exif, file, metadata, profile, tiff, tiff_tag};

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
