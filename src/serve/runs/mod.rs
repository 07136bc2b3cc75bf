//! Training runs: those of this server and those of other processes, which are known by the files that they write.

mod follow;
mod form;
mod list;
mod start;
mod trainer;

pub(super) use follow::{Follower, preview_path, preview_steps};
pub(super) use form::{RecipeForm, recipe_forms};
pub(super) use list::{RunReport, run_report, run_reports};
pub(super) use start::{ResumeRequest, RunRequest};
pub(super) use trainer::{Trainer, TrainerError};
