//! Weight files: the tensors of a PyTorch checkpoint or a safetensors file, by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{DType, TensorData};
use pytorch_reader::{DType as FileType, MAX_PICKLE_SIZE, PytorchReader};
use safetensors::tensor::{Dtype, SafeTensors};

use super::error::ImportError;
use super::globals;
use crate::files::FileError;
use crate::nn::NamedTensors;
use crate::panics;

/// Counts steps in files of PyTorch; has no use here.
pub(super) const COUNTER: &str = "num_batches_tracked";

/// A tensor whose values have not been read.
struct Stored {
    shape: Vec<usize>,
    /// `None` where it does not hold floating-point numbers.
    kind: Option<DType>,
    bytes: usize,
    read: Box<dyn Fn() -> io::Result<Vec<u8>>>,
}

/// The tensors of a weight file. Names in nested dictionaries are joined by dots.
pub struct WeightFile {
    path: PathBuf,
    tensors: BTreeMap<String, Stored>,
}

impl std::fmt::Debug for WeightFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("WeightFile")
            .field("path", &self.path)
            .field("tensors", &self.tensors.len())
            .finish_non_exhaustive()
    }
}

impl WeightFile {
    /// Opens a checkpoint of PyTorch (zip, legacy or tar) or a safetensors file, by its bytes. Executes nothing.
    ///
    /// # Errors
    /// The file cannot be read, is no such file, is damaged or cut off, promises more than it holds, or is a pickle that
    /// refers to names which weights do not need.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        // Parsers of hostile files have had bugs that panic: such a file is a damaged file like any other.
        panics::caught(|| Self::parse(path)).unwrap_or_else(|message| {
            Err(unreadable(path, format!("the reader failed: {message}")))
        })
    }

    fn parse(path: &Path) -> Result<Self, ImportError> {
        let length = std::fs::metadata(path)
            .map_err(FileError::new("read", path))?
            .len();
        if path.is_dir() {
            return Err(unreadable(path, "it is a folder"));
        }
        if !path.is_file() {
            return Err(unreadable(path, "it is no regular file"));
        }
        if length == 0 {
            return Err(unreadable(path, "it is empty (0 bytes)"));
        }
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(TAR_MAGIC.end as u64).read_to_end(&mut start))
            .map_err(FileError::new("read", path))?;
        let tensors = if start.len() > 8 && start[8] == b'{' {
            from_safetensors(path)?
        } else {
            from_pytorch(path, &start)?
        };
        let file = Self {
            path: path.to_owned(),
            tensors,
        };
        // A view can repeat one number without end; weights cannot be much larger than their file, even compressed.
        let promised: usize = file.tensors.values().map(|tensor| tensor.bytes).sum();
        if promised as u64 / 8 > length {
            return Err(unreadable(
                path,
                format!("its tensors promise {promised} bytes, and the file has {length}"),
            ));
        }
        Ok(file)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names and shapes of the tensors, without the counters of normalisations.
    pub fn shapes(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.tensors
            .iter()
            .filter(|(name, _)| !self.is_counter(name))
            .map(|(name, tensor)| (name.as_str(), tensor.shape.as_slice()))
    }

    /// Whether this counts the steps of a normalisation that has other tensors too.
    fn is_counter(&self, name: &str) -> bool {
        let Some(layer) = name
            .strip_suffix(COUNTER)
            .filter(|layer| layer.ends_with('.'))
        else {
            return false;
        };
        let mut layer_tensors = self.tensors.range(layer.to_owned()..);
        layer_tensors
            .by_ref()
            .take_while(|(other, _)| other.starts_with(layer))
            .any(|(other, _)| other != name)
    }

    /// The tensors whose names begin with `prefix`, without it, as 32-bit numbers; counters of batch normalisation are
    /// left out. All tensors with an empty prefix.
    ///
    /// # Errors
    /// A tensor is cut off, or holds no floating-point numbers.
    pub fn tensors(&self, prefix: &str) -> Result<NamedTensors, ImportError> {
        let mut tensors = NamedTensors::default();
        for (name, tensor) in &self.tensors {
            let Some(short) = name.strip_prefix(prefix) else {
                continue;
            };
            if self.is_counter(name) {
                continue;
            }
            let Some(kind) = tensor.kind else {
                let message = format!("tensor `{name}` does not hold floating-point numbers");
                return Err(unreadable(&self.path, message));
            };
            let bytes = panics::caught(|| (tensor.read)())
                .map_err(io::Error::other)
                .and_then(|bytes| bytes)
                .map_err(|error| unreadable(&self.path, error.to_string()))?;
            let data = TensorData::from_bytes_vec(bytes, tensor.shape.clone(), kind);
            tensors.0.insert(short.to_owned(), data.convert::<f32>());
        }
        Ok(tensors)
    }
}

