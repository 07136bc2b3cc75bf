//! Layers of networks with an equalised learning rate as ONNX operators. All of them compute in 32 bits; their weights, which are written
//! as the layers use them, may have 16.

use burn::tensor::TensorData;

use crate::nn::{Equalisation, SQUARES_EPSILON, TensorError};
use crate::style::FilePrecision;
use crate::style::onnx::FLOAT;
use crate::style::onnx::attribute::int_attr;
use crate::style::onnx::layers::{Features, Layers, convolution_attributes};

impl Layers {
    /// [`EqualisedConvolution`](crate::nn::EqualisedConvolution) with a padding of zeros.
    pub(super) fn equalised(
        &mut self,
        input: &Features,
        layer: &str,
        padding: usize,
        equalisation: Equalisation,
    ) -> Result<Features, TensorError> {
        let weight = self.equalised_weight(&format!("{layer}.weight"), equalisation)?;
        let mut inputs = vec![input.name.clone(), weight.name];
        let bias = format!("{layer}.bias");
        if self.graph.has_weight(&bias) {
            let values = self.graph.take(&bias)?;
            let pace = equalisation.pace as f32;
            inputs.push(self.weight_in_full(&bias, mapped(values, |value| value * pace)));
        }
        let attributes = convolution_attributes(&weight.shape, 1, padding);
        Ok(Features {
            name: self.graph.node("Conv", &inputs, attributes),
            channels: weight.shape[0],
        })
    }

    /// A filter without a bias, that of `weight`.
    pub(super) fn filtered(
        &mut self,
        input: &Features,
        weight: &WrittenWeight,
        padding: usize,
    ) -> Features {
        let attributes = convolution_attributes(&weight.shape, 1, padding);
        let inputs = [&input.name, &weight.name];
        Features {
            name: self.graph.node("Conv", &inputs, attributes),
            channels: weight.shape[0],
        }
    }

    /// Takes a weight, and writes it as the layer uses it.
    pub(super) fn equalised_weight(
        &mut self,
        name: &str,
        equalisation: Equalisation,
    ) -> Result<WrittenWeight, TensorError> {
        let data = self.graph.take(name)?;
        let shape = data.shape().to_vec();
        let scale = equalisation.scale(shape[1..].iter().product()) as f32;
        let data = mapped(data, |value| value * scale);
        let values: Vec<f32> = data.iter::<f32>().collect();
        Ok(WrittenWeight {
            name: self.weight_in_full(name, data),
            shape,
            values,
        })
    }

    /// Writes a weight in the numbers of the file; returns the name of it in 32 bits.
    pub(super) fn weight_in_full(&mut self, name: &str, data: TensorData) -> String {
        let precision = self.precision;
        self.graph.write_weight(name, data, precision);
        match precision {
            FilePrecision::F32 => name.to_owned(),
            FilePrecision::F16 => {
                let attributes = vec![int_attr("to", FLOAT as usize)];
                self.graph.node("Cast", &[name], attributes)
            }
        }
    }

    /// The norm of each pixel.
    pub(super) fn pixel_norm(&mut self, input: &Features) -> Features {
        let count = input.channels;
        let squares = self.combine("Mul", input, input);
        let mean = vec![1.0 / count as f32; count];
        let squares = self.mixed(&squares, &format!("mean.{count}"), mean);
        let length = self.root(&squares);
        self.combine("Div", input, &length)
    }

    /// The root, where a little is added.
    pub(super) fn root(&mut self, input: &Features) -> Features {
        let little = vec![SQUARES_EPSILON as f32];
        let little = Features {
            name: self.graph.float_tensor("little", [1; 4], little),
            channels: 1,
        };
        let sum = self.add(input, &little);
        self.map("Sqrt", &sum)
    }

    /// `input` times a number.
    pub(super) fn times(&mut self, input: &Features, factor: f64) -> Features {
        let name = format!("times.{factor}");
        let factor = Features {
            name: self.graph.float_tensor(&name, [1; 4], vec![factor as f32]),
            channels: 1,
        };
        self.combine("Mul", input, &factor)
    }

    /// A vector, `[batch, channels * side * side, 1, 1]`, or features, as so many `channels` of `side` x `side`.
    pub(super) fn reshaped(&mut self, input: &Features, [channels, side]: [usize; 2]) -> Features {
        let shape = vec![-1, channels as i64, side as i64, side as i64];
        let shape = self
            .graph
            .int64_tensor(&format!("shape.{channels}.{side}"), shape);
        Features {
            name: self
                .graph
                .node("Reshape", &[&input.name, &shape], Vec::new()),
            channels,
        }
    }
}

/// A weight as a layer uses it.
pub(super) struct WrittenWeight {
    /// That of it in 32 bits.
    pub(super) name: String,
    /// `[out, in, kernel, kernel]`.
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// The same tensor with other values.
pub(super) fn mapped(data: TensorData, change: impl Fn(f32) -> f32) -> TensorData {
    let shape = data.shape().clone();
    TensorData::new(data.iter::<f32>().map(change).collect(), shape)
}
