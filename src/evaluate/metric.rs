//! The metrics: their names, what they look at and how they are to be read.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::features::FeatureNetwork;

/// Neighbours whose distance is the radius of a picture's ball, for precision and recall.
pub(super) const PRECISION_NEIGHBOURS: usize = 3;
/// The same for density and coverage.
pub(super) const DENSITY_NEIGHBOURS: usize = 5;

/// A measure of translations against real pictures. `docs/metrics.md` has definitions, sources and ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Peak signal-to-noise ratio in decibels, of 8-bit RGB with peak 255: higher is better, infinite for equal pictures.
    Psnr,
    /// Structural similarity (Wang et al., 2004) with Gaussian weights: higher is better, 1 for equal pictures.
    Ssim,
    /// Mean absolute difference of 8-bit RGB divided by 255: lower is better, from 0 to 1. On the [-1, 1] that networks see, it is twice this.
    L1,
    /// Structural similarity at five scales (Wang, Simoncelli and Bovik, 2003): higher is better, 1 for equal pictures.
    MsSsim,
    /// Learned perceptual similarity with AlexNet (Zhang et al., 2018): lower is better, 0 for equal pictures.
    Lpips,
    /// The same with VGG16.
    LpipsVgg,
    /// Deep image structure and texture similarity (Ding et al., 2020): lower is better, 0 for equal pictures.
    Dists,
    /// Fréchet Inception distance (Heusel et al., 2017): lower is better, 0 for equal sets.
    Fid,
    /// Kernel Inception distance (Bińkowski et al., 2018): lower is better, about 0 for sets that are alike, below it by chance.
    Kid,
    /// Inception score of the translations alone (Salimans et al., 2016): higher is better, from 1 to the number of classes.
    Is,
    /// Share of translations that lie among the real pictures (Kynkäänniemi et al., 2019): higher is better, from 0 to 1.
    Precision,
    /// Share of real pictures that lie among the translations (Kynkäänniemi et al., 2019): higher is better, from 0 to 1.
    Recall,
    /// How densely real pictures lie around the translations (Naeem et al., 2020): higher is better, about 1 for sets that are alike.
    Density,
    /// Share of real pictures with a translation near by (Naeem et al., 2020): higher is better, from 0 to 1.
    Coverage,
    /// Sliced Wasserstein distance of patches of a Laplacian pyramid, times 1000 (Karras et al., 2018): lower is better, 0 for equal sets.
    Swd,
    /// Earth mover's distance of the colour histograms in Oklab, summed over its three axes: lower is better, 0 for equal sets.
    Colour,
    /// Distance between two translations as a share of that between two real pictures: about 1 for sets that are equally diverse,
    /// 0 where all translations look alike.
    Diversity,
}

/// What a metric compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Each translation with the real picture of its name.
    Pair,
    /// All translations with all real pictures, whatever their names.
    Set,
}

/// Which way a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
}

impl Metric {
    /// All metrics, in the order in which they are shown.
    pub const ALL: [Self; 17] = [
        Self::Psnr,
        Self::Ssim,
        Self::L1,
        Self::MsSsim,
        Self::Lpips,
        Self::LpipsVgg,
        Self::Dists,
        Self::Fid,
        Self::Kid,
        Self::Is,
        Self::Precision,
        Self::Recall,
        Self::Density,
        Self::Coverage,
        Self::Swd,
        Self::Colour,
        Self::Diversity,
    ];

