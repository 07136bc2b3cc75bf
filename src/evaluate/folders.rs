//! Comparing two folders.

use std::path::Path;

use super::error::EvaluateError;
use super::evaluation::Evaluation;
use super::hole_masks::HoleMasks;
use super::metric::{Metric, Scope};
use super::options::EvaluateOptions;
use super::paired::{Measurements, measure_pairs};
use super::pairs::find;
use super::perceptual;
use super::scores::{Scores, mean};
use super::sets::Sets;

/// Compares a folder of translations with a folder of real pictures.
///
/// Metrics of pairs compare pictures that have the same relative path without extension; metrics of sets compare all pictures of
/// one folder with all of the other. All pictures are taken as upright 8-bit RGB, so that a grey picture equals its
/// three-channel copy. With masks, PSNR and L1 are over the pixels of the holes, and SSIM is over the windows around them; pairs
/// without a mask, or whose hole is empty or too near to the border for SSIM, are left out.
///
/// # Errors
/// A folder is missing or empty, nothing matches, pictures cannot be read, a pair's sizes differ, no pair has a hole that can
/// be measured, or a metric is asked for that masks do not restrict; all offenders are counted and the first are named.
pub fn evaluate(
    real: &Path,
    fake: &Path,
    options: &EvaluateOptions,
) -> Result<Evaluation, EvaluateError> {
    let asked = |metric: &Metric| options.metrics.contains(metric);
    let metrics: Vec<Metric> = Metric::ALL.into_iter().filter(asked).collect();
    if metrics.is_empty() {
        return Err(EvaluateError::NoMetrics);
    }
    if options.mask.is_some()
        && let Some(metric) = metrics.iter().find(|metric| !metric.takes_masks())
    {
        return Err(EvaluateError::NoMasksFor(*metric));
    }
    let (of_pairs, of_sets): (Vec<Metric>, Vec<Metric>) = metrics
        .iter()
        .partition(|metric| metric.scope() == Scope::Pair);
    let mut evaluation = Evaluation {
        pairs: 0,
        masked: options.mask.is_some(),
        metrics: Scores::default(),
        equal_pairs: 0,
        pictures: Vec::new(),
        left_out: Vec::new(),
        too_small: Vec::new(),
        not_compared: Vec::new(),
        only_real: Vec::new(),
        only_fake: Vec::new(),
        sets: None,
        suffixes: options.suffixes.clone(),
    };
    if !of_pairs.is_empty() {
        add_pairs(&mut evaluation, real, fake, &of_pairs, options)?;
    }
    if !of_sets.is_empty() {
        let sets = Sets::open(real, fake, &options.suffixes)?;
        let (scores, details) = sets.measure(&of_sets, options)?;
        for (metric, score) in scores {
            evaluation.metrics.push(metric, score);
        }
        evaluation.sets = Some(details);
    }
    if options.suffixes.real == options.suffixes.fake && is_one_folder(real, fake) {
        let words = "both folders are the same: every picture was compared with itself";
        evaluation.not_compared.push(words.to_owned());
    }
    Ok(evaluation)
}

fn is_one_folder(real: &Path, fake: &Path) -> bool {
    matches!((real.canonicalize(), fake.canonicalize()), (Ok(real), Ok(fake)) if real == fake)
}

fn add_pairs(
    evaluation: &mut Evaluation,
    real: &Path,
    fake: &Path,
    metrics: &[Metric],
    options: &EvaluateOptions,
) -> Result<(), EvaluateError> {
    let pairs = find(real, fake, &options.suffixes)?;
    let masks = options.mask.as_deref().map(HoleMasks::open).transpose()?;
    let Measurements {
        mut pictures,
        left_out,
        mut too_small,
        not_compared,
    } = measure_pairs(
        &pairs.matched,
        metrics,
        masks.as_ref(),
        options.mask_threshold,
    )?;
    if metrics.iter().any(|metric| metric.network().is_some()) {
        // None is left out, since these metrics take no masks.
        let more = perceptual::add_scores(&mut pictures, &pairs.matched, metrics, options)?;
        too_small.extend(more);
    }
    let means = metrics
        .iter()
        .map(|&metric| (metric, mean(&pictures, metric)));
    evaluation.metrics = Scores::new(means.collect());
    let psnr = pictures
        .iter()
        .filter_map(|picture| picture.scores.get(Metric::Psnr));
    evaluation.equal_pairs = psnr.filter(|value| value.is_infinite()).count();
    evaluation.pairs = pictures.len();
    evaluation.pictures = pictures;
    evaluation.left_out = left_out;
    evaluation.too_small = too_small;
    evaluation.not_compared = not_compared;
    evaluation.only_real = pairs.only_real;
    evaluation.only_fake = pairs.only_fake;
    Ok(())
}
