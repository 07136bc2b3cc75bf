//! The Python names that a pickle refers to, found without executing it.
//!
//! PyTorch checkpoints are pickles, and a pickle can call any function by name. The reader that takes the tensors out
//! calls none. This scan is there to tell the user of a file that would harm others: names outside a short list refuse it,
//! wherever they stand in the program of the pickle, even where their result is thrown away.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};

use pytorch_reader::OpCode;

/// Text arguments longer than this are no names; what they hold is skipped.
const LONGEST_NAME: u64 = 1 << 16;
/// Opcodes of protocol 0 and 1 that the reader of tensors does not know but that refer to names.
const INSTANCE: u8 = b'i';
const OBJECT: u8 = b'o';
/// A string of protocol 0, in quotes.
const STRING: u8 = b'S';

/// The first name in the pickle at `reader` that weights do not need, or `None`; leaves `reader` after the pickle.
///
/// # Errors
/// The pickle is cut off or is none.
pub(super) fn forbidden<R: BufRead>(reader: &mut R) -> io::Result<Option<String>> {
    let mut scan = Scan::default();
    loop {
        let byte = byte(reader)?;
        if byte == OpCode::Stop as u8 {
            return Ok(None);
        }
        if let Some(global) = scan.step(byte, reader)?
            && !is_harmless(&global)
        {
            return Ok(Some(global));
        }
    }
}

/// What the scan remembers: texts, because `STACK_GLOBAL` takes its names from the stack.
#[derive(Default)]
struct Scan {
    /// The newest values, if nothing but texts, numbers and the memo was touched since: a text, or `None`. Picklers write
    /// the two names right before they use them; names that are put together in any other way are not followed.
    pushed: Vec<Option<String>>,
    memo: HashMap<u32, Option<String>>,
}

impl Scan {
    /// Passes over one instruction; returns the name that it refers to.
    fn step<R: BufRead>(&mut self, code: u8, reader: &mut R) -> io::Result<Option<String>> {
        if matches!(code, INSTANCE) {
            return Ok(Some(format!("{}.{}", line(reader)?, line(reader)?)));
        }
        if code == OBJECT {
            self.pushed.clear();
            return Ok(None);
        }
        if code == STRING {
            let text = line(reader)?;
            self.push(Some(text.trim_matches(['\'', '"']).to_owned()));
            return Ok(None);
        }
        let code = OpCode::try_from(code)
            .map_err(|code| invalid(format!("0x{code:02x} is no pickle instruction")))?;
        match code {
            OpCode::Global => {
                let name = format!("{}.{}", line(reader)?, line(reader)?);
                self.push(None);
                return Ok(Some(name));
            }
            OpCode::StackGlobal => {
                let name = self.pushed.pop().flatten();
                let module = self.pushed.pop().flatten();
                self.push(None);
                let text = |part: Option<String>| part.unwrap_or_else(|| "?".to_owned());
                return Ok(Some(format!("{}.{}", text(module), text(name))));
            }
            OpCode::Ext1 | OpCode::Ext2 | OpCode::Ext4 => {
                return Ok(Some("a registered extension".to_owned()));
            }
            OpCode::Unicode => {
                let text = line(reader)?;
                self.push(Some(text));
            }
            OpCode::Int | OpCode::Long | OpCode::Float | OpCode::PersId => {
                line(reader)?;
                self.push(None);
            }
            OpCode::Get => {
                let index = line(reader)?.parse().map_err(invalid)?;
                self.fetch(index);
            }
            OpCode::Put => {
                let index = line(reader)?.parse().map_err(invalid)?;
                self.keep(index);
            }
            OpCode::BinGet => {
                let index = number::<R, 1>(reader)? as u32;
                self.fetch(index);
            }
            OpCode::LongBinGet => {
                let index = number::<R, 4>(reader)? as u32;
                self.fetch(index);
            }
            OpCode::BinPut => {
                let index = number::<R, 1>(reader)? as u32;
                self.keep(index);
            }
            OpCode::LongBinPut => {
                let index = number::<R, 4>(reader)? as u32;
                self.keep(index);
            }
            OpCode::Memoize => self.keep(self.memo.len() as u32),
            OpCode::ShortBinUnicode | OpCode::ShortBinString => self.text::<R, 1>(reader)?,
            OpCode::BinUnicode | OpCode::BinString => self.text::<R, 4>(reader)?,
            OpCode::BinUnicode8 => self.text::<R, 8>(reader)?,
            OpCode::ShortBinBytes | OpCode::Long1 => self.bytes::<R, 1>(reader)?,
            OpCode::BinBytes | OpCode::Long4 => self.bytes::<R, 4>(reader)?,
            OpCode::BinBytes8 | OpCode::ByteArray8 => self.bytes::<R, 8>(reader)?,
            OpCode::Proto => skip(reader, 1)?,
            OpCode::Frame => skip(reader, 8)?,
            OpCode::BinInt1 => self.number(reader, 1)?,
            OpCode::BinInt2 => self.number(reader, 2)?,
            OpCode::BinInt => self.number(reader, 4)?,
            OpCode::BinFloat => self.number(reader, 8)?,
            // Everything else has no argument in the stream, and changes what is on the stack.
            _ => self.pushed.clear(),
        }
        Ok(None)
    }

