//! Values of metrics.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::metric::Metric;

/// The metrics of one pair of pictures or of all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores(Vec<(Metric, f64)>);

impl Scores {
    /// These values, in this order.
    pub fn new(values: Vec<(Metric, f64)>) -> Self {
        Self(values)
    }

    /// The value of a metric, if it was measured.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        let found = self.0.iter().find(|(measured, _)| *measured == metric);
        found.map(|&(_, value)| value)
    }

    /// The metrics and their values, in the order in which they are shown.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, f64)> + '_ {
        self.0.iter().copied()
    }

    /// Adds the value of a metric, which is shown after the others.
    pub(super) fn push(&mut self, metric: Metric, value: f64) {
        self.0.push((metric, value));
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

/// The mean of the finite values of a metric over the pairs; infinite when there is none.
pub(super) fn mean(pictures: &[PictureScores], metric: Metric) -> f64 {
    let values = pictures
        .iter()
        .filter_map(|picture| picture.scores.get(metric))
        .filter(|value| value.is_finite());
    let (mut sum, mut count) = (0.0, 0_usize);
    for value in values {
        sum += value;
        count += 1;
    }
    if count == 0 {
        return f64::INFINITY;
    }
    sum / count as f64
}
