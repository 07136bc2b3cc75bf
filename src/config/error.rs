//! Errors of recipes.

use crate::files::FileError;
use crate::wording::nearest;

/// A recipe that cannot be used. Each message names the origin (file or `--set`), the key and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The recipe file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Neither a file nor a recipe in the program.
    #[error("there is no recipe `{name}`, neither a file nor in this program{}", known_text(nearest.as_deref(), known))]
    NoRecipe {
        /// What was asked for.
        name: String,
        /// The one that was probably meant.
        nearest: Option<String>,
        /// The recipes in the program.
        known: String,
    },
    /// The text is not TOML.
    #[error("{origin} is not valid TOML: {message}")]
    Syntax {
        /// File or flag.
        origin: String,
        /// The parser's message, with line and column.
        message: String,
    },
    /// A key that recipes do not have.
    #[error("{origin}: unknown key `{key}`{}", nearest.as_ref().map(|near| format!(", did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// File or flag.
        origin: String,
        /// Dotted key.
        key: String,
        /// The known key nearest to it.
        nearest: Option<String>,
    },
    /// A value of the wrong type.
    #[error("{origin}: `{key}` must be {expected}, but is {found}")]
    WrongType {
        /// File or flag.
        origin: String,
        /// Dotted key.
        key: String,
        /// Expected type, with its article.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// A value that the key cannot have.
    #[error("`{key}`: {message}")]
    BadValue {
        /// Dotted key.
        key: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A name that is none of those that the key takes.
    #[error(
        "`{key}`: takes {}, not \"{given}\"{}",
        listed(choices),
        meant(given, choices)
    )]
    NoChoice {
        /// Dotted key.
        key: String,
        /// The name.
        given: String,
        /// All that it takes.
        choices: Vec<String>,
    },
    /// A `--set` that is not `section.key=value`.
    #[error("`--set {0}`: write it as section.key=value, for example `--set data.crop_size=64`")]
    BadSetting(String),
}

/// Names in quotes, with "or" before the last one.
fn listed(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => {
            format!("\"{}\" or \"{last}\"", first.join("\", \""))
        }
        _ => format!("\"{}\"", names.concat()),
    }
}

/// The one of `names` that was probably meant by `given`.
fn meant(given: &str, names: &[String]) -> String {
    let nearest = nearest(given, names.to_vec());
    nearest.map_or(String::new(), |name| format!("; did you mean \"{name}\"?"))
}

fn known_text(nearest: Option<&str>, known: &str) -> String {
    match nearest {
        Some(nearest) => format!(": did you mean `{nearest}`?"),
        None => format!(", which has: {known}"),
    }
}
