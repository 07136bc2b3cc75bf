//! Files as answers, in pieces.

use std::fmt::Write as _;
use std::path::Path;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, Response};
use futures_util::stream;
use tokio::io::AsyncReadExt;

use super::preview::{format_names, format_of};
use super::refusal::Refusal;

/// A picture with an identifier is always the same.
const UNCHANGING: HeaderValue = HeaderValue::from_static("private, max-age=3600, immutable");

/// Bytes that are read at once.
const PIECE: usize = 1 << 16;

/// The picture at `path`; with a name it is saved under that, without one it is shown.
///
/// # Errors
/// It cannot be opened.
pub(super) async fn picture_answer(
    path: &Path,
    name: Option<&str>,
) -> Result<Response<Body>, Refusal> {
    let media = format_of(path).map_or("application/octet-stream", |format| format_names(format).1);
    let mut answer = file_answer(path, media, name).await?;
    answer.headers_mut().insert(CACHE_CONTROL, UNCHANGING);
    Ok(answer)
}

/// The same of any file.
///
/// # Errors
/// It cannot be opened.
pub(super) async fn file_answer(
    path: &Path,
    media: &'static str,
    name: Option<&str>,
) -> Result<Response<Body>, Refusal> {
    let gone = |_| Refusal::missing("file");
    let file = tokio::fs::File::open(path).await.map_err(gone)?;
    let length = file.metadata().await.map_err(gone)?.len();
    let pieces = stream::unfold(file, |mut file| async move {
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                Some((Ok::<_, std::io::Error>(Bytes::from(piece)), file))
            }
            Err(error) => Some((Err(error), file)),
        }
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CONTENT_LENGTH, length.into());
    if let Some(name) = name
        && let Ok(value) = HeaderValue::from_str(&attachment(name))
    {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// A name for a file that is saved: in letters that every program knows, and as it is.
fn attachment(name: &str) -> String {
    let plain = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() || "-_. ".contains(letter) => letter,
        _ => '_',
    };
    let ascii: String = name.chars().map(plain).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            encoded.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_saved_files_cannot_end_the_header() {
        let value = attachment("Käse \"1\"\r\n.png");
        assert_eq!(
            value,
            "attachment; filename=\"K_se _1___.png\"; filename*=UTF-8''K%C3%A4se%20%221%22%0D%0A.png"
        );
    }
}
