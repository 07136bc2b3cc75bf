//! Ids in PNM files (PBM, PGM, PPM, PAM).

use image::ImageFormat;

use super::stored::{SampleError, StoredPixels, StoredSamples};
use crate::picture::decode::check_size;
use crate::picture::limits::PictureLimits;
use crate::picture::samples::unpack;

/// What a header says.
struct Header {
    width: u32,
    height: u32,
    channels: usize,
    /// The brightest level.
    brightest: u16,
    /// How the samples are written.
    encoding: Encoding,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// Digits 0 and 1, which need no space between them.
    Digits,
    /// Decimal numbers.
    Text,
    /// Eight pixels in a byte.
    Bits,
    /// One byte, or two with the higher one first.
    Binary,
}

pub(super) fn decode(bytes: &[u8], limits: PictureLimits) -> Result<StoredSamples, SampleError> {
    let mut words = Words { bytes, place: 2 };
    let header = match bytes.get(..2) {
        Some([b'P', kind @ b'1'..=b'6']) => words.header(*kind),
        Some(b"P7") => words.pam_header(),
        _ => None,
    };
    let header = header.ok_or_else(|| SampleError::damaged("its header makes no sense"))?;
    check_size((header.width, header.height), limits)?;
    let (width, height) = (header.width as usize, header.height as usize);
    let count = width * height * header.channels;
    let samples = words.samples(&header, width, count);
    let samples = samples
        .filter(|samples| samples.len() == count)
        .ok_or_else(|| SampleError::damaged("it holds fewer samples than it promises"))?;
    if let Some(level) = samples.iter().find(|&&level| level > header.brightest) {
        return Err(SampleError::damaged(format!(
            "it holds the level {level}, and its header says that {} is the highest",
            header.brightest
        )));
    }
    let mut pixels = StoredPixels::from_channels(&samples, header.channels, header.brightest)?;
    if let StoredPixels::Grey { white_is_zero, .. } = &mut pixels {
        *white_is_zero = matches!(header.encoding, Encoding::Digits | Encoding::Bits);
    }
    Ok(StoredSamples {
        size: (width, height),
        bits: (u16::BITS - header.brightest.leading_zeros()) as usize,
        format: ImageFormat::Pnm,
        pixels,
    })
}

