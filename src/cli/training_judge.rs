//! The metrics that a training is judged by: what joins `train`, which knows no metric, and `evaluate`.

use std::path::Path;

use super::usage::UsageError;
use crate::config::Recipe;
use crate::device::OpenDevice;
use crate::evaluate::{Direction, EvaluateOptions, Metric, Scope, evaluate, require_weights};
use crate::train::{Judge, JudgedValue};

/// Measures with the metrics of a recipe; the first decides.
struct MetricJudge {
    metrics: Vec<Metric>,
    options: EvaluateOptions,
}

/// The judge that `train.evaluate_every` and `train.metrics` ask for, if they do.
///
/// # Errors
/// A metric is unknown, compares pairs where the data has none, or needs weights that are not there.
pub(super) fn judge(
    recipe: &Recipe,
    device: &OpenDevice,
) -> anyhow::Result<Option<Box<dyn Judge>>> {
    if recipe.train.evaluate_every == 0 {
        return Ok(None);
    }
    let named = recipe.train.metrics.split(',').map(str::trim);
    let named = named.filter(|name| !name.is_empty());
    let mut metrics = named.map(str::parse).collect::<Result<Vec<Metric>, _>>()?;
    let has_targets = recipe.mode.has_targets();
    if metrics.is_empty() {
        metrics = if has_targets {
            vec![Metric::Ssim, Metric::Psnr, Metric::L1]
        } else {
            vec![Metric::Swd, Metric::Colour]
        };
    }
    let of_pairs = metrics.iter().find(|metric| metric.scope() == Scope::Pair);
    if let (false, Some(metric)) = (has_targets, of_pairs) {
        return Err(UsageError::NoPairs(*metric).into());
    }
    let options = EvaluateOptions {
        metrics: metrics.clone(),
        device: device.device.clone(),
        seed: recipe.train.seed,
        ..EvaluateOptions::default()
    };
    require_weights(&options)?;
    Ok(Some(Box::new(MetricJudge { metrics, options })))
}

impl Judge for MetricJudge {
    fn judge(&mut self, real: &Path, fake: &Path) -> Result<Vec<JudgedValue>, String> {
        let evaluation = evaluate(real, fake, &self.options).map_err(|error| error.to_string())?;
        let value = |metric: &Metric| {
            Some(JudgedValue {
                name: metric.name().to_owned(),
                value: evaluation.metrics.get(*metric)?,
                higher_is_better: metric.direction() == Direction::Higher,
            })
        };
        Ok(self.metrics.iter().filter_map(value).collect())
    }
}
