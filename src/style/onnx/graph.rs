//! A graph under construction.

use burn::tensor::TensorData;

use super::message::{
    AttributeKind, AttributeProto, Dimension, DimensionProto, FLOAT, GraphProto, INT64, NodeProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use crate::nn::{NamedTensors, TensorError};

/// Nodes, and the weights that they have taken so far.
pub(super) struct Graph {
    graph: GraphProto,
    /// Weights that no node has taken yet.
    weights: NamedTensors,
}

impl Graph {
    /// A graph without nodes, whose nodes will use `weights`.
    pub(super) fn new(name: &str, weights: NamedTensors) -> Self {
        let graph = GraphProto {
            name: name.to_owned(),
            ..GraphProto::default()
        };
        Self { graph, weights }
    }

    /// An input of pictures, `[batch, channels, height, width]`.
    pub(super) fn input(&mut self, name: &str, channels: usize) -> String {
        self.graph.input.push(pictures(name, channels));
        name.to_owned()
    }

    /// Adds a node with one output, whose name is returned.
    pub(super) fn node(
        &mut self,
        operator: &str,
        inputs: &[impl AsRef<str>],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let output = format!("{operator}_{}", self.graph.node.len());
        self.push(operator, inputs, &output, attributes);
        output
    }

    /// Adds the last node, whose output is that of the graph: pictures with so many channels.
    pub(super) fn output(&mut self, operator: &str, input: &str, name: &str, channels: usize) {
        self.push(operator, &[input], name, Vec::new());
        self.graph.output.push(pictures(name, channels));
    }

    fn push(
        &mut self,
        operator: &str,
        inputs: &[impl AsRef<str>],
        output: &str,
        attribute: Vec<AttributeProto>,
    ) {
        self.graph.node.push(NodeProto {
            input: inputs
                .iter()
                .map(|input| input.as_ref().to_owned())
                .collect(),
            output: vec![output.to_owned()],
            name: format!("{operator}_{}", self.graph.node.len()),
            op_type: operator.to_owned(),
            attribute,
        });
    }

    /// Whether there is such a weight that no node has taken.
    pub(super) fn has_weight(&self, name: &str) -> bool {
        self.weights.0.contains_key(name)
    }

    /// Takes a weight under its own name. Returns its shape.
    pub(super) fn weight(&mut self, name: &str) -> Result<Vec<usize>, TensorError> {
        let Some(data) = self.weights.0.remove(name) else {
            return Err(mismatch(vec![format!("`{name}` is missing")]));
        };
        let shape = data.shape().to_vec();
        self.initializer(name, FLOAT, &shape, data.as_bytes().to_vec());
        Ok(shape)
    }

    /// Leaves a weight out of the file.
    pub(super) fn leave_out(&mut self, name: &str) {
        self.weights.0.remove(name);
    }

    /// A list of numbers, made once for each name.
    pub(super) fn float_tensor(&mut self, name: &str, values: Vec<f32>) -> String {
        let length = [values.len()];
        self.constant(name, FLOAT, TensorData::new(values, length))
    }

    /// A list of whole numbers, made once for each name.
    pub(super) fn int64_tensor(&mut self, name: &str, values: Vec<i64>) -> String {
        let length = [values.len()];
        self.constant(name, INT64, TensorData::new(values, length))
    }

    fn constant(&mut self, name: &str, data_type: i32, data: TensorData) -> String {
        let mut known = self.graph.initializer.iter();
        if !known.any(|tensor| tensor.name == name) {
            let shape = data.shape().to_vec();
            self.initializer(name, data_type, &shape, data.as_bytes().to_vec());
        }
        name.to_owned()
    }

    fn initializer(&mut self, name: &str, data_type: i32, shape: &[usize], raw_data: Vec<u8>) {
        self.graph.initializer.push(TensorProto {
            dims: shape.iter().map(|&size| size as i64).collect(),
            data_type,
            name: name.to_owned(),
            raw_data,
        });
    }

    /// The graph.
    ///
    /// # Errors
    /// There are weights that no node has taken.
    pub(super) fn finish(self) -> Result<GraphProto, TensorError> {
        let left = self.weights.0.into_keys();
        let problems: Vec<String> = left
            .map(|name| format!("`{name}` is not part of it"))
            .collect();
        if problems.is_empty() {
            Ok(self.graph)
        } else {
            Err(mismatch(problems))
        }
    }
}

fn mismatch(problems: Vec<String>) -> TensorError {
    TensorError::Mismatch { problems }
}

/// Pictures of any number and size.
fn pictures(name: &str, channels: usize) -> ValueInfoProto {
    let named = |name: &str| Dimension::Named(name.to_owned());
    let sizes = [
        named("batch"),
        Dimension::Fixed(channels as i64),
        named("height"),
        named("width"),
    ];
    let dim = sizes.map(|size| DimensionProto { value: Some(size) });
    let tensor_type = TensorTypeProto {
        elem_type: FLOAT,
        shape: Some(TensorShapeProto { dim: dim.to_vec() }),
    };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto {
            tensor_type: Some(tensor_type),
        }),
    }
}

fn attribute(name: &str, kind: AttributeKind) -> AttributeProto {
    AttributeProto {
        name: name.to_owned(),
        r#type: kind.into(),
        ..AttributeProto::default()
    }
}

/// An attribute that is a number.
pub(super) fn float_attr(name: &str, value: f64) -> AttributeProto {
    AttributeProto {
        f: Some(value as f32),
        ..attribute(name, AttributeKind::Float)
    }
}

/// An attribute that is a whole number.
pub(super) fn int_attr(name: &str, value: usize) -> AttributeProto {
    AttributeProto {
        i: Some(value as i64),
        ..attribute(name, AttributeKind::Int)
    }
}

/// An attribute that is a text.
pub(super) fn string_attr(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        s: Some(value.as_bytes().to_vec()),
        ..attribute(name, AttributeKind::String)
    }
}

/// An attribute that is a list of whole numbers.
pub(super) fn ints_attr(name: &str, values: &[usize]) -> AttributeProto {
    AttributeProto {
        ints: values.iter().map(|&value| value as i64).collect(),
        ..attribute(name, AttributeKind::Ints)
    }
}
