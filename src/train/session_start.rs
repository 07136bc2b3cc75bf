//! How a training session begins.

use crate::style::{ApplyDefaults, Manifest, StyleFolder};

/// How a session begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionStart {
    /// With fresh weights, in a folder that is empty or whose style is replaced.
    Fresh,
    /// With the weights of this style, which may be no more than weight files.
    From(StyleFolder),
    /// Where an earlier run stopped.
    Resume,
    /// The same, where the run is part of a larger one: nobody has asked for it, and nothing is said of it.
    GoOn,
    /// As the leader of the group does, of which this process is not the leader.
    Follow,
}

impl SessionStart {
    /// Whether it goes on from a saved state.
    pub(super) fn is_resumed(&self) -> bool {
        matches!(self, Self::Resume | Self::GoOn)
    }

    /// How pictures are translated by default: as by the style that the session begins with.
    pub(super) fn apply_defaults(&self) -> ApplyDefaults {
        match self {
            Self::From(style) => Manifest::read(style)
                .map(|manifest| manifest.apply)
                .unwrap_or_default(),
            Self::Fresh | Self::Resume | Self::GoOn | Self::Follow => ApplyDefaults::default(),
        }
    }
}
