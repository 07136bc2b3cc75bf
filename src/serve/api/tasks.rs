//! Single pictures through the network.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{Response, StatusCode};
use serde::Deserialize;

use super::App;
use crate::serve::body::JsonBody;
use crate::serve::file_answer::picture_answer;
use crate::serve::pictures::StoredPicture;
use crate::serve::refusal::{ErrorBody, Refusal};
use crate::serve::tasks::{
    FillingRequest, Order, ResultFile, Task, TaskReport, TranslationRequest,
};

/// Seconds after which a full queue is worth another try.
const RETRY: u32 = 5;

/// Seconds that an answer can wait for the end of a task.
const MAX_WAIT: u64 = 60;

/// How long to wait.
#[derive(Deserialize)]
pub(in crate::serve) struct Wait {
    #[serde(default)]
    wait: u64,
}

/// Translates a picture, as `translate apply` does.
#[utoipa::path(post, path = "/api/translations", tag = "tasks", request_body = TranslationRequest,
    responses((status = 202, body = TaskReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 503, description = "The queue is full; Retry-After says when to come again", body = ErrorBody)))]
pub(in crate::serve) async fn translate(
    State(app): State<App>,
    JsonBody(request): JsonBody<TranslationRequest>,
) -> Result<(StatusCode, Json<TaskReport>), Refusal> {
    let picture = find_picture(&app, &request.picture)?;
    let instances = request.instances.as_deref();
    let instances = instances.map(|id| find_picture(&app, id)).transpose()?;
    check_style(&app, &request.style)?;
    let order = request.order(picture, instances);
    let order = order.map_err(|error| Refusal::bad(error.to_string()))?;
    add(&app, Order::Translate(order)).await
}

/// Fills a hole in a photo, as `translate apply --mask` does.
#[utoipa::path(post, path = "/api/fills", tag = "tasks", request_body = FillingRequest,
    responses((status = 202, body = TaskReport), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 503, description = "The queue is full; Retry-After says when to come again", body = ErrorBody)))]
pub(in crate::serve) async fn fill(
    State(app): State<App>,
    JsonBody(request): JsonBody<FillingRequest>,
) -> Result<(StatusCode, Json<TaskReport>), Refusal> {
    let picture = find_picture(&app, &request.picture)?;
    let mask = find_picture(&app, &request.mask)?;
    check_style(&app, &request.style)?;
    let order = request.order(picture, mask);
    let order = order.map_err(|error| Refusal::bad(error.to_string()))?;
    add(&app, Order::Fill(order)).await
}

fn find_picture(app: &App, id: &str) -> Result<Arc<StoredPicture>, Refusal> {
    let picture = app.shared.pictures.find(id);
    picture.ok_or_else(|| Refusal::missing("picture"))
}

fn check_style(app: &App, name: &str) -> Result<(), Refusal> {
    let style = app.shared.styles.find(name);
    style.map(|_| ()).ok_or_else(|| Refusal::missing("style"))
}

async fn add(app: &App, order: Order) -> Result<(StatusCode, Json<TaskReport>), Refusal> {
    let task = app.blocking(|app| app.shared.tasks.add(order)).await?;
    let task = task.map_err(Refusal::internal)?;
    if app.shared.queue.push_task(Arc::clone(&task)).is_err() {
        app.shared.tasks.remove(task.id());
        return Err(Refusal::busy("the queue is full: try again soon", RETRY));
    }
    app.shared.changed();
    Ok((StatusCode::ACCEPTED, Json(report(app, &task))))
}

fn report(app: &App, task: &Task) -> TaskReport {
    task.report(app.shared.queue.place(task.id()))
}

fn find(app: &App, id: &str) -> Result<Arc<Task>, Refusal> {
    let task = app.shared.tasks.find(id);
    task.ok_or_else(|| Refusal::missing("task"))
}

/// A task and the result of it that has this number.
fn find_file(app: &App, id: &str, number: &str) -> Result<(Arc<Task>, ResultFile), Refusal> {
    let task = find(app, id)?;
    let file = number.parse().ok().and_then(|number| task.file(number));
    let file = file.ok_or_else(|| Refusal::missing("file"))?;
    Ok((task, file))
}

/// How far a task is. With `wait` the answer comes when it is over, or after so many seconds (60 at most).
#[utoipa::path(get, path = "/api/tasks/{id}", tag = "tasks",
    params(("id" = String, Path, description = "Identifier"), ("wait" = Option<u64>, Query, description = "Seconds")),
    responses((status = 200, body = TaskReport), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    wait: Result<Query<Wait>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<TaskReport>, Refusal> {
    let Query(wait) = wait.map_err(|_| Refusal::bad("`wait`: write a number of seconds"))?;
    let task = find(&app, &id)?;
    let mut changes = app.shared.watch_changes();
    let mut stop = app.shared.watch_stop();
    let over = async {
        while !task.status().is_over() {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                _ = stop.wait_for(|stopped| *stopped) => return,
            }
        }
    };
    let time = Duration::from_secs(wait.wait.min(MAX_WAIT));
    // What is told is how far the task is, whether the time was enough or not.
    let _ = tokio::time::timeout(time, over).await;
    Ok(Json(report(&app, &task)))
}

/// Stops a task, and forgets it with its files.
#[utoipa::path(delete, path = "/api/tasks/{id}", tag = "tasks", params(("id" = String, Path, description = "Identifier")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn stop(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let task = find(&app, &id)?;
    task.stop();
    app.shared.tasks.remove(&id);
    app.shared.changed();
    Ok(StatusCode::NO_CONTENT)
}

/// A result: the bytes that `translate apply` writes.
#[utoipa::path(get, path = "/api/tasks/{id}/files/{number}", tag = "tasks",
    params(("id" = String, Path, description = "Identifier"), ("number" = usize, Path, description = "From 0")),
    responses((status = 200, description = "The file"), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn file(
    State(app): State<App>,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response<Body>, Refusal> {
    let (_, file) = find_file(&app, &id, &number)?;
    picture_answer(&file.path, Some(&file.name())).await
}

/// A result as a browser can show it, with at most 2560 pixels on a side.
#[utoipa::path(get, path = "/api/tasks/{id}/files/{number}/preview", tag = "tasks",
    params(("id" = String, Path, description = "Identifier"), ("number" = usize, Path, description = "From 0")),
    responses((status = 200, description = "A JPEG, PNG or WebP file"), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn preview(
    State(app): State<App>,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response<Body>, Refusal> {
    let (task, file) = find_file(&app, &id, &number)?;
    let folder = task.folder().to_owned();
    let path = app.preview(file.path, file.size, folder).await?;
    picture_answer(&path, None).await
}
