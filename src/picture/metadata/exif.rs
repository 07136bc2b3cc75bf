//! EXIF blocks: what cameras say about a photo. They are changed in place, because makers' notes in them point to fixed positions.

use std::ops::Range;

use image::metadata::Orientation;

use crate::picture::byte_source::ByteSource;
use crate::picture::metadata::ifd::{Ifd, IfdEntry, IfdReader, item_size};

/// Bytes before the first directory.
const HEADER: usize = 8;

const IMAGE_DESCRIPTION: u16 = 270;
const STRIP_OFFSETS: u16 = 273;
const ORIENTATION: u16 = 274;
const STRIP_LENGTHS: u16 = 279;
const THUMBNAIL_OFFSET: u16 = 513;
const THUMBNAIL_LENGTH: u16 = 514;
const COPYRIGHT: u16 = 33_432;
/// The directory of a photo's exposure, lens and so on.
const PHOTO: u16 = 34_665;
/// The directory of the place where it was taken.
const PLACE: u16 = 34_853;
const MAKER_NOTE: u16 = 37_500;
const PIXELS_ACROSS: u16 = 40_962;
const PIXELS_DOWN: u16 = 40_963;
const INTEROPERABILITY: u16 = 40_965;

/// Tags of a TIFF file that say something about the picture, not about how its pixels are stored: description, maker, model,
/// resolution (three tags), software, time, artist, computer, rating, copyright.
const ABOUT_THE_PICTURE: [u16; 12] = [
    IMAGE_DESCRIPTION,
    271,
    272,
    282,
    283,
    296,
    305,
    306,
    315,
    316,
    18_246,
    COPYRIGHT,
];

/// The block without the signature that JPEG files put before it; none if it is damaged.
pub(crate) fn validated(block: &[u8]) -> Option<Vec<u8>> {
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    let tags = IfdReader::new(block).filter(|tags| !tags.is_big())?;
    tags.first()?;
    Some(block.to_vec())
}

/// How the camera was held; none if the block, or a TIFF file, does not say it.
pub(crate) fn orientation<'a>(block: impl Into<ByteSource<'a>>) -> Option<Orientation> {
    let tags = IfdReader::new(block)?;
    let number = tags.first()?.number(ORIENTATION, tags)?;
    Orientation::from_exif(u8::try_from(number).ok()?)
}

/// The block for a picture that has been changed: upright, of this width and height, and without the thumbnail, which would
/// still show the old picture.
pub fn updated_for_output(block: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut updated_for_output = block.to_vec();
    let Some(tags) = IfdReader::new(block).filter(|tags| !tags.is_big()) else {
        return updated_for_output;
    };
    let Some(first) = tags.first() else {
        return updated_for_output;
    };
    let mut put = |directory: &Ifd, tag: u16, number: u32| {
        for entry in directory.entries.iter().filter(|entry| entry.tag == tag) {
            put(&mut updated_for_output, entry, number, tags.is_big_endian());
        }
    };
    put(&first, ORIENTATION, 1);
    let photo = first.number(PHOTO, tags);
    if let Some(photo) = photo.and_then(|position| tags.directory(position as usize)) {
        put(&photo, PIXELS_ACROSS, width);
        put(&photo, PIXELS_DOWN, height);
    }
    if let Some(thumbnail) = tags.directory(first.next).filter(|_| first.next > 0) {
        let link = first.place.end..first.place.end + 4;
        updated_for_output[link.clone()].fill(0);
        erase_thumbnail(
            &mut updated_for_output,
            &thumbnail,
            tags,
            first.place.start..link.end,
        );
    }
    updated_for_output
}

/// Writes a number where the block has room for it: numbers have 16 or 32 bits.
fn put(block: &mut [u8], entry: &IfdEntry, number: u32, is_big_endian: bool) {
    let bytes = if is_big_endian {
        number.to_be_bytes()
    } else {
        number.to_le_bytes()
    };
    let short = if is_big_endian {
        &bytes[2..]
    } else {
        &bytes[..2]
    };
    let place = &mut block[entry.value.clone()];
    match entry.kind {
        3 if place.len() == 2 && u16::try_from(number).is_ok() => place.copy_from_slice(short),
        4 if place.len() == 4 => place.copy_from_slice(&bytes),
        _ => {}
    }
}

/// Overwrites the pixels of a thumbnail with zeros, or cuts them off where they end the block.
///
/// What is damaged may name any place; the header and the first directory stay.
fn erase_thumbnail(block: &mut Vec<u8>, thumbnail: &Ifd, tags: IfdReader<'_>, first: Range<usize>) {
    let numbers = |tag| thumbnail.find(tag).map(|entry| tags.numbers(entry));
    for (offsets, lengths) in [
        (THUMBNAIL_OFFSET, THUMBNAIL_LENGTH),
        (STRIP_OFFSETS, STRIP_LENGTHS),
    ] {
        let (Some(offsets), Some(lengths)) = (numbers(offsets), numbers(lengths)) else {
            continue;
        };
        for (offset, length) in offsets.into_iter().zip(lengths) {
            let start = offset as usize;
            let end = start.saturating_add(length as usize).min(block.len());
            let is_free = start >= first.end || end <= first.start;
            if (HEADER..end).contains(&start) && is_free {
                block[start..end].fill(0);
                if end == block.len() {
                    block.truncate(start);
                }
            }
        }
    }
}

