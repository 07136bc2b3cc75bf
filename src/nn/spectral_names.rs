//! Weights with spectral normalisation under the names of PyTorch.
//!
//! A layer has `weight_orig`, `weight_u` and `weight_v` there (`torch.nn.utils.spectral_norm`), or three names below
//! `parametrizations.weight` (`torch.nn.utils.parametrizations.spectral_norm`); here the first is the `weight` of the layer.

use std::collections::BTreeMap;

use burn::tensor::TensorData;

pub(super) const LEFT: &str = "weight_u";
pub(super) const RIGHT: &str = "weight_v";
const ORIGINAL: &str = "weight_orig";
const WEIGHT: &str = "weight";
/// The names below `parametrizations.weight`, and those that they have here.
const PARAMETRISED: [(&str, &str); 3] = [
    ("parametrizations.weight.original", WEIGHT),
    ("parametrizations.weight.0._u", LEFT),
    ("parametrizations.weight.0._v", RIGHT),
];

/// Names by which tensors leave a network: the weights that are divided by their norm are called `weight_orig`.
pub(super) fn rename_out(tensors: &mut BTreeMap<String, TensorData>) {
    for layer in layers(tensors.keys(), LEFT) {
        rename(tensors, &layer, WEIGHT, ORIGINAL);
    }
}

/// The inverse of [`rename_out`], for the names of both forms.
pub(super) fn rename_in(tensors: &mut BTreeMap<String, TensorData>) {
    let [(_, _), (left, _), _] = PARAMETRISED;
    for layer in layers(tensors.keys(), left) {
        for (name, here) in PARAMETRISED {
            rename(tensors, &layer, name, here);
        }
    }
    for layer in layers(tensors.keys(), LEFT) {
        rename(tensors, &layer, ORIGINAL, WEIGHT);
    }
}

/// Divides the weights by their norms, for a network whose layers, all but those for which `keeps` holds, take them as they are.
pub(super) fn fold(tensors: &mut BTreeMap<String, TensorData>, keeps: impl Fn(&str) -> bool) {
    for layer in layers(tensors.keys(), LEFT) {
        let name = |leaf| format!("{layer}{leaf}");
        if keeps(&name(LEFT)) {
            continue;
        }
        let get = |leaf| tensors.get(&name(leaf));
        let (Some(weight), Some(left), Some(right)) = (get(WEIGHT), get(LEFT), get(RIGHT)) else {
            continue;
        };
        if let Some(folded) = folded(weight, left, right) {
            tensors.insert(name(WEIGHT), folded);
            tensors.remove(&name(LEFT));
            tensors.remove(&name(RIGHT));
        }
    }
}

/// What stands before `leaf` in those names that end with it, with its dot.
fn layers<'a>(names: impl Iterator<Item = &'a String>, leaf: &str) -> Vec<String> {
    let layers = names.filter_map(|name| name.strip_suffix(leaf));
    layers
        .filter(|layer| layer.is_empty() || layer.ends_with('.'))
        .map(ToOwned::to_owned)
        .collect()
}

fn rename(tensors: &mut BTreeMap<String, TensorData>, layer: &str, from: &str, to: &str) {
    if let Some(tensor) = tensors.remove(&format!("{layer}{from}")) {
        tensors.insert(format!("{layer}{to}"), tensor);
    }
}

/// `weight` divided by its norm; `None` if its vectors have other sizes.
fn folded(weight: &TensorData, left: &TensorData, right: &TensorData) -> Option<TensorData> {
    let shape = weight.shape();
    let [first, second, height, width] = shape[..] else {
        return None;
    };
    let numbers = |data: &TensorData| data.clone().convert::<f32>().try_into_vec::<f32>().ok();
    let (left, right) = (numbers(left)?, numbers(right)?);
    let kernel = height * width;
    let is_of =
        |outputs: usize, inputs: usize| left.len() == outputs && right.len() == inputs * kernel;
    let mut values = numbers(weight)?;
    let norm = |is_transposed| spectral_norm(&values, &left, &right, second, kernel, is_transposed);
    let norm = match (is_of(first, second), is_of(second, first)) {
        // Whether the outputs come first or second, as in a transposed convolution, cannot be told from the sizes; but the
        // vectors are close to those for which the product is largest.
        (true, true) => [norm(false), norm(true)].into_iter().fold(0.0, larger),
        (true, false) => norm(false),
        (false, true) => norm(true),
        (false, false) => return None,
    };
    for value in &mut values {
        *value = (f64::from(*value) / norm) as f32;
    }
    Some(TensorData::new(values, shape.clone()))
}

