//! Which request is answered by what.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{Response, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use super::api::{App, description, events, jobs, pictures, places, runs, session, styles, tasks};
use super::page::page;
use super::refusal::Refusal;
use super::security::{Security, guard};
use super::state::Shared;

/// Bytes of a request that is no picture.
const MAX_BODY: usize = 1 << 20;

/// How long a request that is no picture may take, waiting for a result included.
const TIMEOUT: Duration = Duration::from_secs(90);

/// How long a client may send nothing of a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// All routes, with the checks before them.
pub(super) fn router(shared: Arc<Shared>, security: Arc<Security>) -> Router {
    let app = App {
        shared,
        security: Arc::clone(&security),
    };
    let small = Router::new()
        .route("/api", get(description::openapi))
        .route("/api/session", post(session::start))
        .route("/api/status", get(session::status))
        .route("/api/styles", get(styles::list))
        .route("/api/styles/{name}", get(styles::show))
        .route(
            "/api/pictures/{id}",
            get(pictures::show).delete(pictures::remove),
        )
        .route("/api/translations", post(tasks::translate))
        .route("/api/fills", post(tasks::fill))
        .route("/api/tasks/{id}", get(tasks::show).delete(tasks::stop))
        .route("/api/recipes", get(runs::recipes))
        .route("/api/runs", get(runs::list).post(runs::start))
        .route("/api/runs/{name}", get(runs::show))
        .route("/api/runs/{name}/stop", post(runs::stop))
        .route("/api/runs/{name}/resume", post(runs::resume))
        .route("/api/runs/{name}/metrics", get(runs::metrics))
        .route("/api/runs/{name}/evaluations", get(runs::evaluations))
        .route("/api/runs/{name}/previews", get(runs::previews))
        .route("/api/roots", get(places::roots))
        .route("/api/folders", get(places::folder))
        .route("/api/jobs", get(jobs::list).post(jobs::start))
        .route("/api/jobs/{id}", get(jobs::show).delete(jobs::stop))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            TIMEOUT,
        ));
    let files = Router::new()
        .route("/api/pictures/{id}/file", get(pictures::file))
        .route("/api/pictures/{id}/preview", get(pictures::preview))
        .route("/api/tasks/{id}/files/{number}", get(tasks::file))
        .route(
            "/api/tasks/{id}/files/{number}/preview",
            get(tasks::preview),
        )
        .route("/api/tasks/{id}/events", get(events::task))
        .route("/api/jobs/{id}/report", get(jobs::report))
        .route("/api/jobs/{id}/events", get(events::job))
        .route("/api/runs/{name}/events", get(events::run))
        .route("/api/runs/{name}/previews/{step}", get(runs::preview));
    let uploads = Router::new()
        .route("/api/pictures", post(pictures::add))
        .layer(DefaultBodyLimit::disable());
    small
        .merge(files)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .merge(uploads)
        .route("/api/{*rest}", delete(nothing).fallback(nothing))
        .method_not_allowed_fallback(not_so)
        .with_state(app)
        .fallback_service(get(page).fallback(not_so))
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(CatchPanicLayer::custom(failed))
        .layer(from_fn_with_state(security, guard))
}

async fn nothing() -> Refusal {
    Refusal::missing("address: GET /api lists all")
}

async fn not_so() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this address has other methods: GET /api lists all",
    )
}

/// What a panic is answered with; its message is for the log alone, which has it.
fn failed(_: Box<dyn Any + Send>) -> Response<Body> {
    Refusal::internal("a request has failed by an error in the program").into_response()
}
