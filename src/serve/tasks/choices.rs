//! The choices of `translate apply`, as clients write them.

use clap::ValueEnum;

use crate::apply::{Depth, OutputFormat, PairHalf, SizeChoice, TransparentPixels};
use crate::config::Direction;

/// How pictures are translated.
#[derive(Debug, Clone)]
pub(in crate::serve) struct Choices {
    /// None for the style's own.
    pub(in crate::serve) direction: Option<Direction>,
    pub(in crate::serve) size: Option<SizeChoice>,
    pub(in crate::serve) restore: bool,
    pub(in crate::serve) half: Option<PairHalf>,
    pub(in crate::serve) samples: usize,
    pub(in crate::serve) seed: u64,
    pub(in crate::serve) dropout: bool,
    pub(in crate::serve) transparent: TransparentPixels,
}

/// How translations are written.
#[derive(Debug, Clone, Copy)]
pub(in crate::serve) struct FileChoices {
    pub(in crate::serve) format: OutputFormat,
    pub(in crate::serve) depth: Depth,
    pub(in crate::serve) quality: Option<u8>,
}

impl FileChoices {
    /// The choices as they are written; `keeps_pixels` where pixels must stay what they are.
    ///
    /// # Errors
    /// One is none of those that there are.
    pub(in crate::serve) fn parse(
        format: Option<&str>,
        depth: Option<&str>,
        quality: Option<u8>,
        keeps_pixels: bool,
    ) -> Result<Self, OrderError> {
        if quality.is_some_and(|quality| !(1..=100).contains(&quality)) {
            return Err(wrong("quality", "write a number from 1 to 100"));
        }
        let format = match choice("format", format)? {
            OutputFormat::Same if keeps_pixels => OutputFormat::Lossless,
            format => format,
        };
        if quality.is_some() && !matches!(format, OutputFormat::Same | OutputFormat::Jpg) {
            return Err(wrong("quality", "it is for format jpg: leave it out"));
        }
        Ok(Self {
            format,
            depth: choice("depth", depth)?,
            quality,
        })
    }
}

/// A request that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("`{key}`: {message}")]
pub(in crate::serve) struct OrderError {
    key: &'static str,
    message: String,
}

/// A direction; none for the style's own.
///
/// # Errors
/// It is none.
pub(in crate::serve) fn direction(text: Option<&str>) -> Result<Option<Direction>, OrderError> {
    let parsed = text.map(|text| Direction::from_str(text, false));
    parsed
        .transpose()
        .map_err(|_| wrong("direction", "write AtoB or BtoA"))
}

/// A size; none for what the style has.
///
/// # Errors
/// It is none.
pub(in crate::serve) fn size(text: Option<&str>) -> Result<Option<SizeChoice>, OrderError> {
    let parsed = text.map(str::parse).transpose();
    parsed.map_err(|error: crate::apply::SizeError| wrong("size", error.to_string()))
}

/// Refuses to bring back translations that have no other size.
///
/// # Errors
/// There is no size.
pub(in crate::serve) fn check_restore(restore: bool, size: Option<&str>) -> Result<(), OrderError> {
    if restore && size.is_none() {
        return Err(wrong(
            "restore",
            "it goes with a `size`: give one, or leave it out",
        ));
    }
    Ok(())
}

/// One of the values that a flag of `translate apply` has.
///
/// # Errors
/// It is none of them.
pub(in crate::serve) fn choice<T: ValueEnum + Default>(
    key: &'static str,
    text: Option<&str>,
) -> Result<T, OrderError> {
    let Some(text) = text else {
        return Ok(T::default());
    };
    T::from_str(text, false).map_err(|_| {
        let values = T::value_variants().iter().filter_map(T::to_possible_value);
        let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
        wrong(key, format!("write {}", names.join(" or ")))
    })
}

/// The half that is meant; none for the whole.
///
/// # Errors
/// There is no such half.
pub(in crate::serve) fn half(text: Option<&str>) -> Result<Option<PairHalf>, OrderError> {
    match text {
        None | Some("whole") => Ok(None),
        Some("left") => Ok(Some(PairHalf::Left)),
        Some("right") => Ok(Some(PairHalf::Right)),
        Some(_) => Err(wrong("side", "write left, right or whole")),
    }
}

pub(in crate::serve) fn wrong(key: &'static str, message: impl Into<String>) -> OrderError {
    OrderError {
        key,
        message: message.into(),
    }
}
