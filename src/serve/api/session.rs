//! Who asks, and whom.

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderName, StatusCode};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use crate::serve::body::JsonBody;
use crate::serve::refusal::{ErrorBody, Refusal};
use crate::serve::security::TOKEN_COOKIE;

/// The token that the server has printed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::serve) struct SessionRequest {
    /// The token.
    token: String,
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::serve) struct StatusReport {
    /// What the networks compute on.
    device: String,
    /// Tasks that wait.
    waiting: usize,
    /// Whether folders can be named, for jobs and trainings.
    roots: bool,
    /// Bytes of a picture at most.
    max_bytes: u64,
    /// Pixels of a picture at most.
    max_pixels: u64,
}

/// Gives the browser the token as a cookie. Programs send it with each request: `Authorization: Bearer TOKEN`.
#[utoipa::path(post, path = "/api/session", tag = "server", request_body = SessionRequest,
    responses((status = 204, description = "From now on the browser sends the token"), (status = 401, body = ErrorBody)))]
pub(in crate::serve) async fn start(
    State(app): State<App>,
    JsonBody(request): JsonBody<SessionRequest>,
) -> Result<impl IntoResponse, Refusal> {
    let headers: Vec<(HeaderName, String)> = match app.security.token() {
        Some(token) if !token.is(&request.token) => {
            // Guesses take their time.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "this is not the token",
            ));
        }
        Some(_) => {
            let cookie = format!(
                "{TOKEN_COOKIE}={}; Path=/; HttpOnly; SameSite=Strict",
                request.token
            );
            vec![(SET_COOKIE, cookie)]
        }
        None => Vec::new(),
    };
    Ok((
        StatusCode::NO_CONTENT,
        axum::response::AppendHeaders(headers),
    ))
}

/// How the server is.
#[utoipa::path(get, path = "/api/status", tag = "server", responses((status = 200, body = StatusReport)))]
pub(in crate::serve) async fn status(State(app): State<App>) -> Json<StatusReport> {
    let shared = &app.shared;
    let limits = shared.pictures.limits();
    Json(StatusReport {
        device: shared.device.clone(),
        waiting: shared.queue.len(),
        roots: shared.roots.all().next().is_some(),
        max_bytes: limits.bytes,
        max_pixels: limits.pixels,
    })
}
