//! The styles that travel in the program: those that its repository has in `checkpoints/`.

use std::borrow::Cow;

use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "checkpoints/fill"]
#[allow_missing = true]
struct Fill;

#[derive(RustEmbed)]
#[folder = "checkpoints/monet"]
#[allow_missing = true]
struct Monet;

/// File without which a folder is no style.
const MANIFEST: &str = "style.toml";

/// A style's files in the program.
struct Files {
    name: &'static str,
    get: fn(&str) -> Option<EmbeddedFile>,
    names: fn() -> Vec<String>,
}

/// All styles, sorted by name.
const STYLES: [Files; 2] = [
    Files {
        name: "fill",
        get: Fill::get,
        names: || Fill::iter().map(Cow::into_owned).collect(),
    },
    Files {
        name: "monet",
        get: Monet::get,
        names: || Monet::iter().map(Cow::into_owned).collect(),
    },
];

/// Names of the styles in the program, sorted.
pub(super) fn builtin_names() -> impl Iterator<Item = &'static str> {
    let there = STYLES
        .iter()
        .filter(|style| (style.get)(MANIFEST).is_some());
    there.map(|style| style.name)
}

/// The names of a style's files.
pub(super) fn builtin_files(style: &str) -> Vec<String> {
    let style = STYLES.iter().find(|known| known.name == style);
    style.map(|style| (style.names)()).unwrap_or_default()
}

/// The contents of a style's file.
pub(super) fn builtin_file(style: &str, file: &str) -> Option<Cow<'static, [u8]>> {
    let style = STYLES.iter().find(|known| known.name == style)?;
    (style.get)(file).map(|file| file.data)
}