/// What helps with checkpoints that hold more than a reader of weights can represent.
const ALONE: &str = "if PyTorch can read it, save the weights alone there: `torch.save(model.state_dict(), \"weights.pth\")`";
/// A legacy checkpoint begins with the pickles of a magic number, the version, the system, the object and its keys.
const LEGACY_PICKLES: usize = 5;
/// Where a tar archive says that it is one.
const TAR_MAGIC: std::ops::Range<usize> = 257..262;

fn unreadable(path: &Path, message: impl Into<String>) -> ImportError {
    ImportError::Unreadable {
        path: path.to_owned(),
        message: message.into(),
    }
}

fn from_safetensors(path: &Path) -> Result<BTreeMap<String, Stored>, ImportError> {
    let bytes: Arc<[u8]> = crate::files::read(path)?.into();
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| unreadable(path, format!("not a valid safetensors file: {error}")))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.iter() {
        let kind = match view.dtype() {
            Dtype::F32 => Some(DType::F32),
            Dtype::F64 => Some(DType::F64),
            Dtype::F16 => Some(DType::F16),
            Dtype::BF16 => Some(DType::BF16),
            _ => None,
        };
        let data = view.data();
        // The view lies in `bytes`: its place is kept instead of a copy.
        let start = data.as_ptr() as usize - bytes.as_ptr() as usize;
        let range = start..start + data.len();
        let all = Arc::clone(&bytes);
        tensors.insert(
            name.to_owned(),
            Stored {
                shape: view.shape().to_vec(),
                kind,
                bytes: data.len(),
                read: Box::new(move || Ok(all[range.clone()].to_vec())),
            },
        );
    }
    Ok(tensors)
}

fn from_pytorch(path: &Path, start: &[u8]) -> Result<BTreeMap<String, Stored>, ImportError> {
    if let Some(global) = forbidden_global(path, start)
        .map_err(|error| unreadable(path, pickle_message(&error, start)))?
    {
        return Err(ImportError::ForbiddenGlobal {
            path: path.to_owned(),
            global,
        });
    }
    let reader = PytorchReader::new(path).map_err(|error| {
        let message = error.to_string().replace("IO error: ", "");
        let message = message.replace(" error: ", ": ");
        unreadable(path, format!("{message}; {ALONE}"))
    })?;
    let tensors = reader.into_tensors().into_iter().map(|(name, tensor)| {
        let kind = match tensor.dtype() {
            FileType::F32 => Some(DType::F32),
            FileType::F64 => Some(DType::F64),
            FileType::F16 => Some(DType::F16),
            FileType::BF16 => Some(DType::BF16),
            _ => None,
        };
        let stored = Stored {
            shape: tensor.shape().to_vec(),
            kind,
            bytes: tensor.byte_len(),
            read: Box::new(move || tensor.read()),
        };
        (name, stored)
    });
    Ok(tensors.collect())
}

/// The first name in the pickles of a checkpoint that weights do not need.
fn forbidden_global(path: &Path, start: &[u8]) -> io::Result<Option<String>> {
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

/// A cut or foreign pickle, in words that tell these apart.
fn pickle_message(error: &io::Error, start: &[u8]) -> String {
    let known = start.starts_with(b"PK")
        || start.first() == Some(&0x80)
        || start.get(TAR_MAGIC) == Some(b"ustar");
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut off: copy it again".to_owned(),
        _ if known => format!("it is damaged: {error}"),
        _ => "it is neither a PyTorch checkpoint nor a safetensors file".to_owned(),
    }
}