fn larger(one: f64, other: f64) -> f64 {
    if other.abs() > one.abs() { other } else { one }
}

/// `left · (matrix right)`, where the matrix is that of a weight `[first, second, kernel]` whose outputs are its first dimension,
/// or its second one.
fn spectral_norm(
    values: &[f32],
    left: &[f32],
    right: &[f32],
    second: usize,
    kernel: usize,
    is_transposed: bool,
) -> f64 {
    let kernels = values.chunks_exact(kernel.max(1)).enumerate();
    kernels
        .map(|(index, values)| {
            let (row, column) = (index / second, index % second);
            let (output, input) = if is_transposed {
                (column, row)
            } else {
                (row, column)
            };
            let right = &right[input * kernel..(input + 1) * kernel];
            let pairs = values.iter().zip(right);
            let product: f64 = pairs.map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            f64::from(left[output]) * product
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(
        names: [&str; 3],
        weight: (&[usize], &[f32]),
        left: &[f32],
        right: &[f32],
    ) -> BTreeMap<String, TensorData> {
        let [original, u, v] = names;
        let vector = |values: &[f32]| TensorData::new(values.to_vec(), [values.len()]);
        BTreeMap::from([
            (
                format!("a.{original}"),
                TensorData::new(weight.1.to_vec(), weight.0.to_vec()),
            ),
            (format!("a.{u}"), vector(left)),
            (format!("a.{v}"), vector(right)),
            ("a.bias".to_owned(), vector(&[0.0])),
        ])
    }

    #[test]
    fn both_forms_of_names_come_in_and_the_first_goes_out() {
        let weight = (&[2, 1, 1, 1][..], &[2.0, 0.0][..]);
        let old = ["weight_orig", "weight_u", "weight_v"];
        let new = PARAMETRISED.map(|(name, _)| name);
        for names in [old, new] {
            let mut tensors = layer(names, weight, &[1.0, 0.0], &[1.0]);
            rename_in(&mut tensors);
            let found: Vec<&String> = tensors.keys().collect();
            assert_eq!(found, ["a.bias", "a.weight", "a.weight_u", "a.weight_v"]);
            rename_out(&mut tensors);
            assert_eq!(tensors, layer(old, weight, &[1.0, 0.0], &[1.0]));
        }
    }

    #[test]
    fn folded_weights_are_divided_by_the_norm_in_either_order() {
        let names = ["weight", "weight_u", "weight_v"];
        for (left, right) in [([0.0, 1.0], [1.0, 0.0]), ([1.0, 0.0], [0.0, 1.0])] {
            // Outputs first the product is 8 and then 1; outputs second the other way round.
            let weight = (&[2, 2, 1, 1][..], &[0.0, 1.0, 8.0, 0.0][..]);
            let mut tensors = layer(names, weight, &left, &right);
            fold(&mut tensors, |_| false);
            assert_eq!(tensors.len(), 2);
            let folded = tensors["a.weight"].as_slice::<f32>().unwrap();
            assert_eq!(folded, [0.0, 0.125, 1.0, 0.0]);
        }
        let weight = (&[1, 2, 1, 1][..], &[3.0, 4.0][..]);
        let mut transposed = layer(names, weight, &[0.6, 0.8], &[1.0]);
        fold(&mut transposed, |_| false);
        let folded = transposed["a.weight"].as_slice::<f32>().unwrap();
        assert!((folded[0] - 0.6).abs() < 1e-6 && (folded[1] - 0.8).abs() < 1e-6);
        let mut kept = layer(names, weight, &[0.6, 0.8], &[1.0]);
        fold(&mut kept, |name| name == "a.weight_u");
        assert_eq!(kept.len(), 4);
    }
}
