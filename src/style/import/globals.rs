//! The Python names that a pickle refers to, found without executing it.
//!
//! PyTorch checkpoints are pickles, and a pickle can call any function by name. The reader that takes the tensors out
//! calls none. This scan is there to tell the user of a file that would harm others: names outside a short list refuse it,
//! wherever they stand in the program of the pickle, even where their result is thrown away.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use pytorch_reader::OpCode;

/// Text arguments longer than this are no names; what they hold is skipped.
const LONGEST_NAME: u64 = 256;
/// Lines longer than this are no part of a pickle that PyTorch writes.
const LONGEST_LINE: u64 = 1 << 16;
/// A checkpoint has some sixty instructions for each tensor. More than this would only fill the memory of who reads them.
const MOST_INSTRUCTIONS: usize = 2_000_000;
/// Opcodes of protocol 0 and 1 that the reader of tensors does not know but that refer to names.
const INSTANCE: u8 = b'i';
const OBJECT: u8 = b'o';
/// A string of protocol 0, in quotes.
const STRING: u8 = b'S';

/// What one pickle refers to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Globals {
    /// The first name that weights do not need.
    pub(super) forbidden: Option<String>,
    /// The last class of storages or tensors that it names, such as `FloatStorage`.
    pub(super) class: Option<String>,
}

/// Scans the pickle at `reader`, up to its end or to a name that weights do not need; leaves `reader` after it.
///
/// # Errors
/// The pickle is cut off, is none, or is far longer than that of a checkpoint.
pub(super) fn scan<R: BufRead>(reader: &mut R) -> io::Result<Globals> {
    let mut scan = Scan::default();
    let mut globals = Globals::default();
    for _ in 0..MOST_INSTRUCTIONS {
        let code = number::<R, 1>(reader)? as u8;
        if code == OpCode::Stop as u8 {
            return Ok(globals);
        }
        let Some((module, name)) = scan.step(code, reader)? else {
            continue;
        };
        if !is_harmless(&module, &name) {
            globals.forbidden = Some(format!("{module}.{name}"));
            return Ok(globals);
        }
        if name.ends_with("Storage") || name.ends_with("Tensor") {
            globals.class = Some(name.to_string());
        }
    }
    Err(invalid(format!(
        "its pickle has more than {MOST_INSTRUCTIONS} instructions"
    )))
}

/// Module and name.
type Global = (Rc<str>, Rc<str>);

/// What the scan remembers: texts, because `STACK_GLOBAL` takes its names from the stack.
#[derive(Default)]
struct Scan {
    /// The newest values, if nothing but texts, numbers and the memo was touched since: a text, or `None`. Picklers write
    /// the two names right before they use them; names that are put together in any other way are not followed.
    pushed: Vec<Option<Rc<str>>>,
    memo: HashMap<u32, Option<Rc<str>>>,
}

