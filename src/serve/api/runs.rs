//! Trainings.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, Response, StatusCode};
use serde::Deserialize;

use super::App;
use crate::serve::body::JsonBody;
use crate::serve::file_answer::file_answer;
use crate::serve::refusal::{ErrorBody, Refusal};
use crate::serve::runs::{
    RecipeForm, ResumeRequest, RunReport, RunRequest, TrainerError, preview_path, preview_steps,
    recipe_forms, run_report, run_reports,
};
use crate::style::{Manifest, Registry, StyleFolder};
use crate::train::{Curves, EvaluationLine, read_evaluations, read_metrics};

/// Steps of curves at most, unless others are asked for.
const POINTS: usize = 5000;

/// How many steps to give.
#[derive(Deserialize)]
pub(in crate::serve) struct Most {
    most: Option<usize>,
}

/// The recipes of the program, with the documentation of every key.
#[utoipa::path(get, path = "/api/recipes", tag = "trainings", responses((status = 200, body = [RecipeForm])))]
pub(in crate::serve) async fn recipes(
    State(app): State<App>,
) -> Result<Json<&'static [RecipeForm]>, Refusal> {
    app.blocking(|_| Json(recipe_forms())).await
}

/// All trainings: those of this server, and those of other processes in its folder of styles.
#[utoipa::path(get, path = "/api/runs", tag = "trainings", responses((status = 200, body = [RunReport])))]
pub(in crate::serve) async fn list(
    State(app): State<App>,
) -> Result<Json<Vec<RunReport>>, Refusal> {
    app.blocking(|app| {
        Json(run_reports(
            &app.shared.styles,
            &app.shared.trainer,
            &app.shared.redaction,
        ))
    })
    .await
}

/// How far a training is.
#[utoipa::path(get, path = "/api/runs/{name}", tag = "trainings", params(("name" = String, Path, description = "Name of its style")),
    responses((status = 200, body = RunReport), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn show(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<RunReport>, Refusal> {
    report(&app, name).await.map(Json)
}

async fn report(app: &App, name: String) -> Result<RunReport, Refusal> {
    let report = app.blocking(move |app| {
        run_report(
            &name,
            &app.shared.styles,
            &app.shared.trainer,
            &app.shared.redaction,
        )
    });
    report.await?.ok_or_else(|| Refusal::missing("training"))
}

/// Starts a training: `translate train`, in a process of its own.
#[utoipa::path(post, path = "/api/runs", tag = "trainings", request_body = RunRequest,
    responses((status = 202, body = RunReport), (status = 400, body = ErrorBody),
        (status = 409, description = "Another training goes on, or the name is taken", body = ErrorBody)))]
pub(in crate::serve) async fn start(
    State(app): State<App>,
    JsonBody(request): JsonBody<RunRequest>,
) -> Result<(StatusCode, Json<RunReport>), Refusal> {
    let name = request.name.clone();
    let started = app.blocking(move |app| {
        let shared = &app.shared;
        let registry = Registry::new(shared.styles.root());
        let arguments = request.arguments(&shared.roots, &registry);
        let arguments = arguments.map_err(|error| Refusal::bad(error.to_string()))?;
        if !request.overwrites() && shared.styles.find(&request.name).is_some() {
            let message = format!("there is a style `{}`: choose another name", request.name);
            return Err(Refusal::new(StatusCode::CONFLICT, message));
        }
        shared
            .trainer
            .start(&request.name, &arguments)
            .map_err(refusal)
    });
    started.await??;
    Ok((StatusCode::ACCEPTED, Json(report(&app, name).await?)))
}

/// Asks a training that was started here to save what it has learnt, and to end.
#[utoipa::path(post, path = "/api/runs/{name}/stop", tag = "trainings", params(("name" = String, Path, description = "Name of its style")),
    responses((status = 202, body = RunReport), (status = 409, description = "It does not run here", body = ErrorBody)))]
