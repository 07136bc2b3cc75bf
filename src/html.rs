//! What pages that the program writes have in common.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The look of all pages.
pub(crate) const CSS: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse}td,th{padding:.1rem 1rem .1rem 0;text-align:left}pre{background:#f5f5f5;padding:1rem;overflow:auto}\
figure{margin:1rem 0}img,svg{max-width:100%;height:auto}figcaption{color:#666}";

/// A whole page; `body` is HTML, the title is not.
pub(crate) fn page(title: &str, body: &str) -> String {
    let (start, title) = (page_start(title), escape(title));
    format!("{start}<style>{CSS}</style></head>\n<body>\n<h1>{title}</h1>\n{body}</body></html>\n")
}

/// What a page of this title begins with, by which it is known.
pub(crate) fn page_start(title: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n"
    )
}

/// The parts of the page in the browser that other pages have too.
const SHEETS: [&str; 2] = [
    include_str!("serve/page/vendor/uPlot.min.css"),
    include_str!("serve/page/style.css"),
];
const PLOTS: &str = include_str!("serve/page/vendor/uPlot.iife.min.js");
const MODULES: [&str; 4] = [
    include_str!("serve/page/dom.js"),
    include_str!("serve/page/charts.js"),
    include_str!("serve/page/preview_player.js"),
    include_str!("serve/page/report.js"),
];

/// A whole page with curves and previews, which it draws of `data` (JSON) into the element `report`. It needs nothing else.
pub(crate) fn live_page(title: &str, body: &str, data: &str) -> String {
    let title = escape(title);
    let sheets = SHEETS.join("\n");
    let modules = joined_modules();
    // Nothing in the data can end its element.
    let data = data.replace('<', "\\u003c");
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{sheets}</style></head>\n\
         <body class=\"report\"><main>\n<h1>{title}</h1>\n{body}</main>\n<script type=\"application/json\" id=\"data\">{data}</script>\n\
         <script>{PLOTS}</script>\n<script type=\"module\">{modules}</script>\n</body></html>\n"
    )
}

/// The modules as one: what they import of each other is there.
fn joined_modules() -> String {
    let lines = MODULES.iter().flat_map(|module| module.lines());
    let lines = lines.filter(|line| !line.starts_with("import "));
    let lines = lines.map(|line| line.strip_prefix("export ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
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
