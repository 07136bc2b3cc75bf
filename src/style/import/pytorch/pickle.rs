//! The program of a pickle, run without calling anything.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::rc::Rc;

use super::error::{PickleError, Result};
use super::globals::is_harmless;
use super::rebuild::{call, storage};
use super::stack::Stack;
use super::stream::{bytes, line, long, number, skip, text};
use super::tensor::StoredTensor;
use super::value::{Heap, Object, Value};

/// A checkpoint has some sixty instructions for each tensor. More than this would only fill the memory.
const MAX_INSTRUCTIONS: usize = 4_000_000;

/// The object that a pickle describes, with all that it refers to.
#[derive(Debug)]
pub(super) struct Pickle {
    pub(super) heap: Heap,
    pub(super) root: Value,
}

/// Reads one pickle and leaves `reader` after it. `tensors` are those that it refers to by their keys alone, as tar
/// checkpoints do.
///
/// # Errors
/// It is cut off, is not a pickle, is far longer than that of a checkpoint, or refers to a name that no weights need,
/// even if the result is thrown away.
pub(super) fn read<R: BufRead>(
    reader: &mut R,
    tensors: &BTreeMap<String, StoredTensor>,
) -> Result<Pickle> {
    let mut machine = Machine {
        heap: Heap::default(),
        stack: Stack::default(),
        tensors,
    };
    for _ in 0..MAX_INSTRUCTIONS {
        let code = number::<R, 1>(reader)? as u8;
        if code == b'.' {
            let root = machine.stack.pop()?;
            let heap = machine.heap;
            return Ok(Pickle { heap, root });
        }
        machine.step(code, reader)?;
    }
    Err(PickleError::Invalid(format!(
        "its pickle has more than {MAX_INSTRUCTIONS} instructions"
    )))
}

/// The stack machine that pickles are programs of.
struct Machine<'a> {
    heap: Heap,
    stack: Stack,
    tensors: &'a BTreeMap<String, StoredTensor>,
}

