//! Weights of Inception under the names that files give them, brought to those of PyTorch.

use burn::tensor::TensorData;

use super::inception_layout::layer_names;
use super::unit::mismatch;
use crate::nn::{NamedTensors, TensorError};

/// The first layer, by which a file is known.
const FIRST: &str = "Conv2d_1a_3x3.conv.weight";
/// The same in TensorFlow's graph.
const FIRST_TENSORFLOW: &str = "conv/conv2d_params";

/// Whether tensors of these names are those of Inception.
pub(super) fn is_inception<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    names.any(|name| name.ends_with(FIRST) || plain(name) == FIRST_TENSORFLOW)
}

/// The tensors under PyTorch's names: as pytorch-fid and torch-fidelity store them, with any prefix, or as TensorFlow's graph
/// calls them, in its layout (kernels `[rows, columns, in, out]`).
///
/// # Errors
/// They are those of torchvision's own Inception, which has other weights, or of another network.
pub(super) fn with_pytorch_names(weights: NamedTensors) -> Result<NamedTensors, TensorError> {
    if let Some(first) = weights.0.keys().find(|name| name.ends_with(FIRST)) {
        let prefix = first[..first.len() - FIRST.len()].to_owned();
        let own = weights
            .0
            .into_iter()
            .filter_map(|(name, data)| Some((name.strip_prefix(&prefix)?.to_owned(), data)));
        let own = NamedTensors(own.collect());
        if own.0.keys().any(|name| name.starts_with("AuxLogits.")) {
            return Err(mismatch(
                "they are torchvision's own, for 1000 classes: the metrics use those of TensorFlow's graph of 2015, as pytorch-fid and torch-fidelity publish them".to_owned(),
            ));
        }
        return Ok(own);
    }
    let tensorflow = weights.0.into_iter();
    let mut tensorflow: std::collections::BTreeMap<String, TensorData> = tensorflow
        .map(|(name, data)| (plain(&name).to_owned(), data))
        .collect();
    if !tensorflow.contains_key(FIRST_TENSORFLOW) {
        return Err(mismatch(format!(
            "neither `{FIRST}` nor `{FIRST_TENSORFLOW}` is among them"
        )));
    }
    let mut own = NamedTensors::default();
    for (name, graph) in layer_names() {
        if let Some(data) = tensorflow.remove(&format!("{graph}/conv2d_params")) {
            own.0
                .insert(format!("{name}.conv.weight"), kernels_first(&data)?);
        }
        for (leaf, graph_leaf) in [
            ("weight", "gamma"),
            ("bias", "beta"),
            ("running_mean", "moving_mean"),
            ("running_var", "moving_variance"),
        ] {
            let found = tensorflow.remove(&format!("{graph}/batchnorm/{graph_leaf}"));
            if let Some(data) = found {
                own.0.insert(format!("{name}.bn.{leaf}"), data);
            }
        }
    }
    if let Some(data) = tensorflow.remove("softmax/weights") {
        own.0.insert("fc.weight".to_owned(), transposed(&data)?);
    }
    if let Some(data) = tensorflow.remove("softmax/biases") {
        own.0.insert("fc.bias".to_owned(), data);
    }
    Ok(own)
}

/// The name without the number of the output that TensorFlow appends.
fn plain(name: &str) -> &str {
    name.strip_suffix(":0").unwrap_or(name)
}

/// `[rows, columns, in, out]` to `[out, in, rows, columns]`.
fn kernels_first(data: &TensorData) -> Result<TensorData, TensorError> {
    let &[rows, columns, input, output] = &data.shape().iter().copied().collect::<Vec<_>>()[..]
    else {
        return Err(mismatch("a kernel does not have 4 dimensions".to_owned()));
    };
    let values = values(data)?;
    let mut kernels = Vec::with_capacity(values.len());
    for out in 0..output {
        for channel in 0..input {
            let taps =
                (0..rows * columns).map(|tap| values[(tap * input + channel) * output + out]);
            kernels.extend(taps);
        }
    }
    Ok(TensorData::new(kernels, [output, input, rows, columns]))
}

/// `[in, out]` to `[out, in]`.
fn transposed(data: &TensorData) -> Result<TensorData, TensorError> {
    let &[input, output] = &data.shape().iter().copied().collect::<Vec<_>>()[..] else {
        return Err(mismatch(
            "`softmax/weights` does not have 2 dimensions".to_owned(),
        ));
    };
    let values = values(data)?;
    let rows = (0..output).flat_map(|out| (0..input).map(move |channel| (out, channel)));
    let rows = rows.map(|(out, channel)| values[channel * output + out]);
    Ok(TensorData::new(rows.collect::<Vec<f32>>(), [output, input]))
}

fn values(data: &TensorData) -> Result<&[f32], TensorError> {
    let values = data.as_slice::<f32>();
    values.map_err(|_| mismatch("a tensor does not hold 32-bit numbers".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensorflow_names_and_layouts_become_those_of_pytorch() {
        let mut weights = NamedTensors::default();
        let mut add = |name: &str, shape: &[usize]| {
            let count: usize = shape.iter().product();
            let values: Vec<f32> = (0..count).map(|value| value as f32).collect();
            weights
                .0
                .insert(name.to_owned(), TensorData::new(values, shape));
        };
        add("conv/conv2d_params:0", &[1, 2, 3, 2]);
        add("mixed_10/tower_1/mixed/conv_1/batchnorm/beta", &[4]);
        add("softmax/weights", &[2, 3]);
        let own = with_pytorch_names(weights).unwrap();
        let kernel = &own.0["Conv2d_1a_3x3.conv.weight"];
        assert_eq!(kernel.shape().to_vec(), [2, 3, 1, 2]);
        // Output 0: inputs 0, 1, 2, each with both columns.
        assert_eq!(
            kernel.as_slice::<f32>().unwrap()[..6],
            [0.0, 6.0, 2.0, 8.0, 4.0, 10.0]
        );
        assert!(own.0.contains_key("Mixed_7c.branch3x3dbl_3b.bn.bias"));
        assert_eq!(
            own.0["fc.weight"].as_slice::<f32>().unwrap(),
            [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]
        );
    }
}