/// One tag with its value, in the byte order of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExifField {
    /// Number of the tag.
    pub tag: u16,
    /// Number of its type in TIFF.
    pub kind: u16,
    /// The value.
    pub bytes: Vec<u8>,
}

/// What a block, or a TIFF file, says about a picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExifFields {
    /// The picture: description, maker, artist, resolution, ...
    pub image: Vec<ExifField>,
    /// How it was taken; without the maker's notes, which cannot be moved.
    pub photo: Vec<ExifField>,
    /// Where it was taken.
    pub place: Vec<ExifField>,
}

impl ExifFields {
    /// Reads them from a block or from a TIFF file; none if it is damaged or says nothing.
    pub fn read(file: &[u8]) -> Option<Self> {
        let tags = IfdReader::new(file)?;
        Self::of_directory(tags, &tags.first()?)
    }

    /// Reads those of a page of a TIFF file.
    pub(crate) fn of_directory(tags: IfdReader<'_>, first: &Ifd) -> Option<Self> {
        let below = |tag| {
            let position = first.number(tag, tags)?;
            tags.directory(position as usize)
        };
        let fields = |directory: Option<&Ifd>, keep: &dyn Fn(u16) -> bool| {
            let entries = directory
                .into_iter()
                .flat_map(|directory| &directory.entries);
            let mut fields: Vec<ExifField> = entries
                // Types that only BigTIFF has cannot be written to an EXIF block.
                .filter(|entry| keep(entry.tag) && entry.kind <= 13)
                .map(|entry| field(entry, tags))
                .collect();
            fields.sort_by_key(|field| field.tag);
            fields.dedup_by_key(|field| field.tag);
            fields
        };
        let movable = |tag: u16| tag != MAKER_NOTE && tag != INTEROPERABILITY;
        let fields = Self {
            photo: fields(below(PHOTO).as_ref(), &movable),
            place: fields(below(PLACE).as_ref(), &|_| true),
            image: fields(Some(first), &|tag| ABOUT_THE_PICTURE.contains(&tag)),
        };
        (fields != Self::default()).then_some(fields)
    }

    /// A block that says the same.
    pub(crate) fn block(mut self) -> Vec<u8> {
        let mut block = if cfg!(target_endian = "big") {
            b"MM\0*\0\0\0\0".to_vec()
        } else {
            b"II*\0\0\0\0\0".to_vec()
        };
        for (tag, fields) in [(PHOTO, &self.photo), (PLACE, &self.place)] {
            if !fields.is_empty() {
                let position = write_directory(&mut block, fields);
                self.image.push(ExifField {
                    tag,
                    kind: 4,
                    bytes: position.to_ne_bytes().to_vec(),
                });
            }
        }
        self.image.sort_by_key(|field| field.tag);
        let position = write_directory(&mut block, &self.image);
        block[4..8].copy_from_slice(&position.to_ne_bytes());
        block
    }
}

/// A value of a file.
pub(crate) fn field(entry: &IfdEntry, tags: IfdReader<'_>) -> ExifField {
    let mut bytes = tags.bytes(entry).into_owned();
    if tags.is_big_endian() != cfg!(target_endian = "big") {
        // Fractions are two numbers.
        let number = match entry.kind {
            5 | 10 => 4,
            kind => item_size(kind).unwrap_or(1),
        };
        bytes.chunks_exact_mut(number).for_each(<[u8]>::reverse);
    }
    ExifField {
        tag: entry.tag,
        kind: entry.kind,
        bytes,
    }
}

/// Appends a directory with its values; returns its position.
fn write_directory(block: &mut Vec<u8>, fields: &[ExifField]) -> u32 {
    block.resize(block.len().next_multiple_of(2), 0);
    let position = block.len();
    let values_at = position + 2 + 12 * fields.len() + 4;
    let mut values = Vec::new();
    block.extend((fields.len() as u16).to_ne_bytes());
    for field in fields {
        let count = field.bytes.len() / item_size(field.kind).unwrap_or(1);
        block.extend(field.tag.to_ne_bytes());
        block.extend(field.kind.to_ne_bytes());
        block.extend((count as u32).to_ne_bytes());
        if field.bytes.len() <= 4 {
            block.extend(&field.bytes);
            block.resize(block.len() + 4 - field.bytes.len(), 0);
        } else {
            block.extend(((values_at + values.len()) as u32).to_ne_bytes());
            values.extend(&field.bytes);
            values.resize(values.len().next_multiple_of(2), 0);
        }
    }
    block.extend([0; 4]);
    block.extend(values);
    position as u32
}
