//! Errors of those who use a style.

use std::error::Error;

use super::coded_picture::CoderError;
use super::sampler::SamplerError;

/// Whether `error` says that a style was asked for something that it cannot do.
pub fn is_usage(error: &(dyn Error + 'static)) -> bool {
    error.is::<SamplerError>() || matches!(error.downcast_ref(), Some(CoderError::NoClass { .. }))
}