pub(in crate::serve) async fn stop(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<(StatusCode, Json<RunReport>), Refusal> {
    if !app.shared.trainer.stop(&name) {
        let message = match app.shared.trainer.process(&name) {
            Some(_) => "this training has ended",
            None => "this training was not started here: stop it where it runs",
        };
        return Err(Refusal::new(StatusCode::CONFLICT, message));
    }
    Ok((StatusCode::ACCEPTED, Json(report(&app, name).await?)))
}

/// Goes on with a training that was stopped, or, with more epochs, with one that is finished.
#[utoipa::path(post, path = "/api/runs/{name}/resume", tag = "trainings", request_body = ResumeRequest,
    params(("name" = String, Path, description = "Name of its style")),
    responses((status = 202, body = RunReport), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(in crate::serve) async fn resume(
    State(app): State<App>,
    Path(name): Path<String>,
    JsonBody(request): JsonBody<ResumeRequest>,
) -> Result<(StatusCode, Json<RunReport>), Refusal> {
    let style = Registry::new(app.shared.styles.root()).place(&name).is_ok();
    let folder = app.shared.styles.find(&name).filter(|_| style);
    let folder = folder.ok_or_else(|| Refusal::missing("style"))?;
    if let Ok(manifest) = Manifest::read(&folder) {
        let evaluations = read_evaluations(&folder.evaluations()).map_err(Refusal::internal)?;
        let checked = request.check(&manifest.recipe, &evaluations);
        checked.map_err(|error| Refusal::bad(error.to_string()))?;
    }
    let arguments = request.arguments(&name);
    app.shared
        .trainer
        .start(&name, &arguments)
        .map_err(refusal)?;
    Ok((StatusCode::ACCEPTED, Json(report(&app, name).await?)))
}

fn refusal(error: TrainerError) -> Refusal {
    match error {
        error @ TrainerError::Busy(_) => Refusal::new(StatusCode::CONFLICT, error.to_string()),
        error => Refusal::internal(error),
    }
}

/// The folder of a training; none where it has just been started, and has none yet.
fn folder(app: &App, name: &str) -> Result<Option<StyleFolder>, Refusal> {
    let folder = app.shared.styles.folder(name);
    if folder.is_none() && app.shared.trainer.process(name).is_none() {
        return Err(Refusal::missing("training"));
    }
    Ok(folder)
}

/// The losses, learning rates and times of a training; with `most` at most so many steps, evenly spread.
#[utoipa::path(get, path = "/api/runs/{name}/metrics", tag = "trainings",
    params(("name" = String, Path, description = "Name of its style"), ("most" = Option<usize>, Query, description = "Steps")),
    responses((status = 200, body = Curves), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn metrics(
    State(app): State<App>,
    Path(name): Path<String>,
    most: Result<Query<Most>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Curves>, Refusal> {
    let Query(most) = most.map_err(|_| Refusal::bad("`most`: write a number"))?;
    let most = most.most.unwrap_or(POINTS);
    let curves = app.blocking(move |app| {
        let lines = folder(app, &name)?.map(|style| read_metrics(&style.metrics()));
        let lines = lines.transpose().map_err(Refusal::internal)?;
        Ok(Json(Curves::of(&lines.unwrap_or_default(), most)))
    });
    curves.await?
}

/// The evaluations of a training.
#[utoipa::path(get, path = "/api/runs/{name}/evaluations", tag = "trainings", params(("name" = String, Path, description = "Name of its style")),
    responses((status = 200, description = "step, metrics by name, the metric that decides, and whether it was the best", body = Vec<Object>),
        (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn evaluations(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Vec<EvaluationLine>>, Refusal> {
    let lines = app.blocking(move |app| {
        let lines = folder(app, &name)?.map(|style| read_evaluations(&style.evaluations()));
        let lines = lines.transpose().map_err(Refusal::internal)?;
        Ok(lines.unwrap_or_default())
    });
    lines.await?.map(Json)
}

/// The steps after which there are previews.
#[utoipa::path(get, path = "/api/runs/{name}/previews", tag = "trainings", params(("name" = String, Path, description = "Name of its style")),
    responses((status = 200, body = [u64]), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn previews(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Vec<u64>>, Refusal> {
    let steps = app.blocking(move |app| {
        let style = folder(app, &name)?;
        Ok(style.as_ref().map(preview_steps).unwrap_or_default())
    });
    steps.await?.map(Json)
}

/// The fixed samples after a step.
#[utoipa::path(get, path = "/api/runs/{name}/previews/{step}", tag = "trainings",
    params(("name" = String, Path, description = "Name of its style"), ("step" = u64, Path, description = "Step")),
    responses((status = 200, description = "A PNG file"), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn preview(
    State(app): State<App>,
    Path((name, step)): Path<(String, String)>,
) -> Result<Response<Body>, Refusal> {
    let style = folder(&app, &name)?;
    let path = style
        .zip(step.parse().ok())
        .and_then(|(style, step)| preview_path(&style, step));
    let path = path.ok_or_else(|| Refusal::missing("preview"))?;
    let mut answer = file_answer(&path, "image/png", None).await?;
    // A run that begins anew has others.
    let briefly = HeaderValue::from_static("private, max-age=60");
    answer.headers_mut().insert(CACHE_CONTROL, briefly);
    Ok(answer)
}
