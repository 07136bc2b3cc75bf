//! The metrics of pairs that compare features of networks.

use std::path::Path;

use burn::tensor::Device;
use image::RgbImage;

use super::error::EvaluateError;
use super::metric::Metric;
use super::options::EvaluateOptions;
use super::pairs::Pair;
use super::scores::PictureScores;
use super::set_error::SetError;
use super::weights::WeightFiles;
use crate::features::{Dists, FeatureNetwork, Lpips};
use crate::nn::TensorError;
use crate::picture::read_rgb;
use crate::style::import::WeightFile;

/// A distance of two pictures by features.
enum Distance {
    Lpips(Lpips),
    Dists(Dists),
}

/// Adds the values of those of `metrics` that compare features to the scores of `pairs`, in this order. Gives the words for pairs
/// that are too small, unless all are.
pub(super) fn add_scores(
    scores: &mut [PictureScores],
    pairs: &[Pair],
    metrics: &[Metric],
    options: &EvaluateOptions,
) -> Result<Vec<String>, EvaluateError> {
    let mut too_small = Vec::new();
    let files = WeightFiles::open(&options.weights)?;
    for &metric in metrics {
        let Some(network) = metric.network() else {
            continue;
        };
        let path = files.find(network, metric)?;
        let distance = Distance::open(metric, network, &path, &options.device)?;
        let mut small = 0;
        for (pair, scores) in pairs.iter().zip(scores.iter_mut()) {
            let read = |path: &Path| -> Result<RgbImage, SetError> {
                Ok(read_rgb(path).map_err(SetError::unreadable)?.pixels)
            };
            let (real, fake) = (read(&pair.real)?, read(&pair.fake)?);
            if real.width().min(real.height()) < distance.min_side() {
                let error = SetError::TooSmall {
                    path: pair.real.clone(),
                    metric: metric.name(),
                    min_side: distance.min_side(),
                };
                let name = &pair.name;
                too_small.push(format!("`{name}` (for {metric})"));
                small += 1;
                if small == pairs.len() {
                    return Err(EvaluateError::Set(error));
                }
                continue;
            }
            scores.scores.push(metric, distance.measure(&real, &fake));
        }
    }
    Ok(too_small)
}

impl Distance {
    fn open(
        metric: Metric,
        network: FeatureNetwork,
        path: &Path,
        device: &Device,
    ) -> Result<Self, SetError> {
        let weights = WeightFile::open(path)?.tensors()?;
        let bad = |source: TensorError| SetError::BadWeights {
            network: network.name(),
            path: path.to_owned(),
            source,
        };
        Ok(match metric {
            Metric::Dists => Self::Dists(Dists::from_weights(&weights, device).map_err(bad)?),
            _ => Self::Lpips(Lpips::from_weights(network, &weights, device).map_err(bad)?),
        })
    }

    fn min_side(&self) -> u32 {
        match self {
            Self::Lpips(lpips) => lpips.min_side(),
            Self::Dists(dists) => dists.min_side(),
        }
    }

    fn measure(&self, real: &RgbImage, fake: &RgbImage) -> f64 {
        match self {
            Self::Lpips(lpips) => lpips.distance(real, fake),
            Self::Dists(dists) => dists.distance(real, fake),
        }
    }
}
