//! The ONNX file of a generator.

use prost::Message;

use super::description::{description, properties};
use super::graph::Graph;
use super::layers::Layers;
use super::message::{
    MAX_OPSET_VERSION, MAX_PROTOBUF_BYTES, ModelProto, OperatorSetIdProto, ir_version,
};
use super::network::OnnxNetwork;
use super::options::{OnnxError, OnnxOptions};
use crate::nn::NamedTensors;

/// The model of a generator with these weights.
///
/// Inputs are `input`, or `picture` and `mask` for a generator that fills holes; the output is `output`. All are
/// `[batch, channels, height, width]` of 32-bit numbers, pictures in [-1, 1], a mask 1 in holes. A generator with a latent code takes `code`
/// too, `[batch, length, 1, 1]`. The initializers have the
/// names of the PyTorch state dict. Dropout is off, and no picture of a batch changes another. `more` keys with values are
/// added to the properties that say what goes in and comes out.
///
/// # Errors
/// The weights are not those of the network, or the options ask for what it does not have.
pub fn onnx_model(
    network: &OnnxNetwork<'_>,
    weights: NamedTensors,
    options: &OnnxOptions,
    more: Vec<(&str, String)>,
) -> Result<ModelProto, OnnxError> {
    if let Some(size) = options.size {
        network.sizes().check(size)?;
    }
    let mut layers = Layers {
        graph: Graph::new("generator", weights),
        norm: network.recipe.norm,
        norm_stats: options.norm_stats,
        upsample: network.recipe.upsample,
        precision: options.precision,
    };
    network.build(&mut layers, options)?;
    let min = layers.graph.min_opset();
    let opset = options.opset.unwrap_or(min);
    if !(min..=MAX_OPSET_VERSION).contains(&opset) {
        return Err(OnnxError::BadOpset { opset, min });
    }
    Ok(ModelProto {
        ir_version: ir_version(opset),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: opset,
        }],
        producer_name: env!("CARGO_PKG_NAME").to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: description(network, options),
        graph: Some(layers.graph.finish()?),
        metadata_props: properties(network, options, more),
    })
}

/// The bytes of an ONNX file.
///
/// # Errors
/// The model is larger than the format allows.
pub fn onnx_file(model: &ModelProto) -> Result<Vec<u8>, OnnxError> {
    let bytes = model.encoded_len();
    if bytes > MAX_PROTOBUF_BYTES {
        return Err(OnnxError::TooLarge { bytes });
    }
    Ok(model.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::message::{GraphProto, TensorProto};
    use super::*;

    #[test]
    fn two_gibibytes_are_too_many() {
        let model = |bytes| ModelProto {
            graph: Some(GraphProto {
                initializer: vec![TensorProto {
                    // Zeros take no memory before they are read.
                    raw_data: vec![0; bytes],
                    ..TensorProto::default()
                }],
                ..GraphProto::default()
            }),
            ..ModelProto::default()
        };
        let message = onnx_file(&model(MAX_PROTOBUF_BYTES))
            .unwrap_err()
            .to_string();
        assert!(message.contains("ends at 2147483647 (2 GiB)"), "{message}");
        assert!(onnx_file(&model(1000)).is_ok_and(|file| file.len() > 1000));
    }
}
