//! Errors of training.

use std::path::PathBuf;

use crate::config::Mode;
use crate::data::DataError;
use crate::distributed::GroupError;
use crate::files::FileError;
use crate::kernels::DeviceFailure;
use crate::nn::TensorError;
use crate::style::StyleError;
use crate::style::import::ImportError;

/// Why a training run stops.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A picture went missing or was damaged during the run.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The mode belongs to a part of the program that is not there.
    #[error("this program has no method for mode `{}`", .0.name())]
    NoMethod(Mode),
    /// A file of the style cannot be read or written, or is wrong.
    #[error(transparent)]
    Style(#[from] StyleError),
    /// An imported weight file cannot be used.
    #[error(transparent)]
    Weights(#[from] ImportError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A loss is infinite or not a number.
    #[error(
        "loss {name} is {value} at step {step}: {}; lower `optim.lr`, or choose another `loss.gan`",
        kept_text(*checkpoint)
    )]
    NonFinite {
        /// Loss.
        name: &'static str,
        /// Its value.
        value: f64,
        /// Step at which it appeared.
        step: u64,
        /// Step of the last good checkpoint.
        checkpoint: Option<u64>,
    },
    /// The weights of a network are infinite or not numbers.
    #[error(
        "the weights of `{network}` are not finite after step {step}, and were not saved: lower `optim.lr`"
    )]
    NonFiniteWeights {
        /// Network.
        network: &'static str,
        /// Step after which they were to be saved.
        step: u64,
    },
    /// The data of the run to resume is not where it was.
    #[error("`{}` is not a folder: if the training pictures are elsewhere now, say where with `--data DIR`", .0.display())]
    DataMoved(PathBuf),
    /// The weights to begin with belong to other networks.
    #[error("the recipe does not fit `{style}`: {}; leave these settings out to take those of the style, or leave out `--init-from`", differences.join(", "))]
    OtherNetworks {
        /// Style.
        style: String,
        /// One text for each key that differs.
        differences: Vec<String>,
    },
    /// The data differs from that of the run to resume.
    #[error(
        "the training pictures are not those that `{style}` was trained on ({samples} samples{}): \
         names or sizes of files have changed; start a new style, from these weights with `--init-from`",
        place(root)
    )]
    OtherData {
        /// Style.
        style: String,
        /// Samples that it was trained on.
        samples: u64,
        /// Where they were.
        root: String,
    },
    /// `--init-from` found no weight file.
    #[error("`{}` has none of the weight files of this mode: {wanted}", folder.display())]
    NoInitialWeights {
        /// The folder.
        folder: PathBuf,
        /// Files that were looked for.
        wanted: String,
    },
    /// `--init-from` names a generator with enhancers, and the first stage has none.
    #[error("`{}` has enhancers, which the first stage would discard: set `optim.global_epochs=0` and `optim.global_decay_epochs=0` to continue from all of it", .0.display())]
    EnhancersLeftOut(PathBuf),
    /// The saved state is damaged.
    #[error("the saved state `{}` is damaged: {message}; start a new style from the weights of this one with `--init-from`, or start over with `--overwrite`", path.display())]
    BadState {
        /// Folder or file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A trained style whose state has been deleted.
    #[error(
        "`{}` has weights but no saved state to resume from: start a new style from them with `--init-from {}`",
        .0.display(),
        .0.display()
    )]
    NoState(PathBuf),
    /// A run with given weights that was killed before these were saved.
    #[error("`{}` was stopped before its initial weights were saved: start it again with `--overwrite --init-from`", .0.display())]
    NoInitialState(PathBuf),
    /// The device has no batch normalisation of several processes.
    #[error(
        "device `{0}` cannot share the statistics of batch normalisation between processes: use cpu or libtorch, or set `train.sync_norm` to false"
    )]
    NoJointNorm(String),
    /// The processes that train together were not started alike, or one of them has failed.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// The processes that train together have lost each other.
    #[error("after step {step}: {source}; {}, `--resume` goes on", kept_text(*checkpoint))]
    Parted {
        /// Steps done.
        step: u64,
        /// Step of the last checkpoint.
        checkpoint: Option<u64>,
        /// What has happened.
        source: GroupError,
    },
    /// The state of another process makes no sense.
    #[error("the state that another process has sent is damaged: {0}")]
    Received(#[from] TensorError),
    /// The device has failed.
    #[error("{}{}", .0, advice(.0))]
    Device(DeviceFailure),
    /// An evaluation has failed.
    #[error("cannot evaluate after step {step}: {message}")]
    Evaluation {
        /// Steps done.
        step: u64,
        /// Why.
        message: String,
    },
    /// The report cannot be drawn.
    #[error("cannot draw the report: {0}")]
    Report(String),
}

fn kept_text(checkpoint: Option<u64>) -> String {
    checkpoint.map_or("there is no earlier checkpoint".to_owned(), |step| {
        format!("the checkpoint of step {step} is kept")
    })
}

fn advice(failure: &DeviceFailure) -> &'static str {
    if failure.is_of_memory() {
        ": lower `data.batch_size`, `data.crop_size` or `generator.channels`"
    } else {
        ""
    }
}

/// Where a style's pictures were; those of the program lie in no folder.
fn place(root: &str) -> String {
    if root.is_empty() {
        " of the program itself".to_owned()
    } else {
        format!(" in `{root}`")
    }
}
