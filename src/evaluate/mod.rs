//! Comparing translations with the real pictures that they should look like.
//!
//! [`evaluate`] measures two folders: metrics of pairs between pictures of the same relative stem, metrics of sets between all
//! pictures of both.

mod bootstrap;
mod colour;
mod comparison;
mod diversity;
mod error;
mod evaluation;
mod feature_cache;
mod features;
mod folders;
mod frechet;
mod hole_masks;
mod inception_metrics;
mod inception_score;
mod kernel_distance;
mod metric;
mod ms_ssim;
mod neighbours;
mod numpy_random;
mod omissions;
mod options;
mod page;
mod paired;
mod pairs;
mod perceptual;
mod pixel_metrics;
mod pyramid;
mod result_file;
mod scores;
mod set_error;
mod sets;
mod ssim;
mod study;
mod study_results;
mod swd;
mod weights;

pub use bootstrap::Interval;
pub use comparison::{Comparison, MetricComparison, RunScores};
pub use error::EvaluateError;
pub use evaluation::Evaluation;
pub use folders::evaluate;
pub use inception_metrics::InceptionDetails;
pub use kernel_distance::KidSubsets;
pub use metric::{Direction, Metric, Scope, UnknownMetric};
pub use options::EvaluateOptions;
pub use page::write_page;
pub use pairs::PairSuffixes;
pub use result_file::is_result;
pub use scores::{PictureScores, Scores};
pub use set_error::SetError;
pub use sets::SetDetails;
pub use study::write_study;
pub use study_results::StudyResults;
pub use swd::SwdLevel;
pub use weights::require_weights;
