//! What can be wrong with a style.

use std::path::PathBuf;

use super::onnx::OnnxError;
use crate::config::ConfigError;
use crate::files::FileError;
use crate::nn::TensorError;

/// A style that cannot be used. Each message names the style or the file.
#[derive(Debug, thiserror::Error)]
pub enum StyleError {
    /// No style of this name.
    #[error("there is no style `{name}` in `{}`{}", root.display(), known_text(nearest.as_deref(), known, builtin))]
    NotFound {
        /// Name asked for.
        name: String,
        /// Folder of styles.
        root: PathBuf,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// Names that exist there.
        known: Vec<String>,
        /// Names of the styles in the program.
        builtin: Vec<String>,
    },
    /// A state of a style that was not kept.
    #[error("the style `{style}` has no state `@{step}`: {}", kept_text(kept))]
    NotKept {
        /// Style.
        style: String,
        /// Step asked for.
        step: String,
        /// Steps of the states that it has.
        kept: Vec<u64>,
    },
    /// A name that cannot be a folder's.
    #[error(
        "`{0}` cannot be the name of a style: use letters, digits, spaces, `-`, `_` and `.`, with a letter or digit first"
    )]
    BadName(String),
    /// A folder without `style.toml`.
    #[error("`{}` is not a style: it has no `style.toml`", .0.display())]
    NotAStyle(PathBuf),
    /// `style.toml` is damaged.
    #[error("`{}` is damaged: {message}", path.display())]
    BadManifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// `style.toml` comes from a later version of the program.
    #[error("`{}` has format version {found}; this program reads versions up to {known}: update it", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Version found.
        found: u32,
        /// Newest version known.
        known: u32,
    },
    /// The recipe in `style.toml` is wrong.
    #[error("the recipe in `{}` is wrong: {source}", path.display())]
    BadRecipe {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ConfigError,
    },
    /// A weight file is missing: the style has not been trained, or was copied in part.
    #[error("the weights `{}` are missing: train the style, or copy the whole style folder", .0.display())]
    NoWeights(PathBuf),
    /// A style with instance features whose clusters have not been made.
    #[error(
        "the style `{0}` has no clusters of instance features yet: they are made with each checkpoint, go on with `translate train --resume --name {0}`"
    )]
    NoClusters(String),
    /// An imported style with instance features.
    #[error(
        "the imported style `{}` has no clusters of instance features: they are made at the end of a training, train a new style with `--init-from {}`", .0.display(), .0.display()
    )]
    NoClustersImported(PathBuf),
    /// A weight file is damaged or belongs to another network.
    #[error("`{}`: {source}", path.display())]
    BadWeights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TensorError,
    },
    /// A direction that the style has not learnt.
    #[error("the style `{style}` translates {has} only")]
    NoSuchDirection {
        /// Style.
        style: String,
        /// Direction that it has.
        has: &'static str,
    },
    /// A network that the style does not have.
    #[error("the style `{style}` has no network `{network}`; it has: {}", has.join(", "))]
    NoSuchNetwork {
        /// Style.
        style: String,
        /// Network asked for.
        network: String,
        /// Those that it has, by the stems of their weight files.
        has: Vec<String>,
    },
    /// The generator cannot be written as ONNX.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A style whose colours of classes make no sense.
    #[error("the style `{style}` has colours of classes that cannot be used: {message}")]
    BadPalette {
        /// Style.
        style: String,
        /// What is wrong.
        message: String,
    },
    /// A style that translates whole pictures, where holes are to be filled.
    #[error(
        "the style `{style}` fills no holes: it is of mode {mode}, and --mask needs one of mode inpaint"
    )]
    FillsNoHoles {
        /// Style.
        style: String,
        /// Its mode.
        mode: &'static str,
    },
    /// A bottleneck of one value cannot be normalised by its own statistics.
    #[error(
        "the style `{0}` has a bottleneck of one value per channel, which has no statistics of its own: leave out --norm-stats batch"
    )]
    NoOwnStatistics(String),
    /// Statistics of each picture, for a generator that makes pictures from noise.
    #[error(
        "the style `{0}` makes pictures with the statistics of its training, not with those of each picture: leave out --norm-stats batch"
    )]
    FixedStatistics(String),
    /// Virtual batch normalisation, asked for as an ONNX model.
    #[error(
        "the style `{0}` has virtual batch norm, whose statistics are those of the reference batch and of each picture together, and ONNX has no operator for it: use --format safetensors, or train with `generator.norm = \"reference_batch\"`"
    )]
    VirtualNorm(String),
    /// A style that fills holes, where whole pictures are to be translated.
    #[error("the style `{0}` fills holes: say where they are with --mask")]
    NeedsMask(String),
    /// A style that makes pictures, where pictures are to be translated.
    #[error(
        "the style `{0}` makes pictures from noise and translates none: `translate sample --style {0}` has it make some"
    )]
    TranslatesNone(String),
    /// A style that translates pictures, where some are to be made from noise.
    #[error(
        "the style `{style}` of mode {mode} translates pictures and makes none from noise: take one of mode generate or vae"
    )]
    MakesNone {
        /// Style.
        style: String,
        /// Its mode.
        mode: &'static str,
    },
    /// A style whose pictures a second stage cannot go on from.
    #[error("`{}` cannot be the first stage (`synthesis.first_stage`): {message}", path.display())]
    BadFirstStage {
        /// Its folder.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A style without an encoder, where pictures are to be encoded.
    #[error("the style `{style}` of mode {mode} has no encoder: take one of mode vae or generate")]
    EncodesNone {
        /// Style.
        style: String,
        /// Its mode.
        mode: &'static str,
    },
    /// Another program is writing into the style's folder.
    #[error("another run is writing the style in `{}`: wait for it, or choose another name", .0.display())]
    InUse(PathBuf),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

fn kept_text(kept: &[u64]) -> String {
    if kept.is_empty() {
        return "none was kept; `--set train.keep_every=1000` does that while training".to_owned();
    }
    let kept: Vec<String> = kept.iter().map(|step| format!("@{step}")).collect();
    format!("it has {}", kept.join(", "))
}

fn known_text(nearest: Option<&str>, known: &[String], builtin: &[String]) -> String {
    if let Some(nearest) = nearest {
        return format!(": did you mean `{nearest}`?");
    }
    let mut text = if known.is_empty() {
        "; there are none yet: train one with `translate train`".to_owned()
    } else {
        format!("; there are: {}", known.join(", "))
    };
    if !builtin.is_empty() {
        text.push_str("; the program has: ");
        text.push_str(&builtin.join(", "));
    }
    text
}
