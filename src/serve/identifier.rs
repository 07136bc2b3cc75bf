//! Names that nobody can guess.

use std::fmt::Write as _;

/// 32 random hexadecimal digits.
pub(super) fn identifier() -> String {
    let bytes: [u8; 16] = rand::random();
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
