//! Comparing translations with the real pictures that they should look like.
//!
//! [`evaluate`] matches two folders by relative stem and measures each pair.

mod error;
mod evaluation;
mod hole_masks;
mod metric;
mod omissions;
mod pairs;
mod similarity;

pub use error::{EvaluateError, UnknownMetric};
pub use evaluation::{EvaluateOptions, Evaluation, PictureScores, Scores, evaluate};
pub use metric::Metric;
pub use pairs::PairSuffixes;
