//! Measuring pairs of pictures, pixel by pixel.

use std::path::Path;

use image::RgbImage;
use rayon::prelude::*;

use super::error::EvaluateError;
use super::hole_masks::{HoleMaskError, HoleMasks};
use super::metric::Metric;
use super::pairs::Pair;
use super::scores::{PictureScores, Scores};
use super::{ms_ssim, pixel_metrics, ssim};
use crate::picture::read_rgb;

/// Why a pair cannot be measured, with the words that name it.
enum Offence {
    Unreadable(String),
    Sizes(String),
    TooSmall(String),
    TooSmallForScales(String),
    Mask(String),
    /// Not a mistake: there is nothing to measure.
    NothingToMeasure(String),
}

/// The scores of all pairs and the words for those that are left out, unless there are mistakes. Pairs are measured in parallel.
pub(super) fn measure_pairs(
    pairs: &[Pair],
    metrics: &[Metric],
    masks: Option<&HoleMasks>,
) -> Result<(Vec<PictureScores>, Vec<String>), EvaluateError> {
    let measured: Vec<Result<PictureScores, Offence>> = pairs
        .par_iter()
        .map(|pair| measure(pair, metrics, masks))
        .collect();
    without_offences(measured)
}

fn measure(
    pair: &Pair,
    metrics: &[Metric],
    masks: Option<&HoleMasks>,
) -> Result<PictureScores, Offence> {
    let read = |path: &Path| {
        read_rgb(path)
            .map(|picture| picture.pixels)
            .map_err(|error| Offence::Unreadable(error.to_string()))
    };
    let (real, fake) = (read(&pair.real)?, read(&pair.fake)?);
    check_sizes(&pair.name, &real, &fake, metrics)?;
    let mask = masks
        .map(|masks| masks.mask_for(&pair.name, real.dimensions()))
        .transpose()
        .map_err(|problem| match problem {
            HoleMaskError::Missing(words) => Offence::NothingToMeasure(words),
            HoleMaskError::Wrong(words) => Offence::Mask(words),
        })?;
    let score = |&metric: &Metric| {
        let score = match &mask {
            None => pixel_metrics::measure(metric, &real, &fake),
            Some(mask) => pixel_metrics::measure_hole(metric, &real, &fake, mask),
        };
        score.map(|score| (metric, score))
    };
    let scores: Vec<(Metric, f64)> = metrics.iter().filter_map(score).collect();
    if scores.iter().any(|(_, score)| score.is_nan()) {
        return Err(Offence::NothingToMeasure(format!(
            "`{}` (its hole is within 5 pixels of the border, where ssim has no windows: --metrics psnr,l1 includes it)",
            pair.name
        )));
    }
    Ok(PictureScores {
        name: pair.name.clone(),
        scores: Scores::new(scores),
    })
}

fn check_sizes(
    name: &str,
    real: &RgbImage,
    fake: &RgbImage,
    metrics: &[Metric],
) -> Result<(), Offence> {
    let (width, height) = real.dimensions();
    if real.dimensions() != fake.dimensions() {
        return Err(Offence::Sizes(format!(
            "`{name}` ({width}x{height} and {}x{})",
            fake.width(),
            fake.height()
        )));
    }
    let side = width.min(height);
    let words = || format!("`{name}` ({width}x{height})");
    if metrics.contains(&Metric::Ssim) && side < ssim::WINDOW as u32 {
        return Err(Offence::TooSmall(words()));
    }
    if metrics.contains(&Metric::MsSsim) && side < ms_ssim::MIN_SIDE {
        return Err(Offence::TooSmallForScales(words()));
    }
    Ok(())
}

/// Makes an error of the words that name the offenders.
type Mistake = fn(Vec<String>) -> EvaluateError;

fn without_offences(
    measured: Vec<Result<PictureScores, Offence>>,
) -> Result<(Vec<PictureScores>, Vec<String>), EvaluateError> {
    let mut pictures = Vec::with_capacity(measured.len());
    let (mut unreadable, mut sizes, mut too_small) = (Vec::new(), Vec::new(), Vec::new());
    let (mut masks, mut left_out, mut for_scales) = (Vec::new(), Vec::new(), Vec::new());
    for picture in measured {
        match picture {
            Ok(picture) => pictures.push(picture),
            Err(Offence::Unreadable(words)) => unreadable.push(words),
            Err(Offence::Sizes(words)) => sizes.push(words),
            Err(Offence::TooSmall(words)) => too_small.push(words),
            Err(Offence::TooSmallForScales(words)) => for_scales.push(words),
            Err(Offence::Mask(words)) => masks.push(words),
            Err(Offence::NothingToMeasure(words)) => left_out.push(words),
        }
    }
    let mistakes: [(Vec<String>, Mistake); 5] = [
        (unreadable, EvaluateError::Unreadable),
        (sizes, EvaluateError::Sizes),
        (too_small, EvaluateError::TooSmall),
        (for_scales, EvaluateError::TooSmallForScales),
        (masks, EvaluateError::Masks),
    ];
    for (words, error) in mistakes {
        if !words.is_empty() {
            return Err(error(words));
        }
    }
    if pictures.is_empty() {
        return Err(EvaluateError::NothingToMeasure(left_out));
    }
    Ok((pictures, left_out))
}
