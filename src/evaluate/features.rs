//! The features of a set of pictures, in a file: the memory that they take does not grow with the number of pictures.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;
use rayon::prelude::*;

use super::set_error::SetError;
use crate::features::{FEATURES, Inception, Resize, SIDE};
use crate::files::{FileError, write_atomically_with};
use crate::nn::NamedTensors;
use crate::picture::read_rgb;

/// Pictures that go through the network together.
const BATCH: usize = 4;
/// Most batches at a time: reading, pooling and joining use one core each, which leaves the others to other batches.
const MAX_BATCHES: usize = 8;
/// The tensor of a file: a row for each picture, its features and then its logits.
const ROWS: &str = "rows";

/// Features and logits of a set of pictures, in their order.
#[derive(Debug)]
pub(super) struct SetFeatures {
    rows: TensorData,
    count: usize,
    row: usize,
    /// Features at the beginning of a row.
    width: usize,
}

impl SetFeatures {
    /// Takes the features of `pictures` from the network, batch by batch, into a file that has no name and goes with the result.
    pub(super) fn extract(
        pictures: &[PathBuf],
        inception: &Inception,
        resize: Resize,
        device: &Device,
    ) -> Result<(Self, File), SetError> {
        let storage = |source| SetError::Storage { source };
        let mut file = BufWriter::new(tempfile::tempfile().map_err(storage)?);
        let mut started = false;
        let extract = |batch: &[PathBuf]| {
            let inputs = read_inputs(batch, |picture| resize.input(picture))?;
            let shape = [batch.len(), 3, SIDE, SIDE];
            let input = Tensor::from_data(TensorData::new(inputs.concat(), shape), device);
            let output = inception.forward(input);
            let rows = match output.logits {
                Some(logits) => Tensor::cat(vec![output.features, logits], 1),
                None => output.features,
            };
            Ok((rows.dims()[1], rows.into_data()))
        };
        let batches = rayon::current_num_threads().min(MAX_BATCHES);
        for group in pictures.chunks(BATCH * batches) {
            let rows: Result<Vec<(usize, TensorData)>, SetError> =
                group.par_chunks(BATCH).map(extract).collect();
            for (width, rows) in rows? {
                if !started {
                    let header = header(pictures.len(), width);
                    file.write_all(&header).map_err(storage)?;
                    started = true;
                }
                file.write_all(rows.as_bytes()).map_err(storage)?;
            }
        }
        let mut file = file
            .into_inner()
            .map_err(|error| storage(error.into_error()))?;
        file.rewind().map_err(storage)?;
        let features =
            Self::read(&file).ok_or_else(|| storage(io::ErrorKind::InvalidData.into()))?;
        Ok((features, file))
    }

    /// Writes the file of a set to `path`.
    pub(super) fn keep(file: &File, path: &Path) -> Result<(), FileError> {
        write_atomically_with(path, |target| {
            let mut source = file;
            source.rewind()?;
            io::copy(&mut source, target)?;
            Ok(())
        })
    }

    /// What was [kept](Self::keep) at `path`; `None` where there is nothing that can be used.
    pub(super) fn kept(path: &Path, count: usize) -> Option<Self> {
        let features = Self::read(&File::open(path).ok()?)?;
        (features.count == count).then_some(features)
    }

    fn read(file: &File) -> Option<Self> {
        let mut tensors = NamedTensors::map_safetensors(file).ok()?;
        Self::from_rows(tensors.0.remove(ROWS)?, FEATURES)
    }

    /// Rows of `width` features and then logits; `None` if they are shorter or not of 32-bit numbers.
    pub(super) fn from_rows(rows: TensorData, width: usize) -> Option<Self> {
        let &[count, row] = &rows.shape().iter().copied().collect::<Vec<_>>()[..] else {
            return None;
        };
        let fits = row >= width && rows.as_slice::<f32>().is_ok();
        fits.then_some(Self {
            rows,
            count,
            row,
            width,
        })
    }

    /// Number of pictures.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Number of features of a picture.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Number of classes; 0 if the weights have no classifier.
    pub(super) fn classes(&self) -> usize {
        self.row - self.width
    }

    /// The features of a picture.
    pub(super) fn features(&self, index: usize) -> &[f32] {
        &self.row(index)[..self.width]
    }

    /// The logits of a picture.
    pub(super) fn logits(&self, index: usize) -> &[f32] {
        &self.row(index)[self.width..]
    }

    fn row(&self, index: usize) -> &[f32] {
        let rows = self.rows.as_slice::<f32>();
        let rows = rows.expect("the type was looked at when the file was read");
        &rows[index * self.row..][..self.row]
    }
}

/// What `prepare` makes of each picture; pictures are read in parallel.
fn read_inputs(
    paths: &[PathBuf],
    prepare: impl Fn(&RgbImage) -> Vec<f32> + Sync,
) -> Result<Vec<Vec<f32>>, SetError> {
    let inputs: Vec<Result<Vec<f32>, SetError>> = paths
        .par_iter()
        .map(|path| {
            let picture = read_rgb(path).map_err(SetError::unreadable)?;
            Ok(prepare(&picture.pixels))
        })
        .collect();
    inputs.into_iter().collect()
}

/// The beginning of a safetensors file with one tensor of 32-bit numbers.
fn header(count: usize, row: usize) -> Vec<u8> {
    let text = serde_json::json!({
        ROWS: {"dtype": "F32", "shape": [count, row], "data_offsets": [0, count * row * size_of::<f32>()]}
    });
    let mut text = text.to_string();
    // The numbers begin at a multiple of their size.
    while !text.len().is_multiple_of(8) {
        text.push(' ');
    }
    let mut header = (text.len() as u64).to_le_bytes().to_vec();
    header.extend(text.as_bytes());
    header
}
