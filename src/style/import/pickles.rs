//! The pickles in the containers that PyTorch has written over the years.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use pytorch_reader::MAX_PICKLE_SIZE;

use super::globals;

/// A legacy checkpoint begins with the pickles of a magic number, the version, the system, the object and its keys.
const LEGACY_PICKLES: usize = 5;
/// Where a tar archive says that it is one.
pub(super) const TAR_MAGIC: std::ops::Range<usize> = 257..262;

/// The first name in the pickles of the checkpoint at `path`, whose first bytes are `start`, that weights do not need.
///
/// # Errors
/// The checkpoint is damaged, or has what no checkpoint has.
pub(super) fn forbidden_global(path: &Path, start: &[u8]) -> io::Result<Option<String>> {
    let file = BufReader::new(File::open(path)?);
    if start.starts_with(b"PK") {
        forbidden_in_zip(path, file)
    } else if start.get(TAR_MAGIC) == Some(b"ustar") {
        forbidden_in_tar(file)
    } else {
        forbidden_in_stream(file)
    }
}

fn forbidden_in_zip(path: &Path, file: BufReader<File>) -> io::Result<Option<String>> {
    let mut archive = zip::ZipArchive::new(file)?;
    if listed(path, archive.central_directory_start())? != archive.len() {
        return Err(io::Error::other("two of its entries have one name"));
    }
    for index in 0..archive.len() {
        let entry = archive.by_index(index)?;
        if !entry.name()?.ends_with(".pkl") {
            continue;
        }
        if entry.size() > MAX_PICKLE_SIZE {
            return Err(io::Error::other(
                "its pickle is larger than that of any weights",
            ));
        }
        let mut pickle = BufReader::new(entry.take(MAX_PICKLE_SIZE));
        let found = globals::scan(&mut pickle)?.forbidden;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Entries in the directory of an archive, which begins at `directory`; of these those with one name
/// count once when it is read.
fn listed(path: &Path, directory: u64) -> io::Result<usize> {
    const ENTRY: &[u8; 4] = b"PK\x01\x02";
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(directory))?;
    let mut bytes = Vec::new();
    file.take(MAX_PICKLE_SIZE).read_to_end(&mut bytes)?;
    Ok(bytes
        .windows(ENTRY.len())
        .filter(|bytes| bytes == ENTRY)
        .count())
}

/// A tar checkpoint is four files: pickles, in two of them with numbers between.
fn forbidden_in_tar(file: BufReader<File>) -> io::Result<Option<String>> {
    let mut seen = BTreeSet::new();
    for entry in tar::Archive::new(file).entries()? {
        let entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let name = name.trim_start_matches("./").to_owned();
        let mut entry = BufReader::new(entry);
        let found = match name.as_str() {
            "pickle" | "sys_info" => globals::scan(&mut entry)?.forbidden,
            "tensors" | "storages" => forbidden_in_table(&mut entry)?,
            other => {
                return Err(io::Error::other(format!(
                    "it has an entry `{other}`, which no weights have"
                )));
            }
        };
        if found.is_some() {
            return Ok(found);
        }
        if !seen.insert(name) {
            return Err(io::Error::other("two of its entries have one name"));
        }
    }
    Ok(None)
}

/// A table of a tar checkpoint: a pickle with the count, then for each storage or tensor a pickle and numbers.
fn forbidden_in_table(entry: &mut impl BufRead) -> io::Result<Option<String>> {
    while !entry.fill_buf()?.is_empty() {
        let globals = globals::scan(entry)?;
        if globals.forbidden.is_some() {
            return Ok(globals.forbidden);
        }
        let Some(class) = globals.class else {
            // The count, or the list of views.
            continue;
        };
        let mut count = [0; 8];
        entry.read_exact(&mut count)?;
        let count = u64::from_le_bytes(count);
        let numbers = if class.ends_with("Storage") {
            count.saturating_mul(element_size(&class))
        } else {
            // Sizes, strides and the offset of a tensor; the upper half of its rank means nothing.
            ((count & 0xffff_ffff) * 2 + 1) * 8
        };
        io::copy(&mut entry.take(numbers), &mut io::sink())?;
    }
    Ok(None)
}

/// Bytes of an element of a storage class.
fn element_size(class: &str) -> u64 {
    match class.trim_end_matches("Storage") {
        "Double" | "Long" | "ComplexFloat" => 8,
        "Half" | "BFloat16" | "Short" => 2,
        "Byte" | "Char" | "Bool" => 1,
        _ => 4,
    }
}

/// A plain pickle, or a legacy checkpoint.
fn forbidden_in_stream(mut file: BufReader<File>) -> io::Result<Option<String>> {
    for index in 0..LEGACY_PICKLES {
        match globals::scan(&mut file) {
            // What follows a single pickle is none of its business.
            Err(_) if index > 0 => break,
            Err(error) => return Err(error),
            Ok(globals) if globals.forbidden.is_some() => return Ok(globals.forbidden),
            Ok(_) if file.fill_buf()?.is_empty() => break,
            Ok(_) => {}
        }
    }
    Ok(None)
}
