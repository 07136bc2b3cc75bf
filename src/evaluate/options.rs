//! What is measured and how.

use std::path::PathBuf;

use burn::tensor::Device;

use super::kernel_distance::KidSubsets;
use super::metric::Metric;
use super::pairs::PairSuffixes;
use crate::data::MaskThreshold;
use crate::features::Resize;

/// What is measured and how.
#[derive(Debug, Clone)]
pub struct EvaluateOptions {
    /// The metrics. They are shown in the order of [`Metric::ALL`].
    pub metrics: Vec<Metric>,
    /// A mask for all pairs or a folder of masks matched by name: only what is white in it counts. None for whole pictures.
    pub mask: Option<PathBuf>,
    /// From which grey on a pixel of a mask counts.
    pub mask_threshold: MaskThreshold,
    /// Ends of the names of real pictures and translations.
    pub suffixes: PairSuffixes,
    /// Files with the weights of networks, and folders with such files under their usual names.
    pub weights: Vec<PathBuf>,
    /// How pictures are brought to the size that Inception sees.
    pub resize: Resize,
    /// Whether features are kept beside the folders and taken from there.
    pub cache: bool,
    /// Subsets of the kernel distance.
    pub kid_subsets: KidSubsets,
    /// Device of the networks.
    pub device: Device,
    /// What random choices are drawn from.
    pub seed: u64,
}

impl Default for EvaluateOptions {
    fn default() -> Self {
        Self {
            metrics: Metric::DEFAULT.to_vec(),
            mask: None,
            mask_threshold: MaskThreshold::default(),
            suffixes: PairSuffixes::default(),
            weights: Vec::new(),
            resize: Resize::default(),
            cache: false,
            kid_subsets: KidSubsets::default(),
            device: Device::default(),
            seed: 0,
        }
    }
}
