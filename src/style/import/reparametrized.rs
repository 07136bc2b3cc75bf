//! Weights that PyTorch computes from others before each forward pass: spectral norm and weight norm.
//!
//! Miyato, Kataoka, Koyama and Yoshida, "Spectral Normalization for Generative Adversarial Networks", 2018; Salimans and
//! Kingma, "Weight Normalization", 2016.

use std::collections::BTreeMap;
use std::io;

use super::stored::Stored;

/// How a weight is kept in the file.
pub(super) enum Weight {
    /// As it is used.
    Plain(Stored),
    /// Divided by its largest singular value, of which the estimates of both vectors are kept.
    Spectral {
        matrix: Stored,
        left: Stored,
        right: Stored,
    },
    /// A length for each output, and directions of any length.
    Normed { length: Stored, direction: Stored },
}

/// Names of the parts that a weight is computed from, after the name of its layer: those of `spectral_norm` and of
/// `weight_norm` in `torch.nn.utils`, then those in `torch.nn.utils.parametrizations`.
const SPECTRAL: [[&str; 3]; 2] = [
    ["weight_orig", "weight_u", "weight_v"],
    [
        "parametrizations.weight.original",
        "parametrizations.weight.0._u",
        "parametrizations.weight.0._v",
    ],
];
const NORMED: [[&str; 2]; 2] = [
    ["weight_g", "weight_v"],
    [
        "parametrizations.weight.original0",
        "parametrizations.weight.original1",
    ],
];

/// All tensors by the names that they have without such computations. Parts without the others keep their names.
pub(super) fn join_parts(mut tensors: BTreeMap<String, Stored>) -> BTreeMap<String, Weight> {
    let mut weights = BTreeMap::new();
    let names: Vec<String> = tensors.keys().cloned().collect();
    for name in names {
        for [matrix, left, right] in SPECTRAL {
            let Some(layer) = layer_of(&name, matrix) else {
                continue;
            };
            let part = |part| format!("{layer}{part}");
            let weight = part("weight");
            // PyTorch before 1.1 kept the weight itself too, and not always both vectors.
            if tensors.contains_key(&weight) {
                for name in [matrix, left, right] {
                    tensors.remove(&part(name));
                }
            } else if let Some([matrix, left, right]) =
                take_all(&mut tensors, [matrix, left, right].map(part))
            {
                let spectral = Weight::Spectral {
                    matrix,
                    left,
                    right,
                };
                weights.insert(weight, spectral);
            }
        }
        for [length, direction] in NORMED {
            let Some(layer) = layer_of(&name, length) else {
                continue;
            };
            let part = |part| format!("{layer}{part}");
            if tensors.contains_key(&part("weight")) {
                continue;
            }
            if let Some([length, direction]) = take_all(&mut tensors, [length, direction].map(part))
            {
                weights.insert(part("weight"), Weight::Normed { length, direction });
            }
        }
    }
    let plain = tensors.into_iter();
    weights.extend(plain.map(|(name, stored)| (name, Weight::Plain(stored))));
    weights
}

/// What stands before `part` in a name, with its dot.
fn layer_of<'a>(name: &'a str, part: &str) -> Option<&'a str> {
    let layer = name.strip_suffix(part)?;
    (layer.is_empty() || layer.ends_with('.')).then_some(layer)
}

/// The tensors of these names, if all are there.
fn take_all<const N: usize>(
    tensors: &mut BTreeMap<String, Stored>,
    names: [String; N],
) -> Option<[Stored; N]> {
    if !names.iter().all(|name| tensors.contains_key(name)) {
        return None;
    }
    let taken: Option<Vec<Stored>> = names.iter().map(|name| tensors.remove(name)).collect();
    taken?.try_into().ok()
}

impl Weight {
    /// The tensor that has the weight's shape.
    pub(super) fn main(&self) -> &Stored {
        match self {
            Self::Plain(stored)
            | Self::Spectral { matrix: stored, .. }
            | Self::Normed {
                direction: stored, ..
            } => stored,
        }
    }

    /// Its numbers as they are in PyTorch's evaluation mode. `is_transposed` says whether a weight with as many inputs as
    /// outputs belongs to a transposed convolution; of others its vectors tell.
    ///
    /// # Errors
    /// The file is cut off, numbers are not floating-point, or the parts do not fit each other.
    pub(super) fn values(&self, is_transposed: bool) -> io::Result<Vec<f32>> {
        match self {
            Self::Plain(stored) => stored.values(),
            Self::Spectral {
                matrix,
                left,
                right,
            } => {
                let sizes = Sizes::from_shapes(&matrix.shape, left, right, is_transposed)
                    .ok_or_else(|| io::Error::other("its singular vectors have other sizes"))?;
                let mut values = matrix.values()?;
                let (left, right) = (left.values()?, right.values()?);
                let norm = spectral_norm(&values, &left, &right, sizes);
                for value in &mut values {
                    *value = (f64::from(*value) / norm) as f32;
                }
                Ok(values)
            }
            Self::Normed { length, direction } => {
                let lengths = length.values()?;
                let groups = groups(&direction.shape, &length.shape)
                    .ok_or_else(|| io::Error::other("its lengths have other sizes"))?;
                let mut values = direction.values()?;
                let mut squares = vec![0.0f64; lengths.len()];
                for (value, &group) in values.iter().zip(&groups) {
                    squares[group] += f64::from(*value).powi(2);
                }
                for (value, &group) in values.iter_mut().zip(&groups) {
                    let scale = f64::from(lengths[group]) / squares[group].sqrt();
                    *value = (f64::from(*value) * scale) as f32;
                }
                Ok(values)
            }
        }
    }
}

