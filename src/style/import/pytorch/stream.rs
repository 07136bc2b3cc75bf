//! Values as they stand in the bytes of a pickle.

use std::io::{self, BufRead, Read};

use super::value::Value;

/// Texts longer than this are no names; they are skipped.
const MAX_TEXT: u64 = 4096;
/// Lines longer than this are no part of a pickle that PyTorch writes.
const MAX_LINE: u64 = 1 << 16;

/// A little-endian number of `N` bytes.
pub(super) fn number<R: BufRead, const N: usize>(reader: &mut R) -> io::Result<u64> {
    let mut bytes = [0; 8];
    reader.read_exact(&mut bytes[..N])?;
    Ok(u64::from_le_bytes(bytes))
}

/// A signed number of `length` bytes, if 64 bits hold it.
pub(super) fn long<R: BufRead>(length: u64, reader: &mut R) -> io::Result<Value> {
    if length > 8 {
        return bytes(length, reader);
    }
    let mut bytes = [0; 8];
    let length = length as usize;
    reader.read_exact(&mut bytes[..length])?;
    let unused = 64 - 8 * length as u32;
    // The sign is extended from the highest bit that was read.
    let value = i64::from_le_bytes(bytes).checked_shl(unused).unwrap_or(0);
    Ok(Value::Int(value.checked_shr(unused).unwrap_or(0)))
}

pub(super) fn text<R: BufRead>(length: u64, reader: &mut R) -> io::Result<Value> {
    if length > MAX_TEXT {
        return bytes(length, reader);
    }
    let mut bytes = vec![0; length as usize];
    reader.read_exact(&mut bytes)?;
    Ok(Value::Text(String::from_utf8_lossy(&bytes).into()))
}

pub(super) fn bytes<R: BufRead>(length: u64, reader: &mut R) -> io::Result<Value> {
    skip(reader, length)?;
    Ok(Value::Other)
}

/// A line without its end.
pub(super) fn line<R: BufRead>(reader: &mut R) -> io::Result<String> {
    let mut bytes = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

pub(super) fn skip<R: BufRead>(reader: &mut R, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut reader.take(count), &mut io::sink())?;
    if skipped < count {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_signs() {
        for (bytes, expected) in [
            (&[0xff][..], -1),
            (&[0xff, 0x00], 255),
            (&[], 0),
            (&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -2),
        ] {
            let read = long(bytes.len() as u64, &mut &*bytes).unwrap();
            assert_eq!(read, Value::Int(expected));
        }
    }
}
