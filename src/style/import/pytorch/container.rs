//! What all containers of checkpoints have in common.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::rc::Rc;

use super::error::{PickleError, Result};
use super::pickle::Pickle;
use super::tensor::StoredTensor;
use super::value::{Heap, Value};

/// Where the numbers of tensors are read from.
pub(super) trait Storages {
    /// Bytes of the storage `key`.
    fn read(&self, key: &str, range: Range<u64>) -> io::Result<Vec<u8>>;
}

/// The tensors of a checkpoint by the keys and indices on the way to them, joined by dots.
pub(in super::super) struct Checkpoint {
    pub(in super::super) tensors: BTreeMap<String, StoredTensor>,
    storages: Rc<dyn Storages>,
}

impl Checkpoint {
    /// All tensors of `pickle`, whose numbers are in `storages`.
    pub(super) fn new(pickle: &Pickle, storages: Rc<dyn Storages>) -> Result<Self> {
        let mut tensors = BTreeMap::new();
        pickle.heap.visit_tensors(&pickle.root, |name, tensor| {
            tensors.insert(name, tensor.clone());
        })?;
        Ok(Self { tensors, storages })
    }

    /// Reads the numbers of a tensor of this checkpoint in row-major order, later and as often as wanted.
    pub(in super::super) fn reader(
        &self,
        tensor: StoredTensor,
    ) -> impl Fn() -> io::Result<Vec<u8>> + 'static {
        let storages = Rc::clone(&self.storages);
        move || {
            let bytes = storages.read(&tensor.key, tensor.byte_range())?;
            Ok(tensor.gather(bytes))
        }
    }
}

/// Storages that lie as they are in one file.
pub(super) struct FlatFile {
    file: File,
    ranges: HashMap<String, Range<u64>>,
}

impl FlatFile {
    pub(super) fn new(file: File, ranges: HashMap<String, Range<u64>>) -> Self {
        Self { file, ranges }
    }
}

impl Storages for FlatFile {
    fn read(&self, key: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        let all = self.ranges.get(key);
        let start = all.and_then(|all| all.start.checked_add(range.start));
        let length = range.end - range.start;
        let inside = |start: &u64| {
            let end = start.checked_add(length);
            all.is_some_and(|all| end.is_some_and(|end| end <= all.end))
        };
        let start = start.filter(inside).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the storage `{key}` is shorter than its tensors"),
            )
        })?;
        let mut file = &self.file;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }
}

/// Refuses numbers whose bytes are in the other order, as very few machines write them.
pub(super) fn check_byte_order(heap: &Heap, system: &Value) -> Result<()> {
    match heap.entry(system, "little_endian") {
        Some(Value::Bool(false)) => Err(big_endian()),
        _ => Ok(()),
    }
}

pub(super) fn big_endian() -> PickleError {
    PickleError::invalid("its numbers are big-endian: save it again on another machine")
}
