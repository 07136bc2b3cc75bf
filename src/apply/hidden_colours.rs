//! What networks see where nothing can be seen.

use std::path::Path;

use crate::picture::{Amount, MAX_FILLED_PIXELS, SpooledPicture, fill_hidden};

/// What networks see where a picture is fully transparent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum TransparentPixels {
    /// The nearest colour that can be seen; the output has the input's own colour there
    #[default]
    Fill,
    /// The input's own colour
    Keep,
}

/// As [`fill_hidden`], for a picture that need not be in memory; `None` also if it is too large, which is noted.
pub(super) fn fill_hidden_of(
    pixels: &SpooledPicture,
    folder: &Path,
    notes: &mut Vec<String>,
) -> Result<Option<SpooledPicture>, String> {
    let (width, height) = pixels.size();
    if u64::from(width) * u64::from(height) > MAX_FILLED_PIXELS {
        notes.push(format!(
            "its network saw the colours under transparent pixels: they are only replaced up to {} pixels",
            Amount(MAX_FILLED_PIXELS)
        ));
        return Ok(None);
    }
    let whole = pixels.whole().map_err(|error| error.to_string())?;
    let filled = fill_hidden(&whole).map(|filled| SpooledPicture::of(&filled, folder));
    filled.transpose().map_err(|error| error.to_string())
}
