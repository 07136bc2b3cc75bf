//! Files as cameras and picture editors write them: with colour profiles, EXIF blocks, several frames.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader,
};
use tiff::encoder::{TiffEncoder, colortype};
use tiff::tags::{Tag, Type};

/// What the thumbnail of [`exif`] consists of.
pub const THUMBNAIL: &[u8] = b"a thumbnail of the old picture";

/// A block with maker, orientation, resolution, the size of the picture, and a thumbnail.
pub fn exif(orientation: u16, is_big_endian: bool) -> Vec<u8> {
    let short = |number: u16| {
        if is_big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let long = |number: u32| {
        if is_big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let mut block = if is_big_endian {
        b"MM\0*".to_vec()
    } else {
        b"II*\0".to_vec()
    };
    block.extend(long(8));
    // At 8: five entries, then the link at 70; values from 74, the photo's directory at 100, the thumbnail's at 130.
    let mut directory = |entries: &[(u16, u16, u32, [u8; 4])], next: u32| {
        block.extend(short(entries.len() as u16));
        for (tag, kind, count, value) in entries {
            block.extend(short(*tag));
            block.extend(short(*kind));
            block.extend(long(*count));
            block.extend(value);
        }
        block.extend(long(next));
        block.len()
    };
    let padded = |number: u16| {
        let [first, second] = short(number);
        [first, second, 0, 0]
    };
    directory(
        &[
            (271, 2, 8, long(74)),
            (274, 3, 1, padded(orientation)),
            (282, 5, 1, long(82)),
            (296, 3, 1, padded(2)),
            (34_665, 4, 1, long(100)),
        ],
        130,
    );
    block.extend(b"Polders\0");
    block.extend(long(300));
    block.extend(long(1));
    block.resize(100, 0);
    let mut directory = |entries: &[(u16, u16, u32, [u8; 4])]| {
        block.extend(short(entries.len() as u16));
        for (tag, kind, count, value) in entries {
            block.extend(short(*tag));
            block.extend(short(*kind));
            block.extend(long(*count));
            block.extend(value);
        }
        block.extend(long(0));
        block.len()
    };
    assert_eq!(
        directory(&[(40_962, 4, 1, long(9)), (40_963, 3, 1, padded(9))]),
        130
    );
    let length = THUMBNAIL.len() as u32;
    assert_eq!(
        directory(&[(513, 4, 1, long(160)), (514, 4, 1, long(length))]),
        160
    );
    block.extend(THUMBNAIL);
    block
}

/// A colour profile of which only the header means something.
pub fn profile(space: [u8; 4], length: usize) -> Vec<u8> {
    let mut profile: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
    profile[..4].copy_from_slice(&(length as u32).to_be_bytes());
    profile[12..20].copy_from_slice(&[b"mntr", &space[..]].concat());
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

/// A file with metadata: JPEG, PNG, WebP or TIFF.
pub fn file(
    picture: &DynamicImage,
    format: ImageFormat,
    exif: Option<Vec<u8>>,
    profile: Option<Vec<u8>>,
) -> Vec<u8> {
    fn write(
        mut encoder: impl ImageEncoder,
        picture: &DynamicImage,
        exif: Option<Vec<u8>>,
        profile: Option<Vec<u8>>,
    ) {
        if let Some(exif) = exif {
            encoder.set_exif_metadata(exif).unwrap();
        }
        if let Some(profile) = profile {
            encoder.set_icc_profile(profile).unwrap();
        }
        let colour = ExtendedColorType::from(picture.color());
        let (width, height) = (picture.width(), picture.height());
        encoder
            .write_image(picture.as_bytes(), width, height, colour)
            .unwrap();
    }
    let mut bytes = Vec::new();
    match format {
        ImageFormat::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut bytes, 100);
            write(encoder, picture, exif, profile);
        }
        ImageFormat::Png => write(PngEncoder::new(&mut bytes), picture, exif, profile),
        ImageFormat::WebP => write(
            WebPEncoder::new_lossless(&mut bytes),
            picture,
            exif,
            profile,
        ),
        _ => {
            assert!(exif.is_none(), "TIFF files have tags instead");
            let encoder = image::codecs::tiff::TiffEncoder::new(Cursor::new(&mut bytes));
            write(encoder, picture, None, profile);
        }
    }
    bytes
}

/// A TIFF file of RGB with its orientation, an artist, and as many pages as asked for.
pub fn tiff(picture: &DynamicImage, orientation: u16, pages: usize) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    let levels = picture.to_rgb8();
    for _ in 0..pages {
        let mut page = encoder
            .new_image::<colortype::RGB8>(levels.width(), levels.height())
            .unwrap();
        let directory = page.encoder();
        directory.write_tag(Tag::Orientation, orientation).unwrap();
        directory.write_tag(Tag::Artist, "A. Painter").unwrap();
        page.write_data(levels.as_raw()).unwrap();
    }
    bytes.into_inner()
}

