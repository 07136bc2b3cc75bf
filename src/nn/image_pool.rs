//! A pool of earlier translations, which keeps a discriminator from forgetting.

use burn::tensor::{Device, Tensor};
use rand::{Rng, RngExt};

use super::tensors::{NamedTensors, values_now};

/// Stores up to `size` pictures and returns old ones in place of new ones half of the time.
///
/// Shrivastava et al., "Learning from Simulated and Unsupervised Images through Adversarial Training", 2017, as used by
/// CycleGAN.
#[derive(Debug)]
pub struct ImagePool {
    size: usize,
    /// Each `[1, channels, height, width]`.
    pictures: Vec<Tensor<4>>,
}

impl ImagePool {
    /// Creates an empty pool; with a size of 0 it returns what comes in.
    pub fn new(size: usize) -> Self {
        Self {
            size,
            pictures: Vec::new(),
        }
    }

    /// Whether pictures are stored at all.
    pub fn keeps_pictures(&self) -> bool {
        self.size > 0
    }

    /// Exchanges pictures, `[batch, channels, height, width]`, one by one. Until the pool is full, each picture is stored
    /// and returned. After that, with probability one half, a stored picture is returned and replaced by the new one;
    /// otherwise the new one is returned and not stored.
    pub fn query(&mut self, pictures: Tensor<4>, rng: &mut impl Rng) -> Tensor<4> {
        let size = self.size;
        self.query_with(pictures, || {
            rng.random_bool(0.5).then(|| rng.random_range(0..size))
        })
    }

    /// As [`ImagePool::query`], but `draw` chooses the index of the stored picture to return, if any.
    fn query_with(
        &mut self,
        pictures: Tensor<4>,
        mut draw: impl FnMut() -> Option<usize>,
    ) -> Tensor<4> {
        if self.size == 0 {
            return pictures;
        }
        let count = pictures.dims()[0];
        let answers = pictures
            .chunk(count, 0)
            .into_iter()
            .map(|picture| {
                if self.pictures.len() < self.size {
                    self.pictures.push(picture.clone());
                    return picture;
                }
                match draw() {
                    Some(index) => std::mem::replace(&mut self.pictures[index], picture),
                    None => picture,
                }
            })
            .collect();
        Tensor::cat(answers, 0)
    }

    /// The stored pictures, named by their index.
    pub fn state(&self) -> NamedTensors {
        let named = self
            .pictures
            .iter()
            .enumerate()
            .map(|(index, picture)| (format!("{index:06}"), values_now(picture.clone())));
        NamedTensors(named.collect())
    }

    /// Restores stored pictures.
    pub fn restore(&mut self, state: NamedTensors, device: &Device) {
        let pictures = state.0.into_values();
        self.pictures = pictures
            .take(self.size)
            .map(|data| Tensor::from_data(data, device))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn picture(value: usize) -> Tensor<4> {
        Tensor::full([1, 1, 1, 1], value as f32, &Device::flex())
    }

    fn value(picture: Tensor<4>) -> usize {
        picture.into_scalar::<f32>() as usize
    }

    #[test]
    fn a_full_pool_returns_each_picture_at_most_once_and_old_ones_half_of_the_time() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut pool = ImagePool::new(50);
        for index in 0..50 {
            assert_eq!(value(pool.query(picture(index), &mut rng)), index);
        }
        let mut returned = Vec::new();
        let mut old = 0;
        for index in 50..1050 {
            let got = value(pool.query(picture(index), &mut rng));
            old += usize::from(got != index);
            returned.push(got);
        }
        assert!((420..580).contains(&old), "{old} of 1000 were old");
        let stored: Vec<usize> = pool.pictures.iter().cloned().map(value).collect();
        let mut all: Vec<usize> = returned.into_iter().chain(stored).collect();
        all.sort_unstable();
        assert_eq!(all, (0..1050).collect::<Vec<_>>());
    }

    #[test]
    fn the_same_draws_give_the_same_pictures_as_in_the_reference() {
        #[derive(serde::Deserialize)]
        struct Step {
            r#in: usize,
            #[serde(rename = "place")]
            index: Option<usize>,
            out: usize,
        }
        #[derive(serde::Deserialize)]
        struct Trace {
            size: usize,
            steps: Vec<Step>,
            stored: Vec<usize>,
        }
        let text = include_str!("../../tests/fixtures/pool.json");
        let trace: Trace = serde_json::from_str(text).unwrap();
        let mut pool = ImagePool::new(trace.size);
        for step in trace.steps {
            let out = pool.query_with(picture(step.r#in), || step.index);
            assert_eq!(value(out), step.out);
        }
        let stored: Vec<usize> = pool.pictures.iter().cloned().map(value).collect();
        assert_eq!(stored, trace.stored);
    }

    #[test]
    fn batches_go_picture_by_picture_and_a_state_comes_back() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut pool = ImagePool::new(3);
        let batch = Tensor::cat(vec![picture(1), picture(2), picture(3)], 0);
        let out = pool.query(batch.clone(), &mut rng);
        assert_eq!(out.into_data(), batch.clone().into_data());
        let mut copy = ImagePool::new(3);
        copy.restore(pool.state(), &Device::flex());
        let (mut first, mut second) = (rng.clone(), rng);
        for _ in 0..5 {
            let one = pool.query(batch.clone() * 7.0, &mut first);
            let two = copy.query(batch.clone() * 7.0, &mut second);
            assert_eq!(one.into_data(), two.into_data());
        }
        assert_eq!(value(ImagePool::new(0).query(picture(9), &mut first)), 9);
    }
}