    /// The metrics measured unless others are asked for.
    pub const DEFAULT: [Self; 3] = [Self::Psnr, Self::Ssim, Self::L1];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Psnr => "psnr",
            Self::Ssim => "ssim",
            Self::L1 => "l1",
            Self::MsSsim => "ms_ssim",
            Self::Lpips => "lpips",
            Self::LpipsVgg => "lpips_vgg",
            Self::Dists => "dists",
            Self::Fid => "fid",
            Self::Kid => "kid",
            Self::Is => "is",
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::Density => "density",
            Self::Coverage => "coverage",
            Self::Swd => "swd",
            Self::Colour => "colour",
            Self::Diversity => "diversity",
        }
    }

    /// The heading of its column: name and unit or range.
    pub fn label(self) -> &'static str {
        match self {
            Self::Psnr => "psnr (dB)",
            Self::L1 => "l1 (0 to 1)",
            Self::Swd => "swd (x 1000)",
            Self::Colour => "colour (Oklab)",
            _ => self.name(),
        }
    }

    /// What it compares.
    pub fn scope(self) -> Scope {
        match self {
            Self::Psnr
            | Self::Ssim
            | Self::L1
            | Self::MsSsim
            | Self::Lpips
            | Self::LpipsVgg
            | Self::Dists => Scope::Pair,
            _ => Scope::Set,
        }
    }

    /// Which way it improves.
    pub fn direction(self) -> Direction {
        match self {
            Self::Psnr
            | Self::Ssim
            | Self::MsSsim
            | Self::Is
            | Self::Precision
            | Self::Recall
            | Self::Density
            | Self::Coverage
            | Self::Diversity => Direction::Higher,
            _ => Direction::Lower,
        }
    }

    /// Whether it can be restricted to the holes of a mask.
    pub fn takes_masks(self) -> bool {
        matches!(self, Self::Psnr | Self::Ssim | Self::L1)
    }

    /// The network whose features it compares.
    pub fn network(self) -> Option<FeatureNetwork> {
        match self {
            Self::Fid
            | Self::Kid
            | Self::Is
            | Self::Precision
            | Self::Recall
            | Self::Density
            | Self::Coverage => Some(FeatureNetwork::Inception),
            Self::Lpips => Some(FeatureNetwork::AlexNet),
            Self::LpipsVgg | Self::Dists => Some(FeatureNetwork::Vgg16),
            _ => None,
        }
    }

    /// The least number of pictures in a folder with which it can be calculated.
    pub fn min_pictures(self) -> usize {
        match self {
            Self::Fid | Self::Kid | Self::Diversity => 2,
            Self::Precision | Self::Recall => PRECISION_NEIGHBOURS + 1,
            Self::Density | Self::Coverage => DENSITY_NEIGHBOURS + 1,
            _ => 1,
        }
    }

    /// The number of pictures in a folder below which it says little, and what is wrong with it then.
    pub(super) fn trusted_from(self) -> Option<(usize, &'static str)> {
        match self {
            Self::Fid => Some((
                2048,
                "its covariances are then singular, and it is too high by an amount that grows as pictures get fewer: compare only values of the same number of pictures, or use kid, which has no such bias",
            )),
            Self::Kid => Some((50, "it then scatters widely")),
            Self::Is => Some((
                5000,
                "it is then too low: compare only values of the same number of pictures",
            )),
            Self::Precision | Self::Recall | Self::Density | Self::Coverage => {
                Some((1000, "it then depends much on the number of pictures"))
            }
            Self::Swd | Self::Diversity => Some((100, "it then scatters widely")),
            _ => None,
        }
    }

    /// Decimals that are worth showing.
    pub fn decimals(self) -> usize {
        match self {
            Self::Psnr | Self::Swd => 3,
            Self::Kid => 6,
            _ => 4,
        }
    }

    /// The names of all metrics, for messages.
    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl Direction {
    /// In words: "higher is better".
    pub fn words(self) -> &'static str {
        match self {
            Self::Higher => "higher is better",
            Self::Lower => "lower is better",
        }
    }

    /// Whether `value` is better than `other`.
    pub fn improves(self, value: f64, other: f64) -> bool {
        match self {
            Self::Higher => value > other,
            Self::Lower => value < other,
        }
    }
}

/// A metric that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("unknown metric `{0}`: choose among {names}", names = Metric::names())]
pub struct UnknownMetric(pub String);

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(text: &str) -> Result<Self, UnknownMetric> {
        let named = |metric: &Self| metric.name() == text.trim();
        let found = Self::ALL.into_iter().find(named);
        found.ok_or_else(|| UnknownMetric(text.to_owned()))
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_metrics_are_told_the_known_ones() {
        assert_eq!(" ssim".parse::<Metric>().unwrap(), Metric::Ssim);
        let error = "fidd".parse::<Metric>().unwrap_err().to_string();
        assert!(
            error.starts_with("unknown metric `fidd`: choose among psnr, ssim, l1, ms_ssim"),
            "{error}"
        );
    }
}
