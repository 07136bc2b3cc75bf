//! Exit codes.

use std::error::Error;

use crate::apply::{MaskError, ShardError};
use crate::config::ConfigError;
use crate::device::DeviceError;
use crate::distributed::{GroupError, LaunchError};
use crate::evaluate::UnknownMetric;
#[cfg(feature = "serve")]
use crate::serve::ServeError;
use crate::style::StyleError;
use crate::style::onnx::OnnxError;
use crate::train::TrainError;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// Bad usage or configuration.
    Usage = 2,
    /// Finished, but some inputs failed.
    SomeFailed = 3,
}

impl Exit {
    /// The code for an error.
    pub fn of(error: &anyhow::Error) -> Self {
        let usage = error.chain().any(|cause| {
            cause.is::<ConfigError>()
                || cause.is::<UnknownMetric>()
                || cause.is::<super::usage::UsageError>()
                || cause.is::<ShardError>()
                || cause.is::<LaunchError>()
                || matches!(
                    group_error(cause),
                    Some(GroupError::NotCompiled(_) | GroupError::Unequal { .. })
                )
                || cause.is::<super::streams::StreamError>()
                || is_serve_usage(cause)
                || matches!(
                    cause.downcast_ref(),
                    Some(
                        DeviceError::Unknown(_)
                            | DeviceError::NotCompiled { .. }
                            | DeviceError::Precision { .. }
                    )
                )
                || matches!(
                    cause.downcast_ref(),
                    Some(
                        StyleError::BadName(_)
                            | StyleError::NeedsMask(_)
                            | StyleError::TranslatesNone(_)
                            | StyleError::MakesNone { .. }
                            | StyleError::EncodesNone { .. }
                            | StyleError::FixedStatistics(_)
                            | StyleError::Onnx(
                                OnnxError::BadSize { .. } | OnnxError::BadOpset { .. }
                            )
                    )
                )
                || matches!(cause.downcast_ref(), Some(MaskError::NotFound(_)))
        });
        if usage { Self::Usage } else { Self::Failed }
    }
}

/// What went wrong between processes; an error of the training is transparent and hides it from the chain.
fn group_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a GroupError> {
    match cause.downcast_ref() {
        Some(TrainError::Group(error)) => Some(error),
        _ => cause.downcast_ref(),
    }
}

/// Whether a server cannot be what was asked for.
#[cfg(feature = "serve")]
fn is_serve_usage(cause: &(dyn Error + 'static)) -> bool {
    matches!(
        cause.downcast_ref(),
        Some(
            ServeError::WeakToken(_)
                | ServeError::BadToken
                | ServeError::BadHost(_)
                | ServeError::NoRoot(_)
        )
    )
}

#[cfg(not(feature = "serve"))]
fn is_serve_usage(_: &(dyn Error + 'static)) -> bool {
    false
}
