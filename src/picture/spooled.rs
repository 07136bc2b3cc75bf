//! The pixels of a picture that need not be in memory all at once.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytemuck::Pod;
use image::{ColorType, DynamicImage, ImageBuffer, Luma, LumaA, Pixel, Rgb, Rgba};

use super::spool::Spool;

/// Pictures of more bytes than this are kept in a file.
const MAX_IN_MEMORY: u64 = SpooledPicture::MEMORY;

/// Pixels that could not be kept.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot keep the pixels of a large picture in `{}` ({needed:.1} GiB): {source}; make room there, or translate a smaller picture",
    folder.display()
)]
pub struct SpoolError {
    /// Where they were to be kept.
    folder: PathBuf,
    /// GiB of the picture.
    needed: f64,
    /// What the system said.
    source: io::Error,
}

/// A picture of which rows are added from the top to the bottom, and read in any order.
///
/// A small one is in memory, a large one in a file without a name.
#[derive(Debug)]
pub struct SpooledPicture {
    size: (u32, u32),
    colour: ColorType,
    folder: PathBuf,
    spool: Spool,
    /// Rows that are there.
    rows: u32,
}

impl SpooledPicture {
    /// The most bytes of memory that one takes.
    pub const MEMORY: u64 = 64 << 20;

    /// A picture of this (width, height) without any rows yet; if it is large, they will be in a file in `folder`.
    ///
    /// # Errors
    /// There can be no file.
    pub fn new(size: (u32, u32), colour: ColorType, folder: &Path) -> Result<Self, SpoolError> {
        let bytes = bytes(size, colour);
        let spool = if bytes <= MAX_IN_MEMORY {
            Ok(Spool::in_memory(bytes as usize))
        } else {
            Spool::in_file(folder)
        };
        Ok(Self {
            size,
            colour,
            folder: folder.to_owned(),
            spool: spool.map_err(|source| error(folder, bytes, source))?,
            rows: 0,
        })
    }

    /// All of a picture.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn of(picture: &DynamicImage, folder: &Path) -> Result<Self, SpoolError> {
        let size = (picture.width(), picture.height());
        let mut spooled = Self::new(size, picture.color(), folder)?;
        spooled.push(picture)?;
        Ok(spooled)
    }

    /// Adds the next rows.
    ///
    /// # Errors
    /// They are of another kind or width, are too many, or cannot be kept.
    pub fn push(&mut self, rows: &DynamicImage) -> Result<(), SpoolError> {
        let (width, height) = self.size;
        let fits = rows.color() == self.colour
            && rows.width() == width
            && rows.height() <= height - self.rows;
        let result = if fits {
            let start = bytes((width, self.rows), self.colour);
            self.spool.write(start, rows.as_bytes())
        } else {
            Err(io::Error::other("these rows belong to another picture"))
        };
        result.map_err(|source| self.error(source))?;
        self.rows += rows.height();
        Ok(())
    }

    /// These rows, all of which have been added, as a picture of their own.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn rows(&self, rows: Range<usize>) -> Result<DynamicImage, SpoolError> {
        let picture = match self.colour {
            ColorType::L8 => self.read::<Luma<u8>>(rows).map(Into::into),
            ColorType::La8 => self.read::<LumaA<u8>>(rows).map(Into::into),
            ColorType::Rgb8 => self.read::<Rgb<u8>>(rows).map(Into::into),
            ColorType::Rgba8 => self.read::<Rgba<u8>>(rows).map(Into::into),
            ColorType::L16 => self.read::<Luma<u16>>(rows).map(Into::into),
            ColorType::La16 => self.read::<LumaA<u16>>(rows).map(Into::into),
            ColorType::Rgb16 => self.read::<Rgb<u16>>(rows).map(Into::into),
            ColorType::Rgba16 => self.read::<Rgba<u16>>(rows).map(Into::into),
            ColorType::Rgb32F => self.read::<Rgb<f32>>(rows).map(Into::into),
            ColorType::Rgba32F => self.read::<Rgba<f32>>(rows).map(Into::into),
            _ => Err(io::ErrorKind::Unsupported.into()),
        };
        picture.map_err(|source| self.error(source))
    }

    /// All rows, as [`rows`](Self::rows) gives them.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn whole(&self) -> Result<DynamicImage, SpoolError> {
        self.rows(0..self.size.1 as usize)
    }

    fn read<P>(&self, rows: Range<usize>) -> io::Result<ImageBuffer<P, Vec<P::Subpixel>>>
    where
        P: Pixel<Subpixel: Pod>,
    {
        let (width, height) = (self.size.0, rows.len() as u32);
        let count = width as usize * rows.len() * usize::from(P::CHANNEL_COUNT);
        let mut levels = bytemuck::zeroed_vec::<P::Subpixel>(count);
        let start = bytes((width, rows.start as u32), self.colour);
        self.spool
            .read(start, bytemuck::cast_slice_mut(&mut levels))?;
        ImageBuffer::from_raw(width, height, levels).ok_or(io::ErrorKind::InvalidData.into())
    }

    /// The folder of its file, if it is large.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// The kind of its pixels.
    pub fn colour(&self) -> ColorType {
        self.colour
    }

    /// Whether all rows have been added.
    pub fn is_complete(&self) -> bool {
        self.rows == self.size.1
    }

    fn error(&self, source: io::Error) -> SpoolError {
        error(&self.folder, bytes(self.size, self.colour), source)
    }
}

