//! Section `[train]`: the loop.

use serde::{Deserialize, Serialize};

use crate::config::growth_level::GrowthLevel;
use crate::kernels::Precision;

/// Section `[train]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainRecipe {
    /// Seed of initial weights, order, augmentation and dropout.
    pub seed: u64,
    /// Precision in which convolutions compute.
    #[serde(default)]
    pub precision: Precision,
    /// Samples of a batch that go through the networks at once, whose gradients are then added; 0: one where a processor
    /// [learns one by one](crate::config::Recipe::learns_one_by_one), else all (not generate, vae).
    #[serde(default)]
    pub micro_batch: usize,
    /// Whether batch normalisation takes its statistics from the samples of all processes that train together, not from those of each.
    #[serde(default)]
    pub sync_norm: bool,
    /// Steps between lines of `metrics.jsonl`.
    pub log_every: u64,
    /// Steps between previews.
    pub preview_every: u64,
    /// Steps between checkpoints.
    pub checkpoint_every: u64,
    /// Stop after this many steps; 0 to run all epochs.
    pub max_steps: u64,
    /// Steps between states of the style that are kept; 0 for none.
    #[serde(default)]
    pub keep_every: u64,
    /// Epochs between states of the style that are kept; 0 for none.
    #[serde(default)]
    pub keep_every_epochs: u64,
    /// Steps between evaluations; 0 for none.
    #[serde(default)]
    pub evaluate_every: u64,
    /// Metrics of an evaluation, separated by commas; the first decides which weights are best. Empty for those of the mode.
    #[serde(default)]
    pub metrics: String,
    /// Evaluations without a new best after which the run is over; 0 to run on.
    #[serde(default)]
    pub stop_after: u64,
    /// Sides of the crop that are trained on one after the other, the last of which is that of `data.crop_size`; empty for that
    /// alone (pix2pix, cycle, contrastive, generate).
    #[serde(default)]
    pub grow: Vec<usize>,
    /// Epochs of each of these but the last; empty to share the epochs of the run out evenly.
    #[serde(default)]
    pub grow_epochs: Vec<usize>,
    /// The place of this recipe in a run that grows: set in its [stages](crate::config::Recipe::stages) alone, and in no file.
    #[serde(skip)]
    pub level: Option<GrowthLevel>,
}
