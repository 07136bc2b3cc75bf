//! Clusters of instance features: the looks of objects of a class.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, TensorData};
use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::KMeans;
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::instances::Instances;
use crate::nn::NamedTensors;

/// Only instances that cover more than one part in this many of the picture are clustered: features of smaller ones are too
/// noisy.
const MIN_AREA_SHARE: usize = 64;
const PREFIX: &str = "class.";

/// Features of instances, collected by class.
#[derive(Debug, Default)]
pub struct FeatureCollector {
    by_class: BTreeMap<usize, Vec<Vec<f64>>>,
}

impl FeatureCollector {
    /// Adds the instances of one picture: `features` is `[1, channels, height, width]`, the same for all pixels of an
    /// instance.
    pub fn add(&mut self, instances: &Instances, features: &TensorData) {
        let shape = features.shape();
        let (channels, plane) = (shape[1], shape[2] * shape[3]);
        let values = features.as_slice::<f32>().unwrap_or_default();
        let median_pixels = instances.median_pixels();
        for (&(id, count), pixel) in instances.entries().iter().zip(median_pixels) {
            let feature: Vec<f64> = (0..channels)
                .map(|channel| f64::from(values[channel * plane + pixel]))
                .collect();
            let large = count * MIN_AREA_SHARE > plane;
            if large && feature.iter().all(|value| value.is_finite()) {
                self.by_class
                    .entry(instances.class(id))
                    .or_default()
                    .push(feature);
            }
        }
    }

    /// Computes at most `count` cluster centres per class.
    pub fn clusters(self, count: usize) -> FeatureClusters {
        let by_class = self.by_class.into_iter();
        FeatureClusters {
            by_class: by_class
                .map(|(class, features)| (class, centres(features, count)))
                .collect(),
        }
    }
}

