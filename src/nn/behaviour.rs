//! How layers that behave differently in training and in use are to behave in one forward pass.

use crate::config::Mode;

/// Where batch normalisation takes its mean and variance from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum NormStats {
    /// From the picture itself: what the reference implementations' test mode does.
    Batch,
    /// From the running averages of training.
    Running,
}

impl NormStats {
    /// Those of a mode unless others are asked for.
    pub fn usual(mode: Mode) -> Self {
        match mode {
            // One window has too few pixels for statistics of its own.
            Mode::Inpaint => Self::Running,
            Mode::Pix2pix | Mode::Cycle | Mode::Pix2pixhd => Self::Batch,
        }
    }
}

/// What normalisation and dropout do in a forward pass. Said with each pass, so that no hidden mode can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behaviour {
    /// Where batch normalisation takes its statistics from.
    pub norm_stats: NormStats,
    /// Whether batch normalisation moves its running averages.
    pub update_running: bool,
    /// Whether dropout drops.
    pub dropout: bool,
}

impl Behaviour {
    /// Training: statistics of the batch, running averages move, dropout drops.
    pub const TRAINING: Self = Self {
        norm_stats: NormStats::Batch,
        update_running: true,
        dropout: true,
    };

    /// Use of a trained network.
    pub const fn inference(norm_stats: NormStats, dropout: bool) -> Self {
        Self {
            norm_stats,
            update_running: false,
            dropout,
        }
    }
}
