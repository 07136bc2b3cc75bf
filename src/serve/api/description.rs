//! The description of the API for other programs.

use axum::Json;
use utoipa::OpenApi;

use super::{events, jobs, pictures, places, runs, session, styles, tasks};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "translate",
        version = "1",
        description = "Translates pictures, fills holes, translates folders and trains styles. A server with a token wants `Authorization: Bearer TOKEN` with every request."
    ),
    paths(
        session::start,
        session::status,
        styles::list,
        styles::show,
        pictures::add,
        pictures::show,
        pictures::remove,
        pictures::file,
        pictures::preview,
        tasks::translate,
        tasks::fill,
        tasks::show,
        tasks::stop,
        tasks::file,
        tasks::preview,
        events::task,
        runs::recipes,
        runs::list,
        runs::show,
        runs::start,
        runs::stop,
        runs::resume,
        runs::metrics,
        runs::evaluations,
        runs::previews,
        runs::preview,
        events::run,
        places::roots,
        places::folder,
        jobs::list,
        jobs::start,
        jobs::show,
        jobs::stop,
        jobs::report,
        events::job,
    )
)]
struct Description;

/// This description.
pub(in crate::serve) async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    let mut description = Description::openapi();
    for path in description.paths.paths.values_mut() {
        let operations = [&mut path.get, &mut path.post, &mut path.delete];
        for operation in operations.into_iter().flatten() {
            // They would be names of functions, which are not unique.
            operation.operation_id = None;
        }
    }
    Json(description)
}