impl Machine<'_> {
    /// Carries out one instruction; the letters are those of Python's `pickletools`.
    fn step<R: BufRead>(&mut self, code: u8, reader: &mut R) -> Result<()> {
        match code {
            // PROTO, FRAME
            0x80 => skip(reader, 1)?,
            0x95 => skip(reader, 8)?,
            // MARK, POP, POP_MARK, DUP
            b'(' => self.stack.mark(),
            b'0' => self.stack.discard()?,
            b'1' => drop(self.stack.pop_to_mark()?),
            b'2' => self.stack.push(self.stack.top()?.clone()),
            _ => self.step_value(code, reader)?,
        }
        Ok(())
    }

    /// Numbers, texts, and the memo.
    fn step_value<R: BufRead>(&mut self, code: u8, reader: &mut R) -> Result<()> {
        let value = match code {
            // NONE, NEWTRUE, NEWFALSE
            b'N' => Value::Other,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            // INT, LONG, FLOAT
            b'I' | b'L' => match line(reader)?.as_str() {
                "00" => Value::Bool(false),
                "01" => Value::Bool(true),
                text => text
                    .trim_end_matches('L')
                    .parse()
                    .map_or(Value::Other, Value::Int),
            },
            b'F' => {
                line(reader)?;
                Value::Other
            }
            // BININT, BININT1, BININT2, BINFLOAT, LONG1, LONG4
            b'J' => Value::Int(i64::from(number::<R, 4>(reader)? as u32 as i32)),
            b'K' => Value::Int(number::<R, 1>(reader)? as i64),
            b'M' => Value::Int(number::<R, 2>(reader)? as i64),
            b'G' => {
                skip(reader, 8)?;
                Value::Other
            }
            0x8a => long(number::<R, 1>(reader)?, reader)?,
            0x8b => long(number::<R, 4>(reader)?, reader)?,
            // STRING, UNICODE, SHORT_BINSTRING, BINSTRING, SHORT_BINUNICODE, BINUNICODE, BINUNICODE8
            b'S' => Value::Text(line(reader)?.trim_matches(['\'', '"']).into()),
            b'V' => Value::Text(line(reader)?.into()),
            b'U' | 0x8c => text(number::<R, 1>(reader)?, reader)?,
            b'T' | b'X' => text(number::<R, 4>(reader)?, reader)?,
            0x8d => text(number::<R, 8>(reader)?, reader)?,
            // SHORT_BINBYTES, BINBYTES, BINBYTES8, BYTEARRAY8
            b'C' => bytes(number::<R, 1>(reader)?, reader)?,
            b'B' => bytes(number::<R, 4>(reader)?, reader)?,
            0x8e | 0x96 => bytes(number::<R, 8>(reader)?, reader)?,
            // GET, BINGET, LONG_BINGET
            b'g' => self.stack.recall(index(&line(reader)?)?)?,
            b'h' => self.stack.recall(number::<R, 1>(reader)? as u32)?,
            b'j' => self.stack.recall(number::<R, 4>(reader)? as u32)?,
            // PUT, BINPUT, LONG_BINPUT, MEMOIZE
            b'p' => return self.stack.memoize(index(&line(reader)?)?),
            b'q' => return self.stack.memoize(number::<R, 1>(reader)? as u32),
            b'r' => return self.stack.memoize(number::<R, 4>(reader)? as u32),
            0x94 => return self.stack.memoize(self.stack.memo_len()),
            _ => return self.step_object(code, reader),
        };
        self.stack.push(value);
        Ok(())
    }

    /// Containers, classes, and what is made with them.
    fn step_object<R: BufRead>(&mut self, code: u8, reader: &mut R) -> Result<()> {
        let object = match code {
            // EMPTY_LIST, EMPTY_TUPLE, EMPTY_SET, EMPTY_DICT
            b']' | b')' | 0x8f => Object::Sequence(Vec::new()),
            b'}' => Object::Dict(Vec::new()),
            // LIST, TUPLE, FROZENSET, TUPLE1, TUPLE2, TUPLE3, DICT
            b'l' | b't' | 0x91 => Object::Sequence(self.stack.pop_to_mark()?),
            0x85..=0x87 => {
                let mut items = vec![self.stack.pop()?];
                for _ in 0x85..code {
                    items.insert(0, self.stack.pop()?);
                }
                Object::Sequence(items)
            }
            b'd' => Object::Dict(pairs(self.stack.pop_to_mark()?)?),
            // APPEND, APPENDS, ADDITEMS, SETITEM, SETITEMS
            b'a' => {
                let item = self.stack.pop()?;
                return self.extend(vec![item]);
            }
            b'e' | 0x90 => {
                let items = self.stack.pop_to_mark()?;
                return self.extend(items);
            }
            b's' => {
                let value = self.stack.pop()?;
                let key = self.stack.pop()?;
                return self.set_items(vec![key, value]);
            }
            b'u' => {
                let items = self.stack.pop_to_mark()?;
                return self.set_items(items);
            }
            // GLOBAL, STACK_GLOBAL
            b'c' => global(line(reader)?.into(), line(reader)?.into())?,
            0x93 => {
                let name = self.stack.pop()?;
                let module = self.stack.pop()?;
                let text = |value| match value {
                    Value::Text(text) => text,
                    _ => "?".into(),
                };
                global(text(module), text(name))?
            }
            // INST: as GLOBAL, MARK and REDUCE
            b'i' => {
                global(line(reader)?.into(), line(reader)?.into())?;
                self.stack.pop_to_mark()?;
                Object::Opaque
            }
            // OBJ
            b'o' => {
                self.stack.pop_to_mark()?;
                Object::Opaque
            }
            // EXT1, EXT2, EXT4
            0x82..=0x84 => {
                return Err(PickleError::Forbidden(
                    "copyreg.a registered extension".to_owned(),
                ));
            }
            // REDUCE, NEWOBJ, NEWOBJ_EX, BUILD
            b'R' | 0x81 => {
                let arguments = self.stack.pop()?;
                let callable = self.stack.pop()?;
                return self.call(&callable, &arguments);
            }
            0x92 => {
                self.stack.pop()?;
                let arguments = self.stack.pop()?;
                let class = self.stack.pop()?;
                return self.call(&class, &arguments);
            }
            // What a state adds to an object are attributes, and no weights are.
            b'b' => return self.stack.pop().map(drop),
            // PERSID, BINPERSID
            b'P' => {
                let key = Value::Text(line(reader)?.into());
                self.persistent(&key)?
            }
            b'Q' => {
                let key = self.stack.pop()?;
                self.persistent(&key)?
            }
            code => {
                return Err(PickleError::Invalid(format!(
                    "0x{code:02x} is not a pickle instruction of a checkpoint"
                )));
            }
        };
        let value = self.heap.insert(object);
        self.stack.push(value);
        Ok(())
    }

    /// Adds items to the sequence on the stack; other objects that take some have no weights in them.
    fn extend(&mut self, items: Vec<Value>) -> Result<()> {
        let top = self.stack.top()?.clone();
        if let Some(Object::Sequence(sequence)) = self.heap.get_mut(&top) {
            sequence.extend(items);
        }
        Ok(())
    }

    fn set_items(&mut self, items: Vec<Value>) -> Result<()> {
        let top = self.stack.top()?.clone();
        let items = pairs(items)?;
        if let Some(Object::Dict(entries)) = self.heap.get_mut(&top) {
            entries.extend(items);
        }
        Ok(())
    }

    fn call(&mut self, callable: &Value, arguments: &Value) -> Result<()> {
        let value = call(&mut self.heap, callable, arguments)?;
        self.stack.push(value);
        Ok(())
    }

    /// What a persistent id stands for: a storage, or in tar checkpoints a tensor.
    fn persistent(&self, id: &Value) -> Result<Object> {
        if let Some(fields) = self.heap.sequence(id) {
            return storage(&self.heap, fields).map(Object::Storage);
        }
        let key = match id {
            Value::Text(text) => text.to_string(),
            Value::Int(number) => number.to_string(),
            _ => String::new(),
        };
        let tensor = self.tensors.get(&key).cloned();
        tensor.map(Object::Tensor).ok_or_else(|| {
            PickleError::Invalid(format!(
                "it refers to a tensor `{key}` that it does not have"
            ))
        })
    }
}

