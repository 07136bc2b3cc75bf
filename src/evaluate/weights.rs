//! Finding the weights of the networks that metrics use. Nothing is ever downloaded.

use std::env;
use std::path::{Path, PathBuf};

use super::metric::Metric;
use super::options::EvaluateOptions;
use super::set_error::SetError;
use crate::features::FeatureNetwork;
use crate::style::import::WeightFile;

/// The files that are given and the folders in which others are looked for.
#[derive(Debug)]
pub(super) struct WeightFiles {
    given: Vec<(FeatureNetwork, PathBuf)>,
    folders: Vec<PathBuf>,
}

impl WeightFiles {
    /// Looks at the files that are given, and at those with usual names in folders that are given.
    ///
    /// # Errors
    /// A file cannot be read, or has the weights of none of the networks.
    pub(super) fn open(paths: &[PathBuf]) -> Result<Self, SetError> {
        let mut given = Vec::new();
        let mut folders = Vec::new();
        for path in paths {
            if path.is_dir() {
                folders.push(path.clone());
                continue;
            }
            let file = WeightFile::open(path)?;
            let shapes: Vec<(&str, &[usize])> = file.shapes().collect();
            let network = FeatureNetwork::recognise(shapes.iter().copied());
            let network = network.ok_or_else(|| SetError::UnknownWeights(path.clone()))?;
            given.push((network, path.clone()));
        }
        folders.extend(usual_folders());
        Ok(Self { given, folders })
    }

    /// The file of a network, which `metric` needs: the one that is given, or else the first in the folders.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn find(
        &self,
        network: FeatureNetwork,
        metric: Metric,
    ) -> Result<PathBuf, SetError> {
        let given = self.given.iter().find(|(given, _)| *given == network);
        if let Some((_, path)) = given {
            return Ok(path.clone());
        }
        let names = network.usual_files();
        let candidates = self
            .folders
            .iter()
            .flat_map(|folder| names.iter().map(move |name| folder.join(name)));
        let mut files = candidates.filter(|path| path.is_file());
        files.next().ok_or_else(|| SetError::NoWeights {
            metric,
            network: network.name(),
            folder: self.folders.first().cloned().unwrap_or_default(),
            known: network.usual_file(),
        })
    }
}

/// Makes sure that the weights are there that the metrics of `options` need.
///
/// # Errors
/// They are not, or a file of them cannot be read.
pub fn require_weights(options: &EvaluateOptions) -> Result<(), SetError> {
    let files = WeightFiles::open(&options.weights)?;
    for &metric in &options.metrics {
        if let Some(network) = metric.network() {
            files.find(network, metric)?;
        }
    }
    Ok(())
}

/// The cache folders of this program and of PyTorch.
fn usual_folders() -> Vec<PathBuf> {
    let home = env::home_dir();
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| home.map(|home| home.join(".cache")));
    let torch = env::var_os("TORCH_HOME")
        .map(PathBuf::from)
        .or_else(|| cache.as_deref().map(|cache| cache.join("torch")));
    let own = cache.as_deref().map(|cache: &Path| cache.join("translate"));
    let torch = torch.map(|torch| torch.join("hub").join("checkpoints"));
    own.into_iter().chain(torch).collect()
}
