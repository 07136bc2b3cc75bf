//! Folders that clients can name.

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use crate::picture::has_picture_extension;
use crate::serve::refusal::{ErrorBody, Refusal};
use crate::serve::roots::Place;

/// Folders that are listed at most.
const MAX_FOLDERS: usize = 2000;

/// A folder.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::serve) struct FolderReport {
    /// Names of the folders in it.
    folders: Vec<String>,
    /// How many pictures are in it, without those of its folders.
    pictures: usize,
}

/// The names of the roots.
#[utoipa::path(get, path = "/api/roots", tag = "jobs", responses((status = 200, body = [String])))]
pub(in crate::serve) async fn roots(State(app): State<App>) -> Json<Vec<String>> {
    let all = app.shared.roots.all();
    Json(all.map(|(name, _)| name.to_owned()).collect())
}

/// What is in a folder below a root.
#[utoipa::path(get, path = "/api/folders", tag = "jobs",
    params(("root" = String, Query, description = "Name of a root"), ("path" = Option<String>, Query, description = "Path below it")),
    responses((status = 200, body = FolderReport), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn folder(
    State(app): State<App>,
    place: Result<Query<Place>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<FolderReport>, Refusal> {
    let Query(place) = place.map_err(|_| Refusal::bad("`root`: name one of /api/roots"))?;
    let listed = app.blocking(move |app| list(app, &place)).await?;
    listed.map(Json).ok_or_else(|| Refusal::missing("folder"))
}

fn list(app: &App, place: &Place) -> Option<FolderReport> {
    let path = app.shared.roots.resolve(place)?;
    let mut report = FolderReport {
        folders: Vec::new(),
        pictures: 0,
    };
    for entry in std::fs::read_dir(path).ok()?.flatten() {
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.starts_with('.') || !app.shared.roots.hold(&path) {
            continue;
        }
        if path.is_dir() {
            if report.folders.len() < MAX_FOLDERS {
                report.folders.push(name);
            }
        } else if has_picture_extension(&path) {
            report.pictures += 1;
        }
    }
    report.folders.sort();
    Some(report)
}
