//! What a comparison of two folders finds.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use super::error::listed;
use super::metric::{Metric, Scope};
use super::pairs::PairSuffixes;
use super::scores::{PictureScores, Scores};
use super::sets::SetDetails;
use crate::data::differ_by_case;
use crate::files::{FileError, write_atomically};

/// What a comparison of two folders finds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Number of pairs compared; 0 where no metric of pairs was asked for.
    pub pairs: usize,
    /// Whether only what is white in masks was compared.
    pub masked: bool,
    /// Means over the pairs, and the metrics of sets. Equal pairs, whose PSNR is infinite, are left out of its mean; it is infinite when all pairs are equal.
    pub metrics: Scores,
    /// Pairs that are equal in every pixel; counted when the PSNR is measured.
    pub equal_pairs: usize,
    /// The pairs, sorted by name.
    pub pictures: Vec<PictureScores>,
    /// Pairs that are not compared because no hole of theirs can be measured, each with the reason.
    pub left_out: Vec<String>,
    /// Pairs that are too small for a metric, which is not measured of them.
    pub too_small: Vec<String>,
    /// What of the files was not compared, or makes the comparison worth little.
    pub not_compared: Vec<String>,
    /// Names that only the folder of real pictures has.
    pub only_real: Vec<String>,
    /// Names that only the folder of translations has.
    pub only_fake: Vec<String>,
    /// What belongs to the metrics of sets; `None` if none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sets: Option<SetDetails>,
    /// The ends of names by which pictures were matched.
    #[serde(skip)]
    pub suffixes: PairSuffixes,
}

impl Evaluation {
    /// A plain-text table: a row for each pair, then the means, then a line for each metric of sets.
    pub fn to_table(&self) -> String {
        let mut text = String::new();
        if self.pairs > 0 {
            self.write_pairs(&mut text);
        }
        let of_sets = |(metric, _): &(Metric, f64)| metric.scope() == Scope::Set;
        let lines: Vec<(Metric, f64)> = self.metrics.iter().filter(of_sets).collect();
        if !text.is_empty() && !lines.is_empty() {
            text.push('\n');
        }
        let labels = lines.iter().map(|(metric, _)| metric.label().len());
        let widest = labels.max().unwrap_or_default();
        for (metric, value) in lines {
            let (label, decimals) = (metric.label(), metric.decimals());
            let words = metric.direction().words();
            let _ = writeln!(text, "{label:widest$}  {value:>12.decimals$}  {words}");
        }
        if let Some(sets) = &self.sets {
            let _ = writeln!(text, "{}", sets.summary());
        }
        text
    }

    fn write_pairs(&self, table: &mut String) {
        let mean = format!("mean of {}", self.pairs);
        let names = self.pictures.iter().map(|picture| picture.name.as_str());
        let widest = names
            .chain(["name", &mean])
            .map(|name| name.chars().count());
        let widest = widest.max().unwrap_or_default();
        let columns: Vec<Metric> = self
            .metrics
            .iter()
            .map(|(metric, _)| metric)
            .filter(|metric| metric.scope() == Scope::Pair)
            .collect();
        let _ = write!(table, "{:widest$}", "name");
        for metric in &columns {
            let _ = write!(table, "  {:>6}", metric.label());
        }
        table.push('\n');
        let rows = self
            .pictures
            .iter()
            .map(|row| (row.name.as_str(), &row.scores));
        for (name, scores) in rows.chain([(mean.as_str(), &self.metrics)]) {
            let _ = write!(table, "{name:widest$}");
            for &metric in &columns {
                let (width, decimals) = (metric.label().len().max(6), metric.decimals());
                let _ = match scores.get(metric) {
                    Some(value) => write!(table, "  {value:width$.decimals$}"),
                    None => write!(table, "  {:>width$}", "-"),
                };
            }
            table.push('\n');
        }
    }

    /// What should be known about the numbers: pairs left out, pictures without a partner, and equal pairs.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (names, what) in [
            (&self.left_out, "left out, without a hole to measure"),
            (
                &self.too_small,
                "too small for a metric, which is not measured of them",
            ),
            (&self.only_real, "in the real folder without a translation"),
            (&self.only_fake, "in the fake folder without a real picture"),
        ] {
            if !names.is_empty() {
                warnings.push(listed(what, names));
            }
        }
        warnings.extend(self.nearly_named());
        warnings.extend(self.not_compared.clone());
        if let Some(sets) = &self.sets {
            let smaller = sets.real.min(sets.fake);
            for (metric, _) in self.metrics.iter() {
                if let Some((count, words)) = metric.trusted_from()
                    && smaller < count
                {
                    warnings.push(format!(
                        "{metric} of fewer than {count} pictures ({smaller} here) means little: {words}"
                    ));
                }
            }
        }
        if self.equal_pairs > 0 {
            warnings.push(format!(
                "{} of {} pairs are equal in every pixel: their psnr is infinite and not in the mean",
                self.equal_pairs, self.pairs
            ));
        }
        warnings
    }

    /// Pictures without a partner that differ from another one in large and small letters alone.
    fn nearly_named(&self) -> impl Iterator<Item = String> + '_ {
        self.only_real.iter().filter_map(|real| {
            let fake = self.only_fake.iter().find(|fake| differ_by_case(real, fake))?;
            Some(format!(
                "the names `{real}` and `{fake}` differ in large and small letters alone, and are no pair: rename one"
            ))
        })
    }

    /// Writes all of it as JSON.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| FileError::context("write", path)(error.into()))?;
        text.push('\n');
        write_atomically(path, text.as_bytes())
    }
}
