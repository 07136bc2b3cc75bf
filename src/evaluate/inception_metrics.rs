//! The metrics of Inception's features.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::Serialize;

use super::feature_cache::{self, digest};
use super::features::SetFeatures;
use super::frechet::Moments;
use super::inception_score::inception_score;
use super::kernel_distance::{KidSubsets, kernel_distance};
use super::metric::Metric;
use super::neighbours::Neighbours;
use super::set_error::SetError;
use crate::features::{FeatureNetwork, Inception, Resize};
use crate::style::import::WeightFile;

/// What belongs to the metrics of Inception's features besides their values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InceptionDetails {
    /// File of the weights.
    pub weights: PathBuf,
    /// How pictures were resized.
    pub resize: Resize,
    /// Subsets of the kernel distance, and the pictures in each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid_subsets: Option<KidSubsets>,
    /// Standard deviation of the kernel distance over the subsets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid_deviation: Option<f64>,
    /// Standard deviation of the Inception score over its ten parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_deviation: Option<f64>,
}

/// A folder and its pictures.
#[derive(Debug, Clone, Copy)]
pub(super) struct PictureSet<'a> {
    pub(super) folder: &'a Path,
    pub(super) pictures: &'a [PathBuf],
}

/// How features are calculated and kept.
#[derive(Debug)]
pub(super) struct Extraction<'a> {
    pub(super) weights: &'a Path,
    pub(super) resize: Resize,
    pub(super) cache: bool,
    pub(super) device: &'a Device,
}

/// Measures `metrics`, all of Inception's features.
pub(super) fn measure(
    metrics: &[Metric],
    real: PictureSet<'_>,
    fake: PictureSet<'_>,
    extraction: &Extraction<'_>,
    subsets: KidSubsets,
) -> Result<(Vec<(Metric, f64)>, InceptionDetails), SetError> {
    check_counts(metrics, real, fake)?;
    let inception = open(extraction)?;
    let weights = if extraction.cache {
        digest(extraction.weights)?
    } else {
        Vec::new()
    };
    let features = |set| features_of(set, &inception, &weights, extraction);
    let fake = features(fake)?;
    // The Inception score looks at translations alone.
    let real = match metrics {
        [Metric::Is] => None,
        _ => Some(features(real)?),
    };
    let mut details = InceptionDetails {
        weights: extraction.weights.to_owned(),
        resize: extraction.resize,
        kid_subsets: None,
        kid_deviation: None,
        is_deviation: None,
    };
    let mut scores = Vec::with_capacity(metrics.len());
    let neighbours = OnceCell::new();
    for &metric in metrics {
        if metric == Metric::Is {
            if fake.classes() == 0 {
                return Err(SetError::NoClassifier(extraction.weights.to_owned()));
            }
            let (score, deviation) = inception_score(&fake);
            details.is_deviation = Some(deviation);
            scores.push((metric, score));
            continue;
        }
        let Some(real) = &real else {
            continue;
        };
        let neighbours = || neighbours.get_or_init(|| Neighbours::new(real, &fake));
        let score = match metric {
            Metric::Fid => Moments::from_features(real).distance(&Moments::from_features(&fake)),
            Metric::Kid => {
                let (score, deviation) = kernel_distance(&fake, real, subsets);
                details.kid_deviation = Some(deviation);
                details.kid_subsets = Some(KidSubsets {
                    size: subsets.size.min(real.count()).min(fake.count()),
                    ..subsets
                });
                score
            }
            Metric::Precision => neighbours().precision(),
            Metric::Recall => neighbours().recall(),
            Metric::Density => neighbours().density(),
            Metric::Coverage => neighbours().coverage(),
            _ => continue,
        };
        scores.push((metric, score));
    }
    Ok((scores, details))
}

