//! Exit codes.

use std::error::Error;

use super::export_error::ExportError;
use super::streams::StreamError;
use super::usage::UsageError;
use crate::apply::{ApplyError, MaskError, ShardError};
use crate::config::ConfigError;
use crate::data::DataError;
use crate::device::DeviceError;
use crate::distributed::{GroupError, LaunchError};
use crate::evaluate::{EvaluateError, UnknownMetric};
#[cfg(feature = "serve")]
use crate::serve::ServeError;
use crate::style::StyleError;
use crate::style::import::ImportError;
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
        if error.chain().any(is_usage) {
            Self::Usage
        } else {
            Self::Failed
        }
    }
}

/// Whether the command line or the recipe is wrong, and not what it was used on.
fn is_usage(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<ConfigError>()
        || cause.is::<UnknownMetric>()
        || cause.is::<UsageError>()
        || cause.is::<ShardError>()
        || cause.is::<LaunchError>()
        || cause.is::<StreamError>()
        || cause.is::<ExportError>()
        || matches!(
            group_error(cause),
            Some(GroupError::NotCompiled(_) | GroupError::Unequal { .. })
        )
        || is_serve_usage(cause)
        || matches!(
            cause.downcast_ref(),
            Some(
                DeviceError::Unknown(_)
                    | DeviceError::NotCompiled { .. }
                    | DeviceError::Precision { .. }
            )
        )
        || is_style_usage(cause)
        || is_place_usage(cause)
        || matches!(cause.downcast_ref(), Some(MaskError::NotFound(_)))
        || matches!(
            cause.downcast_ref(),
            Some(EvaluateError::NoMasksFor(_) | EvaluateError::NoMetrics)
        )
}

/// Whether there is no such style, or an option does not go with it or with the file to import.
fn is_style_usage(cause: &(dyn Error + 'static)) -> bool {
    matches!(
        cause.downcast_ref(),
        Some(
            StyleError::NotFound { .. }
                | StyleError::NotKept { .. }
                | StyleError::BadName(_)
                | StyleError::NoSuchDirection { .. }
                | StyleError::NoSuchNetwork { .. }
                | StyleError::FillsNoHoles { .. }
                | StyleError::NeedsMask(_)
                | StyleError::TranslatesNone(_)
                | StyleError::MakesNone { .. }
                | StyleError::EncodesNone { .. }
                | StyleError::NoOwnStatistics(_)
                | StyleError::FixedStatistics(_)
                | StyleError::Onnx(OnnxError::BadSize { .. } | OnnxError::BadOpset { .. })
        )
    ) || matches!(
        cause.downcast_ref(),
        Some(
            ImportError::FlagMismatch { .. }
                | ImportError::Key { .. }
                | ImportError::DirectionMismatch { .. }
                | ImportError::NetworkExists { .. }
                | ImportError::TrainedStyle(_)
                | ImportError::NotAStyle(_)
        )
    )
}

/// Whether the output, by its place or name, cannot be written or would replace something, or a setting of the data makes no sense.
fn is_place_usage(cause: &(dyn Error + 'static)) -> bool {
    matches!(
        cause.downcast_ref(),
        Some(
            ApplyError::OutputExists { .. }
                | ApplyError::OutputNotAFolder(_)
                | ApplyError::OutputInsideInput { .. }
                | ApplyError::ReplacesInput { .. }
                | ApplyError::Collision { .. }
                | ApplyError::DifferByCase { .. }
                | ApplyError::ReplacesMasks { .. }
                | ApplyError::ReportExists(_)
                | ApplyError::ReportIsAPicture(_)
                | ApplyError::ReportIsAnotherFile(_)
                | ApplyError::ReportIsAFolder(_)
        )
    ) || matches!(
        data_error(cause),
        Some(DataError::Exists(_) | DataError::SameFolder { .. } | DataError::BadSetting(_))
    )
}

/// What went wrong between processes; an error of the training is transparent and hides it from the chain.
fn group_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a GroupError> {
    match cause.downcast_ref() {
        Some(TrainError::Group(error)) => Some(error),
        _ => cause.downcast_ref(),
    }
}

/// What is wrong with data, hidden in the same way.
fn data_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a DataError> {
    match cause.downcast_ref() {
        Some(TrainError::Data(error)) => Some(error),
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
