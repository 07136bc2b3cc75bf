//! Checkpoints of PyTorch 1.6 and later: zip archives of a pickle and one entry for each storage.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;

use zip::ZipArchive;

use super::container::{Checkpoint, Storages, big_endian};
use super::error::{PickleError, Result};
use super::pickle;

/// The pickle of a checkpoint with a hundred thousand tensors is smaller.
const MAX_PICKLE: u64 = 100 << 20;
/// The pickle that describes the saved object.
const OBJECT: &str = "data.pkl";

/// Opens an archive.
pub(super) fn open(path: &Path, file: BufReader<File>) -> Result<Checkpoint> {
    let mut archive = ZipArchive::new(file).map_err(io::Error::from)?;
    // Of entries with one name the reader shows the last, and others may take the first.
    if count_entries(path, archive.central_directory_start())? != archive.len() {
        return Err(PickleError::invalid("two of its entries have one name"));
    }
    let mut names = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(io::Error::from)?;
        names.push(entry.name().map_err(io::Error::from)?.into_owned());
    }
    if let Some(message) = foreign(path, &names) {
        return Err(PickleError::Foreign(message));
    }
    let folder = names
        .iter()
        .find_map(|name| folder_of(name, OBJECT))
        .ok_or_else(|| PickleError::invalid("it is a zip archive, but not one of PyTorch"))?
        .to_owned();
    if let Ok(mut order) = archive.by_name(&format!("{folder}byteorder")) {
        let mut text = String::new();
        order.by_ref().take(16).read_to_string(&mut text)?;
        if text == "big" {
            return Err(big_endian());
        }
    }
    let object = {
        let entry = archive
            .by_name(&format!("{folder}{OBJECT}"))
            .map_err(io::Error::from)?;
        let mut entry = BufReader::new(entry.take(MAX_PICKLE));
        pickle::read(&mut entry, &BTreeMap::new())?
    };
    let storages = ZipStorages {
        archive: RefCell::new(archive),
        folder,
    };
    Checkpoint::new(&object, Rc::new(storages))
}

/// The folder in which an entry of this name lies, with its slash.
fn folder_of<'a>(entry: &'a str, name: &str) -> Option<&'a str> {
    let folder = entry.strip_suffix(name)?;
    (folder.is_empty() || folder.ends_with('/')).then_some(folder)
}

/// What to do with archives that hold weights in another form.
fn foreign(path: &Path, names: &[String]) -> Option<String> {
    let has = |name: &str| names.iter().any(|entry| folder_of(entry, name).is_some());
    let line = |what: &str, weights: &str| {
        format!(
            "it is {what}: save its weights alone in PyTorch, `torch.save({weights}, \"weights.pth\")`, and import that file"
        )
    };
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    if has("constants.pkl") || names.iter().any(|name| name.contains("/code/")) {
        let weights = format!("torch.jit.load(\"{file}\", map_location=\"cpu\").state_dict()");
        return Some(line("a TorchScript archive", &weights));
    }
    if has("serialized_exported_program.json") || has("models/model.json") {
        let weights = format!("dict(torch.export.load(\"{file}\").state_dict)");
        return Some(line("an exported program", &weights));
    }
    if has(OBJECT) {
        return None;
    }
    let inner = names.iter().find(|name| {
        let extension = Path::new(name).extension();
        extension.is_some_and(|end| {
            ["pth", "pt", "ckpt", "safetensors"]
                .iter()
                .any(|known| end == *known)
        })
    })?;
    Some(format!(
        "it is a zip archive with `{inner}` in it: unpack it, and import that file"
    ))
}

/// Entries in the directory of an archive, which begins at `directory`; of those with one name the reader counts one.
fn count_entries(path: &Path, directory: u64) -> io::Result<usize> {
    const ENTRY: &[u8; 4] = b"PK\x01\x02";
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(directory))?;
    let mut bytes = Vec::new();
    file.take(MAX_PICKLE).read_to_end(&mut bytes)?;
    Ok(bytes
        .windows(ENTRY.len())
        .filter(|bytes| bytes == ENTRY)
        .count())
}

/// Storages that are entries of an archive.
struct ZipStorages {
    archive: RefCell<ZipArchive<BufReader<File>>>,
    folder: String,
}

impl Storages for ZipStorages {
    fn read(&self, key: &str, range: Range<u64>) -> io::Result<Vec<u8>> {
        let name = format!("{}data/{key}", self.folder);
        let mut archive = self.archive.borrow_mut();
        let mut entry = archive.by_name(&name)?;
        if io::copy(&mut entry.by_ref().take(range.start), &mut io::sink())? < range.start {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = Vec::new();
        entry
            .take(range.end - range.start)
            .read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < range.end - range.start {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                format!("the storage `{key}` is shorter than its tensors"),
            ));
        }
        Ok(bytes)
    }
}
