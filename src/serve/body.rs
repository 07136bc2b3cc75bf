//! Bodies of requests as values.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;

/// A JSON body. What is wrong with one is said as in all other answers.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            match error.into_response_status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
                }
                _ => Refusal::bad("the body did not arrive"),
            }
        })?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Refusal::bad(format!("the body is not as documented: {error}")))
    }
}

/// The status of an extractor's own answer.
trait IntoStatus {
    fn into_response_status(self) -> StatusCode;
}

impl<E: axum::response::IntoResponse> IntoStatus for E {
    fn into_response_status(self) -> StatusCode {
        self.into_response().status()
    }
}
