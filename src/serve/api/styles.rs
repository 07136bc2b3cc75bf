//! Styles.

use axum::Json;
use axum::extract::{Path, State};

use super::App;
use crate::serve::refusal::{ErrorBody, Refusal};
use crate::serve::styles::StyleReport;

/// All styles that can be used.
#[utoipa::path(get, path = "/api/styles", tag = "styles", responses((status = 200, body = [StyleReport])))]
pub(in crate::serve) async fn list(
    State(app): State<App>,
) -> Result<Json<Vec<StyleReport>>, Refusal> {
    app.blocking(|app| Json(app.shared.styles.all())).await
}

/// One style; `%2F` and `@` name its states.
#[utoipa::path(get, path = "/api/styles/{name}", tag = "styles", params(("name" = String, Path, description = "Name")),
    responses((status = 200, body = StyleReport), (status = 404, body = ErrorBody)))]
pub(in crate::serve) async fn show(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<StyleReport>, Refusal> {
    let report = app
        .blocking(move |app| app.shared.styles.report(&name))
        .await?;
    report.map(Json).ok_or_else(|| Refusal::missing("style"))
}
