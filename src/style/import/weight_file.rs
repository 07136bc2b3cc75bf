//! Weight files: the tensors of a PyTorch checkpoint or a safetensors file, by name.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{DType, TensorData};
use pytorch_reader::{DType as FileType, PytorchReader};
use safetensors::tensor::{Dtype, SafeTensors};

use super::error::ImportError;
use super::pickles::{TAR_MAGIC, forbidden_global};
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
        panics::catch(|| Self::parse(path)).unwrap_or_else(|message| {
            Err(unreadable(path, format!("the reader failed: {message}")))
        })
    }

    fn parse(path: &Path) -> Result<Self, ImportError> {
        let length = std::fs::metadata(path)
            .map_err(FileError::context("read", path))?
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
            .map_err(FileError::context("read", path))?;
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
            let bytes = panics::catch(|| (tensor.read)())
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
