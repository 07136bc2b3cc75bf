//! What an output file is to hold.

use std::fs::File;
use std::io::{self, BufWriter, Cursor, Seek, Write};

use image::ImageFormat;

use super::Metadata;
use super::formats::png::write_png;
use super::formats::pnm::write_pnm;
use super::formats::tiff::{TiffPage, TiffPixels, write_tiff};
use super::output_pixels::OutputPixels;

/// The contents of an output file.
pub(crate) enum FileContents {
    Bytes(Vec<u8>),
    /// A large picture, which is encoded as it is written.
    Picture(RowEncodedImage),
}

/// A picture in a format that is encoded row by row: PNG, TIFF or PNM.
pub(crate) struct RowEncodedImage {
    pub(crate) pixels: OutputPixels,
    pub(crate) metadata: Metadata,
    pub(crate) format: ImageFormat,
}

impl FileContents {
    /// Writes them to a file, which is empty. They can be written again.
    pub(crate) fn write(&self, file: &mut File) -> io::Result<()> {
        match self {
            Self::Bytes(bytes) => file.write_all(bytes),
            Self::Picture(picture) => {
                if picture.write(&mut *file, true)? {
                    file.rewind()?;
                    file.set_len(0)?;
                    picture.write(file, false)?;
                }
                Ok(())
            }
        }
    }
}

impl RowEncodedImage {
    /// The bytes of the file.
    pub(crate) fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        if self.write(&mut bytes, true)? {
            bytes = Cursor::new(Vec::new());
            self.write(&mut bytes, false)?;
        }
        Ok(bytes.into_inner())
    }

    /// Writes the file; tells whether it would be smaller without compression.
    fn write(&self, out: impl Write + Seek, is_compressed: bool) -> io::Result<bool> {
        let mut out = BufWriter::with_capacity(1 << 16, out);
        let (pixels, metadata) = (&self.pixels, &self.metadata);
        let is_larger = match self.format {
            ImageFormat::Tiff => {
                let pixels = TiffPixels::Picture(pixels);
                write_tiff(&[TiffPage { pixels, metadata }], &mut out).map(|()| false)?
            }
            ImageFormat::Pnm => write_pnm(pixels, &mut out).map(|()| false)?,
            _ => write_png(pixels, metadata, &mut out, is_compressed)?,
        };
        out.flush()?;
        Ok(is_larger)
    }
}
