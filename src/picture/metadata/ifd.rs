//! Directories of tags: TIFF files consist of them, and EXIF blocks are TIFF files without pixels.

use std::borrow::Cow;
use std::ops::Range;

use crate::picture::byte_source::ByteSource;

/// The bytes of a TIFF file or an EXIF block, whose header is right. Anything else in them may be damaged.
#[derive(Clone, Copy)]
pub(crate) struct IfdReader<'a> {
    bytes: ByteSource<'a>,
    is_big_endian: bool,
}

/// A list of values.
pub(crate) struct Ifd {
    /// Those whose values lie inside the file.
    pub(crate) entries: Vec<IfdEntry>,
    /// Where it lies, up to the place where the position of the next directory is written.
    pub(crate) place: Range<usize>,
    /// Position of the next directory; 0 for none.
    pub(crate) next: usize,
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) struct IfdEntry {
    pub(crate) tag: u16,
    /// The number of its type in TIFF: 2 for text, 3 for 16-bit and 4 for 32-bit numbers, ...
    pub(crate) kind: u16,
    /// Where it lies.
    pub(crate) value: Range<usize>,
}

/// Bytes of one item of a type; none for types that do not exist.
pub(crate) fn item_size(kind: u16) -> Option<usize> {
    const SIZES: [usize; 13] = [1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
    SIZES.get(usize::from(kind).checked_sub(1)?).copied()
}

impl<'a> IfdReader<'a> {
    /// None for anything but a TIFF header.
    pub(crate) fn new(bytes: impl Into<ByteSource<'a>>) -> Option<Self> {
        let bytes = bytes.into();
        let is_big_endian = match &*bytes.at(0..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self {
            bytes,
            is_big_endian,
        })
    }

    pub(crate) fn is_big_endian(self) -> bool {
        self.is_big_endian
    }

    /// The first directory; none if it is not all there.
    pub(crate) fn first(self) -> Option<Ifd> {
        self.directory(self.long(&self.bytes.at(4..8)?) as usize)
    }

    /// The directory at `position`; none if it is not all there.
    pub(crate) fn directory(self, position: usize) -> Option<Ifd> {
        let start = position.checked_add(2)?;
        let count = usize::from(self.short(&self.bytes.at(position..start)?));
        let link = start + 12 * count;
        // A block that is cut off behind its last entry is whole but for the link.
        let lines = self.bytes.at(start..link)?;
        let lines = (start..).step_by(12).zip(lines.as_chunks::<12>().0);
        let entries = lines.filter_map(|(place, line)| self.entry(place, line));
        let next = self.bytes.at(link..link + 4);
        Some(Ifd {
            entries: entries.collect(),
            place: position..link,
            next: next.map_or(0, |next| self.long(&next) as usize),
        })
    }

    fn entry(self, position: usize, line: &[u8; 12]) -> Option<IfdEntry> {
        let kind = self.short(&line[2..]);
        let count = self.long(&line[4..]) as usize;
        let length = item_size(kind)?.checked_mul(count)?;
        let start = if length <= 4 {
            position + 8
        } else {
            self.long(&line[8..]) as usize
        };
        let value = start..start.checked_add(length)?;
        (value.end <= self.bytes.len()).then(|| IfdEntry {
            tag: self.short(line),
            kind,
            value,
        })
    }

    /// The whole numbers of a value; none for other types.
    pub(crate) fn numbers(self, entry: &IfdEntry) -> Vec<u32> {
        let bytes = self.bytes(entry);
        match entry.kind {
            3 => {
                let numbers = bytes.chunks_exact(2);
                numbers.map(|bytes| self.short(bytes).into()).collect()
            }
            4 | 13 => {
                let numbers = bytes.chunks_exact(4);
                numbers.map(|bytes| self.long(bytes)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The bytes of a value; none if a file has become shorter.
    pub(crate) fn bytes(self, entry: &IfdEntry) -> Cow<'a, [u8]> {
        self.bytes.at(entry.value.clone()).unwrap_or_default()
    }

    /// The number that `bytes`, two at least, begin with.
    fn short(self, bytes: &[u8]) -> u16 {
        let bytes = [bytes[0], bytes[1]];
        if self.is_big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        }
    }

    /// The number that `bytes`, four at least, begin with.
    fn long(self, bytes: &[u8]) -> u32 {
        let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
        if self.is_big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        }
    }
}

impl Ifd {
    /// The entry with this tag.
    pub(crate) fn find(&self, tag: u16) -> Option<&IfdEntry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// The first number of the entry with this tag.
    pub(crate) fn number(&self, tag: u16, tags: IfdReader<'_>) -> Option<u32> {
        tags.numbers(self.find(tag)?).first().copied()
    }
}
