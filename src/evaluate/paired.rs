//! Measuring pairs of pictures, pixel by pixel.

use std::path::Path;

use image::RgbImage;
use rayon::prelude::*;

use super::error::EvaluateError;
use super::hole_masks::{HoleMaskError, HoleMasks};
use super::metric::Metric;
use super::omissions::{Omissions, read_compared, summed_up};
use super::pairs::Pair;
use super::scores::{PictureScores, Scores};
use super::{ms_ssim, pixel_metrics, ssim};
use crate::data::MaskThreshold;

/// Why a pair cannot be measured, with the words that name it.
enum Offence {
    Unreadable(String),
    Sizes(String),
    Mask(String),
    /// Not a mistake: there is nothing to measure.
    NothingToMeasure(String),
}

/// The scores of pairs, and words for what was not measured.
pub(super) struct Measurements {
    pub(super) pictures: Vec<PictureScores>,
    /// Pairs without a hole to measure.
    pub(super) left_out: Vec<String>,
    /// Pairs that are too small for a metric.
    pub(super) too_small: Vec<String>,
    /// What of the files was not compared.
    pub(super) not_compared: Vec<String>,
}

/// A pair that was measured.
struct Measured {
    scores: PictureScores,
    too_small: Vec<String>,
    omissions: Omissions,
}

/// Measures all pairs in parallel, unless there are mistakes.
pub(super) fn measure_pairs(
    pairs: &[Pair],
    metrics: &[Metric],
    masks: Option<&HoleMasks>,
    threshold: MaskThreshold,
) -> Result<Measurements, EvaluateError> {
    let measured: Vec<Result<Measured, Offence>> = pairs
        .par_iter()
        .map(|pair| measure(pair, metrics, masks, threshold))
        .collect();
    let (measured, left_out) = without_offences(measured)?;
    let (mut pictures, mut too_small, mut omissions) = (Vec::new(), Vec::new(), Vec::new());
    for measured in measured {
        pictures.push(measured.scores);
        too_small.extend(measured.too_small);
        omissions.extend(measured.omissions);
    }
    let is_measured = |metric: Metric| {
        !metrics.contains(&metric)
            || pictures
                .iter()
                .any(|picture: &PictureScores| picture.scores.get(metric).is_some())
    };
    let all_small: [(Metric, Mistake); 2] = [
        (Metric::Ssim, EvaluateError::TooSmall),
        (Metric::MsSsim, EvaluateError::TooSmallForScales),
    ];
    for (metric, error) in all_small {
        if !is_measured(metric) {
            too_small.retain(|words: &String| words.ends_with(&format!(", {metric})")));
            return Err(error(too_small));
        }
    }
    Ok(Measurements {
        pictures,
        left_out,
        too_small,
        not_compared: summed_up(omissions),
    })
}

fn measure(
    pair: &Pair,
    metrics: &[Metric],
    masks: Option<&HoleMasks>,
    threshold: MaskThreshold,
) -> Result<Measured, Offence> {
    let read =
        |path: &Path| read_compared(path).map_err(|error| Offence::Unreadable(error.to_string()));
    let (real, mut omissions) = read(&pair.real)?;
    let (fake, more) = read(&pair.fake)?;
    omissions.extend(more);
    check_sizes(&pair.name, &real, &fake)?;
    let (width, height) = real.dimensions();
    let fits = |metric: &Metric| width.min(height) >= min_side(*metric);
    let small = metrics.iter().filter(|metric| !fits(metric));
    let too_small = small.map(|metric| format!("`{}` ({width}x{height}, {metric})", pair.name));
    let too_small: Vec<String> = too_small.collect();
    let mask = masks
        .map(|masks| masks.mask_for(&pair.name, real.dimensions(), threshold))
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
    let measurable = metrics.iter().filter(|metric| fits(metric));
    let scores: Vec<(Metric, f64)> = measurable.filter_map(score).collect();
    if scores.iter().any(|(_, score)| score.is_nan()) {
        return Err(Offence::NothingToMeasure(format!(
            "`{}` (its hole is within 5 pixels of the border, where ssim has no windows: --metrics psnr,l1 includes it)",
            pair.name
        )));
    }
    Ok(Measured {
        scores: PictureScores {
            name: pair.name.clone(),
            scores: Scores::new(scores),
        },
        too_small,
        omissions,
    })
}

/// The side of the smallest pictures that a metric of pixels takes.
fn min_side(metric: Metric) -> u32 {
    match metric {
        Metric::Ssim => ssim::WINDOW as u32,
        Metric::MsSsim => ms_ssim::MIN_SIDE,
        _ => 1,
    }
}

fn check_sizes(name: &str, real: &RgbImage, fake: &RgbImage) -> Result<(), Offence> {
    let (width, height) = real.dimensions();
    if real.dimensions() != fake.dimensions() {
        return Err(Offence::Sizes(format!(
            "`{name}` ({width}x{height} and {}x{})",
            fake.width(),
            fake.height()
        )));
    }
    Ok(())
}

/// Makes an error of the words that name the offenders.
type Mistake = fn(Vec<String>) -> EvaluateError;

fn without_offences(
    measured: Vec<Result<Measured, Offence>>,
) -> Result<(Vec<Measured>, Vec<String>), EvaluateError> {
    let mut pictures = Vec::with_capacity(measured.len());
    let (mut unreadable, mut sizes) = (Vec::new(), Vec::new());
    let (mut masks, mut left_out) = (Vec::new(), Vec::new());
    for picture in measured {
        match picture {
            Ok(picture) => pictures.push(picture),
            Err(Offence::Unreadable(words)) => unreadable.push(words),
            Err(Offence::Sizes(words)) => sizes.push(words),
            Err(Offence::Mask(words)) => masks.push(words),
            Err(Offence::NothingToMeasure(words)) => left_out.push(words),
        }
    }
    let mistakes: [(Vec<String>, Mistake); 3] = [
        (unreadable, EvaluateError::Unreadable),
        (sizes, EvaluateError::Sizes),
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
