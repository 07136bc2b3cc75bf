//! Vectors that say something of pictures, from a file.

use std::path::{Path, PathBuf};

use burn::tensor::{DType, TensorData};
use safetensors::{Dtype, SafeTensors};

use super::npy::read_npy;
use crate::files::{self, FileError};

/// A file of vectors that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddingsError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It holds something else.
    #[error(
        "`{}` holds no vectors: {message}; it must hold one array with a row for each picture, as .safetensors or .npy",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// It has not one vector for each picture.
    #[error(
        "`{}` has {rows} vectors for {pictures} pictures of `{}`: it must have one for each, in the order of their names",
        path.display(),
        folder.display()
    )]
    Count {
        /// The file.
        path: PathBuf,
        /// Vectors in it.
        rows: usize,
        /// The folder of the pictures.
        folder: PathBuf,
        /// Pictures in the folder.
        pictures: usize,
    },
    /// Its vectors are longer or shorter than those that the networks take.
    #[error("`{}` has vectors of {found} numbers, and the networks take {wanted}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Their length.
        found: usize,
        /// Length that the networks take.
        wanted: usize,
    },
}

/// Vectors of one length.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    values: Vec<f32>,
    length: usize,
}

impl Embeddings {
    /// Reads the only array of a `.safetensors` file, or that of a `.npy` file, whose rows are the vectors.
    ///
    /// # Errors
    /// The file cannot be read, holds something else, or numbers that are not finite.
    pub fn read(path: &Path) -> Result<Self, EmbeddingsError> {
        let bytes = files::read(path)?;
        let is_npy = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("npy"));
        let array = if is_npy {
            read_npy(&bytes)
        } else {
            only_tensor(&bytes)
        };
        let found = array.and_then(Self::from_array);
        found.map_err(|message| EmbeddingsError::Unreadable {
            path: path.to_owned(),
            message,
        })
    }

    /// Reads the vectors of `length` numbers of a file.
    ///
    /// # Errors
    /// As [`read`](Self::read), or their length is another.
    pub fn read_of_length(path: &Path, length: usize) -> Result<Self, EmbeddingsError> {
        let found = Self::read(path)?;
        if found.length != length {
            return Err(EmbeddingsError::Length {
                path: path.to_owned(),
                found: found.length,
                wanted: length,
            });
        }
        Ok(found)
    }

    fn from_array(array: TensorData) -> Result<Self, String> {
        let [rows, length] = array.shape()[..] else {
            return Err(format!(
                "its array has the shape {:?}, and rows and columns are needed",
                array.shape().to_vec()
            ));
        };
        if rows == 0 || length == 0 {
            return Err("its array is empty".to_owned());
        }
        let values: Vec<f32> = array.iter::<f32>().collect();
        if !values.iter().all(|value| value.is_finite()) {
            return Err("some of its numbers are infinite or none".to_owned());
        }
        Ok(Self { values, length })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.values.len() / self.length
    }

    /// Numbers in each.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Vector `index`, which must be there.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.length..][..self.length]
    }
}

/// The only tensor of a safetensors file.
fn only_tensor(bytes: &[u8]) -> Result<TensorData, String> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let all = tensors.tensors();
    let [(_, tensor)] = &all[..] else {
        return Err(format!("it has {} tensors, and one is needed", all.len()));
    };
    let kind = match tensor.dtype() {
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        other => {
            return Err(format!(
                "its tensor holds {other:?}, no floating-point numbers"
            ));
        }
    };
    let data = TensorData::from_bytes_vec(tensor.data().to_vec(), tensor.shape().to_vec(), kind);
    Ok(data.convert::<f32>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::TensorView;

    fn tensor(kind: Dtype, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
        let view = TensorView::new(kind, shape.to_vec(), bytes).unwrap();
        safetensors::serialize([("embeddings", view)], None).unwrap()
    }

    #[test]
    fn vectors_are_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("captions.safetensors");
        let numbers = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        std::fs::write(&path, tensor(Dtype::F32, &[3, 2], &bytes)).unwrap();
        let read = Embeddings::read(&path).unwrap();
        assert_eq!((read.count(), read.length()), (3, 2));
        assert_eq!(read.row(1), [3.0, 4.0]);
        let error = Embeddings::read_of_length(&path, 3).unwrap_err();
        assert!(
            error.to_string().contains("vectors of 2 numbers"),
            "{error}"
        );
        let infinite: Vec<u8> = [f32::NAN; 2]
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        for (file, part) in [
            (tensor(Dtype::F32, &[6], &bytes), "rows and columns"),
            (tensor(Dtype::I32, &[3, 2], &bytes), "no floating-point"),
            (tensor(Dtype::F32, &[1, 2], &infinite), "infinite"),
            (tensor(Dtype::F32, &[0, 2], &[]), "empty"),
            (vec![1; 9], "holds no vectors"),
        ] {
            std::fs::write(&path, file).unwrap();
            let error = Embeddings::read(&path).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
