//! What pages that the program writes have in common.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The look of all pages.
pub(crate) const CSS: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse}td,th{padding:.1rem 1rem .1rem 0;text-align:left}pre{background:#f5f5f5;padding:1rem;overflow:auto}\
figure{margin:1rem 0}img,svg{max-width:100%;height:auto}figcaption{color:#666}";

/// A whole page; `body` is HTML, the title is not.
pub(crate) fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n<style>{CSS}</style></head>\n<body>\n<h1>{title}</h1>\n{body}</body></html>\n"
    )
}

/// Text as it stands in a page.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The address of a PNG file that lies in the page itself.
pub(crate) fn png_address(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", BASE64.encode(png))
}
