//! The generator of StyleGAN2, layer by layer.

use burn::tensor::TensorData;

use super::dcgan::INNERMOST;
use super::equalised::{WrittenWeight, mapped};
use crate::nn::{Equalisation, TensorError};
use crate::style::onnx::layers::{Features, Layers, Transposed};

/// What the generator makes of noise, `[batch, channels, 1, 1]`, behind what it is told, as pictures of `side` x `side`: with the noise that
/// is kept with its weights.
pub(super) fn style(
    layers: &mut Layers,
    side: usize,
    mapping: usize,
    noise: &Features,
    told: Option<&Features>,
) -> Result<Features, TensorError> {
    let vectors = layers.pixel_norm(noise);
    let mut codes = match told {
        Some(told) => {
            let embedded = layers.equalised(told, "mapping.embedding", 0, Equalisation::LINEAR)?;
            let embedded = layers.pixel_norm(&embedded);
            layers.concat(&embedded, &vectors)
        }
        None => vectors,
    };
    for layer in 0..mapping {
        let layer = format!("mapping.layers.{layer}");
        let features = layers.equalised(&codes, &layer, 0, Equalisation::MAPPING)?;
        codes = layers.leaky_relu(&features);
    }
    layers.graph.leave_out("mapping.mean.running_mean");
    let constant = layers.graph.take("constant.weight")?;
    let channels = constant.shape()[1];
    let constant = Features {
        name: layers.weight_in_full("constant.weight", constant),
        channels,
    };
    let mut features = layer(layers, &constant, &codes, "conv")?;
    let mut picture = modulated(layers, &features, &codes, "colours", false)?;
    let mut present = INNERMOST;
    while present < side {
        let larger = double_filtered(layers, &features, present);
        let so_far = double_filtered(layers, &picture, present);
        present *= 2;
        let block = format!("blocks.{present}");
        features = layer(layers, &larger, &codes, &format!("{block}.conv1"))?;
        features = layer(layers, &features, &codes, &format!("{block}.conv2"))?;
        let own = modulated(
            layers,
            &features,
            &codes,
            &format!("{block}.colours"),
            false,
        )?;
        picture = layers.add(&so_far, &own);
    }
    Ok(picture)
}

/// A convolution with demodulation, noise, and a leaky ReLU.
fn layer(
    layers: &mut Layers,
    input: &Features,
    codes: &Features,
    name: &str,
) -> Result<Features, TensorError> {
    let strength = layers.graph.take(&format!("{name}.noise.strength"))?;
    let strength = strength.iter::<f32>().next().unwrap_or_default();
    let noise = layers.graph.take(&format!("{name}.noise.running_noise"))?;
    let noise = mapped(noise, |value| value * strength);
    let noise = Features {
        name: layers.weight_in_full(&format!("{name}.noise"), noise),
        channels: 1,
    };
    let conv = format!("{name}.conv");
    let filtered = filtered(layers, input, codes, &conv, true)?;
    let noisy = layers.add(&filtered, &noise);
    let shifted = shifted(layers, &noisy, &conv)?;
    let activated = layers.leaky_relu(&shifted);
    Ok(layers.times(&activated, std::f64::consts::SQRT_2))
}

/// A convolution whose inputs the codes scale.
fn modulated(
    layers: &mut Layers,
    input: &Features,
    codes: &Features,
    name: &str,
    demodulates: bool,
) -> Result<Features, TensorError> {
    let filtered = filtered(layers, input, codes, name, demodulates)?;
    shifted(layers, &filtered, name)
}

fn shifted(layers: &mut Layers, input: &Features, name: &str) -> Result<Features, TensorError> {
    let name = format!("{name}.bias");
    let bias = layers.graph.take(&name)?;
    let values = bias.iter::<f32>().collect();
    let bias = TensorData::new(values, [1, input.channels, 1, 1]);
    let bias = Features {
        name: layers.weight_in_full(&name, bias),
        channels: input.channels,
    };
    Ok(layers.add(input, &bias))
}

/// [`modulated`] without the bias.
fn filtered(
    layers: &mut Layers,
    input: &Features,
    codes: &Features,
    name: &str,
    demodulates: bool,
) -> Result<Features, TensorError> {
    let scales = layers.equalised(codes, &format!("{name}.style"), 0, Equalisation::LINEAR)?;
    let weight = layers.equalised_weight(&format!("{name}.weight"), Equalisation::LINEAR)?;
    let scaled = layers.combine("Mul", input, &scales);
    let padding = weight.shape[2] / 2;
    let result = layers.filtered(&scaled, &weight, padding);
    if !demodulates {
        return Ok(result);
    }
    let kernel = weight.shape[2] * weight.shape[3];
    let squares = weight.values.chunks_exact(kernel);
    let squares: Vec<f32> = squares
        .map(|filter| filter.iter().map(|value| value * value).sum())
        .collect();
    let shape = vec![weight.shape[0], weight.shape[1], 1, 1];
    let squares_name = format!("{name}.squares");
    let data = TensorData::new(squares, shape.clone());
    let squares = WrittenWeight {
        name: layers.weight_in_full(&squares_name, data),
        shape,
        values: Vec::new(),
    };
    let of_scales = layers.combine("Mul", &scales, &scales);
    let lengths = layers.filtered(&of_scales, &squares, 0);
    let lengths = layers.root(&lengths);
    Ok(layers.combine("Div", &result, &lengths))
}

/// [`double_filtered`](crate::nn::double_filtered) of features of `side` x `side`.
fn double_filtered(layers: &mut Layers, input: &Features, side: usize) -> Features {
    let planes = layers.reshaped(input, [1, side]);
    let taps = [0.25f32, 0.75, 0.75, 0.25];
    let filter = taps.iter().flat_map(|row| taps.map(|column| row * column));
    let filter = layers
        .graph
        .float_tensor("double.filter", [1, 1, 4, 4], filter.collect());
    let how = Transposed {
        stride: 2,
        padding: 1,
        output_padding: 0,
    };
    let doubled = layers.transposed(&planes, vec![filter], &[1, 1, 4, 4], how);
    layers.reshaped(&doubled, [input.channels, 2 * side])
}
