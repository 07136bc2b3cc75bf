//! Which of two runs is better, picture by picture.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::bootstrap::{Interval, mean_interval, sign_flip_test};
use super::error::EvaluateError;
use super::evaluation::Evaluation;
use super::metric::{Direction, Metric, Scope};
use crate::files;

/// Two runs by one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricComparison {
    /// The metric.
    pub metric: Metric,
    /// Pictures that both runs have.
    pub pictures: usize,
    /// Mean of the first run.
    pub first: f64,
    /// Mean of the second run.
    pub second: f64,
    /// Interval of the mean of second less first.
    pub difference: Interval,
    /// How likely so large a difference is by chance, if neither run is better.
    pub p_value: f64,
}

/// Two runs by all metrics of pairs that their reports share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// One entry for each metric.
    pub metrics: Vec<MetricComparison>,
}

/// The scores of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunScores {
    /// Whether only what is white in masks was measured, where that is known.
    pub masked: Option<bool>,
    /// Of each picture the values by name of metric.
    pictures: BTreeMap<String, BTreeMap<String, f64>>,
}

impl RunScores {
    /// Scores of the pairs of an evaluation.
    pub fn of(evaluation: &Evaluation) -> Self {
        let pictures = evaluation.pictures.iter().map(|picture| {
            let scores = picture.scores.iter();
            let scores = scores.filter(|(_, value)| value.is_finite());
            let scores = scores.map(|(metric, value)| (metric.name().to_owned(), value));
            (picture.name.clone(), scores.collect())
        });
        Self {
            masked: Some(evaluation.masked),
            pictures: pictures.collect(),
        }
    }

    /// These metrics alone.
    #[must_use]
    pub fn only(mut self, metrics: &[Metric]) -> Self {
        for scores in self.pictures.values_mut() {
            scores.retain(|name, _| metrics.iter().any(|metric| metric.name() == name));
        }
        self
    }

    /// Scores of a JSON report.
    ///
    /// # Errors
    /// The file cannot be read or is no such report.
    pub fn read(path: &Path) -> Result<Self, EvaluateError> {
        let bytes = files::read(path)?;
        let bad = |message: String| EvaluateError::NoReport {
            path: path.to_owned(),
            message,
        };
        let report: Value =
            serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        let pictures = report["pictures"].as_array();
        let pictures = pictures.ok_or_else(|| bad("it has no `pictures`".to_owned()))?;
        let mut found = BTreeMap::new();
        for picture in pictures {
            let name = picture["name"].as_str();
            let name = name.ok_or_else(|| bad("a picture has no `name`".to_owned()))?;
            let scores = picture.as_object().into_iter().flatten();
            let scores =
                scores.filter_map(|(metric, value)| Some((metric.clone(), value.as_f64()?)));
            found.insert(name.to_owned(), scores.collect());
        }
        Ok(Self {
            masked: report["masked"].as_bool(),
            pictures: found,
        })
    }
}

impl Comparison {
    /// Compares two runs. Pictures are matched by name; those without a finite value in both are left out.
    ///
    /// None if they have nothing in common.
    pub fn new(one: &RunScores, two: &RunScores, seed: u64) -> Option<Self> {
        let of_pairs = Metric::ALL
            .into_iter()
            .filter(|metric| metric.scope() == Scope::Pair);
        let metrics = of_pairs.filter_map(|metric| compare(metric, one, two, seed));
        let metrics: Vec<_> = metrics.collect();
        (!metrics.is_empty()).then_some(Self { metrics })
    }

    /// A line for each metric that says which run is better and by how much.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for comparison in &self.metrics {
            let MetricComparison {
                metric,
                pictures,
                first,
                second,
                difference,
                p_value,
            } = comparison;
            let decimals = metric.decimals();
            let _ = writeln!(
                text,
                "{}: {first:.decimals$} and {second:.decimals$} on {pictures} pictures ({}); second less first {:.decimals$}, 95% interval {:.decimals$} to {:.decimals$}, p = {p_value:.4}: {}",
                metric.label(),
                metric.direction().words(),
                second - first,
                difference.low,
                difference.high,
                comparison.verdict()
            );
        }
        text
    }
}

impl MetricComparison {
    /// The usual bound of a chance that is small enough to speak of a difference.
    const BOUND: f64 = 0.05;

    fn verdict(&self) -> &'static str {
        if self.p_value > Self::BOUND {
            return "no difference beyond chance";
        }
        let second_is_better = match self.metric.direction() {
            Direction::Higher => self.second > self.first,
            Direction::Lower => self.second < self.first,
        };
        if second_is_better {
            "the second is better"
        } else {
            "the first is better"
        }
    }
}

fn compare(
    metric: Metric,
    one: &RunScores,
    two: &RunScores,
    seed: u64,
) -> Option<MetricComparison> {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (name, scores) in &one.pictures {
        let other = two
            .pictures
            .get(name)
            .and_then(|scores| scores.get(metric.name()));
        if let (Some(score), Some(other)) = (scores.get(metric.name()), other) {
            first.push(*score);
            second.push(*other);
        }
    }
    let differences: Vec<f64> = first
        .iter()
        .zip(&second)
        .map(|(first, second)| second - first)
        .collect();
    let difference = mean_interval(&differences, seed)?;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    Some(MetricComparison {
        metric,
        pictures: differences.len(),
        first: mean(&first),
        second: mean(&second),
        difference,
        p_value: sign_flip_test(&differences, seed),
    })
}
