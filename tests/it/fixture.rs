//! Reading the fixtures that PyTorch made (`scripts/parity`), and comparing with them.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors};
use serde_json::Value;
use translate::nn::NamedTensors;

/// A safetensors fixture.
pub struct Fixture {
    bytes: Vec<u8>,
}

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

pub fn json(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

impl Fixture {
    pub fn open(name: &str) -> Self {
        Self {
            bytes: std::fs::read(path(name)).unwrap(),
        }
    }

    fn file(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).unwrap()
    }

    /// The JSON object in the header.
    pub fn config(&self) -> Value {
        let (_, metadata) = SafeTensors::read_metadata(&self.bytes).unwrap();
        serde_json::from_str(&metadata.metadata().as_ref().unwrap()["config"]).unwrap()
    }

    pub fn has(&self, name: &str) -> bool {
        self.file().tensor(name).is_ok()
    }

    /// A tensor of 32-bit floats; bytes become values in [-1, 1].
    pub fn data(&self, name: &str) -> TensorData {
        let file = self.file();
        let view = file.tensor(name).unwrap();
        let values: Vec<f32> = match view.dtype() {
            Dtype::U8 => view
                .data()
                .iter()
                .map(|&byte| (f32::from(byte) / 255.0 - 0.5) / 0.5)
                .collect(),
            Dtype::F32 => view
                .data()
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
                .collect(),
            other => panic!("{name} is {other:?}"),
        };
        TensorData::new(values, view.shape().to_vec())
    }

    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        Tensor::from_data(self.data(name), device)
    }

    /// Largest difference of `got` from the output called `name`, of which large fixtures hold every third row and
    /// column; `None` where the fixture has no such output.
    pub fn output_distance(&self, name: &str, got: &TensorData) -> Option<f64> {
        if self.has(name) {
            return Some(distance(got, &self.data(name)));
        }
        let sparse = format!("{name}_sparse");
        self.has(&sparse).then(|| {
            let [height, width] = [got.shape()[2], got.shape()[3]];
            let planes = values(got).chunks_exact(height * width);
            let picked = planes.flat_map(|plane| {
                let rows = plane.chunks_exact(width).step_by(3);
                rows.flat_map(|row| row.iter().copied().step_by(3))
            });
            let shape = [
                got.shape()[0],
                got.shape()[1],
                height.div_ceil(3),
                width.div_ceil(3),
            ];
            let picked = TensorData::new(picked.collect::<Vec<f32>>(), shape);
            distance(&picked, &self.data(&sparse))
        })
    }

    /// The tensors below `prefix`, without it.
    pub fn named(&self, prefix: &str) -> NamedTensors {
        let mut tensors = NamedTensors::default();
        for name in self.file().names() {
            if let Some(rest) = name.strip_prefix(prefix) {
                tensors.0.insert(rest.to_owned(), self.data(name));
            }
        }
        tensors
    }
}

pub fn values(data: &TensorData) -> &[f32] {
    data.as_slice().unwrap()
}

/// Largest absolute difference.
pub fn distance(first: &TensorData, second: &TensorData) -> f64 {
    assert_eq!(first.shape(), second.shape());
    let pairs = values(first).iter().zip(values(second));
    pairs
        .map(|(x, y)| f64::from((x - y).abs()))
        .fold(0.0, f64::max)
}
