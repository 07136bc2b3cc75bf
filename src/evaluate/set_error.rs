//! Why sets of pictures cannot be measured.

use std::path::PathBuf;

use super::metric::Metric;
use crate::files::FileError;
use crate::nn::TensorError;
use crate::picture::PictureError;
use crate::style::import::ImportError;

/// Why sets of pictures cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// A picture that cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// A picture is too small for a metric.
    #[error("`{}` is too small for {metric}: pictures must have sides of {min_side} pixels or more", path.display())]
    TooSmall {
        /// The picture.
        path: PathBuf,
        /// The metric.
        metric: &'static str,
        /// The least width and height.
        min_side: u32,
    },
    /// Features cannot be put aside.
    #[error("cannot keep features in a temporary file: {source}")]
    Storage {
        /// What the system said.
        source: std::io::Error,
    },
    /// Features cannot be kept for the next time.
    #[error(transparent)]
    Cache(#[from] FileError),
    /// A metric needs more pictures.
    #[error("{metric} needs {least} pictures or more in each folder: `{}` has {found}", folder.display())]
    TooFew {
        /// The metric.
        metric: Metric,
        /// The least number.
        least: usize,
        /// The folder.
        folder: PathBuf,
        /// How many it has.
        found: usize,
    },
    /// The weights of a network are not there.
    #[error("{metric} needs the weights of {network}: put the file in `{}`, or give it to `translate evaluate` with --weights; {known}", folder.display())]
    NoWeights {
        /// The metric.
        metric: Metric,
        /// The network.
        network: &'static str,
        /// Where files are looked for.
        folder: PathBuf,
        /// What is known of the usual file.
        known: &'static str,
    },
    /// A file of weights cannot be read.
    #[error(transparent)]
    Unopened(#[from] ImportError),
    /// Weights are not those of a network.
    #[error("cannot take the weights of {network} from `{}`: {source}", path.display())]
    BadWeights {
        /// The network.
        network: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: TensorError,
    },
    /// Files of weights of no network that is known.
    #[error("`{}` has the weights of none of the networks that metrics use: Inception, AlexNet, VGG16", .0.display())]
    UnknownWeights(PathBuf),
    /// Weights without a classifier.
    #[error("is needs the classes of Inception, and `{}` has no `fc.weight`: take the whole file, or leave is out of the metrics", .0.display())]
    NoClassifier(PathBuf),
}

impl SetError {
    pub(super) fn unreadable(error: PictureError) -> Self {
        Self::Unreadable(error.to_string())
    }
}
