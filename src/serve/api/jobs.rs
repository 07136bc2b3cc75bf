//! Folders through the network.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode};

use super::App;
use crate::serve::body::JsonBody;
use crate::serve::file_answer::file_answer;
use crate::serve::jobs::{Job, JobReport, JobRequest};
use crate::serve::refusal::{ErrorBody, Refusal};

/// All jobs, the newest first.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", responses((status = 200, body = [JobReport])))]
pub(in crate::serve) async fn list(State(app): State<App>) -> Json<Vec<JobReport>> {
    let jobs = app.shared.jobs.all();
    Json(jobs.iter().map(|job| job.report()).collect())
}

/// Translates a folder into another one.
#[utoipa::path(post, path = "/api/jobs", tag = "jobs", request_body = JobRequest,
    responses((status = 202, body = JobReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 503, description = "The queue is full", body = ErrorBody)))]
pub(in crate::serve) async fn start(
    State(app): State<App>,
    JsonBody(request): JsonBody<JobRequest>,
) -> Result<(StatusCode, Json<JobReport>), Refusal> {
    if app.shared.styles.find(&request.style).is_none() {
        return Err(Refusal::missing("style"));
    }
    let choices = request.choices(&app.shared.roots);
    let choices = choices.map_err(|error| Refusal::bad(error.to_string()))?;
    let job = app.shared.jobs.add(request, choices);
    if app.shared.queue.push_job(Arc::clone(&job)).is_err() {
        app.shared.jobs.remove(job.id());
        return Err(Refusal::busy("the queue is full: try again later", 30));
    }
    app.shared.changed();
    Ok((StatusCode::ACCEPTED, Json(job.report())))
}

fn find(app: &App, id: &str) -> Result<Arc<Job>, Refusal> {
    let job = app.shared.jobs.find(id);
    job.ok_or_else(|| Refusal::missing("job"))
}

/// How far a job is.
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "jobs", params(("id" = String, Path, description = "Identifier")),
    responses((status = 200, body = JobReport), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<JobReport>, Refusal> {
    Ok(Json(find(&app, &id)?.report()))
}

/// Stops a job after the picture that the network works on. The same job with `existing: skip` goes on with it.
#[utoipa::path(delete, path = "/api/jobs/{id}", tag = "jobs", params(("id" = String, Path, description = "Identifier")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn stop(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    find(&app, &id)?.stop();
    app.shared.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// What became of each picture so far, a JSON object on each line.
#[utoipa::path(get, path = "/api/jobs/{id}/report", tag = "jobs", params(("id" = String, Path, description = "Identifier")),
    responses((status = 200, description = "Lines of JSON"), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn report(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response<Body>, Refusal> {
    let job = find(&app, &id)?;
    file_answer(
        job.report_path(),
        "application/x-ndjson",
        Some("report.jsonl"),
    )
    .await
}
