//! The metrics of a run as columns, for pages that draw them.

use std::collections::BTreeMap;

use serde::Serialize;
#[cfg(feature = "serve")]
use utoipa::ToSchema;

use super::metrics::MetricsLine;

/// The losses of a run, one list for each, all as long as `step`; where a step lacks a loss it is null.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "serve", derive(ToSchema))]
pub struct Curves {
    /// Number of the step, from 1.
    pub step: Vec<u64>,
    /// Its epoch, from 1.
    pub epoch: Vec<u64>,
    /// Learning rate of the generator.
    pub lr: Vec<f64>,
    /// Seconds per step.
    pub seconds: Vec<f64>,
    /// Losses by name.
    pub losses: BTreeMap<String, Vec<Option<f64>>>,
}

impl Curves {
    /// The lines, or `most` of them, evenly spread, of which the last one is always one.
    pub fn of(lines: &[MetricsLine], most: usize) -> Self {
        let mut curves = Self::default();
        let names = lines.iter().flat_map(|line| line.losses.keys());
        for name in names {
            if !curves.losses.contains_key(name) {
                curves.losses.insert(name.clone(), Vec::new());
            }
        }
        let (count, last) = (most.min(lines.len()), lines.len().saturating_sub(1));
        let chosen = (1..=count).map(|place| match count {
            1 => last,
            _ => (place - 1) * last / (count - 1),
        });
        for line in chosen.filter_map(|index| lines.get(index)) {
            curves.step.push(line.step);
            curves.epoch.push(line.epoch);
            curves.lr.push(line.lr);
            curves.seconds.push(line.seconds);
            for (name, values) in &mut curves.losses {
                values.push(line.losses.get(name).copied());
            }
        }
        curves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_are_thinned_out() {
        let lines: Vec<MetricsLine> = (1..=10).map(line).collect();
        let curves = Curves::of(&lines, 4);
        assert_eq!(curves.step, [1, 4, 7, 10]);
        assert_eq!(curves.losses["G"][1], Some(4.5));
        for most in 0..=10 {
            let steps = Curves::of(&lines, most).step;
            assert_eq!(steps.len(), most);
            assert_eq!(steps.last(), [10].last().filter(|_| most > 0));
            assert!(steps.is_sorted_by(|one, next| one < next), "{steps:?}");
        }
        assert_eq!(Curves::of(&lines, 100).step.len(), 10);
        assert_eq!(Curves::of(&[], 4), Curves::default());
    }

    fn line(step: u64) -> MetricsLine {
        MetricsLine {
            step,
            epoch: 1,
            lr: 0.1,
            seconds: 1.0,
            losses: BTreeMap::from([("G".to_owned(), step as f64 + 0.5)]),
        }
    }
}
