//! Measuring all pairs, and what comes of it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::error::{EvaluateError, listed};
use super::hole_masks::{HoleMasks, NoHole};
use super::metric::Metric;
use super::omissions::{Omissions, counted, read_compared};
use super::pairs::{Pair, PairSuffixes, find};
use super::similarity::WINDOW;
use crate::data::MaskThreshold;
use crate::files::{FileError, write_atomically};

/// What is measured.
#[derive(Debug, Clone)]
pub struct EvaluateOptions {
    /// The metrics. They are shown in the order of [`Metric::ALL`].
    pub metrics: Vec<Metric>,
    /// A mask for all pairs or a folder of masks matched by name: only what is white in it counts. None for whole pictures.
    pub mask: Option<PathBuf>,
    /// From which grey on a pixel of a mask counts.
    pub mask_threshold: MaskThreshold,
    /// Ends of the names of real pictures and translations.
    pub suffixes: PairSuffixes,
}

impl Default for EvaluateOptions {
    fn default() -> Self {
        Self {
            metrics: Metric::ALL.to_vec(),
            mask: None,
            mask_threshold: MaskThreshold::default(),
            suffixes: PairSuffixes::default(),
        }
    }
}

/// The metrics of one pair of pictures or of all.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores(Vec<(Metric, f64)>);

impl Scores {
    /// The value of a metric, if it was measured.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        let found = self.0.iter().find(|(measured, _)| *measured == metric);
        found.map(|&(_, value)| value)
    }
}

impl Serialize for Scores {
    /// An object with a number for each metric. JSON has no infinity: an infinite PSNR is null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (metric, value) in &self.0 {
            map.serialize_entry(metric, &value.is_finite().then_some(value))?;
        }
        map.end()
    }
}

/// The scores of one pair.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PictureScores {
    /// Path relative to the folders, without the extension.
    pub name: String,
    /// The metrics.
    #[serde(flatten)]
    pub scores: Scores,
}

/// What a comparison of two folders found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Number of pairs compared.
    pub pairs: usize,
    /// Means over the pairs. Equal pairs, whose PSNR is infinite, are left out of its mean; it is infinite when all pairs are equal.
    pub metrics: Scores,
    /// Pairs that are equal in every pixel; counted when the PSNR is measured.
    pub equal_pairs: usize,
    /// The pairs, sorted by name.
    pub pictures: Vec<PictureScores>,
    /// Pairs that are not compared because no hole of theirs can be measured, each with the reason.
    pub left_out: Vec<String>,
    /// Pairs that are smaller than the windows of SSIM, which is not measured of them.
    pub too_small: Vec<String>,
    /// What of the files was not compared, or makes the comparison worth little.
    pub not_compared: Vec<String>,
    /// Names that only the folder of real pictures has.
    pub only_real: Vec<String>,
    /// Names that only the folder of translations has.
    pub only_fake: Vec<String>,
}

/// Compares the pictures of two folders that have the same relative path without extension.
///
/// With masks, PSNR and L1 are over the pixels of the holes, and SSIM is over the windows around them. Pairs without a mask, or
/// whose hole is empty or too near to the border for SSIM, are left out.
/// Both pictures are taken as upright 8-bit RGB, so that a grey picture equals its three-channel copy. Pairs are measured in parallel.
///
/// # Errors
/// A folder is missing or empty, nothing matches, pictures cannot be read, a pair's sizes differ, or no pair has a hole that can
/// be measured; all offenders are counted and the first are named.
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
    let pairs = find(real, fake, &options.suffixes)?;
    let masks = options.mask.as_deref().map(HoleMasks::open).transpose()?;
    let measured: Vec<Result<Measured, Offence>> = pairs
        .matched
        .par_iter()
        .map(|pair| measure(pair, &metrics, masks.as_ref(), options.mask_threshold))
        .collect();
    let (measured, left_out) = without_offences(measured)?;
    let (mut pictures, mut too_small, mut omissions) = (Vec::new(), Vec::new(), Vec::new());
    for measured in measured {
        too_small.extend(measured.too_small);
        omissions.extend(measured.omissions);
        pictures.push(measured.scores);
    }
    if metrics == [Metric::Ssim] && too_small.len() == pictures.len() {
        return Err(EvaluateError::TooSmall(too_small));
    }
    let mut not_compared = counted(omissions);
    if options.suffixes.real == options.suffixes.fake && is_one_folder(real, fake) {
        not_compared
            .push("both folders are the same: every picture was compared with itself".to_owned());
    }
    Ok(Evaluation {
        too_small,
        not_compared,
        pairs: pictures.len(),
        metrics: means(&pictures, &metrics),
        equal_pairs: infinite(&pictures, Metric::Psnr),
        pictures,
        left_out,
        only_real: pairs.only_real,
        only_fake: pairs.only_fake,
    })
}

fn is_one_folder(real: &Path, fake: &Path) -> bool {
    matches!((real.canonicalize(), fake.canonicalize()), (Ok(real), Ok(fake)) if real == fake)
}

/// A pair that was measured.
struct Measured {
    scores: PictureScores,
    /// The words that name it, if it has no window of SSIM.
    too_small: Option<String>,
    omissions: Omissions,
}