/// Refuses sets that have fewer pictures than a metric needs.
fn check_counts(
    metrics: &[Metric],
    real: PictureSet<'_>,
    fake: PictureSet<'_>,
) -> Result<(), SetError> {
    for &metric in metrics {
        let least = metric.min_pictures();
        let sets: &[PictureSet<'_>] = match metric {
            Metric::Is => &[fake],
            _ => &[real, fake],
        };
        for set in sets {
            if set.pictures.len() < least {
                return Err(SetError::TooFew {
                    metric,
                    least,
                    folder: set.folder.to_owned(),
                    found: set.pictures.len(),
                });
            }
        }
    }
    Ok(())
}

fn open(extraction: &Extraction<'_>) -> Result<Inception, SetError> {
    let tensors = WeightFile::open(extraction.weights)?.tensors()?;
    Inception::from_weights(tensors, extraction.device).map_err(|source| SetError::BadWeights {
        network: FeatureNetwork::Inception.name(),
        path: extraction.weights.to_owned(),
        source,
    })
}

fn features_of(
    set: PictureSet<'_>,
    inception: &Inception,
    weights: &[u8],
    extraction: &Extraction<'_>,
) -> Result<SetFeatures, SetError> {
    let extract = || {
        SetFeatures::extract(
            set.pictures,
            inception,
            extraction.resize,
            extraction.device,
        )
    };
    if !extraction.cache {
        return Ok(extract()?.0);
    }
    let path = feature_cache::path(set.folder, set.pictures, weights, extraction.resize)?;
    if let Some(features) = SetFeatures::kept(&path, set.pictures.len()) {
        return Ok(features);
    }
    let (features, file) = extract()?;
    SetFeatures::keep(&file, &path)?;
    Ok(features)
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;
    use safetensors::SafeTensors;

    use super::*;

    /// Features of the fixtures, whose rows are features and logits.
    fn set(name: &str, width: usize) -> SetFeatures {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let bytes = std::fs::read(fixtures.join("metrics.safetensors")).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let rows = file.tensor(&format!("rows_{name}")).unwrap();
        let values: Vec<f32> = rows
            .data()
            .chunks_exact(4)
            .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        SetFeatures::from_rows(TensorData::new(values, rows.shape().to_vec()), width).unwrap()
    }

    #[test]
    fn values_are_those_of_the_public_tools() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let text = std::fs::read(fixtures.join("metrics.json")).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let width = expected["features"].as_u64().unwrap() as usize;
        for (case, real, fake) in [("large", "first", "second"), ("small", "few", "fewer")] {
            let expected = &expected[case];
            let near = |name: &str, value: f64| {
                let expected = expected[name].as_f64().unwrap();
                let error = (value - expected).abs();
                assert!(
                    error <= 1e-6 * expected.abs(),
                    "{case} {name}: {value}, not {expected}"
                );
            };
            let (real, fake) = (set(real, width), set(fake, width));
            let distance = Moments::from_features(&real).distance(&Moments::from_features(&fake));
            near("fid", distance);
            let subsets = KidSubsets {
                count: 7,
                size: expected["kid_subset_size"].as_u64().unwrap() as usize,
            };
            let (kid, deviation) = kernel_distance(&fake, &real, subsets);
            near("kid", kid);
            near("kid_deviation", deviation);
            if expected["is"].is_number() {
                let (score, deviation) = inception_score(&fake);
                near("is", score);
                near("is_deviation", deviation);
            }
            let neighbours = Neighbours::new(&real, &fake);
            near("precision", neighbours.precision());
            near("recall", neighbours.recall());
            near("density", neighbours.density());
            near("coverage", neighbours.coverage());
        }
    }

    #[test]
    fn a_set_against_itself() {
        let first = set("first", 16);
        let moments = Moments::from_features(&first);
        assert!(moments.distance(&Moments::from_features(&first)) <= 0.0);
        let neighbours = Neighbours::new(&first, &first);
        assert!(neighbours.precision() >= 1.0 && neighbours.recall() >= 1.0);
        assert!(neighbours.coverage() >= 1.0);
        assert!((neighbours.density() - 1.0).abs() < 1e-12);
    }
}
