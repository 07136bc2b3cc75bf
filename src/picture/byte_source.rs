//! The bytes of picture files: in memory, or read where they are needed.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use image::ImageFormat;

use super::error::PictureError;
use super::foreign::{ForeignFormat, HEAD};
use super::format::guess_format;

/// The bytes of a file that may hold a picture: neither none nor too many, and they begin as those of a known format do.
#[derive(Debug)]
pub(crate) enum FileBytes {
    Memory(Vec<u8>),
    /// So many, of a format that is read piece by piece.
    File(File, usize),
}

/// The same for reading.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ByteSource<'a> {
    Memory(&'a [u8]),
    File(&'a File, usize),
}

/// What decoders read from.
pub(crate) trait ReadSeek: BufRead + Seek {}

impl<T: BufRead + Seek> ReadSeek for T {}

impl FileBytes {
    /// Opens the file at `path`, and reads it where its format is not read piece by piece.
    pub(crate) fn open(path: &Path, limit: u64) -> Result<Self, PictureError> {
        let (mut file, head, length) = begin(path, limit)?;
        let is_read_in_pieces = matches!(
            guess_format(&head),
            Some(ImageFormat::Png | ImageFormat::Tiff)
        );
        // A pipe cannot be read at any place.
        if is_read_in_pieces && length >= head.len() as u64 && file.rewind().is_ok() {
            return Ok(Self::File(file, length as usize));
        }
        rest(path, limit, (file, head, length)).map(Self::Memory)
    }

    pub(crate) fn bytes(&self) -> ByteSource<'_> {
        match self {
            Self::Memory(bytes) => ByteSource::Memory(bytes),
            Self::File(file, length) => ByteSource::File(file, *length),
        }
    }
}

/// The bytes of a file that must not be empty, nor longer than `limit`.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, PictureError> {
    rest(path, limit, begin(path, limit)?)
}

/// The file, its first bytes, and the length that the system tells.
fn begin(path: &Path, limit: u64) -> Result<(File, Vec<u8>, u64), PictureError> {
    let mut file = File::open(path).map_err(|source| unreadable(path, source))?;
    let metadata = file.metadata().map_err(|source| unreadable(path, source))?;
    let mut head = Vec::new();
    let read = (&mut file).take(HEAD as u64).read_to_end(&mut head);
    read.map_err(|source| unreadable(path, source))?;
    if let Some(format) = ForeignFormat::recognise(&head, path) {
        let path = path.to_owned();
        return Err(PictureError::Foreign { path, format });
    }
    // A film, a disk image or a sparse file that is called like a picture is not read to its end.
    if !head.is_empty() && guess_format(&head).is_none() {
        return Err(PictureError::NotAPicture(path.to_owned()));
    }
    if metadata.len() > limit {
        return Err(too_long(path, metadata.len(), limit));
    }
    Ok((file, head, metadata.len()))
}

fn rest(
    path: &Path,
    limit: u64,
    (file, mut bytes, length): (File, Vec<u8>, u64),
) -> Result<Vec<u8>, PictureError> {
    bytes.reserve_exact((length as usize).saturating_sub(bytes.len()));
    // What is no ordinary file does not say its length, and may have no end.
    file.take(limit.saturating_add(1).saturating_sub(bytes.len() as u64))
        .read_to_end(&mut bytes)
        .map_err(|source| unreadable(path, source))?;
    if bytes.len() as u64 > limit {
        return Err(too_long(path, bytes.len() as u64, limit));
    }
    if bytes.is_empty() {
        return Err(PictureError::Empty(path.to_owned()));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, source: std::io::Error) -> PictureError {
    PictureError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

fn too_long(path: &Path, bytes: u64, limit: u64) -> PictureError {
    PictureError::TooLong {
        path: path.to_owned(),
        bytes,
        limit,
    }
}

impl<'a> From<&'a [u8]> for ByteSource<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Memory(bytes)
    }
}

impl<'a> ByteSource<'a> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::File(_, length) => length,
        }
    }

    /// Those at `place`; none if it reaches beyond the end.
    pub(crate) fn at(self, place: Range<usize>) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Memory(bytes) => bytes.get(place).map(Cow::Borrowed),
            Self::File(mut file, length) => {
                if place.start > place.end || place.end > length {
                    return None;
                }
                let mut bytes = vec![0; place.len()];
                file.seek(SeekFrom::Start(place.start as u64)).ok()?;
                file.read_exact(&mut bytes).ok()?;
                Some(Cow::Owned(bytes))
            }
        }
    }

    /// Reads all of them from the first on. [`at`](Self::at) must not be called before this is dropped: a file has one place where it is read.
    pub(crate) fn source(self) -> std::io::Result<Box<dyn ReadSeek + 'a>> {
        Ok(match self {
            Self::Memory(bytes) => Box::new(Cursor::new(bytes)),
            Self::File(mut file, _) => {
                file.rewind()?;
                Box::new(BufReader::with_capacity(1 << 16, file))
            }
        })
    }
}