    fn push(&mut self, text: Option<String>) {
        if self.pushed.len() == 2 {
            self.pushed.remove(0);
        }
        self.pushed.push(text);
    }

    /// A number of `size` bytes: a value, but no name.
    fn number<R: BufRead>(&mut self, reader: &mut R, size: u64) -> io::Result<()> {
        self.push(None);
        skip(reader, size)
    }

    fn keep(&mut self, index: u32) {
        let top = self.pushed.last().cloned().flatten();
        self.memo.insert(index, top);
    }

    fn fetch(&mut self, index: u32) {
        let text = self.memo.get(&index).cloned().flatten();
        self.push(text);
    }

    /// A text with its length in `N` bytes before it.
    fn text<R: BufRead, const N: usize>(&mut self, reader: &mut R) -> io::Result<()> {
        let length = number::<R, N>(reader)?;
        if length > LONGEST_NAME {
            self.push(None);
            return skip(reader, length);
        }
        let mut bytes = vec![0; length as usize];
        reader.read_exact(&mut bytes)?;
        self.push(Some(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(())
    }

    /// Bytes with their length in `N` bytes before them.
    fn bytes<R: BufRead, const N: usize>(&mut self, reader: &mut R) -> io::Result<()> {
        let length = number::<R, N>(reader)?;
        self.push(None);
        skip(reader, length)
    }
}

/// Whether a weight file may refer to this name: the builders of tensors and plain data.
///
/// The same idea as PyTorch's own `weights_only` loading. Classes that only hold data, as whole checkpoints have beside
/// their weights (options, numbers of numpy), are on the list too, since nothing is ever called.
fn is_harmless(global: &str) -> bool {
    const EXACT: [&str; 39] = [
        "_codecs.encode",
        "argparse.Namespace",
        "collections.Counter",
        "collections.OrderedDict",
        "collections.defaultdict",
        "copy_reg._reconstructor",
        "copyreg._reconstructor",
        "datetime.date",
        "datetime.datetime",
        "datetime.timedelta",
        "numpy._core.multiarray._reconstruct",
        "numpy._core.multiarray.scalar",
        "numpy.core.multiarray._reconstruct",
        "numpy.core.multiarray.scalar",
        "numpy.dtype",
        "numpy.ndarray",
        "pathlib.Path",
        "pathlib.PosixPath",
        "pathlib.PurePosixPath",
        "pathlib.WindowsPath",
        "torch.Size",
        "torch.Tensor",
        "torch.device",
        "torch.nn.parameter.Parameter",
        "torch._tensor._rebuild_from_type_v2",
        "torch._utils._rebuild_device_tensor_from_numpy",
        "torch._utils._rebuild_parameter",
        "torch._utils._rebuild_parameter_with_state",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3",
        "torch.serialization._get_layout",
        "torch.storage.TypedStorage",
        "torch.storage.UntypedStorage",
        "torch.storage._LegacyStorage",
        "torch.storage._TypedStorage",
        "torch.storage._UntypedStorage",
        "torch.torch_version.TorchVersion",
        "torch.UntypedStorage",
    ];
    const DATA: [&str; 13] = [
        "bool",
        "bytearray",
        "bytes",
        "complex",
        "dict",
        "float",
        "frozenset",
        "int",
        "list",
        "object",
        "set",
        "str",
        "tuple",
    ];
    const DTYPES: [&str; 16] = [
        "float32", "float64", "float16", "bfloat16", "float", "double", "half", "int8", "int16",
        "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool",
    ];
    if EXACT.contains(&global) {
        return true;
    }
    match global.rsplit_once('.') {
        Some(("builtins" | "__builtin__", name)) => DATA.contains(&name),
        Some(("torch" | "torch.cuda", name)) => name.ends_with("Storage") || DTYPES.contains(&name),
        Some(("numpy.dtypes", _)) => true,
        // The layers of a whole model that was saved; they are read as data.
        Some((module, _)) => module.starts_with("torch.nn.modules."),
        None => false,
    }
}

fn invalid(error: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

fn byte<R: BufRead>(reader: &mut R) -> io::Result<u8> {
    Ok(number::<R, 1>(reader)? as u8)
}

/// A little-endian whole number of `N` bytes.
fn number<R: BufRead, const N: usize>(reader: &mut R) -> io::Result<u64> {
    let mut bytes = [0; 8];
    reader.read_exact(&mut bytes[..N])?;
    Ok(u64::from_le_bytes(bytes))
}

/// A line without its end.
fn line<R: BufRead>(reader: &mut R) -> io::Result<String> {
    let mut bytes = Vec::new();
    reader.take(LONGEST_NAME).read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

fn skip<R: BufRead>(reader: &mut R, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut reader.take(count), &mut io::sink())?;
    if skipped < count {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(mut pickle: &[u8]) -> Option<String> {
        forbidden(&mut pickle).unwrap()
    }

    #[test]
    fn builders_of_tensors_are_harmless_and_system_calls_are_not() {
        assert_eq!(found(b"\x80\x02ccollections\nOrderedDict\n)R."), None);
        assert_eq!(found(b"\x80\x02ctorch\nFloatStorage\n."), None);
        assert_eq!(
            found(b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R."),
            Some("posix.system".to_owned())
        );
        assert_eq!(
            found(b"cbuiltins\neval\n(V1\ntR."),
            Some("builtins.eval".to_owned())
        );
        assert_eq!(
            found(b"(S'ls'\nios\nsystem\n."),
            Some("os.system".to_owned())
        );
    }

    #[test]
    fn a_call_whose_result_is_thrown_away_is_found() {
        let pickle = b"\x80\x02cbuiltins\nexec\nX\x01\x00\x00\x00x\x85R0}.";
        assert_eq!(found(pickle), Some("builtins.exec".to_owned()));
    }

    #[test]
    fn names_on_the_stack_and_in_the_memo_are_found() {
        let direct = b"\x80\x04\x8c\x05posix\x8c\x06system\x93.";
        assert_eq!(found(direct), Some("posix.system".to_owned()));
        // The module's name is kept, thrown away, and fetched again.
        let through_memo = b"\x80\x04\x8c\x05posix\x940h\x00\x8c\x06system\x93.";
        assert_eq!(found(through_memo), Some("posix.system".to_owned()));
        // Harmless names that are thrown away again must not hide the names below them.
        let covered =
            b"\x80\x04\x8c\x05posix\x8c\x06system\x8c\x0bcollections\x8c\x0bOrderedDict00\x93.";
        assert_eq!(found(covered), Some("?.?".to_owned()));
        // A name that is no text.
        assert_eq!(found(b"\x80\x04K\x01K\x02\x93."), Some("?.?".to_owned()));
    }

    #[test]
    fn a_cut_pickle_is_an_error() {
        for cut in [
            &b"\x80"[..],
            b"cposix",
            b"X\xff\xff\xff\x7fab",
            b"\x8c\x09abc",
        ] {
            assert!(forbidden(&mut &*cut).is_err());
        }
        assert!(forbidden(&mut &b"\xff."[..]).is_err());
    }
}
