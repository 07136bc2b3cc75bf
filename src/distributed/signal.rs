//! How a process goes on.

/// How a process goes on; of several, the last counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// With the next step.
    Continue = 0,
    /// The run gets no better, and is over.
    Finish = 1,
    /// It was asked to stop.
    Stop = 2,
    /// It cannot take the next step; those before it are good.
    GiveUp = 3,
}

impl Signal {
    /// The signal that this number stands for.
    pub(super) fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Continue,
            1 => Self::Finish,
            2 => Self::Stop,
            _ => Self::GiveUp,
        }
    }
}
