//! Weight files: the tensors of a PyTorch checkpoint or a safetensors file, by name.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{DType, TensorData};
use safetensors::tensor::{Dtype, SafeTensors};

use super::diagnosis::{checkpoint_message, distributed_folder, shards_message};
use super::error::ImportError;
use super::pytorch::{self, Element, PickleError};
use super::reparametrized::{Weight, join_parts};
use super::stored::Stored;
use crate::files::FileError;
use crate::nn::NamedTensors;
use crate::panics;

/// Parts of names that PyTorch puts in when it compiles or distributes a part of a network.
const WRAPPERS: [&str; 4] = [
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
    "_forward_module",
];
/// First bytes that are read to tell what a file is.
const START: u64 = 512;

/// The tensors of a weight file. Names in nested dictionaries are joined by dots.
pub struct WeightFile {
    path: PathBuf,
    weights: BTreeMap<String, Weight>,
}

impl std::fmt::Debug for WeightFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("WeightFile")
            .field("path", &self.path)
            .field("tensors", &self.weights.len())
            .finish_non_exhaustive()
    }
}

impl WeightFile {
    /// Opens a checkpoint of PyTorch (zip, legacy or tar) or a safetensors file, by its bytes. Executes nothing.
    ///
    /// Names are as without compiling and distributing, and weights that PyTorch computes by spectral or weight norm are
    /// one tensor.
    ///
    /// # Errors
    /// The file cannot be read, is of another kind, is damaged or cut off, declares more than it holds, or is a pickle that
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
        if let Some(folder) = distributed_folder(path) {
            return Err(unreadable(path, shards_message(folder)));
        }
        if path.is_dir() {
            return Err(unreadable(path, "it is a folder"));
        }
        if !path.is_file() {
            return Err(unreadable(path, "it is not a regular file"));
        }
        if length == 0 {
            return Err(unreadable(path, "it is empty (0 bytes)"));
        }
        let mut start = Vec::new();
        File::open(path)
            .and_then(|file| file.take(START).read_to_end(&mut start))
            .map_err(FileError::context("read", path))?;
        let tensors = if start.len() > 8 && start[8] == b'{' {
            from_safetensors(path)?
        } else {
            from_pytorch(path, &start)?
        };
        // A view can repeat one number without end; weights cannot be much larger than their file, even compressed.
        let declared = tensors.values().map(|tensor| tensor.bytes);
        let declared = declared.fold(0, usize::saturating_add);
        if declared as u64 / 8 > length {
            return Err(unreadable(
                path,
                format!("its tensors would take {declared} bytes, and the file has {length}"),
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            weights: join_parts(without_wrappers(tensors)),
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names and shapes of the tensors of floating-point numbers.
    pub fn shapes(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.entries(true)
    }

    /// Names and shapes of the other tensors: counters, random states.
    pub fn other_shapes(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.entries(false)
    }

    fn entries(&self, is_float: bool) -> impl Iterator<Item = (&str, &[usize])> {
        self.weights
            .iter()
            .map(|(name, weight)| (name, weight.main()))
            .filter(move |(_, stored)| stored.element.is_float() == is_float)
            .map(|(name, stored)| (name.as_str(), stored.shape.as_slice()))
    }

    /// All tensors of floating-point numbers by their names, as 32-bit numbers.
    ///
    /// # Errors
    /// A tensor is cut off.
    pub fn tensors(&self) -> Result<NamedTensors, ImportError> {
        let mut tensors = NamedTensors::default();
        for (name, _) in self.shapes() {
            tensors.0.insert(name.to_owned(), self.tensor(name, false)?);
        }
        Ok(tensors)
    }

    /// The tensor `name` as 32-bit numbers. `is_transposed` says whether it is the weight of a transposed convolution, in
    /// case it has as many inputs as outputs.
    ///
    /// # Errors
    /// There is no such tensor, it is cut off, or does not hold floating-point numbers.
    pub fn tensor(&self, name: &str, is_transposed: bool) -> Result<TensorData, ImportError> {
        let fail = |message: String| unreadable(&self.path, message);
        let weight = self.weights.get(name);
        let weight = weight.ok_or_else(|| fail(format!("it has no tensor `{name}`")))?;
        let values = weight
            .values(is_transposed)
            .map_err(|error| fail(format!("tensor `{name}`: {error}")))?;
        Ok(TensorData::new(values, weight.main().shape.clone()))
    }
}

fn unreadable(path: &Path, message: impl Into<String>) -> ImportError {
    ImportError::Unreadable {
        path: path.to_owned(),
        message: message.into(),
    }
}

/// Tensors by their names without the parts that wrappers of layers have put in.
fn without_wrappers(tensors: BTreeMap<String, Stored>) -> BTreeMap<String, Stored> {
    let is_wrapped = |name: &str| name.split('.').any(|part| WRAPPERS.contains(&part));
    let (wrapped, mut plain): (BTreeMap<_, _>, BTreeMap<_, _>) =
        tensors.into_iter().partition(|(name, _)| is_wrapped(name));
    for (name, tensor) in wrapped {
        let parts: Vec<&str> = name
            .split('.')
            .filter(|part| !WRAPPERS.contains(part))
            .collect();
        let short = parts.join(".");
        // Both with and without a wrapper: neither is to win.
        let name = if plain.contains_key(&short) {
            name
        } else {
            short
        };
        plain.insert(name, tensor);
    }
    plain
}

fn from_safetensors(path: &Path) -> Result<BTreeMap<String, Stored>, ImportError> {
    let bytes: Arc<[u8]> = crate::files::read(path)?.into();
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| unreadable(path, format!("not a valid safetensors file: {error}")))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.iter() {
        let element = match view.dtype() {
            Dtype::F32 => Element::Float(DType::F32),
            Dtype::F64 => Element::Float(DType::F64),
            Dtype::F16 => Element::Float(DType::F16),
            Dtype::BF16 => Element::Float(DType::BF16),
            Dtype::F8_E4M3 => Element::Float8E4M3,
            Dtype::F8_E5M2 => Element::Float8E5M2,
            Dtype::BOOL | Dtype::U8 | Dtype::I8 => Element::Integer(1),
            Dtype::U16 | Dtype::I16 => Element::Integer(2),
            Dtype::U32 | Dtype::I32 => Element::Integer(4),
            Dtype::U64 | Dtype::I64 => Element::Integer(8),
            // Their size is not asked for: they are never read.
            _ => Element::Other(1),
        };
        let data = view.data();
        // The view lies in `bytes`: its offset is kept instead of a copy.
        let start = data.as_ptr() as usize - bytes.as_ptr() as usize;
        let range = start..start + data.len();
        let all = Arc::clone(&bytes);
        tensors.insert(
            name.to_owned(),
            Stored {
                shape: view.shape().to_vec(),
                element,
                bytes: data.len(),
                read: Box::new(move || Ok(all[range.clone()].to_vec())),
            },
        );
    }
    Ok(tensors)
}

fn from_pytorch(path: &Path, start: &[u8]) -> Result<BTreeMap<String, Stored>, ImportError> {
    let checkpoint = pytorch::open(path, start).map_err(|error| match error {
        PickleError::Forbidden(global) => ImportError::ForbiddenGlobal {
            path: path.to_owned(),
            global,
        },
        error => unreadable(path, checkpoint_message(&error, path, start)),
    })?;
    let tensors = checkpoint.tensors.iter().map(|(name, tensor)| {
        let stored = Stored {
            shape: tensor.shape.clone(),
            element: tensor.element,
            bytes: tensor.byte_len(),
            read: Box::new(checkpoint.reader(tensor.clone())),
        };
        (name.clone(), stored)
    });
    Ok(tensors.collect())
}
