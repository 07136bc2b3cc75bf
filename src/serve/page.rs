//! The page: files that travel in the program.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::refusal::Refusal;

#[derive(RustEmbed)]
#[folder = "src/serve/page"]
struct Files;

/// A file of the page, and the page itself for `/`.
pub(super) async fn page(uri: Uri, headers: HeaderMap) -> Response<Body> {
    let name = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let Some(file) = Files::get(name) else {
        return Refusal::missing("page").into_response();
    };
    let tag = tag(&file);
    let is_known = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| *known == tag);
    let mut response = if is_known {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(file.data))
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media(name)));
    headers.insert(ETAG, tag);
    // Another version of the program has another page.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The hash of the contents.
fn tag(file: &EmbeddedFile) -> HeaderValue {
    let digits = file.metadata.sha256_hash();
    let text = digits
        .iter()
        .take(8)
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    HeaderValue::from_str(&format!("\"{text}\"")).expect("hexadecimal digits are plain letters")
}

fn media(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "webmanifest" => "application/manifest+json",
        _ => "text/plain; charset=utf-8",
    }
}