fn global(module: Rc<str>, name: Rc<str>) -> Result<Object> {
    if is_harmless(&module, &name) {
        Ok(Object::Global(module, name))
    } else {
        Err(PickleError::Forbidden(format!("{module}.{name}")))
    }
}

fn pairs(items: Vec<Value>) -> Result<Vec<(Value, Value)>> {
    if !items.len().is_multiple_of(2) {
        return Err(PickleError::invalid(
            "a dictionary has a key without a value",
        ));
    }
    let mut items = items.into_iter();
    let mut pairs = Vec::with_capacity(items.len() / 2);
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    Ok(pairs)
}

fn index(text: &str) -> Result<u32> {
    text.parse()
        .map_err(|_| PickleError::Invalid(format!("`{text}` is not an index of its memo")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(mut pickle: &[u8]) -> Result<Pickle> {
        read(&mut pickle, &BTreeMap::new())
    }

    /// The name for which a pickle is refused.
    fn forbidden(pickle: &[u8]) -> Option<String> {
        match run(pickle) {
            Err(PickleError::Forbidden(name)) => Some(name),
            _ => None,
        }
    }

    #[test]
    fn builders_of_tensors_are_harmless_and_system_calls_are_not() {
        run(b"\x80\x02ccollections\nOrderedDict\n)R.").unwrap();
        run(b"\x80\x02ctorch\nFloatStorage\n.").unwrap();
        assert_eq!(
            forbidden(b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R."),
            Some("posix.system".to_owned())
        );
        assert_eq!(
            forbidden(b"cbuiltins\neval\n(V1\ntR."),
            Some("builtins.eval".to_owned())
        );
        assert_eq!(
            forbidden(b"(S'ls'\nios\nsystem\n."),
            Some("os.system".to_owned())
        );
    }

    #[test]
    fn a_call_whose_result_is_thrown_away_is_found() {
        let pickle = b"\x80\x02cbuiltins\nexec\nX\x01\x00\x00\x00x\x85R0}.";
        assert_eq!(forbidden(pickle), Some("builtins.exec".to_owned()));
    }

    #[test]
    fn names_on_the_stack_and_in_the_memo_are_found() {
        let direct = b"\x80\x04\x8c\x05posix\x8c\x06system\x93.";
        assert_eq!(forbidden(direct), Some("posix.system".to_owned()));
        // The module's name is kept, thrown away, and fetched again.
        let through_memo = b"\x80\x04\x8c\x05posix\x940h\x00\x8c\x06system\x93.";
        assert_eq!(forbidden(through_memo), Some("posix.system".to_owned()));
        // Harmless names that are thrown away again do not hide the names below them.
        let covered =
            b"\x80\x04\x8c\x05posix\x8c\x06system\x8c\x0bcollections\x8c\x0bOrderedDict00\x93.";
        assert_eq!(forbidden(covered), Some("posix.system".to_owned()));
        // A name that is not a text.
        assert_eq!(
            forbidden(b"\x80\x04K\x01K\x02\x93."),
            Some("?.?".to_owned())
        );
    }

    #[test]
    fn a_pickle_that_would_fill_the_memory_is_refused() {
        let mut endless = vec![b'N'; MAX_INSTRUCTIONS + 1];
        endless.push(b'.');
        run(&endless).unwrap_err();
        // A list in which each item is the list before it, twice.
        let mut doubled = b"]q\x00".to_vec();
        for _ in 0..60 {
            doubled.extend(b"h\x00h\x00\x86q\x00");
        }
        doubled.push(b'.');
        let pickle = run(&doubled).unwrap();
        let visited = pickle.heap.visit_tensors(&pickle.root, |_, _| {});
        visited.unwrap_err();
        // A list that is an item of itself.
        let pickle = run(b"]q\x00h\x00a.").unwrap();
        pickle
            .heap
            .visit_tensors(&pickle.root, |_, _| {})
            .unwrap_err();
    }

    #[test]
    fn a_cut_pickle_is_an_error() {
        for cut in [
            &b"\x80"[..],
            b"cposix",
            b"X\xff\xff\xff\x7fab",
            b"\x8c\x09abc",
            b"0.",
            b"(0h\x07.",
            b"\xff.",
        ] {
            run(cut).unwrap_err();
        }
    }
}