/// Why a pair cannot be measured, with the words that name it.
enum Offence {
    Unreadable(String),
    Sizes(String),
    Mask(String),
    /// Not a mistake: there is nothing to measure.
    NothingToMeasure(String),
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
    let (width, height) = real.dimensions();
    if real.dimensions() != fake.dimensions() {
        return Err(Offence::Sizes(format!(
            "`{}` ({width}x{height} and {}x{})",
            pair.name,
            fake.width(),
            fake.height()
        )));
    }
    let is_small = width.min(height) < WINDOW as u32;
    let too_small = (is_small && metrics.contains(&Metric::Ssim))
        .then(|| format!("`{}` ({width}x{height})", pair.name));
    let fits = |metric: &&Metric| !is_small || **metric != Metric::Ssim;
    let mask = masks
        .map(|masks| masks.of(&pair.name, real.dimensions(), threshold))
        .transpose()
        .map_err(|problem| match problem {
            NoHole::Missing(words) => Offence::NothingToMeasure(words),
            NoHole::Wrong(words) => Offence::Mask(words),
        })?;
    let score = |&metric: &Metric| {
        let score = match &mask {
            None => metric.measure(&real, &fake),
            Some(mask) => metric.measure_hole(&real, &fake, mask),
        };
        (metric, score)
    };
    let scores: Vec<(Metric, f64)> = metrics.iter().filter(fits).map(score).collect();
    if scores.iter().any(|(_, score)| score.is_nan()) {
        return Err(Offence::NothingToMeasure(format!(
            "`{}` (its hole is within 5 pixels of the border, where ssim has no windows: --metrics psnr,l1 includes it)",
            pair.name
        )));
    }
    Ok(Measured {
        scores: PictureScores {
            name: pair.name.clone(),
            scores: Scores(scores),
        },
        too_small,
        omissions,
    })
}

/// The pairs that were measured and the words for those that are left out, unless there are mistakes.
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
    if !unreadable.is_empty() {
        return Err(EvaluateError::Unreadable(unreadable));
    }
    if !sizes.is_empty() {
        return Err(EvaluateError::Sizes(sizes));
    }
    if !masks.is_empty() {
        return Err(EvaluateError::Masks(masks));
    }
    if pictures.is_empty() {
        return Err(EvaluateError::NothingToMeasure(left_out));
    }
    Ok((pictures, left_out))
}

fn means(pictures: &[PictureScores], metrics: &[Metric]) -> Scores {
    let mean = |&metric: &Metric| {
        let values = || {
            pictures
                .iter()
                .filter_map(|picture| picture.scores.get(metric))
        };
        let finite = || values().filter(|value| value.is_finite());
        let mean = match finite().count() {
            // Equal pairs alone; or none that is large enough.
            0 if values().next().is_some() => f64::INFINITY,
            0 => f64::NAN,
            count => finite().sum::<f64>() / count as f64,
        };
        (metric, mean)
    };
    Scores(metrics.iter().map(mean).collect())
}

fn infinite(pictures: &[PictureScores], metric: Metric) -> usize {
    let values = pictures
        .iter()
        .filter_map(|picture| picture.scores.get(metric));
    values.filter(|value| value.is_infinite()).count()
}

impl Evaluation {
    /// A plain-text table: a row for each pair, then the means.
    pub fn to_table(&self) -> String {
        let mean = format!("mean of {}", self.pairs);
        let names = self.pictures.iter().map(|picture| picture.name.as_str());
        let widest = names
            .chain(["name", &mean])
            .map(|name| name.chars().count());
        let widest = widest.max().unwrap_or_default();
        let mut table = format!("{:widest$}", "name");
        for (metric, _) in &self.metrics.0 {
            let _ = write!(table, "  {:>6}", metric.label());
        }
        table.push('\n');
        let rows = self
            .pictures
            .iter()
            .map(|row| (row.name.as_str(), &row.scores));
        for (name, scores) in rows.chain([(mean.as_str(), &self.metrics)]) {
            let _ = write!(table, "{name:widest$}");
            for &(metric, _) in &self.metrics.0 {
                let (width, decimals) = (metric.label().len().max(6), metric.decimals());
                let _ = match scores.get(metric).filter(|value| !value.is_nan()) {
                    Some(value) => write!(table, "  {value:width$.decimals$}"),
                    None => write!(table, "  {:>width$}", "-"),
                };
            }
            table.push('\n');
        }
        table
    }

    /// What should be known about the numbers: pairs left out, pictures without a partner, and equal pairs.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (names, what) in [
            (&self.left_out, "left out, without a hole to measure"),
            (
                &self.too_small,
                "smaller than the 11x11 pixels that ssim looks at, which is not measured of them",
            ),
            (&self.only_real, "in the real folder without a translation"),
            (&self.only_fake, "in the fake folder without a real picture"),
        ] {
            if !names.is_empty() {
                warnings.push(listed(what, names));
            }
        }
        warnings.extend(self.not_compared.clone());
        if self.equal_pairs > 0 {
            warnings.push(format!(
                "{} of {} pairs are equal in every pixel: their psnr is infinite and not in the mean",
                self.equal_pairs, self.pairs
            ));
        }
        warnings
    }

    /// Writes all of it as JSON.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| FileError::context("write", path)(error.into()))?;
        text.push('\n');
        write_atomically(path, text.as_bytes())
    }
}
