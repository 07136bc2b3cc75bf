//! Directories of tags: TIFF files consist of them, and EXIF blocks are TIFF files without pixels.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use crate::picture::byte_source::ByteSource;

/// The bytes of a TIFF or BigTIFF file or an EXIF block, whose header is right. Anything else in them may be damaged.
#[derive(Clone, Copy)]
pub(crate) struct IfdReader<'a> {
    bytes: ByteSource<'a>,
    is_big_endian: bool,
    /// Whether positions and counts have 64 bits: BigTIFF.
    is_big: bool,
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
    // The last ones are BigTIFF's; there are no types 14 and 15.
    const SIZES: [usize; 18] = [1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
    let size = SIZES.get(usize::from(kind).checked_sub(1)?).copied();
    size.filter(|&size| size > 0)
}

impl<'a> IfdReader<'a> {
    /// None for anything but a TIFF or BigTIFF header.
    pub(crate) fn new(bytes: impl Into<ByteSource<'a>>) -> Option<Self> {
        let bytes = bytes.into();
        let (is_big_endian, is_big) = match &*bytes.at(0..4)? {
            b"II*\0" => (false, false),
            b"MM\0*" => (true, false),
            b"II+\0" => (false, true),
            b"MM\0+" => (true, true),
            _ => return None,
        };
        let reader = Self {
            bytes,
            is_big_endian,
            is_big,
        };
        // Positions of other than 8 bytes have never been in use.
        let is_known = !is_big || reader.short(&bytes.at(4..6)?) == 8;
        is_known.then_some(reader)
    }

    pub(crate) fn is_big_endian(self) -> bool {
        self.is_big_endian
    }

    /// Whether positions have 64 bits.
    pub(crate) fn is_big(self) -> bool {
        self.is_big
    }

    /// The first directory; none if it is not all there.
    pub(crate) fn first(self) -> Option<Ifd> {
        let place = if self.is_big { 8..16 } else { 4..8 };
        self.directory(self.position(&self.bytes.at(place)?))
    }

    /// The directory at `position`; none if it is not all there.
    pub(crate) fn directory(self, position: usize) -> Option<Ifd> {
        let (count_bytes, line_bytes, link_bytes) =
            if self.is_big { (8, 20, 8) } else { (2, 12, 4) };
        let start = position.checked_add(count_bytes)?;
        let count = self.bytes.at(position..start)?;
        let count = if self.is_big {
            self.position(&count)
        } else {
            usize::from(self.short(&count))
        };
        let link = count.checked_mul(line_bytes)?.checked_add(start)?;
        // A block that is cut off behind its last entry is whole but for the link.
        let lines = self.bytes.at(start..link)?;
        let lines = (start..)
            .step_by(line_bytes)
            .zip(lines.chunks_exact(line_bytes));
        let entries = lines.filter_map(|(place, line)| self.entry(place, line));
        let next = self.bytes.at(link..link.saturating_add(link_bytes));
        Some(Ifd {
            entries: entries.collect(),
            place: position..link,
            next: next.map_or(0, |next| self.position(&next)),
        })
    }

    /// All directories of the chain, the first one first; it ends where it would go round in circles.
    pub(crate) fn directories(self) -> impl Iterator<Item = Ifd> + 'a {
        let mut seen = HashSet::new();
        let next = move |directory: &Ifd| {
            let next = (directory.next > 0).then_some(directory.next)?;
            seen.insert(next).then(|| self.directory(next))?
        };
        std::iter::successors(self.first(), next)
    }

    fn entry(self, position: usize, line: &[u8]) -> Option<IfdEntry> {
        let kind = self.short(&line[2..]);
        let (count, inline) = if self.is_big {
            (&line[4..12], 12)
        } else {
            (&line[4..8], 8)
        };
        let value = &line[inline..];
        let length = item_size(kind)?.checked_mul(self.position(count))?;
        let start = if length <= value.len() {
            position + inline
        } else {
            self.position(value)
        };
        let value = start..start.checked_add(length)?;
        (value.end <= self.bytes.len()).then(|| IfdEntry {
            tag: self.short(line),
            kind,
            value,
        })
    }

    /// The whole numbers of a value; none for other types.
    pub(crate) fn numbers(self, entry: &IfdEntry) -> Vec<u64> {
        let bytes = self.bytes(entry);
        match entry.kind {
            1 => bytes.iter().map(|&byte| byte.into()).collect(),
            3 => {
                let numbers = bytes.chunks_exact(2);
                numbers.map(|bytes| self.short(bytes).into()).collect()
            }
            4 | 13 => {
                let numbers = bytes.chunks_exact(4);
                numbers.map(|bytes| self.long(bytes).into()).collect()
            }
            16 | 18 => {
                let numbers = bytes.chunks_exact(8);
                numbers.map(|bytes| self.long8(bytes)).collect()
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

    /// The number that `bytes`, eight at least, begin with.
    fn long8(self, bytes: &[u8]) -> u64 {
        let (first, second) = (self.long(bytes), self.long(&bytes[4..]));
        if self.is_big_endian {
            u64::from(first) << 32 | u64::from(second)
        } else {
            u64::from(second) << 32 | u64::from(first)
        }
    }

    /// The position or count that `bytes` begin with.
    fn position(self, bytes: &[u8]) -> usize {
        if self.is_big {
            usize::try_from(self.long8(bytes)).unwrap_or(usize::MAX)
        } else {
            self.long(bytes) as usize
        }
    }
}

impl Ifd {
    /// The entry with this tag.
    pub(crate) fn find(&self, tag: u16) -> Option<&IfdEntry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// The first number of the entry with this tag.
    pub(crate) fn number(&self, tag: u16, tags: IfdReader<'_>) -> Option<u64> {
        tags.numbers(self.find(tag)?).first().copied()
    }
}