fn bytes((width, height): (u32, u32), colour: ColorType) -> u64 {
    u64::from(width) * u64::from(height) * u64::from(colour.bytes_per_pixel())
}

fn error(folder: &Path, bytes: u64, source: io::Error) -> SpoolError {
    SpoolError {
        folder: folder.to_owned(),
        needed: bytes as f64 / f64::from(1 << 30),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_every_kind_come_back() {
        let picture =
            image::RgbaImage::from_fn(7, 9, |x, y| Rgba([x, y, x * y, 99].map(|v| v as u8)));
        let picture = DynamicImage::from(picture);
        for picture in [
            picture.to_luma8().into(),
            picture.to_luma_alpha8().into(),
            picture.to_rgb8().into(),
            picture.clone(),
            picture.to_luma16().into(),
            picture.to_luma_alpha16().into(),
            picture.to_rgb16().into(),
            picture.to_rgba16().into(),
            picture.to_rgb32f().into(),
            picture.to_rgba32f().into(),
        ] {
            let picture: DynamicImage = picture;
            let mut spooled =
                SpooledPicture::new((7, 9), picture.color(), Path::new("absent")).unwrap();
            for (start, height) in [(0, 2), (2, 1), (3, 6)] {
                assert!(!spooled.is_complete());
                let rows = picture.crop_imm(0, start, 7, height);
                spooled.push(&rows).unwrap();
                assert_eq!(
                    spooled
                        .rows(start as usize..(start + height) as usize)
                        .unwrap(),
                    rows
                );
            }
            assert!(spooled.is_complete());
            assert_eq!(spooled.whole().unwrap(), picture);
            assert!(spooled.push(&picture).is_err());
        }
    }

    #[test]
    fn a_large_picture_needs_a_folder_and_leaves_nothing_there() {
        let folder = tempfile::tempdir().unwrap();
        let size = (1 << 14, 1 << 13);
        let mut spooled = SpooledPicture::new(size, ColorType::L8, folder.path()).unwrap();
        let rows = DynamicImage::from(image::GrayImage::from_fn(1 << 14, 3, |x, y| {
            Luma([(x * y) as u8])
        }));
        spooled.push(&rows).unwrap();
        assert_eq!(
            spooled
                .whole()
                .unwrap_err()
                .to_string()
                .matches("(0.1 GiB)")
                .count(),
            1
        );
        assert_eq!(spooled.rows(0..3).unwrap(), rows);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let absent = folder.path().join("absent");
        let error = SpooledPicture::new(size, ColorType::L8, &absent).unwrap_err();
        assert!(error.to_string().contains("absent"), "{error}");
    }
}
