//! Latent codes on the command line of `translate sample`.

use std::str::FromStr;

use clap::Args;

use crate::cli::usage::UsageError;
use crate::synthesis::{Code, CodeKind, Sampler, SamplerError};

/// Rows of a sheet in which a code goes through its values.
const USUAL_ROWS: u32 = 8;
/// Values of a continuous code in a row where nobody says how many.
const USUAL_VALUES: u32 = 9;

/// What the latent codes of pictures are.
#[derive(Debug, Args)]
pub(super) struct CodeArguments {
    /// Set latent code K, from 1 on, of all pictures: a category, from 0 on, or a number from -1 to 1; several times for several codes
    #[arg(long = "code", value_name = "K=VALUE", conflicts_with = "arithmetic")]
    codes: Vec<CodeValue>,
    /// Let latent code K go through its values from picture to picture, all else the same: with --grid a row for each of --count noises
    /// [default: 8], with --frames values of a continuous code [default: 9]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..), group = "way", conflicts_with_all = ["style_mix", "arithmetic"])]
    sweep: Option<u32>,
}

/// A code by its number, and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
struct CodeValue {
    number: u32,
    value: f32,
}

impl FromStr for CodeValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a code and its value: write 1=4");
        let (number, value) = text.split_once('=').ok_or_else(wrong)?;
        let number = number.trim().parse().map_err(|_| wrong())?;
        let value = value.trim().parse().map_err(|_| wrong())?;
        match (number, f32::is_finite(value)) {
            (1.., true) => Ok(Self { number, value }),
            _ => Err(wrong()),
        }
    }
}

impl CodeArguments {
    /// Refuses a latent code of which two things are asked.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        let mut seen: Vec<u32> = self.sweep.into_iter().collect();
        for CodeValue { number, .. } in &self.codes {
            if seen.contains(number) {
                return Err(UsageError::CodeTwice(*number));
            }
            seen.push(*number);
        }
        Ok(())
    }

    /// `code` with those latent codes that are set.
    ///
    /// # Errors
    /// The style has no such codes, or they take no such values.
    pub(super) fn applied(&self, sampler: &Sampler, code: Code) -> Result<Code, SamplerError> {
        self.codes.iter().try_fold(code, |code, set| {
            sampler.with_latent_code(code, set.number, set.value)
        })
    }

    /// What the pictures of a sweep are made from, and how many there are in a row, if a sweep is asked for: `noise` says what the row of a
    /// number begins with.
    ///
    /// # Errors
    /// The style has no such code, or it has no `frames`.
    pub(super) fn rows(
        &self,
        sampler: &Sampler,
        count: Option<u32>,
        frames: Option<u32>,
        noise: impl Fn(u32) -> Result<Code, SamplerError>,
    ) -> Result<Option<(Vec<Code>, usize)>, SamplerError> {
        let Some(number) = self.sweep else {
            return Ok(None);
        };
        let values: Vec<f32> = match sampler.latent_code(number)? {
            CodeKind::Category(categories) => match frames {
                Some(_) => return Err(SamplerError::HasCategories { number, categories }),
                None => (0..categories).map(|category| category as f32).collect(),
            },
            CodeKind::Continuous => {
                let last = frames.unwrap_or(USUAL_VALUES) - 1;
                let value = |frame: u32| 2.0 * frame as f32 / last as f32 - 1.0;
                (0..=last).map(value).collect()
            }
        };
        let mut codes = Vec::new();
        for row in 0..count.unwrap_or(USUAL_ROWS) {
            let start = noise(row)?;
            for &value in &values {
                codes.push(sampler.with_latent_code(start.clone(), number, value)?);
            }
        }
        Ok(Some((codes, values.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_a_number_and_a_value() {
        let code = |number, value| CodeValue { number, value };
        assert_eq!("2=-0.5".parse(), Ok(code(2, -0.5)));
        assert_eq!("1 = 7".parse(), Ok(code(1, 7.0)));
        for text in ["", "1", "0=1", "a=1", "1=x", "1=inf", "-1=2"] {
            let error = text.parse::<CodeValue>().unwrap_err();
            assert!(error.contains("write 1=4"), "{error}");
        }
    }
}