/// The bytes of a file from a place on.
struct Words<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl Words<'_> {
    /// The header of a kind from 1 to 6, up to the space before the samples.
    fn header(&mut self, kind: u8) -> Option<Header> {
        let encoding = match kind {
            b'1' => Encoding::Digits,
            b'2' | b'3' => Encoding::Text,
            b'4' => Encoding::Bits,
            _ => Encoding::Binary,
        };
        let (width, height) = (self.number()?, self.number()?);
        let brightest = if matches!(kind, b'1' | b'4') {
            1
        } else {
            u16::try_from(self.number()?)
                .ok()
                .filter(|&most| most > 0)?
        };
        self.place += 1;
        Some(Header {
            width,
            height,
            channels: if matches!(kind, b'3' | b'6') { 3 } else { 1 },
            brightest,
            encoding,
        })
    }

    /// The header of a PAM file.
    fn pam_header(&mut self) -> Option<Header> {
        let mut header = Header {
            width: 0,
            height: 0,
            channels: 0,
            brightest: 0,
            encoding: Encoding::Binary,
        };
        loop {
            match self.word()? {
                b"WIDTH" => header.width = self.number()?,
                b"HEIGHT" => header.height = self.number()?,
                b"DEPTH" => header.channels = self.number()? as usize,
                b"MAXVAL" => header.brightest = u16::try_from(self.number()?).ok()?,
                b"ENDHDR" => break,
                // What the channels are called, which their number tells.
                b"TUPLTYPE" => self.skip_line(),
                _ => return None,
            }
        }
        self.place += 1;
        ((1..=4).contains(&header.channels) && header.brightest > 0).then_some(header)
    }

    fn samples(&mut self, header: &Header, width: usize, count: usize) -> Option<Vec<u16>> {
        match header.encoding {
            Encoding::Digits => {
                let digits = self.bytes.get(self.place..)?;
                let digits = digits.iter().filter(|byte| !byte.is_ascii_whitespace());
                let digits = digits.take(count).map(|byte| match byte {
                    b'0' => Some(0),
                    b'1' => Some(1),
                    _ => None,
                });
                digits.collect()
            }
            Encoding::Text => {
                let mut samples = Vec::new();
                while samples.len() < count {
                    samples.push(u16::try_from(self.number()?).ok()?);
                }
                Some(samples)
            }
            Encoding::Bits => {
                let row = width.div_ceil(8);
                let rows = self.bytes.get(self.place..)?;
                let rows = rows.get(..row * (count / width))?.chunks_exact(row);
                Some(rows.flat_map(|row| unpack(row, 1, width)).collect())
            }
            Encoding::Binary => {
                let bits = if header.brightest > 255 { 16 } else { 8 };
                let samples = self.bytes.get(self.place..)?.get(..count * bits / 8)?;
                Some(unpack(samples, bits, count))
            }
        }
    }

    fn number(&mut self) -> Option<u32> {
        std::str::from_utf8(self.word()?).ok()?.parse().ok()
    }

    /// What stands up to the next space; comments are none.
    fn word(&mut self) -> Option<&[u8]> {
        loop {
            match self.bytes.get(self.place)? {
                b'#' => self.skip_line(),
                byte if byte.is_ascii_whitespace() => self.place += 1,
                _ => break,
            }
        }
        let start = self.place;
        let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'#';
        let length = self.bytes[start..].iter().position(ends);
        self.place = length.map_or(self.bytes.len(), |length| start + length);
        self.bytes.get(start..self.place)
    }

    fn skip_line(&mut self) {
        while self
            .bytes
            .get(self.place)
            .is_some_and(|&byte| byte != b'\n')
        {
            self.place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(bytes: &[u8]) -> Option<(Vec<u32>, usize)> {
        let stored = decode(bytes, PictureLimits::default()).ok()?;
        match stored.pixels {
            StoredPixels::Grey { levels, .. } => Some((levels, stored.bits)),
            _ => None,
        }
    }

    #[test]
    fn samples_are_not_stretched_or_inverted() {
        for (file, wanted, bits) in [
            (&b"P5\n4 1\n33\n\x00\x01\x02\x03"[..], [0, 1, 2, 3], 6),
            (b"P5 2 2 1000 \x00\x07\x03\xE8\x01\x00\x00\x00", [7, 1000, 256, 0], 10),
            (b"P2\n# made by hand\n2 2\n40 # most\n0 1\n33 40", [0, 1, 33, 40], 6),
            (b"P1\n4 1\n01\n1 0", [0, 1, 1, 0], 1),
            (b"P4\n4 1\n\x60", [0, 1, 1, 0], 1),
            (
                b"P7\nWIDTH 4\nHEIGHT 1\nDEPTH 1\nMAXVAL 3\nTUPLTYPE GRAYSCALE\nENDHDR\n\x03\x02\x01\x00",
                [3, 2, 1, 0],
                2,
            ),
        ] {
            assert_eq!(levels(file), Some((wanted.to_vec(), bits)), "{file:?}");
        }
    }

    #[test]
    fn what_is_cut_off_or_out_of_range_is_damaged() {
        for file in [
            &b"P5\n4 1\n33\n\x00\x01\x02"[..],
            b"P5\n4 1\n33\n\x00\x01\x02\x22",
            b"P5\n4 1\n0\n\x00\x01\x02\x22",
            b"P5\n4 1\n70000\n\x00\x01\x02\x22",
            b"P2\n2 2\n40\n0 1 33",
            b"P1\n4 1\n012",
            b"P4\n9 1\n\x60",
            b"P5\n4",
            b"P7\nWIDTH 4\nHEIGHT 1\nDEPTH 9\nMAXVAL 3\nENDHDR\n",
        ] {
            let error = decode(file, PictureLimits::default());
            assert!(matches!(error, Err(SampleError::Decode(_))), "{file:?}");
        }
    }
}
