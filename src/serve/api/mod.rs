//! The API: every call of the page, described for other programs too.

mod app;
pub(super) mod description;
pub(super) mod events;
pub(super) mod jobs;
pub(super) mod pictures;
pub(super) mod places;
pub(super) mod runs;
pub(super) mod session;
pub(super) mod styles;
pub(super) mod tasks;

pub(super) use app::App;
