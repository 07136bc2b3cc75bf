//! How large pictures may be: a header can promise anything, and so can a file.

use std::fmt;
use std::str::FromStr;

/// Pictures of more pixels than this are refused, unless another limit is asked for, before memory is taken for them.
pub const MAX_PIXELS: u64 = 500_000_000;

/// Files of more bytes than this are refused, unless another limit is asked for, before they are read.
pub const MAX_BYTES: u64 = 4_000_000_000;

/// The largest picture that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureLimits {
    /// Width times height.
    pub pixels: u64,
    /// Length of the file.
    pub bytes: u64,
}

impl Default for PictureLimits {
    fn default() -> Self {
        Self {
            pixels: MAX_PIXELS,
            bytes: MAX_BYTES,
        }
    }
}

impl PictureLimits {
    /// Whether a picture of this size may be read.
    pub fn allow(self, width: u32, height: u32) -> bool {
        u64::from(width) * u64::from(height) <= self.pixels
    }
}

/// A large whole number, which people write as 268M: K, M and G stand for a thousand, a million and a billion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub u64);

/// A text that is no [`Amount`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a number above 0: write 300000000 or 300M (K, M and G are known)")]
pub struct AmountError(String);

const UNITS: [(char, u64); 3] = [('G', 1_000_000_000), ('M', 1_000_000), ('K', 1_000)];

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let mut digits = text;
        let mut unit = 1;
        for (letter, size) in UNITS {
            if let Some(rest) = text.strip_suffix([letter, letter.to_ascii_lowercase()]) {
                (digits, unit) = (rest, size);
            }
        }
        let number = digits.parse::<u64>().ok();
        number
            .and_then(|number| number.checked_mul(unit))
            .filter(|&number| number > 0)
            .map(Self)
            .ok_or_else(|| AmountError(text.to_owned()))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, size)| self.0.is_multiple_of(*size)) {
            Some((letter, size)) => write!(formatter, "{}{letter}", self.0 / size),
            None => write!(formatter, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_people_do() {
        let amount = |text: &str| text.parse().ok().map(|Amount(number)| number);
        assert_eq!(amount("12"), Some(12));
        assert_eq!(amount("268M"), Some(268_000_000));
        assert_eq!(amount("3g"), Some(3_000_000_000));
        for wrong in ["", "0", "M", "-1", "1.5M", "2T", "99999999999G", "0K"] {
            assert_eq!(amount(wrong), None, "{wrong}");
        }
        assert_eq!(Amount(MAX_PIXELS).to_string(), "500M");
        assert_eq!(Amount(MAX_BYTES).to_string(), "4G");
        assert_eq!(Amount(1001).to_string(), "1001");
    }
}
