//! Patches of recent pictures.

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::nn::{NamedTensors, TensorError, values_now};

/// Side of a patch, in pixels.
pub(super) const PATCH: usize = 7;

/// Patches of the latest pictures, level by level of a pyramid.
#[derive(Debug, Default)]
pub(super) struct PatchPool {
    /// Each `[patches, channels * 7 * 7]`, the oldest first.
    levels: Vec<Tensor<2>>,
}

impl PatchPool {
    /// Adds `patches`, `[patches, numbers]`, to those of `level`, and keeps the latest `most`. Returns what is kept.
    pub(super) fn push(&mut self, level: usize, patches: Tensor<2>, most: usize) -> Tensor<2> {
        let kept = match self.levels.get(level) {
            Some(earlier) => Tensor::cat(vec![earlier.clone(), patches], 0),
            None => patches,
        };
        let count = kept.dims()[0];
        let kept = kept.narrow(0, count.saturating_sub(most), count.min(most));
        if level < self.levels.len() {
            self.levels[level] = kept.clone();
        } else {
            self.levels.push(kept.clone());
        }
        kept
    }

    /// The patches, named `stem` and level.
    pub(super) fn state(&self, stem: &str) -> NamedTensors {
        let named = self
            .levels
            .iter()
            .enumerate()
            .map(|(level, patches)| (format!("{stem}.{level}"), values_now(patches.clone())));
        NamedTensors(named.collect())
    }

    /// Restores them, of patches of so many `numbers`.
    ///
    /// # Errors
    /// They are those of other pictures.
    pub(super) fn restore(
        stem: &str,
        state: &mut NamedTensors,
        numbers: usize,
        device: &Device,
    ) -> Result<Self, TensorError> {
        let mut levels = Vec::new();
        while let Some(data) = state.0.remove(&format!("{stem}.{}", levels.len())) {
            if data.shape().num_dims() != 2 || data.shape()[1] != numbers {
                let level = levels.len();
                let problem = format!("`{stem}.{level}` should hold patches of {numbers} numbers");
                return Err(TensorError::Mismatch {
                    problems: vec![problem],
                });
            }
            levels.push(Tensor::from_data(data, device));
        }
        Ok(Self { levels })
    }
}

/// How many patches lie in a picture of this size along each axis, and together.
pub(super) fn patch_count([height, width]: [usize; 2]) -> usize {
    (height + 1 - PATCH) * (width + 1 - PATCH)
}

/// The patches of `pictures`, `[batch, channels, height, width]`, at these places, counted row by row:
/// `[batch * places, channels * 7 * 7]`.
pub(super) fn patches_at(pictures: Tensor<4>, places: &[usize]) -> Tensor<2> {
    let [batch, channels, height, width] = pictures.dims();
    let columns = width + 1 - PATCH;
    let mut indices = Vec::with_capacity(places.len() * channels * PATCH * PATCH);
    for place in places {
        let (top, left) = (place / columns, place % columns);
        for row in (0..channels).flat_map(|channel| {
            let first = channel * height + top;
            first..first + PATCH
        }) {
            let start = (row * width + left) as i64;
            indices.extend(start..start + PATCH as i64);
        }
    }
    let count = indices.len();
    let indices = TensorData::new(indices, [count]);
    let indices = Tensor::<1, Int>::from_data(indices, &pictures.device());
    pictures
        .reshape([batch, channels * height * width])
        .select(1, indices)
        .reshape([batch * places.len(), channels * PATCH * PATCH])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f32) -> Tensor<2> {
        Tensor::full([1, 2], value, &Device::flex())
    }

    #[test]
    fn the_latest_patches_are_kept_and_come_back() {
        let mut pool = PatchPool::default();
        for value in [1.0, 2.0, 3.0] {
            pool.push(0, row(value), 2);
            pool.push(1, row(-value), 1);
        }
        let mut state = pool.state("x");
        let mut copy = PatchPool::restore("x", &mut state, 2, &Device::flex()).unwrap();
        let kept = copy.push(0, row(4.0), 3).into_data();
        assert_eq!(
            kept.as_slice::<f32>().unwrap(),
            [2.0, 2.0, 3.0, 3.0, 4.0, 4.0]
        );
        let kept = copy.push(1, row(-4.0), 2).into_data();
        assert_eq!(kept.as_slice::<f32>().unwrap(), [-3.0, -3.0, -4.0, -4.0]);
        assert!(PatchPool::restore("x", &mut pool.state("x"), 3, &Device::flex()).is_err());
    }

    #[test]
    fn patches_lie_channel_by_channel_and_row_by_row() {
        let numbers = Tensor::<1, Int>::arange(0..2 * 2 * 8 * 9, &Device::flex()).float();
        let pictures = numbers.reshape([2, 2, 8, 9]);
        assert_eq!(patch_count([8, 9]), 6);
        // The second row's last.
        let patches = patches_at(pictures.clone(), &[5, 0]);
        let wanted = pictures.clone().narrow(2, 1, 7).narrow(3, 2, 7);
        let found = patches.clone().narrow(0, 0, 1).into_data();
        let wanted = wanted.narrow(0, 0, 1).reshape([1, 98]).into_data();
        assert_eq!(found, wanted);
        let second = pictures.narrow(0, 1, 1).narrow(2, 0, 7).narrow(3, 0, 7);
        let found = patches.narrow(0, 3, 1).into_data();
        assert_eq!(found, second.reshape([1, 98]).into_data());
    }
}
