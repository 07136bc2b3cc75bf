//! The ONNX file of a generator.

use prost::Message;

use super::generators::generator;
use super::graph::Graph;
use super::layers::{Features, Layers};
use super::message::{
    IR_VERSION, ModelProto, OPERATOR_SET, OperatorSetIdProto, StringStringEntryProto,
};
use crate::config::{GeneratorRecipe, NormKind};
use crate::nn::{NamedTensors, NormStats, TensorError};

/// Protocol buffers, the format of ONNX files, are no larger than this many bytes.
const LARGEST: usize = i32::MAX as usize;

/// A generator that cannot be written as ONNX.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// The file would be larger than the format allows.
    #[error(
        "the model takes {bytes} bytes, and an ONNX file ends at {LARGEST} (2 GiB): export it as safetensors, or train a style with fewer `generator.channels`"
    )]
    TooLarge {
        /// Size of the file.
        bytes: usize,
    },
}

/// The property that says what the channels of an input are that is no mere picture.
pub const INPUT: &str = "input";

/// The model of a generator with these weights, from and to pictures with so many `channels`.
///
/// It has the input `input` and the output `output`, both `[batch, channels, height, width]` in [-1, 1], whose batch,
/// height and width are open. The initializers have the names of the PyTorch state dict. Dropout is off. `properties`,
/// keys with values, are added to those that say what goes in and comes out; [`INPUT`] is said in the description too.
///
/// # Errors
/// The weights are not those of the network.
pub fn onnx_model(
    recipe: &GeneratorRecipe,
    channels: [usize; 2],
    weights: NamedTensors,
    norm_stats: NormStats,
    properties: Vec<(&str, String)>,
) -> Result<ModelProto, TensorError> {
    let [input, output] = channels;
    let mut graph = Graph::new("generator", weights);
    let pictures = Features {
        name: graph.input("input", input),
        channels: input,
    };
    let mut layers = Layers {
        graph,
        norm: recipe.norm,
        norm_stats,
        upsample: recipe.upsample,
    };
    let features = generator(&mut layers, recipe, pictures)?;
    let mut graph = layers.graph;
    graph.output("Tanh", &features.name, "output", output);

    let multiple = recipe.size_multiple();
    let smallest = multiple.max(recipe.min_size());
    let mut own = vec![
        ("architecture", recipe.arch.name().to_owned()),
        ("value_range", "-1 to 1".to_owned()),
        ("size_multiple", multiple.to_string()),
        ("smallest_size", smallest.to_string()),
    ];
    let sides = side_text(recipe);
    let told = properties.iter().find(|(key, _)| *key == INPUT);
    let mut about = match told {
        Some((_, told)) => format!(
            "Translates label maps or pictures. `input` is [batch, {input}, height, width]: {told}. `output` is [batch, \
             {output}, height, width]. Pictures have values from -1 to 1: byte / 127.5 - 1. Height and width are {sides}."
        ),
        None => format!(
            "Translates pictures. `input` is [batch, {input}, height, width], `output` is [batch, {output}, height, \
             width], both with values from -1 to 1: byte / 127.5 - 1. Height and width are {sides}."
        ),
    };
    if recipe.norm == NormKind::Batch {
        let statistics = match norm_stats {
            NormStats::Batch => {
                about += " Batch normalisation takes its statistics from all pictures of a batch: pass one picture at a time.";
                "batch"
            }
            NormStats::Running => "running",
        };
        own.push(("norm_stats", statistics.to_owned()));
    }
    let properties = own.into_iter().chain(properties);
    Ok(ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPERATOR_SET,
        }],
        producer_name: env!("CARGO_PKG_NAME").to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: about,
        graph: Some(graph.finish()?),
        metadata_props: properties
            .map(|(key, value)| StringStringEntryProto {
                key: key.to_owned(),
                value,
            })
            .collect(),
    })
}

/// What the height and the width of pictures must be.
pub fn side_text(recipe: &GeneratorRecipe) -> String {
    let (multiple, smallest) = (recipe.size_multiple(), recipe.min_size());
    if multiple < smallest {
        format!("multiples of {multiple}, at least {smallest}")
    } else {
        format!("multiples of {multiple}")
    }
}

/// The bytes of an ONNX file.
///
/// # Errors
/// The model is larger than the format allows.
pub fn onnx_file(model: &ModelProto) -> Result<Vec<u8>, OnnxError> {
    let bytes = model.encoded_len();
    if bytes > LARGEST {
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
        let message = onnx_file(&model(LARGEST)).unwrap_err().to_string();
        assert!(message.contains("ends at 2147483647 (2 GiB)"), "{message}");
        assert!(onnx_file(&model(1000)).is_ok_and(|file| file.len() > 1000));
    }
}
