//! The parts of a data set.

/// Part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Pictures to learn from.
    Train,
    /// Pictures to watch the training with.
    Validation,
    /// Pictures to judge the result with.
    Test,
}

impl Split {
    /// What the names of folders that hold this split begin with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "val",
            Self::Test => "test",
        }
    }
}
