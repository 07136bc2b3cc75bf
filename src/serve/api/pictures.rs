//! Pictures that clients send.

use std::path::Path as FilePath;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, Response, StatusCode};
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::App;
use crate::picture::{Amount, PictureError, PictureLimits, picture_size, upright_size};
use crate::serve::file_answer::picture_answer;
use crate::serve::pictures::{Arrival, PictureReport};
use crate::serve::preview::{format_names, format_of};
use crate::serve::refusal::{ErrorBody, Refusal};

/// What a form has around its picture, at most.
const FORM: u64 = 64 << 10;

/// How long a picture may take before its bytes count, and how many bytes must come in a second from then on.
const GRACE: Duration = Duration::from_secs(30);
const BYTES_PER_SECOND: u64 = 16 << 10;

/// A form with one picture.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form, which is read piece by piece")]
pub(in crate::serve) struct PictureForm {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    picture: Vec<u8>,
}

/// Sends a picture: JPEG, PNG, WebP, TIFF, BMP or PNM.
#[utoipa::path(post, path = "/api/pictures", tag = "pictures",
    request_body(content = PictureForm, content_type = "multipart/form-data"),
    responses((status = 201, body = PictureReport), (status = 400, body = ErrorBody),
        (status = 413, description = "Too many bytes or pixels", body = ErrorBody),
        (status = 415, description = "No picture", body = ErrorBody),
        (status = 503, description = "No room now", body = ErrorBody)))]
pub(in crate::serve) async fn add(
    State(app): State<App>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<PictureReport>), Refusal> {
    let no_form = || Refusal::bad("send a form (multipart/form-data) with the field `picture`");
    let limits = app.shared.pictures.limits();
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > limits.bytes.saturating_add(FORM)) {
        return Err(too_long(limits));
    }
    let mut form = form.map_err(|_| no_form())?;
    let mut arrived = None;
    while let Some(field) = form.next_field().await.map_err(|_| no_form())? {
        if field.name() != Some("picture") || arrived.is_some() {
            return Err(no_form());
        }
        arrived = Some(receive(&app, field).await?);
    }
    let arrival = arrived.ok_or_else(no_form)?;
    let path = arrival.path();
    let looked = app.blocking(move |_| look(&path, limits)).await?;
    let (size, format) = looked
        .map_err(|(status, message)| Refusal::new(status, app.shared.redaction.clean(&message)))?;
    let picture = arrival.keep(size, format);
    Ok((StatusCode::CREATED, Json(picture.report())))
}

/// Writes the bytes of a field to where pictures arrive.
async fn receive<'a>(app: &'a App, mut field: Field<'_>) -> Result<Arrival<'a>, Refusal> {
    let limits = app.shared.pictures.limits();
    let name = field.file_name().unwrap_or("picture").to_owned();
    let arrival = app.shared.pictures.arrival(&name);
    let mut arrival = arrival.map_err(Refusal::internal)?;
    let mut file = tokio::fs::File::create(arrival.path())
        .await
        .map_err(Refusal::internal)?;
    let started = Instant::now();
    let mut bytes = 0;
    loop {
        let due = GRACE + Duration::from_secs(bytes / BYTES_PER_SECOND);
        let piece = tokio::time::timeout_at(started + due, field.chunk());
        let slow = |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "the picture came too slowly");
        let piece = piece.await.map_err(slow)?;
        let Some(piece) = piece.map_err(|_| Refusal::bad("the picture did not arrive whole"))?
        else {
            break;
        };
        bytes += piece.len() as u64;
        if bytes > limits.bytes {
            return Err(too_long(limits));
        }
        if !arrival.reserve(piece.len() as u64) {
            return Err(Refusal::busy("no room for more pictures now", 10));
        }
        file.write_all(&piece).await.map_err(Refusal::internal)?;
    }
    file.flush().await.map_err(Refusal::internal)?;
    Ok(arrival)
}

/// Width and height, and the name of the format.
type Looks = ((u32, u32), &'static str);

/// Size and format of a picture that has arrived.
fn look(path: &FilePath, limits: PictureLimits) -> Result<Looks, (StatusCode, String)> {
    let size = match upright_size(path, limits) {
        // Only some styles take such.
        Err(PictureError::Bands { .. }) => {
            picture_size(path).ok_or_else(|| "its size cannot be told".to_owned())
        }
        Err(error @ (PictureError::TooLarge { .. } | PictureError::TooLong { .. })) => {
            return Err((StatusCode::PAYLOAD_TOO_LARGE, error.to_string()));
        }
        other => other.map_err(|error| error.to_string()),
    };
    let size = size.map_err(|message| (StatusCode::UNSUPPORTED_MEDIA_TYPE, message))?;
    Ok((
        size,
        format_of(path).map_or("", |format| format_names(format).0),
    ))
}

fn too_long(limits: PictureLimits) -> Refusal {
    let message = format!("pictures have at most {} bytes", Amount(limits.bytes));
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}

/// What is known about a picture.
#[utoipa::path(get, path = "/api/pictures/{id}", tag = "pictures", params(("id" = String, Path, description = "Identifier")),
    responses((status = 200, body = PictureReport), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<PictureReport>, Refusal> {
    let picture = app.shared.pictures.find(&id);
    let picture = picture.ok_or_else(|| Refusal::missing("picture"))?;
    Ok(Json(picture.report()))
}

/// Forgets a picture; tasks that use it still end.
#[utoipa::path(delete, path = "/api/pictures/{id}", tag = "pictures", params(("id" = String, Path, description = "Identifier")),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn remove(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    if app.shared.pictures.remove(&id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refusal::missing("picture"))
    }
}

/// The picture as it was sent.
#[utoipa::path(get, path = "/api/pictures/{id}/file", tag = "pictures", params(("id" = String, Path, description = "Identifier")),
    responses((status = 200, description = "The file"), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn file(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response<Body>, Refusal> {
    let picture = app.shared.pictures.find(&id);
    let picture = picture.ok_or_else(|| Refusal::missing("picture"))?;
    picture_answer(&picture.path(), Some(picture.name())).await
}

/// The picture as a browser can show it, with at most 2560 pixels on a side.
#[utoipa::path(get, path = "/api/pictures/{id}/preview", tag = "pictures", params(("id" = String, Path, description = "Identifier")),
    responses((status = 200, description = "A JPEG, PNG or WebP file"), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn preview(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response<Body>, Refusal> {
    let picture = app.shared.pictures.find(&id);
    let picture = picture.ok_or_else(|| Refusal::missing("picture"))?;
    let folder = picture.folder().to_owned();
    let path = app.preview(picture.path(), picture.size(), folder).await?;
    picture_answer(&path, None).await
}