/// Computes at most `count` cluster centres by k-means (Arthur and Vassilvitskii, "k-means++", 2007), with a fixed seed.
fn centres(features: Vec<Vec<f64>>, count: usize) -> Vec<Vec<f32>> {
    let mut distinct = features.clone();
    distinct.sort_by(|first, second| {
        let pairs = first.iter().zip(second);
        let orders = pairs.map(|(one, other)| one.total_cmp(other));
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    distinct.dedup();
    let narrow = |centre: &[f64]| centre.iter().map(|&value| value as f32).collect();
    if distinct.len() > count {
        let (rows, columns) = (features.len(), features[0].len());
        let points = Array2::from_shape_vec((rows, columns), features.concat())
            .expect("each feature has one value for each channel");
        if let Ok(model) = KMeans::params(count).fit(&DatasetBase::from(points)) {
            let centroids = model.centroids();
            return centroids
                .rows()
                .into_iter()
                .map(|row| narrow(&row.to_vec()))
                .collect();
        }
    }
    // Fewer looks than clusters (or points that k-means cannot separate): each is a cluster of its own.
    distinct
        .iter()
        .take(count)
        .map(|centre| narrow(centre))
        .collect()
}

/// Cluster centres by class.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeatureClusters {
    by_class: BTreeMap<usize, Vec<Vec<f32>>>,
}

impl FeatureClusters {
    /// The clusters as tensors `class.7` and so on, `[clusters, channels]`.
    pub fn to_tensors(&self) -> NamedTensors {
        let tensors = self.by_class.iter().map(|(class, centres)| {
            let shape = [centres.len(), centres.first().map_or(0, Vec::len)];
            let data = TensorData::new(centres.concat(), shape);
            (format!("{PREFIX}{class}"), data)
        });
        NamedTensors(tensors.collect())
    }

    /// Reads the tensors of [`FeatureClusters::to_tensors`], for a generator that takes `channels` features.
    ///
    /// # Errors
    /// A tensor has another name or shape; the message names it.
    pub fn from_tensors(tensors: &NamedTensors, channels: usize) -> Result<Self, String> {
        let mut by_class = BTreeMap::new();
        for (name, data) in &tensors.0 {
            let class = name
                .strip_prefix(PREFIX)
                .and_then(|class| class.parse().ok());
            let fits = data.shape().num_dims() == 2 && data.shape()[1] == channels;
            let (Some(class), true) = (class, fits) else {
                return Err(format!(
                    "`{name}` is not the clusters of a class, [n, {channels}]"
                ));
            };
            let values = data.as_slice::<f32>().unwrap_or_default();
            by_class.insert(
                class,
                values.chunks_exact(channels).map(<[f32]>::to_vec).collect(),
            );
        }
        Ok(Self { by_class })
    }

    /// Draws a feature map for `instances` of one picture of `height` x `width`, `[1, channels, height, width]`: each instance gets
    /// a centre of its class, drawn from `seed` and its id alone, or zeros if its class has none.
    pub fn sample(
        &self,
        instances: &Instances,
        channels: usize,
        [height, width]: [usize; 2],
        seed: u64,
        device: &burn::tensor::Device,
    ) -> Tensor<4> {
        let mut values = Vec::with_capacity(instances.entries().len() * channels);
        for &(id, _) in instances.entries() {
            let centres = self
                .by_class
                .get(&instances.class(id))
                .map_or(&[][..], Vec::as_slice);
            if centres.is_empty() {
                values.extend(std::iter::repeat_n(0.0f32, channels));
                continue;
            }
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(id as u64);
            values.extend_from_slice(&centres[rng.random_range(0..centres.len())]);
        }
        let values = TensorData::new(values, [instances.entries().len(), channels]);
        instances.broadcast_to_pixels(
            Tensor::from_data(values, device),
            [1, channels, height, width],
        )
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn instances(ids: Vec<f32>, width: usize) -> Instances {
        let height = ids.len() / width;
        Instances::new(&TensorData::new(ids, [1, 1, height, width]))
    }

    #[test]
    fn features_near_each_other_are_one_cluster() {
        let points: Vec<Vec<f64>> = (0..30)
            .map(|index| vec![f64::from(index % 3) * 10.0 + f64::from(index) * 0.001, 1.0])
            .collect();
        let mut entries = centres(points.clone(), 3);
        entries.sort_by(|first, second| first[0].total_cmp(&second[0]));
        assert_eq!(entries.len(), 3);
        for (centre, expected) in entries.iter().zip([0.0135, 10.0145, 20.0155]) {
            assert!((centre[0] - expected).abs() < 1e-4, "{entries:?}");
        }
        assert_eq!(
            centres(points.clone(), 3),
            centres(points, 3),
            "the draws are seeded"
        );
        assert_eq!(centres(vec![vec![1.0], vec![1.0]], 5), [[1.0]]);
    }

    #[test]
    fn large_instances_are_collected_and_sampled_by_seed() {
        let mut collector = FeatureCollector::default();
        // 26001 covers half of 16 pixels, 26002 a pixel of 16: both are more than one part in 64.
        let mut ids = vec![26_001.0; 8];
        ids.extend([26_002.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0]);
        let map = instances(ids, 4);
        let features: Vec<f32> = (0..16)
            .map(|pixel| match pixel {
                0..8 => 0.5,
                8 => -0.5,
                _ => 0.25,
            })
            .collect();
        collector.add(&map, &TensorData::new(features, [1, 1, 4, 4]));
        let clusters = collector.clusters(10);
        let again = FeatureClusters::from_tensors(&clusters.to_tensors(), 1).unwrap();
        assert_eq!(again, clusters);
        assert_eq!(clusters.by_class[&26], [[-0.5], [0.5]]);
        assert_eq!(clusters.by_class[&7], [[0.25]]);
        let device = Device::flex();
        let sample = |ids: &[f32], seed| -> Vec<f32> {
            let map = instances(ids.to_vec(), 2);
            let height = ids.len() / 2;
            let sampled = clusters.sample(&map, 1, [height, 2], seed, &device);
            sampled.into_data().try_into_vec().unwrap()
        };
        let samples: Vec<f32> = (0..20)
            .map(|seed| sample(&[26_007.0, 26_007.0], seed)[0])
            .collect();
        assert!(
            samples.contains(&0.5) && samples.contains(&-0.5),
            "{samples:?}"
        );
        assert_eq!(
            sample(&[26_007.0, 7.0, 11.0, 26_007.0], 3)[1..3],
            [0.25, 0.0]
        );
        let alone = sample(&[26_007.0, 26_007.0], 3);
        assert_eq!(sample(&[26_007.0, 7.0], 3)[0].to_bits(), alone[0].to_bits());
        let wrong = FeatureClusters::from_tensors(&clusters.to_tensors(), 3).unwrap_err();
        assert_eq!(wrong, "`class.26` is not the clusters of a class, [n, 3]");
    }
}
