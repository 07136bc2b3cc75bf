//! Sums and differences of codes.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::latent_codes::{CodeKind, LatentCodes};
use super::sampler::Code;

/// A text that is no sum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a sum: write names of pictures or folders with + and - between them, all separated by blanks, such as \"smiling - neutral + man\""
)]
pub struct ArithmeticError(String);

/// Codes that are added and subtracted, by the pictures or folders whose codes they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Arithmetic {
    terms: Vec<(f32, PathBuf)>,
}

impl Arithmetic {
    /// The pictures or folders in their order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.terms.iter().map(|(_, path)| path.as_path())
    }

    /// The sum of `codes`, one for each of the [paths](Self::paths), with their signs.
    ///
    /// Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
    /// 2016, section 6.3.2.
    pub fn sum(&self, codes: &[Vec<f32>]) -> Vec<f32> {
        let mut sum = vec![0.0; codes.first().map_or(0, Vec::len)];
        for ((sign, _), code) in self.terms.iter().zip(codes) {
            for (sum, value) in sum.iter_mut().zip(code) {
                *sum += sign * value;
            }
        }
        sum
    }
}

impl Arithmetic {
    /// The sum of what pictures are made from, one for each of the [paths](Self::paths), of a style with these latent codes. Class and
    /// categories are those of the first.
    pub fn sum_of(&self, latent_codes: &LatentCodes, codes: &[Code]) -> Code {
        let vectors: Vec<_> = codes.iter().map(|code| code.vector.clone()).collect();
        let said = codes
            .iter()
            .map(|code| latent_codes.read(&code.latent_codes));
        let said: Vec<_> = said.collect();
        let sums = self.sum(&said).into_iter();
        let first = said.into_iter().next().unwrap_or_default();
        let kinds = latent_codes.kinds().into_iter().zip(first).zip(sums);
        let said = kinds.map(|((kind, first), sum)| match kind {
            CodeKind::Category(_) => first,
            CodeKind::Continuous => sum.clamp(-1.0, 1.0),
        });
        let said: Vec<f32> = said.collect();
        Code {
            latent_codes: latent_codes.values(&said),
            ..Code::new(
                self.sum(&vectors),
                codes.first().map_or(0, |code| code.class),
            )
        }
    }
}

/// The mean of what pictures are made from, of a style with these latent codes, of the class of the first.
pub fn mean_of(latent_codes: &LatentCodes, codes: &[Code]) -> Code {
    let mut vector = vec![0.0; codes.first().map_or(0, |code| code.vector.len())];
    for code in codes {
        for (sum, value) in vector.iter_mut().zip(&code.vector) {
            *sum += value / codes.len() as f32;
        }
    }
    let values: Vec<_> = codes.iter().map(|code| code.latent_codes.clone()).collect();
    Code {
        latent_codes: latent_codes.mean(&values),
        ..Code::new(vector, codes.first().map_or(0, |code| code.class))
    }
}

impl FromStr for Arithmetic {
    type Err = ArithmeticError;

    fn from_str(text: &str) -> Result<Self, ArithmeticError> {
        let wrong = || ArithmeticError(text.to_owned());
        let sign = |word: &str| match word {
            "+" => Some(1.0),
            "-" => Some(-1.0),
            _ => None,
        };
        let mut words = text.split_whitespace();
        let mut terms = Vec::new();
        let mut next = Some(1.0);
        while let Some(of_term) = next {
            let path = words.next().filter(|word| sign(word).is_none());
            terms.push((of_term, path.ok_or_else(wrong)?.into()));
            next = match words.next() {
                Some(word) => Some(sign(word).ok_or_else(wrong)?),
                None => None,
            };
        }
        Ok(Self { terms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_have_signs_between_their_terms() {
        let sum: Arithmetic = "a/b - c.png + d-e".parse().unwrap();
        let paths: Vec<_> = sum.paths().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(paths, ["a/b", "c.png", "d-e"]);
        let codes = [vec![1.0, 2.0], vec![0.5, 4.0], vec![3.0, -1.0]];
        assert_eq!(sum.sum(&codes), [3.5, -3.0]);
        for text in ["", "a -", "- a", "a b", "a + - b", "a -b"] {
            let error = text.parse::<Arithmetic>().unwrap_err();
            assert!(error.to_string().contains("is not a sum"), "{text}");
        }
    }
}