impl Scan {
    /// Passes over one instruction; returns the name that it refers to.
    fn step<R: BufRead>(&mut self, code: u8, reader: &mut R) -> io::Result<Option<Global>> {
        if matches!(code, INSTANCE) {
            return Ok(Some((line(reader)?.into(), line(reader)?.into())));
        }
        if code == OBJECT {
            self.pushed.clear();
            return Ok(None);
        }
        if code == STRING {
            let text = line(reader)?;
            self.push(Some(text.trim_matches(['\'', '"'])));
            return Ok(None);
        }
        let code = OpCode::try_from(code)
            .map_err(|code| invalid(format!("0x{code:02x} is no pickle instruction")))?;
        match code {
            OpCode::Global => {
                let global = (line(reader)?.into(), line(reader)?.into());
                self.push(None);
                return Ok(Some(global));
            }
            OpCode::StackGlobal => {
                let name = self.pushed.pop().flatten();
                let module = self.pushed.pop().flatten();
                self.push(None);
                let text = |part: Option<Rc<str>>| part.unwrap_or_else(|| "?".into());
                return Ok(Some((text(module), text(name))));
            }
            OpCode::Ext1 | OpCode::Ext2 | OpCode::Ext4 => {
                return Ok(Some(("copyreg".into(), "a registered extension".into())));
            }
            OpCode::Unicode => {
                let text = line(reader)?;
                self.push(Some(&text));
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

    fn push(&mut self, text: Option<&str>) {
        let name = text.filter(|text| text.len() as u64 <= LONGEST_NAME);
        self.push_shared(name.map(Rc::from));
    }

    fn push_shared(&mut self, text: Option<Rc<str>>) {
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
        self.push_shared(text);
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
        self.push(Some(&String::from_utf8_lossy(&bytes)));
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
/// their weights (options, numbers of numpy), are on the list too, since nothing is ever called. A name with a dot would
/// lead from a harmless module to any other that it imports.
fn is_harmless(module: &str, name: &str) -> bool {
    const DATA: [&str; 15] = [
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
        "range",
        "set",
        "slice",
        "str",
        "tuple",
    ];
    const TYPES: [&str; 16] = [
        "float32", "float64", "float16", "bfloat16", "float", "double", "half", "int8", "int16",
        "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool",
    ];
    if name.contains('.') {
        return false;
    }
    match module {
        "builtins" => DATA.contains(&name),
        // Python 2.
        "__builtin__" => DATA.contains(&name) || matches!(name, "long" | "unicode" | "xrange"),
        "_codecs" => name == "encode",
        "argparse" => name == "Namespace",
        "collections" => matches!(name, "Counter" | "OrderedDict" | "defaultdict" | "deque"),
        "copy_reg" | "copyreg" => name == "_reconstructor",
        "datetime" => matches!(
            name,
            "date" | "datetime" | "time" | "timedelta" | "timezone"
        ),
        "numpy" => matches!(name, "dtype" | "ndarray"),
        "numpy.core.multiarray" | "numpy._core.multiarray" => {
            matches!(name, "_reconstruct" | "scalar")
        }
        "numpy.dtypes" => name.ends_with("DType"),
        "pathlib" | "pathlib._local" => name.ends_with("Path"),
        "torch" => {
            name.ends_with("Storage")
                || name.ends_with("Tensor")
                || TYPES.contains(&name)
                || name.starts_with("float8_")
                || matches!(name, "Size" | "device")
        }
        "torch.cuda" => name.ends_with("Storage") || name.ends_with("Tensor"),
        "torch._tensor" => name == "_rebuild_from_type_v2",
        "torch._utils" => name.starts_with("_rebuild_"),
        "torch.nn.parameter" => name == "Parameter",
        "torch.serialization" => name == "_get_layout",
        "torch.storage" => name.ends_with("Storage"),
        "torch.torch_version" => name == "TorchVersion",
        _ => false,
    }
}

fn invalid(error: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
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
    reader.take(LONGEST_LINE).read_until(b'\n', &mut bytes)?;
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
        scan(&mut pickle).unwrap().forbidden
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
    fn a_way_through_a_harmless_module_is_found() {
        let pickle = b"\x80\x04\x8c\x0bcollections\x8c\x0a_sys.x.yzw\x93.";
        assert_eq!(found(pickle), Some("collections._sys.x.yzw".to_owned()));
        let layers = b"\x80\x02ctorch.nn.modules.module\ntorch\n.";
        assert_eq!(
            found(layers),
            Some("torch.nn.modules.module.torch".to_owned())
        );
    }

    #[test]
    fn a_pickle_that_would_fill_the_memory_is_refused() {
        let mut endless = vec![b'N'; MOST_INSTRUCTIONS + 1];
        endless.push(b'.');
        assert!(scan(&mut &*endless).is_err());
        // A long text that is kept again and again.
        let mut kept = b"X\x00\x80\x00\x00".to_vec();
        kept.extend(vec![b'a'; 0x8000]);
        kept.extend(vec![0x94; 100_000]);
        kept.push(b'.');
        assert_eq!(scan(&mut &*kept).unwrap(), Globals::default());
    }

    #[test]
    fn a_cut_pickle_is_an_error() {
        for cut in [
            &b"\x80"[..],
            b"cposix",
            b"X\xff\xff\xff\x7fab",
            b"\x8c\x09abc",
        ] {
            assert!(scan(&mut &*cut).is_err());
        }
        assert!(scan(&mut &b"\xff."[..]).is_err());
    }
}
