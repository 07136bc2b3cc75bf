//! Measuring sets of pictures, whatever their names.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::colour::colour_distance;
use super::diversity::diversity;
use super::error::EvaluateError;
use super::inception_metrics::{self, Extraction, InceptionDetails, PictureSet};
use super::kernel_distance::KidSubsets;
use super::metric::Metric;
use super::options::EvaluateOptions;
use super::pairs::{PairSuffixes, pictures_with_suffix};
use super::swd::{SwdLevel, swd};
use super::weights::WeightFiles;
use crate::features::FeatureNetwork;

/// What belongs to the metrics of sets besides their values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetDetails {
    /// Number of real pictures.
    pub real: usize,
    /// Number of translations.
    pub fake: usize,
    /// What belongs to the metrics of Inception's features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inception: Option<InceptionDetails>,
    /// The levels of the sliced Wasserstein distance, the finest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub swd_levels: Vec<SwdLevel>,
    /// Whether the pictures have several sizes, so that this distance is that of their centres.
    #[serde(skip_serializing_if = "is_false")]
    pub swd_of_centres: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // That is what serde asks for.
fn is_false(value: &bool) -> bool {
    !value
}

impl SetDetails {
    /// What the values were calculated of and how, on one line.
    pub(super) fn summary(&self) -> String {
        let mut text = format!(
            "of {} real and {} translated pictures",
            self.real, self.fake
        );
        if let Some(inception) = &self.inception {
            let _ = write!(
                text,
                ", resized as --resize {}, with `{}`",
                inception.resize.name(),
                inception.weights.display()
            );
            if let (Some(subsets), Some(deviation)) =
                (inception.kid_subsets, inception.kid_deviation)
            {
                let KidSubsets { count, size } = subsets;
                let _ = write!(
                    text,
                    "; kid: deviation {deviation:.6} over {count} subsets of {size}"
                );
            }
            if let Some(deviation) = inception.is_deviation {
                let _ = write!(text, "; is: deviation {deviation:.4}");
            }
        }
        if let (true, Some(level)) = (self.swd_of_centres, self.swd_levels.first()) {
            let SwdLevel { width, height, .. } = level;
            let _ = write!(
                text,
                "; swd of their centres, {width}x{height}, because they have several sizes"
            );
        }
        text
    }
}

/// The pictures of both folders.
pub(super) struct Sets<'a> {
    folders: [&'a Path; 2],
    real: Vec<PathBuf>,
    fake: Vec<PathBuf>,
}

impl<'a> Sets<'a> {
    /// Lists the pictures of both folders, sorted by path.
    pub(super) fn open(
        real: &'a Path,
        fake: &'a Path,
        suffixes: &PairSuffixes,
    ) -> Result<Self, EvaluateError> {
        let list = |folder: &Path, suffix: &str| -> Result<Vec<PathBuf>, EvaluateError> {
            Ok(pictures_with_suffix(folder, suffix)?
                .into_values()
                .collect())
        };
        Ok(Self {
            folders: [real, fake],
            real: list(real, &suffixes.real)?,
            fake: list(fake, &suffixes.fake)?,
        })
    }

    /// Measures `metrics`, all of sets.
    pub(super) fn measure(
        &self,
        metrics: &[Metric],
        options: &EvaluateOptions,
    ) -> Result<(Vec<(Metric, f64)>, SetDetails), EvaluateError> {
        let mut details = SetDetails {
            real: self.real.len(),
            fake: self.fake.len(),
            inception: None,
            swd_levels: Vec::new(),
            swd_of_centres: false,
        };
        let mut scores = Vec::with_capacity(metrics.len());
        let of_inception: Vec<Metric> = metrics
            .iter()
            .copied()
            .filter(|metric| metric.network() == Some(FeatureNetwork::Inception))
            .collect();
        if let Some(first) = of_inception.first() {
            let files = WeightFiles::open(&options.weights)?;
            let extraction = Extraction {
                weights: &files.find(FeatureNetwork::Inception, *first)?,
                resize: options.resize,
                cache: options.cache,
                device: &options.device,
            };
            let [real, fake] =
                [(0, &self.real), (1, &self.fake)].map(|(side, pictures)| PictureSet {
                    folder: self.folders[side],
                    pictures,
                });
            let (measured, inception) = inception_metrics::measure(
                &of_inception,
                real,
                fake,
                &extraction,
                options.kid_subsets,
            )?;
            scores = measured;
            details.inception = Some(inception);
        }
        for &metric in metrics {
            let score = match metric {
                Metric::Swd => {
                    let found = swd(&self.real, &self.fake, options.seed)?;
                    (details.swd_levels, details.swd_of_centres) = (found.levels, found.is_cropped);
                    let levels = details.swd_levels.iter().map(|level| level.distance);
                    levels.sum::<f64>() / details.swd_levels.len() as f64
                }
                Metric::Colour => colour_distance(&self.real, &self.fake)?,
                Metric::Diversity => diversity(&self.real, &self.fake)?,
                _ => continue,
            };
            scores.push((metric, score));
        }
        Ok((scores, details))
    }
}
