//! Why a weight file cannot be imported.

use std::path::PathBuf;

use crate::config::{ConfigError, Direction, Mode};
use crate::files::FileError;
use crate::nn::TensorError;
use crate::style::StyleError;

/// A weight file that cannot be imported. Each message names the file.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Neither a PyTorch checkpoint nor safetensors, or damaged.
    #[error("`{}` cannot be read as weights: {message}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A pickle that refers to a class or function which no weights need.
    #[error(
        "`{}` refers to `{global}`, which no weight file needs and which could run code when PyTorch loads it: refused, nothing was executed. \
         If you trust the file, save its weights alone in PyTorch: `torch.save(model.state_dict(), \"weights.pth\")`, or of a \
         checkpoint's dictionary `torch.save(checkpoint[\"netG\"], \"weights.pth\")`",
        path.display()
    )]
    ForbiddenGlobal {
        /// The file.
        path: PathBuf,
        /// Module and name.
        global: String,
    },
    /// A network for mode inpaint, of which none is imported.
    #[error(
        "`{}` takes 4 channels, as networks of mode inpaint do, and such are not imported: save it as `generator.safetensors` in a style folder and train on with `--init-from`",
        .0.display()
    )]
    FillsHoles(PathBuf),
    /// No network that this program knows.
    #[error("`{}` holds no network that this program knows: {message}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What it holds.
        message: String,
    },
    /// A key that chooses no entry of the file.
    #[error("`{}`: {message}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with the key, and which there are.
        message: String,
    },
    /// Several networks.
    #[error("`{}` holds several networks, choose one with `--key`: {}", path.display(), networks.join(", "))]
    SeveralNetworks {
        /// The file.
        path: PathBuf,
        /// Key and description of each.
        networks: Vec<String>,
    },
    /// The names and shapes leave a choice.
    #[error("`{}`: {question}", path.display())]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// What must be decided, and by which flag.
        question: String,
    },
    /// A flag that the file contradicts.
    #[error("`{}` holds {found}, not {wanted}: leave `{flag}` out", path.display())]
    FlagMismatch {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
        /// What was asked for.
        wanted: String,
        /// The flag.
        flag: &'static str,
    },
    /// Tensors are missing, left over or of another shape.
    #[error("`{}` looks like {network}, but {source}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        network: String,
        /// The tensors.
        source: TensorError,
    },
    /// A discriminator of other pictures than the style's.
    #[error("`{}` judges pictures with {found} channels, and the style `{style}` needs a discriminator of {wanted}", path.display())]
    ChannelMismatch {
        /// The file.
        path: PathBuf,
        /// The style.
        style: String,
        /// Channels of the discriminator's input.
        found: usize,
        /// Channels that it would be shown.
        wanted: usize,
    },
    /// A discriminator cannot make a style.
    #[error("`{}` is a discriminator ({network}): import the generator of the style `{style}` first", path.display())]
    DiscriminatorFirst {
        /// The file.
        path: PathBuf,
        /// What it is.
        network: String,
        /// The style.
        style: String,
    },
    /// An encoder of instance features without a generator that takes them.
    #[error("`{}` is an encoder of {features} instance features: import a generator that takes so many into the style `{style}` first", path.display())]
    EncoderFirst {
        /// The file.
        path: PathBuf,
        /// Its features.
        features: usize,
        /// The style.
        style: String,
    },
    /// The style has been trained here.
    #[error(
        "the style `{0}` was trained here, and an import would mix it with other weights: choose another name"
    )]
    TrainedStyle(String),
    /// A folder of the style's name that is not a style.
    #[error("`{}` exists and is not a style: choose another name", .0.display())]
    NotAStyle(PathBuf),
    /// The style has this network already.
    #[error("the style `{style}` has `{}` already: replace it with `--overwrite`, or choose another name{}", file.display(), both_ways(*mode))]
    NetworkExists {
        /// The style.
        style: String,
        /// The weights that are there.
        file: PathBuf,
        /// Mode of the style.
        mode: Mode,
    },
    /// The networks of a style must fit.
    #[error("`{}` does not fit the style `{style}`, whose networks have:\n  {}\nimport it into another style", path.display(), lines.join("\n  "))]
    NetworkMismatch {
        /// The file.
        path: PathBuf,
        /// The style.
        style: String,
        /// One line for each key that differs.
        lines: Vec<String>,
    },
    /// The direction contradicts the style.
    #[error("the style `{style}` translates {} only: import the other direction into another style, or both into one with `--mode cycle`", has.name())]
    DirectionMismatch {
        /// The style.
        style: String,
        /// Its direction.
        has: Direction,
    },
    /// The networks make no valid recipe.
    #[error("`{}` cannot be used here: {source}", path.display())]
    Recipe {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: ConfigError,
    },
    /// The style's folder or files.
    #[error(transparent)]
    Style(#[from] StyleError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

fn both_ways(mode: Mode) -> &'static str {
    if mode == Mode::Cycle {
        ""
    } else {
        "; for both directions of a CycleGAN import the first one with `--mode cycle`"
    }
}