/// A weight as a matrix of outputs and all else.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    first: usize,
    second: usize,
    kernel: usize,
    /// Whether the outputs are the second dimension.
    is_transposed: bool,
}

impl Sizes {
    fn from_shapes(
        shape: &[usize],
        left: &Stored,
        right: &Stored,
        is_transposed: bool,
    ) -> Option<Self> {
        let [first, second, kernel @ ..] = shape else {
            return None;
        };
        let kernel = kernel.iter().product();
        let is_transposed = match left.shape.as_slice() {
            [outputs] if first == second => (outputs == first).then_some(is_transposed)?,
            [outputs] if outputs == first => false,
            [outputs] if outputs == second => true,
            _ => return None,
        };
        let rest = if is_transposed { first } else { second };
        (right.shape == [rest * kernel]).then_some(Self {
            first: *first,
            second: *second,
            kernel,
            is_transposed,
        })
    }
}

/// `left · (matrix right)`.
fn spectral_norm(values: &[f32], left: &[f32], right: &[f32], sizes: Sizes) -> f64 {
    let mut norm = 0.0;
    let mut numbers = values.iter();
    for first in 0..sizes.first {
        for second in 0..sizes.second {
            let (output, input) = if sizes.is_transposed {
                (second, first)
            } else {
                (first, second)
            };
            let right = &right[input * sizes.kernel..(input + 1) * sizes.kernel];
            let kernel = numbers.by_ref().take(sizes.kernel);
            let product: f64 = kernel
                .zip(right)
                .map(|(value, right)| f64::from(*value) * f64::from(*right))
                .sum();
            norm += f64::from(left[output]) * product;
        }
    }
    norm
}

/// For each number of a tensor of `shape` the index of its length, which has the same dimensions, some of size 1, or none.
fn groups(shape: &[usize], lengths: &[usize]) -> Option<Vec<usize>> {
    let fits = |(size, length): (&usize, &usize)| *length == 1 || length == size;
    if lengths.is_empty() {
        return Some(vec![0; shape.iter().product()]);
    }
    if shape.len() != lengths.len() || !shape.iter().zip(lengths).all(fits) {
        return None;
    }
    let mut groups = vec![0];
    for (&size, &length) in shape.iter().zip(lengths) {
        let inner = groups.iter().flat_map(|group| {
            (0..size).map(move |index| group * length + if length == 1 { 0 } else { index })
        });
        groups = inner.collect();
    }
    Some(groups)
}

#[cfg(test)]
mod tests {
    use burn::tensor::DType;

    use super::*;
    use crate::style::import::pytorch::Element;

    fn stored(shape: &[usize], values: Vec<f32>) -> Stored {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        Stored {
            shape: shape.to_vec(),
            element: Element::Float(DType::F32),
            bytes: bytes.len(),
            read: Box::new(move || Ok(bytes.clone())),
        }
    }

    #[test]
    fn a_square_weight_is_divided_by_its_norm_in_both_orders() {
        let weight = || Weight::Spectral {
            matrix: stored(&[2, 2, 1, 1], vec![1.0, 2.0, 3.0, 4.0]),
            left: stored(&[2], vec![1.0, 0.0]),
            right: stored(&[2], vec![0.0, 1.0]),
        };
        assert_eq!(weight().values(false).unwrap(), [0.5, 1.0, 1.5, 2.0]);
        let third = [1.0, 2.0, 3.0, 4.0].map(|value: f32| value / 3.0);
        assert_eq!(weight().values(true).unwrap(), third);
    }

    #[test]
    fn lengths_are_of_any_dimension() {
        let direction = || stored(&[2, 2], vec![3.0, 0.0, 4.0, 2.0]);
        for (shape, lengths, expected) in [
            (&[2, 1][..], vec![1.0, 20f32.sqrt()], [1.0, 0.0, 4.0, 2.0]),
            (&[1, 2], vec![10.0, 1.0], [6.0, 0.0, 8.0, 1.0]),
            (&[], vec![29f32.sqrt()], [3.0, 0.0, 4.0, 2.0]),
        ] {
            let weight = Weight::Normed {
                length: stored(shape, lengths),
                direction: direction(),
            };
            let values = weight.values(false).unwrap();
            assert!(
                values
                    .iter()
                    .zip(expected)
                    .all(|(x, y)| (x - y).abs() < 1e-6)
            );
        }
    }

    #[test]
    fn parts_become_the_weight_of_their_layer() {
        let names = |parts: &[&str]| {
            let parts = parts
                .iter()
                .map(|part| ((*part).to_owned(), stored(&[1], vec![1.0])));
            let joined = join_parts(parts.collect());
            joined.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(
            names(&["a.weight_orig", "a.weight_u", "a.weight_v", "a.bias"]),
            ["a.bias", "a.weight"]
        );
        assert_eq!(names(&["weight_g", "weight_v"]), ["weight"]);
        // The weight itself is there.
        assert_eq!(
            names(&["a.weight", "a.weight_orig", "a.weight_u"]),
            ["a.weight"]
        );
        assert_eq!(
            names(&["a.weight_orig", "a.weight_u"]),
            ["a.weight_orig", "a.weight_u"]
        );
    }
}
