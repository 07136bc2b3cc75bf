//! Writing TIFF files: losslessly compressed, with alpha, colour profile and EXIF fields.

use std::io::{Cursor, Seek, Write};

use image::DynamicImage;
use tiff::encoder::colortype::{ColorType, Gray8, Gray16, RGB8, RGB16, RGBA8, RGBA16};
use tiff::encoder::{
    Compression, DeflateLevel, DirectoryEncoder, Predictor, TiffEncoder, TiffKind, TiffValue,
};
use tiff::tags::{ExtraSamples, PhotometricInterpretation, SampleFormat, Tag, Type};
use tiff::{Directory, TiffResult};

use crate::data::{Field, Fields, Metadata};

/// Positions in ordinary TIFF files have 32 bits. Compression can make files a little larger than their pixels.
const LARGEST: u64 = 3_900_000_000;

/// The bytes of a file that holds the picture, which has 8 or 16 bits.
pub(super) fn encode_tiff(picture: &DynamicImage, metadata: &Metadata) -> TiffResult<Vec<u8>> {
    let file = File {
        size: (picture.width(), picture.height()),
        has_alpha: picture.color().has_alpha(),
        profile: metadata.profile.as_deref(),
        fields: metadata
            .exif
            .as_deref()
            .and_then(Fields::read)
            .unwrap_or_default(),
    };
    match picture {
        DynamicImage::ImageLuma8(pixels) => file.encode::<Gray8>(pixels.as_raw()),
        DynamicImage::ImageLumaA8(pixels) => file.encode::<GreyAlpha8>(pixels.as_raw()),
        DynamicImage::ImageRgb8(pixels) => file.encode::<RGB8>(pixels.as_raw()),
        DynamicImage::ImageRgba8(pixels) => file.encode::<RGBA8>(pixels.as_raw()),
        DynamicImage::ImageLuma16(pixels) => file.encode::<Gray16>(pixels.as_raw()),
        DynamicImage::ImageLumaA16(pixels) => file.encode::<GreyAlpha16>(pixels.as_raw()),
        DynamicImage::ImageRgba16(pixels) => file.encode::<RGBA16>(pixels.as_raw()),
        other => file.encode::<RGB16>(other.to_rgb16().as_raw()),
    }
}

struct File<'a> {
    size: (u32, u32),
    has_alpha: bool,
    profile: Option<&'a [u8]>,
    fields: Fields,
}

impl File<'_> {
    fn encode<C: ColorType>(&self, levels: &[C::Inner]) -> TiffResult<Vec<u8>>
    where
        [C::Inner]: TiffValue,
    {
        let mut bytes = Cursor::new(Vec::new());
        if size_of_val(levels) as u64 > LARGEST {
            self.write::<C, _, _>(TiffEncoder::new_big(&mut bytes)?, levels)?;
        } else {
            self.write::<C, _, _>(TiffEncoder::new(&mut bytes)?, levels)?;
        }
        Ok(bytes.into_inner())
    }

    fn write<C: ColorType, W: Write + Seek, K: TiffKind>(
        &self,
        encoder: TiffEncoder<W, K>,
        levels: &[C::Inner],
    ) -> TiffResult<()>
    where
        [C::Inner]: TiffValue,
    {
        let mut encoder = encoder
            .with_compression(Compression::Deflate(DeflateLevel::Fast))
            .with_predictor(Predictor::Horizontal);
        let mut below = Vec::new();
        for (tag, fields) in [
            (Tag::ExifDirectory, &self.fields.photo),
            (Tag::GpsDirectory, &self.fields.place),
        ] {
            if !fields.is_empty() {
                let mut directory = encoder.extra_directory()?;
                write_fields(&mut directory, fields)?;
                below.push((tag, directory.finish_with_offsets()?.offset));
            }
        }
        let mut picture = encoder.new_image::<C>(self.size.0, self.size.1)?;
        let directory = picture.encoder();
        for (tag, position) in below {
            directory.write_tag(tag, position)?;
        }
        write_fields(directory, &self.fields.image)?;
        if self.has_alpha {
            let apart = ExtraSamples::UnassociatedAlpha.to_u16();
            directory.write_tag(Tag::ExtraSamples, &[apart][..])?;
        }
        if let Some(profile) = self.profile {
            let entry = directory.write_entry_bytes(Type::UNDEFINED, profile)?;
            add(directory, Tag::IccProfile, entry);
        }
        picture.write_data(levels)
    }
}

fn write_fields<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    fields: &[Field],
) -> TiffResult<()> {
    for field in fields {
        if let Some(kind) = Type::from_u16(field.kind) {
            let entry = directory.write_entry_bytes(kind, &field.bytes)?;
            add(directory, Tag::from_u16_exhaustive(field.tag), entry);
        }
    }
    Ok(())
}

fn add<W: Write + Seek, K: TiffKind>(
    directory: &mut DirectoryEncoder<'_, W, K>,
    tag: Tag,
    entry: tiff::decoder::ifd::Entry,
) {
    let mut one = Directory::empty();
    one.extend([(tag, entry)]);
    directory.extend_from(&one);
}

/// Grey with alpha, which the `tiff` crate does not have: differences are taken between pixels, not between their samples.
macro_rules! grey_alpha {
    ($name:ident, $level:ty, $bits:expr) => {
        struct $name;

        impl ColorType for $name {
            type Inner = $level;
            const TIFF_VALUE: PhotometricInterpretation = PhotometricInterpretation::BlackIsZero;
            const BITS_PER_SAMPLE: &'static [u16] = &[$bits; 2];
            const SAMPLE_FORMAT: &'static [SampleFormat] = &[SampleFormat::Uint; 2];

            fn horizontal_predict(row: &[$level], result: &mut Vec<$level>) {
                let second = row.get(2..).unwrap_or_default();
                result.extend_from_slice(&row[..row.len().min(2)]);
                let pairs = row.iter().zip(second);
                result.extend(pairs.map(|(before, level)| level.wrapping_sub(*before)));
            }
        }
    };
}

grey_alpha!(GreyAlpha8, u8, 8);
grey_alpha!(GreyAlpha16, u16, 16);
