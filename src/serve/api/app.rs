//! What calls need.

use std::sync::Arc;

use crate::serve::refusal::Refusal;
use crate::serve::security::Security;
use crate::serve::state::Shared;

/// What calls need.
#[derive(Clone)]
pub(in crate::serve) struct App {
    pub(in crate::serve) shared: Arc<Shared>,
    pub(in crate::serve) security: Arc<Security>,
}

impl App {
    /// Does what waits for files in a thread for that.
    ///
    /// # Errors
    /// It panics, which the log says.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let app = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&app)).await;
        done.map_err(|_| Refusal::internal("a request has failed by an error in the program"))
    }

    /// Makes a preview, when its turn comes.
    ///
    /// # Errors
    /// The picture cannot be read.
    pub(super) async fn preview(
        &self,
        path: std::path::PathBuf,
        size: (u32, u32),
        folder: std::path::PathBuf,
    ) -> Result<std::path::PathBuf, Refusal> {
        let room = Arc::clone(&self.shared.previews).acquire_owned().await;
        let made = self.blocking(move |app| {
            let _room = room;
            let limits = app.shared.pictures.limits();
            crate::serve::preview::preview(&path, size, &folder, limits)
        });
        let clean = |message: String| self.shared.redaction.clean(&message);
        made.await?.map_err(|message| {
            Refusal::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, clean(message))
        })
    }
}
