//! A graph under construction.

use burn::tensor::{TensorData, f16};

use super::message::{
    AttributeProto, Dimension, DimensionProto, FLOAT, FLOAT16, GraphProto, INT64, NodeProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use super::options::OnnxError;
use crate::nn::{NamedTensors, TensorError};
use crate::style::file_precision::FilePrecision;

/// Nodes, and the weights that they have taken so far.
pub(crate) struct Graph {
    proto: GraphProto,
    /// Weights that no node has taken yet.
    weights: NamedTensors,
    /// A weight beyond the range of the numbers that it was to be written as.
    beyond_range: Option<String>,
    min_opset: i64,
}

impl Graph {
    /// A graph without nodes, whose nodes will use `weights`.
    pub(crate) fn new(name: &str, weights: NamedTensors) -> Self {
        let proto = GraphProto {
            name: name.to_owned(),
            ..GraphProto::default()
        };
        Self {
            proto,
            weights,
            beyond_range: None,
            min_opset: 1,
        }
    }

    /// Adds an input of 32-bit numbers.
    pub(crate) fn input(&mut self, name: &str, shape: [Dimension; 4]) -> String {
        self.proto.input.push(value_info(name, shape));
        name.to_owned()
    }

    /// Adds a node with one output, whose name is returned.
    pub(crate) fn node(
        &mut self,
        operator: &str,
        inputs: &[impl AsRef<str>],
        attribute: Vec<AttributeProto>,
    ) -> String {
        let name = format!("{operator}_{}", self.proto.node.len());
        let inputs = inputs.iter().map(|input| input.as_ref().to_owned());
        self.min_opset = self.min_opset.max(min_opset(operator));
        self.proto.node.push(NodeProto {
            input: inputs.collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: operator.to_owned(),
            attribute,
        });
        name
    }

    /// Makes the output of the last node that of the graph.
    pub(super) fn output(&mut self, name: &str, shape: [Dimension; 4]) {
        if let Some(last) = self.proto.node.last_mut() {
            name.clone_into(&mut last.output[0]);
        }
        self.proto.output.push(value_info(name, shape));
    }

    /// Takes in all of `other`, whose names are put behind `start` but for those of its inputs; inputs of the same name are one.
    pub(crate) fn embed(&mut self, other: Self, start: &str) {
        let GraphProto {
            node,
            initializer,
            input,
            ..
        } = other.proto;
        let moved = |name: String| {
            let is_input = input.iter().any(|input| input.name == name);
            if is_input || name.is_empty() {
                return name;
            }
            format!("{start}{name}")
        };
        let initializers = initializer.into_iter();
        (self.proto.initializer).extend(initializers.map(|tensor| TensorProto {
            name: moved(tensor.name),
            ..tensor
        }));
        let nodes = node.into_iter();
        self.proto.node.extend(nodes.map(|node| NodeProto {
            input: node.input.into_iter().map(moved).collect(),
            output: node.output.into_iter().map(moved).collect(),
            name: moved(node.name),
            ..node
        }));
        for input in input {
            if self
                .proto
                .input
                .iter()
                .all(|known| known.name != input.name)
            {
                self.proto.input.push(input);
            }
        }
        let left = other.weights.0.into_iter();
        let left = left.map(|(name, data)| (format!("{start}{name}"), data));
        self.weights.0.extend(left);
        let beyond = other.beyond_range.map(|name| format!("{start}{name}"));
        self.beyond_range = self.beyond_range.take().or(beyond);
        self.min_opset = self.min_opset.max(other.min_opset);
    }

    /// Whether there is such a weight that no node has taken.
    pub(crate) fn has_weight(&self, name: &str) -> bool {
        self.weights.0.contains_key(name)
    }

    /// Takes a weight under its own name. Returns its shape.
    pub(crate) fn weight(
        &mut self,
        name: &str,
        precision: FilePrecision,
    ) -> Result<Vec<usize>, TensorError> {
        let data = self.take(name)?;
        let shape = data.shape().to_vec();
        self.write_weight(name, data, precision);
        Ok(shape)
    }

    /// Takes a weight out, for a node that needs something else that is made of it.
    pub(crate) fn take(&mut self, name: &str) -> Result<TensorData, TensorError> {
        let taken = self.weights.0.remove(name);
        taken.ok_or_else(|| mismatch(vec![format!("`{name}` is missing")]))
    }

    /// Writes what has been made of a weight.
    pub(crate) fn write_weight(&mut self, name: &str, data: TensorData, precision: FilePrecision) {
        match precision {
            FilePrecision::F32 => self.initializer(name, FLOAT, &data),
            FilePrecision::F16 => {
                let half = data.convert::<f16>();
                if half.iter::<f16>().any(|value| !value.is_finite()) {
                    self.beyond_range.get_or_insert_with(|| name.to_owned());
                }
                self.initializer(name, FLOAT16, &half);
            }
        }
    }

    /// Leaves a weight out of the file.
    pub(crate) fn leave_out(&mut self, name: &str) {
        self.weights.0.remove(name);
    }

    /// Leaves all weights out whose names begin like this and that no node has taken.
    pub(crate) fn leave_out_below(&mut self, start: &str) {
        self.weights.0.retain(|name, _| !name.starts_with(start));
    }

    /// A constant of 32-bit numbers, made once for each name.
    pub(crate) fn float_tensor(
        &mut self,
        name: &str,
        shape: impl Into<Vec<usize>>,
        values: Vec<f32>,
    ) -> String {
        self.constant(name, FLOAT, &TensorData::new(values, shape.into()))
    }

    /// A list of whole numbers, made once for each name.
    pub(crate) fn int64_tensor(&mut self, name: &str, values: Vec<i64>) -> String {
        let length = [values.len()];
        self.constant(name, INT64, &TensorData::new(values, length))
    }

    fn constant(&mut self, name: &str, data_type: i32, data: &TensorData) -> String {
        let mut known = self.proto.initializer.iter();
        if !known.any(|tensor| tensor.name == name) {
            self.initializer(name, data_type, data);
        }
        name.to_owned()
    }

    fn initializer(&mut self, name: &str, data_type: i32, data: &TensorData) {
        self.proto.initializer.push(TensorProto {
            dims: data.shape().iter().map(|&size| size as i64).collect(),
            data_type,
            name: name.to_owned(),
            raw_data: data.as_bytes().to_vec(),
        });
    }

    /// The lowest operator set that has all operators so far.
    pub(super) fn min_opset(&self) -> i64 {
        self.min_opset
    }

    /// The graph.
    ///
    /// # Errors
    /// There are weights that no node has taken, or that are too large for 16 bits.
    pub(super) fn finish(self) -> Result<GraphProto, OnnxError> {
        let left = self.weights.0.into_keys();
        let problems: Vec<String> = left
            .map(|name| format!("`{name}` is not part of it"))
            .collect();
        if !problems.is_empty() {
            return Err(mismatch(problems).into());
        }
        match self.beyond_range {
            Some(name) => Err(TensorError::BeyondHalf(name).into()),
            None => Ok(self.proto),
        }
    }
}

/// The operator set since which an operator has the form in which it is written here.
fn min_opset(operator: &str) -> i64 {
    match operator {
        // Without a region of interest.
        "Resize" => 13,
        // With bounds as inputs.
        "Slice" => 10,
        // With paddings and bounds as inputs; with an order of channels.
        "Pad" | "Clip" | "DepthToSpace" => 11,
        _ => 9,
    }
}

fn mismatch(problems: Vec<String>) -> TensorError {
    TensorError::Mismatch { problems }
}

fn value_info(name: &str, shape: [Dimension; 4]) -> ValueInfoProto {
    let dim = shape.map(|size| DimensionProto { value: Some(size) });
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
