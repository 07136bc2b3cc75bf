//! Per-call settings of layers that differ between training and inference.

use std::sync::Arc;

use crate::config::{GeneratorArch, Recipe, Samples};
use crate::kernels::Exchange;

/// Where batch normalisation takes its mean and variance from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum NormStats {
    /// From the input itself, as the reference implementations do in test mode.
    Batch,
    /// From the running averages of training.
    Running,
}

impl NormStats {
    /// Those of a recipe's generator unless others are asked for.
    pub fn usual(recipe: &Recipe) -> Self {
        match recipe.mode.samples() {
            // One window has too few pixels for statistics of its own, and one sample must not depend on the others.
            Samples::Holes | Samples::Pictures => Self::Running,
            // As in the paper's tests: a picture's own contrast is to be kept.
            Samples::Pairs if recipe.generator.arch == GeneratorArch::Srresnet => Self::Running,
            Samples::Pairs | Samples::Sets | Samples::Maps => Self::Batch,
        }
    }
}

/// What normalisation and dropout do in a forward pass. Passed with each call, so that no hidden mode can be wrong.
#[derive(Debug, Clone, Copy)]
pub struct ForwardMode<'a> {
    /// Where batch normalisation takes its statistics from.
    pub norm_stats: NormStats,
    /// Whether batch normalisation updates its running averages, and spectral normalisation its singular vectors.
    pub update_running: bool,
    /// Whether dropout is active.
    pub dropout: bool,
    /// Whether each picture of a batch is translated as it would be alone: batch normalisation then takes the statistics of each picture, not
    /// of all.
    pub each_alone: bool,
    /// How batch normalisation takes its statistics from the samples of several processes; none where each has its own.
    pub exchange: Option<&'a Arc<dyn Exchange>>,
}

impl ForwardMode<'_> {
    /// Training: statistics of the batch, running averages updated, dropout active.
    pub const TRAINING: Self = Self {
        norm_stats: NormStats::Batch,
        update_running: true,
        dropout: true,
        each_alone: false,
        exchange: None,
    };

    /// Inference with a trained network.
    pub const fn inference(norm_stats: NormStats, dropout: bool) -> Self {
        Self {
            norm_stats,
            update_running: false,
            dropout,
            each_alone: false,
            exchange: None,
        }
    }

    /// The same for a batch of pictures that have nothing to do with each other.
    pub const fn for_each_alone(self) -> Self {
        Self {
            each_alone: true,
            ..self
        }
    }
}
