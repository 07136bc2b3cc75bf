//! Who says how good translations are. The loop knows no metric: it shows pictures and keeps the best weights.

use std::path::Path;

/// One value of a judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedValue {
    /// Name of the metric.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Whether more of it is better.
    pub higher_is_better: bool,
}

/// Judges translations during a training.
pub trait Judge {
    /// Measures the pictures in the folder `fake` against those of the same names in `real`. The first value decides which
    /// weights are best.
    ///
    /// # Errors
    /// The pictures cannot be measured, for the reason told.
    fn judge(&mut self, real: &Path, fake: &Path) -> Result<Vec<JudgedValue>, String>;
}
