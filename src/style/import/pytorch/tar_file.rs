//! Checkpoints from before PyTorch 0.1.10: tar archives of four files, pickles with numbers between them.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::rc::Rc;

use super::container::{Checkpoint, FlatFile, check_byte_order};
use super::element::Element;
use super::error::{PickleError, Result};
use super::pickle;
use super::rebuild::{natural, storage_key};
use super::tensor::{Storage, StoredTensor};
use super::value::{Object, Value};

/// The files of such an archive.
const NAMES: [&str; 4] = ["sys_info", "storages", "tensors", "pickle"];

/// Opens an archive. Its storages are read before the tensors that use them, and these before the object.
pub(super) fn open(mut file: BufReader<File>) -> Result<Checkpoint> {
    let ranges_by_name = entries(&mut file)?;
    let go_to = |name: &str, file: &mut BufReader<File>| -> Result<u64> {
        let range = ranges_by_name
            .get(name)
            .ok_or_else(|| PickleError::Invalid(format!("it has no entry `{name}`")))?;
        file.seek(SeekFrom::Start(range.start))?;
        Ok(range.end)
    };
    if ranges_by_name.contains_key("sys_info") {
        go_to("sys_info", &mut file)?;
        let system = pickle::read(&mut file, &BTreeMap::new())?;
        check_byte_order(&system.heap, &system.root)?;
    }
    let end = go_to("storages", &mut file)?;
    let (storages, ranges) = storages(&mut file, end)?;
    go_to("tensors", &mut file)?;
    let tensors = tensors(&mut file, &storages)?;
    go_to("pickle", &mut file)?;
    let object = pickle::read(&mut file, &tensors)?;
    Checkpoint::new(&object, Rc::new(FlatFile::new(file.into_inner(), ranges)))
}

/// Where the four files lie in the archive.
fn entries(file: &mut BufReader<File>) -> Result<HashMap<String, Range<u64>>> {
    let mut entries = HashMap::new();
    for entry in tar::Archive::new(file).entries_with_seek()? {
        let entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let name = name.trim_start_matches("./").to_owned();
        if !NAMES.contains(&name.as_str()) {
            return Err(PickleError::Invalid(format!(
                "it has an entry `{name}`, which no weights have"
            )));
        }
        let start = entry.raw_file_position();
        let range = start..start.saturating_add(entry.size());
        if entries.insert(name, range).is_some() {
            return Err(PickleError::invalid("two of its entries have one name"));
        }
    }
    Ok(entries)
}

/// The fields of the next pickle, a tuple.
fn fields<const N: usize>(file: &mut BufReader<File>) -> Result<([Value; N], Option<Element>)> {
    let pickle = pickle::read(file, &BTreeMap::new())?;
    let fields = pickle.heap.sequence(&pickle.root).unwrap_or_default();
    let fields = <&[Value; N]>::try_from(fields)
        .map_err(|_| PickleError::invalid("one of its tables is damaged"))?;
    let class = match fields.last().and_then(|class| pickle.heap.get(class)) {
        Some(Object::Global(_, name)) => Element::from_storage_class(name),
        _ => None,
    };
    Ok((fields.clone(), class))
}

/// Number of items in a table.
fn count(file: &mut BufReader<File>) -> Result<usize> {
    natural(&pickle::read(file, &BTreeMap::new())?.root)
}

fn size(file: &mut BufReader<File>) -> Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

type Storages = HashMap<Rc<str>, Storage>;

/// For each storage its key, device and class, a count, and its numbers; then those that are parts of others.
fn storages(
    file: &mut BufReader<File>,
    table_end: u64,
) -> Result<(Storages, HashMap<String, Range<u64>>)> {
    let mut storages = Storages::new();
    let mut ranges = HashMap::new();
    let beyond = || PickleError::invalid("a storage reaches beyond the end of its table");
    for _ in 0..count(file)? {
        let ([key, _, _], element) = fields::<3>(file)?;
        let key = storage_key(&key)?;
        let element = element.ok_or_else(|| {
            PickleError::Invalid(format!(
                "the storage `{key}` is of a type that is not known"
            ))
        })?;
        let elements = size(file)?;
        let start = file.stream_position()?;
        let end = elements
            .checked_mul(element.size() as u64)
            .and_then(|bytes| start.checked_add(bytes))
            .filter(|end| *end <= table_end)
            .ok_or_else(beyond)?;
        file.seek_relative((end - start) as i64)?;
        ranges.insert(key.to_string(), start..end);
        let storage = Storage {
            key: Rc::clone(&key),
            element: Some(element),
            offset: 0,
            end: elements as usize,
        };
        storages.insert(key, storage);
    }
    let views = pickle::read(file, &BTreeMap::new())?;
    for view in views.heap.sequence(&views.root).unwrap_or_default() {
        let Some([view, root, first, elements]) = views.heap.sequence(view) else {
            return Err(PickleError::invalid("one of its tables is damaged"));
        };
        let root = storages.get(&storage_key(root)?).ok_or_else(beyond)?;
        let offset = natural(first)?;
        let end = offset
            .checked_add(natural(elements)?)
            .filter(|end| *end <= root.end)
            .ok_or_else(beyond)?;
        let storage = Storage {
            offset,
            end,
            ..root.clone()
        };
        storages.insert(storage_key(view)?, storage);
    }
    Ok((storages, ranges))
}

/// For each tensor its key, storage and class, its rank, sizes, strides, and the first element.
fn tensors(
    file: &mut BufReader<File>,
    storages: &Storages,
) -> Result<BTreeMap<String, StoredTensor>> {
    /// More dimensions than any weight has.
    const MAX_RANK: u64 = 64;
    let mut tensors = BTreeMap::new();
    for _ in 0..count(file)? {
        let ([key, storage, _], _) = fields::<3>(file)?;
        // The upper half means nothing.
        let rank = size(file)? & 0xffff_ffff;
        if rank > MAX_RANK {
            return Err(PickleError::invalid("a tensor has too many dimensions"));
        }
        let mut sizes =
            || -> Result<Vec<usize>> { (0..rank).map(|_| Ok(size(file)? as usize)).collect() };
        let (shape, strides) = (sizes()?, sizes()?);
        let offset = size(file)? as usize;
        let storage = storages
            .get(&storage_key(&storage)?)
            .ok_or_else(|| PickleError::invalid("a tensor has no storage"))?;
        let element = storage
            .element
            .ok_or_else(|| PickleError::invalid("a tensor has no type"))?;
        let tensor = StoredTensor::new(storage, element, offset, shape, strides)?;
        tensors.insert(storage_key(&key)?.to_string(), tensor);
    }
    Ok(tensors)
}