/// A TIFF file of uncompressed samples, made of tags: (number, values of 16 bits).
pub fn plain_tiff(width: u32, height: u32, tags: &[(u16, &[u16])], samples: &[u8]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    {
        let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
        let mut directory = encoder.image_directory().unwrap();
        let place = directory.write_data(samples).unwrap() as u32;
        directory.write_tag(Tag::ImageWidth, width).unwrap();
        directory.write_tag(Tag::ImageLength, height).unwrap();
        directory.write_tag(Tag::StripOffsets, place).unwrap();
        let length = samples.len() as u32;
        directory.write_tag(Tag::StripByteCounts, length).unwrap();
        for (tag, values) in tags {
            let tag = Tag::from_u16_exhaustive(*tag);
            directory.write_tag(tag, *values).unwrap();
        }
        directory.finish().unwrap();
    }
    bytes.into_inner()
}

/// Two frames, the first of which is the default image.
pub fn animated_png(first: &DynamicImage, second: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, first.width(), first.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for frame in [first, second] {
        writer.write_image_data(frame.to_rgb8().as_raw()).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

/// Two frames of one size.
pub fn animated_webp(first: &DynamicImage, second: &DynamicImage) -> Vec<u8> {
    fn chunk(name: [u8; 4], contents: &[u8]) -> Vec<u8> {
        let mut chunk = [&name[..], &(contents.len() as u32).to_le_bytes(), contents].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    }
    let size = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    let (width, height) = (size(first.width()), size(first.height()));
    let mut contents = b"WEBP".to_vec();
    contents.extend(chunk(
        *b"VP8X",
        &[&[2, 0, 0, 0], &width[..], &height[..]].concat(),
    ));
    contents.extend(chunk(*b"ANIM", &[0; 6]));
    for frame in [first, second] {
        let still = file(&frame.to_rgba8().into(), ImageFormat::WebP, None, None);
        let mut header = vec![0; 6];
        header.extend([&width[..], &height[..], &[100, 0, 0, 0]].concat());
        contents.extend(chunk(*b"ANMF", &[&header[..], &still[12..]].concat()));
    }
    chunk(*b"RIFF", &contents)
}

/// What a file says about itself, by the decoders of `image` (and of `tiff`, which reads longer values): colour profile and
/// EXIF block.
pub fn metadata(bytes: &[u8]) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    if bytes.starts_with(b"II") {
        return (tiff_tag(bytes, 34_675).map(|(_, profile)| profile), None);
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut decoder = reader.unwrap().into_decoder().unwrap();
    let profile = decoder.icc_profile().unwrap();
    (profile, decoder.exif_metadata().unwrap())
}

/// The bytes of a tag in the first directory of a TIFF file.
pub fn tiff_tag(bytes: &[u8], tag: u16) -> Option<(Type, Vec<u8>)> {
    let mut decoder = tiff::decoder::Decoder::new(Cursor::new(bytes)).unwrap();
    let mut directory = decoder.image_ifd();
    let tag = Tag::from_u16_exhaustive(tag);
    let kind = directory.find_entry(tag)?.field_type();
    let mut value = tiff::tags::ValueBuffer::empty(kind);
    directory.find_tag_buf(tag, &mut value).unwrap();
    Some((kind, value.as_bytes().to_vec()))
}
