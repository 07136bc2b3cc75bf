//! Directories of tags: TIFF files consist of them, and EXIF blocks are TIFF files without pixels.

use std::ops::Range;

/// The bytes of a TIFF file or an EXIF block, whose header is right. Anything else in them may be damaged.
#[derive(Clone, Copy)]
pub(super) struct Tags<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
}

/// A list of values.
pub(super) struct Directory {
    /// Those whose values lie inside the file.
    pub(super) entries: Vec<Entry>,
    /// Where it lies, up to the place where the position of the next directory is written.
    pub(super) place: Range<usize>,
    /// Position of the next directory; 0 for none.
    pub(super) next: usize,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) tag: u16,
    /// The number of its type in TIFF: 2 for text, 3 for 16-bit and 4 for 32-bit numbers, ...
    pub(super) kind: u16,
    /// Where it lies.
    pub(super) value: Range<usize>,
}

/// Bytes of one item of a type; none for types that do not exist.
pub(super) fn item_size(kind: u16) -> Option<usize> {
    const SIZES: [usize; 13] = [1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
    SIZES.get(usize::from(kind).checked_sub(1)?).copied()
}

impl<'a> Tags<'a> {
    /// None for anything but a TIFF header.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let is_big_endian = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self {
            bytes,
            is_big_endian,
        })
    }

    pub(super) fn is_big_endian(self) -> bool {
        self.is_big_endian
    }

    /// The first directory; none if it is not all there.
    pub(super) fn first(self) -> Option<Directory> {
        self.directory(self.long(4)? as usize)
    }

    /// The directory at `position`; none if it is not all there.
    pub(super) fn directory(self, position: usize) -> Option<Directory> {
        let count = usize::from(self.short(position)?);
        let start = position.checked_add(2)?;
        let link = start + 12 * count;
        // A block that is cut off behind its last entry is whole but for the link.
        self.bytes.get(start..link)?;
        let entries = (0..count).filter_map(|index| self.entry(start + 12 * index));
        Some(Directory {
            entries: entries.collect(),
            place: position..link,
            next: self.long(link).unwrap_or(0) as usize,
        })
    }

    fn entry(self, position: usize) -> Option<Entry> {
        let kind = self.short(position + 2)?;
        let count = self.long(position + 4)? as usize;
        let length = item_size(kind)?.checked_mul(count)?;
        let start = if length <= 4 {
            position + 8
        } else {
            self.long(position + 8)? as usize
        };
        let value = start..start.checked_add(length)?;
        self.bytes.get(value.clone())?;
        Some(Entry {
            tag: self.short(position)?,
            kind,
            value,
        })
    }

    /// The whole numbers of a value; none for other types.
    pub(super) fn numbers(self, entry: &Entry) -> Vec<u32> {
        let places = entry.value.clone();
        match entry.kind {
            3 => places
                .step_by(2)
                .filter_map(|place| self.short(place).map(u32::from))
                .collect(),
            4 | 13 => places
                .step_by(4)
                .filter_map(|place| self.long(place))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The bytes of a value.
    pub(super) fn bytes(self, entry: &Entry) -> &'a [u8] {
        &self.bytes[entry.value.clone()]
    }

    fn short(self, position: usize) -> Option<u16> {
        let bytes = self.bytes.get(position..position.checked_add(2)?)?;
        let bytes = bytes.try_into().ok()?;
        Some(if self.is_big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn long(self, position: usize) -> Option<u32> {
        let bytes = self.bytes.get(position..position.checked_add(4)?)?;
        let bytes = bytes.try_into().ok()?;
        Some(if self.is_big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }
}

impl Directory {
    /// The entry with this tag.
    pub(super) fn find(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// The first number of the entry with this tag.
    pub(super) fn number(&self, tag: u16, tags: Tags<'_>) -> Option<u32> {
        tags.numbers(self.find(tag)?).first().copied()
    }
}
