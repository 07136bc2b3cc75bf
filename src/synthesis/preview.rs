//! What previews show.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::classes::Classes;
use crate::data::Batch;
use crate::random::sample_rng;

/// Pictures in a row of a preview of networks that make pictures of noise alone.
pub(super) const PREVIEW_PICTURES: usize = 8;

/// What the previews of these show, for people.
pub(super) const CAPTION: &str =
    "Pictures from the same noise each time; of a class those of a row.";

/// What pictures beside the real one of a batch are made of: the same in all previews of a run.
pub(super) struct Preview {
    /// Noise.
    pub(super) rng: ChaCha8Rng,
    /// The class of the real picture, for each of them, where there are classes.
    pub(super) classes: Option<Tensor<4>>,
    pub(super) count: usize,
}

impl Preview {
    /// For `count` pictures beside the first of `batch`, in a run of this `seed`.
    pub(super) fn new(
        seed: u64,
        batch: &Batch,
        count: usize,
        classes: &Classes,
        device: &Device,
    ) -> Self {
        let name = batch.names.first().map_or("", String::as_str);
        let hash = Sha256::digest(name);
        let index = u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]);
        let classes = classes.of_batch(batch, device);
        Self {
            rng: sample_rng(seed, u64::from(index)),
            classes: classes.map(|classes| classes.narrow(0, 0, 1).repeat_dim(0, count)),
            count,
        }
    }
}

/// The pictures of a batch one by one, each `[1, channels, height, width]`.
pub(super) fn one_by_one(pictures: &Tensor<4>) -> Vec<TensorData> {
    let picture = |place| pictures.clone().narrow(0, place, 1).into_data();
    (0..pictures.dims()[0]).map(picture).collect()
}

/// Each of the pictures that were `made` for `batch` with the real picture.
pub(super) fn beside_real(made: Vec<TensorData>, batch: &Batch) -> Vec<(TensorData, TensorData)> {
    made.into_iter()
        .map(|made| (made, batch.b.clone()))
        .collect()
}
