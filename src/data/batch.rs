//! What a training step gets: samples, stacked.

use std::ops::Range;
use std::path::PathBuf;

use burn::tensor::TensorData;

use super::error::DataError;
use super::folder::PictureFile;
use super::mask::Mask;
use crate::picture::Raster;

/// Prepared pictures of one position.
pub(super) struct Sample {
    pub(super) a: Raster,
    pub(super) b: Raster,
    /// Instances of `a` (pix2pixhd), and its features (pix2pixhd) or its vector (generate, vae).
    pub(super) instances: Option<Raster>,
    pub(super) features: Option<Raster>,
    /// The holes of `a` (inpaint).
    pub(super) mask: Option<Mask>,
    pub(super) a_path: PathBuf,
    pub(super) b_path: PathBuf,
    pub(super) name: String,
}

impl Sample {
    /// Two pictures that are made of the one in `file`.
    pub(super) fn of_file(file: &PictureFile, a: Raster, b: Raster) -> Self {
        Self {
            a,
            b,
            instances: None,
            features: None,
            mask: None,
            a_path: file.path.clone(),
            b_path: file.path.clone(),
            name: file.stem().to_owned(),
        }
    }
}

/// Prepared pictures on the host.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The network's input (paired), or domain A: f32 in [-1, 1], `[batch, channels, height, width]`; or a label map: the
    /// class of each pixel, f32, `[batch, 1, height, width]` (pix2pixhd).
    pub a: TensorData,
    /// The target (paired), or domain B, in the same form.
    pub b: TensorData,
    /// Ids of the instances that the pixels of `a` belong to, f32, `[batch, 1, height, width]` (pix2pixhd).
    pub instances: Option<TensorData>,
    /// Features that the data set has for each pixel of `a`, in the form of `a` (pix2pixhd); or a vector that says something of each
    /// picture, `[batch, length, 1, 1]` (generate, vae).
    pub features: Option<TensorData>,
    /// 1 inside the holes of `a` and 0 elsewhere, `[batch, 1, height, width]` (inpaint).
    pub mask: Option<TensorData>,
    /// Names of the pictures of `a`: relative path without extension.
    pub names: Vec<String>,
}

impl Batch {
    /// Stacks samples, of which there is at least one.
    ///
    /// # Errors
    /// The pictures of one side have different sizes.
    pub(super) fn stack(samples: Vec<Sample>) -> Result<Self, DataError> {
        let (a_size, b_size) = (samples[0].a.size(), samples[0].b.size());
        for sample in &samples {
            for (raster, path, size) in [
                (&sample.a, &sample.a_path, a_size),
                (&sample.b, &sample.b_path, b_size),
            ] {
                if raster.size() != size {
                    return Err(DataError::Unsuitable {
                        path: path.clone(),
                        message: size_mismatch(raster.size(), size),
                    });
                }
            }
        }
        let count = samples.len();
        let stack = |rasters: Vec<&Raster>| {
            let (channels, height, width) = (
                rasters[0].value_channels(),
                rasters[0].height,
                rasters[0].width,
            );
            let mut values = Vec::with_capacity(count * channels * height * width);
            for raster in rasters {
                values.extend(raster.values());
            }
            TensorData::new(values, [count, channels, height, width])
        };
        let stack_optional = |raster: fn(&Sample) -> Option<&Raster>| {
            let rasters: Option<Vec<_>> = samples.iter().map(raster).collect();
            rasters.map(stack)
        };
        let masks: Option<Vec<f32>> = samples
            .iter()
            .map(|sample| sample.mask.as_ref())
            .collect::<Option<Vec<_>>>()
            .map(|masks| masks.into_iter().flat_map(Mask::values).collect());
        Ok(Self {
            instances: stack_optional(|sample| sample.instances.as_ref()),
            features: stack_optional(|sample| sample.features.as_ref()),
            mask: masks.map(|values| TensorData::new(values, [count, 1, a_size.1, a_size.0])),
            a: stack(samples.iter().map(|sample| &sample.a).collect()),
            b: stack(samples.iter().map(|sample| &sample.b).collect()),
            names: samples.into_iter().map(|sample| sample.name).collect(),
        })
    }

    /// How many samples there are.
    pub fn count(&self) -> usize {
        self.a.shape()[0]
    }

    /// The samples in their order, in batches of `size`, of which the last may be smaller.
    pub fn split(self, size: usize) -> Vec<Self> {
        let count = self.count();
        if size >= count {
            return vec![self];
        }
        let starts = (0..count).step_by(size.max(1));
        let stretch = |start| self.stretch(start..count.min(start + size.max(1)));
        starts.map(stretch).collect()
    }

    fn stretch(&self, range: Range<usize>) -> Self {
        let of = |data: &TensorData| stretch_of(data, &range);
        Self {
            a: of(&self.a),
            b: of(&self.b),
            instances: self.instances.as_ref().map(of),
            features: self.features.as_ref().map(of),
            mask: self.mask.as_ref().map(of),
            names: self.names.get(range.clone()).unwrap_or_default().to_vec(),
        }
    }
}

/// The entries of the first dimension at `range`.
fn stretch_of(data: &TensorData, range: &Range<usize>) -> TensorData {
    let values = data.as_slice::<f32>();
    let values = values.expect("samples on the host have 32-bit values");
    let mut shape = data.shape().to_vec();
    let length = values.len() / shape[0].max(1);
    shape[0] = range.len();
    TensorData::new(
        values[range.start * length..range.end * length].to_vec(),
        shape,
    )
}

/// Why a picture cannot be in one batch with the others, to be read after the file's name.
pub(super) fn size_mismatch(size: (usize, usize), common: (usize, usize)) -> String {
    format!(
        "is {}x{} when prepared, others are {}x{}: set `data.batch_size=1`, or take `data.preprocess = \"resize_and_crop\"`",
        size.0, size.1, common.0, common.1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_split_into_stretches() {
        let data = |channels: usize| {
            let values: Vec<f32> = (0..5 * channels * 6).map(|value| value as f32).collect();
            TensorData::new(values, [5, channels, 2, 3])
        };
        let batch = Batch {
            a: data(2),
            b: data(3),
            instances: None,
            features: Some(data(1)),
            mask: None,
            names: ["a", "b", "c", "d", "e"].map(str::to_owned).into(),
        };
        let parts = batch.clone().split(2);
        let counts: Vec<usize> = parts.iter().map(Batch::count).collect();
        assert_eq!(counts, [2, 2, 1]);
        let last = &parts[2];
        assert_eq!(last.names, ["e"]);
        assert_eq!(last.b.shape().to_vec(), [1, 3, 2, 3]);
        let first = |data: &TensorData| data.as_slice::<f32>().map(|values| values[0] as u32);
        assert_eq!(first(&last.b).unwrap(), 4 * 3 * 6);
        assert_eq!(last.features.as_ref().map(first).unwrap().unwrap(), 4 * 6);
        assert!(last.instances.is_none());
        assert_eq!(batch.clone().split(usize::MAX).len(), 1);
        assert_eq!(batch.split(1).len(), 5);
    }
}
