//! Activations as ONNX operators.

use super::attribute::float_attr;
use super::layers::{Features, Layers};
use crate::nn::{LEAKY_SLOPE, TensorError};

/// Bound of what goes into the hyperbolic tangent, which is 1 to the last bit there. Some programs make NaN of larger
/// numbers (OpenCV 5.0 of those above 44.2).
const TANH_BOUND: f32 = 20.0;

impl Layers {
    pub(crate) fn relu(&mut self, input: Features) -> Features {
        let name = self.graph.node("Relu", &[&input.name], Vec::new());
        Features { name, ..input }
    }

    pub(crate) fn leaky_relu(&mut self, input: &Features) -> Features {
        let attributes = vec![float_attr("alpha", LEAKY_SLOPE)];
        Features {
            name: self.graph.node("LeakyRelu", &[&input.name], attributes),
            channels: input.channels,
        }
    }

    /// [`Prelu`](crate::nn::Prelu), with the slope of the layer.
    pub(crate) fn prelu(&mut self, input: &Features, layer: &str) -> Result<Features, TensorError> {
        let weight = format!("{layer}.weight");
        self.graph.weight(&weight, self.precision)?;
        let inputs = [&input.name, &weight];
        Ok(Features {
            name: self.graph.node("PRelu", &inputs, Vec::new()),
            channels: input.channels,
        })
    }

    /// The hyperbolic tangent, in 32 bits.
    pub(crate) fn tanh(&mut self, input: Features) -> Features {
        let features = self.full_precision(input);
        let lower = self.graph.float_tensor("tanh.min", [], vec![-TANH_BOUND]);
        let upper = self.graph.float_tensor("tanh.max", [], vec![TANH_BOUND]);
        let inputs = [&features.name, &lower, &upper];
        let clipped = self.graph.node("Clip", &inputs, Vec::new());
        Features {
            name: self.graph.node("Tanh", &[clipped], Vec::new()),
            ..features
        }
    }

    /// Limits to [-1, 1].
    pub(crate) fn clip(&mut self, input: &Features) -> Features {
        let lower = self.graph.float_tensor("black", [], vec![-1.0]);
        let upper = self.graph.float_tensor("white", [], vec![1.0]);
        let inputs = [&input.name, &lower, &upper];
        Features {
            name: self.graph.node("Clip", &inputs, Vec::new()),
            channels: input.channels,
        }
    }
}
