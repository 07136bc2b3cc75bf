//! What is checked before a run, and what its owner may not expect of it.

use super::error::TrainError;
use super::stage::total_steps;
use crate::config::{Mode, Policy, Recipe};
use crate::data::Dataset;
use crate::device::OpenDevice;
use crate::kernels::has_joint_norm;
use crate::progress::Counter;
use crate::style::{Manifest, Pace, StyleFolder};

/// Points out what the user may not expect of the recipe.
pub(super) fn warn(recipe: &Recipe, per_epoch: u64, pace: Pace) {
    let Recipe {
        optim, train, loss, ..
    } = recipe;
    if recipe.mode == Mode::Pix2pixhd && !recipe.data.instances {
        tracing::info!("no instance maps: the networks are not shown the edges of instances");
    }
    if recipe.mode == Mode::Pix2pixhd && loss.perceptual > 0.0 && loss.perceptual_weights.is_empty()
    {
        tracing::info!(
            "no perceptual loss: it needs the weights of VGG19 in `loss.perceptual_weights`"
        );
    }
    if train.evaluate_every == 0 && !train.metrics.is_empty() {
        tracing::info!(
            "nothing is measured while it trains: `train.evaluate_every` says after how many steps ({})",
            train.metrics
        );
    }
    if optim.fix_global_epochs > 0 && optim.fix_global_epochs >= recipe.stage_epochs() {
        tracing::warn!(
            "the global generator is never trained together with its enhancers: `optim.fix_global_epochs` is {}, and there are {} epochs",
            optim.fix_global_epochs,
            recipe.stage_epochs()
        );
    }
    let all = pace.step(recipe.total_epochs() as u64 * per_epoch);
    if train.max_steps > all {
        tracing::warn!(
            "the recipe's {} epochs have only {all} steps: raise `optim.epochs` for more",
            recipe.total_epochs()
        );
    }
    let last = recipe.stages().pop();
    let at_last = last.map_or(0, |stage| stage.stage_epochs() as u64 * per_epoch);
    let lower = recipe.total_epochs() as u64 * per_epoch - at_last;
    if !train.grow.is_empty() && train.max_steps > 0 && train.max_steps <= pace.step(lower) {
        tracing::warn!(
            "the run ends before it reaches its last size, after step {}: give its length with `--epochs`, which the sizes share, or set `train.grow_epochs`",
            pace.step(lower)
        );
    }
    if optim.policy == Policy::Cosine
        && optim.decay_epochs > 0
        && total_steps(recipe, per_epoch, pace) > pace.step(optim.epochs as u64 * per_epoch)
    {
        tracing::warn!(
            "the cosine policy ends with epoch {}: the learning rate rises again in the {} epochs after it; set `optim.decay_epochs = 0`",
            optim.epochs,
            optim.decay_epochs
        );
    }
}

/// Checks that the device can do what the recipe asks of several processes.
///
/// # Errors
/// It cannot.
pub(super) fn check_device(
    recipe: &Recipe,
    device: &OpenDevice,
    processes: usize,
) -> Result<(), TrainError> {
    if processes > 1 && recipe.train.sync_norm && !has_joint_norm(&device.device) {
        return Err(TrainError::NoJointNorm(device.name.to_string()));
    }
    Ok(())
}

/// Checks the pictures of a data set, and says what was found.
///
/// # Errors
/// One cannot be read, or does not fit the recipe.
pub(super) fn check(dataset: &Dataset) -> Result<(), TrainError> {
    let counter = Counter::new("checking pictures");
    let report = dataset.check(&|done, total| counter.update(done, 0, total));
    drop(counter);
    for line in report?.to_string().lines() {
        if let Some(warning) = line.strip_prefix("warning: ") {
            tracing::warn!("{warning}");
        } else {
            tracing::info!("{line}");
        }
    }
    Ok(())
}

/// Checks that the data is that of the run to resume.
pub(super) fn compare_data(
    before: &Manifest,
    fingerprint: &str,
    style: &StyleFolder,
) -> Result<(), TrainError> {
    let recorded = &before.training.data_fingerprint;
    if recorded.is_empty() || recorded == fingerprint {
        return Ok(());
    }
    Err(TrainError::OtherData {
        style: style.name(),
        samples: before.training.samples,
        root: before.recipe.data.root.clone(),
    })
}
