//! Checkpoints of PyTorch 0.1.10 to 1.5, and plain pickles.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::ops::Range;
use std::rc::Rc;

use super::container::{Checkpoint, FlatFile, check_byte_order};
use super::element::Element;
use super::error::{PickleError, Result};
use super::pickle::{self, Pickle};
use super::rebuild::storage_key;
use super::value::Value;

/// The second pickle of such a file.
const PROTOCOL: Value = Value::Int(1001);

/// Opens five pickles one after the other (a magic number, the protocol, the system, the object, the keys of its storages)
/// with the storages behind them, or a single pickle.
pub(super) fn open(mut file: BufReader<File>) -> Result<Checkpoint> {
    let first = read(&mut file)?;
    let is_single = file.fill_buf()?.is_empty();
    // What follows a single pickle does not matter.
    if is_single || !read(&mut file).is_ok_and(|protocol| protocol.root == PROTOCOL) {
        let nowhere = FlatFile::new(file.into_inner(), HashMap::new());
        return Checkpoint::new(&first, Rc::new(nowhere));
    }
    let system = read(&mut file)?;
    check_byte_order(&system.heap, &system.root)?;
    let object = read(&mut file)?;
    let ranges = storages(&mut file, &object)?;
    let storages = FlatFile::new(file.into_inner(), ranges);
    Checkpoint::new(&object, Rc::new(storages))
}

fn read(file: &mut BufReader<File>) -> Result<Pickle> {
    pickle::read(file, &BTreeMap::new())
}

/// Where the storages lie: each is a count and so many numbers, in the order of their keys.
fn storages(file: &mut BufReader<File>, object: &Pickle) -> Result<HashMap<String, Range<u64>>> {
    let sizes: HashMap<&str, u64> = object
        .heap
        .storages()
        .map(|storage| {
            let size = storage.element.map_or(1, Element::size);
            (&*storage.key, size as u64)
        })
        .collect();
    let keys = read(file)?;
    let keys = keys.heap.sequence(&keys.root).unwrap_or_default().to_vec();
    let length = file.get_ref().metadata()?.len();
    let mut ranges = HashMap::with_capacity(keys.len());
    for key in keys {
        let key = storage_key(&key)?;
        let size = sizes
            .get(&*key)
            .ok_or_else(|| PickleError::Invalid(format!("no tensor uses its storage `{key}`")))?;
        let mut count = [0; 8];
        file.read_exact(&mut count)?;
        let start = file.stream_position()?;
        let end = u64::from_le_bytes(count)
            .checked_mul(*size)
            .and_then(|bytes| start.checked_add(bytes))
            .filter(|end| *end <= length)
            .ok_or(std::io::Error::from(std::io::ErrorKind::UnexpectedEof))?;
        file.seek_relative((end - start) as i64)?;
        ranges.insert(key.to_string(), start..end);
    }
    Ok(ranges)
}
