//! The layers of `nn` as ONNX operators.

use super::attribute::{int_attr, ints_attr, string_attr};
use super::graph::Graph;
use super::message::{AttributeProto, FLOAT, FLOAT16};
use crate::config::{NormKind, Upsample};
use crate::nn::{NormStats, Padding, TensorError};
use crate::style::file_precision::FilePrecision;

/// A graph that grows by layers. A layer is named as in the PyTorch state dict.
pub(crate) struct Layers {
    pub(crate) graph: Graph,
    pub(crate) norm: NormKind,
    pub(crate) norm_stats: NormStats,
    pub(crate) upsample: Upsample,
    /// Numbers of convolutions and of the features between them.
    pub(crate) precision: FilePrecision,
}

/// A value in the graph: `[batch, channels, height, width]`.
#[derive(Clone)]
pub(crate) struct Features {
    pub(crate) name: String,
    pub(crate) channels: usize,
}

/// How a transposed convolution moves and what it leaves out.
#[derive(Clone, Copy)]
pub(crate) struct Transposed {
    pub(crate) stride: usize,
    pub(crate) padding: usize,
    pub(crate) output_padding: usize,
}

impl Layers {
    /// [`Convolution`](crate::nn::Convolution), with the kernel and, if there is one, the bias of the layer.
    pub(crate) fn convolution(
        &mut self,
        input: &Features,
        layer: &str,
        stride: usize,
        padding: Padding,
    ) -> Result<Features, TensorError> {
        let (name, zeros) = match padding {
            Padding::Zero(width) => (input.name.clone(), width),
            Padding::Reflect(width) => (self.reflect(&input.name, width), 0),
        };
        let weight = format!("{layer}.weight");
        let shape = self.graph.weight(&weight, self.precision)?;
        let attributes = convolution_attributes(&shape, stride, zeros);
        let inputs = self.with_bias(vec![name, weight], layer)?;
        Ok(Features {
            name: self.graph.node("Conv", &inputs, attributes),
            channels: shape[0],
        })
    }

    /// A transposed convolution, with the kernel and, if there is one, the bias of the layer.
    pub(crate) fn transposed_convolution(
        &mut self,
        input: &Features,
        layer: &str,
        how: Transposed,
    ) -> Result<Features, TensorError> {
        let weight = format!("{layer}.weight");
        let shape = self.graph.weight(&weight, self.precision)?;
        let weights = self.with_bias(vec![weight], layer)?;
        Ok(self.transposed(input, weights, &shape, how))
    }

    /// The same with a weight of this shape, and perhaps a bias, that are part of the graph.
    pub(crate) fn transposed(
        &mut self,
        input: &Features,
        weights: Vec<String>,
        shape: &[usize],
        how: Transposed,
    ) -> Features {
        let mut attributes = convolution_attributes(shape, how.stride, how.padding);
        attributes.push(ints_attr("output_padding", &[how.output_padding; 2]));
        let inputs = [vec![input.name.clone()], weights].concat();
        Features {
            name: self.graph.node("ConvTranspose", &inputs, attributes),
            channels: shape[1],
        }
    }

    /// [`Upsampling`](crate::nn::Upsampling).
    pub(crate) fn upsampling(
        &mut self,
        input: &Features,
        layer: &str,
        output_padding: usize,
    ) -> Result<Features, TensorError> {
        let doubled = match self.upsample {
            Upsample::Resize => Some(self.double(input)),
            Upsample::Blur => Some(self.blur_upsample(input)),
            Upsample::Deconv => None,
        };
        if let Some(doubled) = doubled {
            return self.convolution(&doubled, layer, 1, Padding::Zero(1));
        }
        let how = Transposed {
            stride: 2,
            padding: 1,
            output_padding,
        };
        self.transposed_convolution(input, layer, how)
    }

    /// A convolution that leaves one pixel of zeros around its input, with its norm and a ReLU.
    pub(crate) fn normed_convolution(
        &mut self,
        input: &Features,
        layer: &str,
        stride: usize,
    ) -> Result<Features, TensorError> {
        let conv = format!("{layer}.conv");
        let features = self.convolution(input, &conv, stride, Padding::Zero(1))?;
        self.norm(features, &format!("{layer}.norm"))
    }

    fn with_bias(
        &mut self,
        mut inputs: Vec<String>,
        layer: &str,
    ) -> Result<Vec<String>, TensorError> {
        let bias = format!("{layer}.bias");
        if self.graph.has_weight(&bias) {
            self.graph.weight(&bias, self.precision)?;
            inputs.push(bias);
        }
        Ok(inputs)
    }

    /// Mirrors `width` pixels on each side.
    pub(crate) fn reflect(&mut self, input: &str, width: usize) -> String {
        let side = [0, 0, width as i64, width as i64];
        let pads = [side, side].concat();
        let pads = self.graph.int64_tensor(&format!("reflect.{width}"), pads);
        self.graph
            .node("Pad", &[input, &pads], vec![string_attr("mode", "reflect")])
    }

    /// A sum of the channels with weights, which are kept under a name, in 32 bits.
    pub(crate) fn mixed(&mut self, input: &Features, name: &str, weights: Vec<f32>) -> Features {
        let weight = self
            .graph
            .float_tensor(name, [1, weights.len(), 1, 1], weights);
        let attributes = convolution_attributes(&[1, input.channels, 1, 1], 1, 0);
        let inputs = [&input.name, &weight];
        Features {
            name: self.graph.node("Conv", &inputs, attributes),
            channels: 1,
        }
    }

    pub(crate) fn add(&mut self, first: &Features, second: &Features) -> Features {
        self.combine("Add", first, second)
    }

    /// An operator of two values without attributes.
    pub(crate) fn combine(
        &mut self,
        operator: &str,
        first: &Features,
        second: &Features,
    ) -> Features {
        let inputs = [&first.name, &second.name];
        Features {
            name: self.graph.node(operator, &inputs, Vec::new()),
            channels: first.channels.max(second.channels),
        }
    }

    /// An operator of one value without attributes.
    pub(crate) fn map(&mut self, operator: &str, input: &Features) -> Features {
        Features {
            name: self.graph.node(operator, &[&input.name], Vec::new()),
            channels: input.channels,
        }
    }

    /// The channels of the first, then those of the second.
    pub(crate) fn concat(&mut self, first: &Features, second: &Features) -> Features {
        let inputs = [&first.name, &second.name];
        Features {
            name: self
                .graph
                .node("Concat", &inputs, vec![int_attr("axis", 1)]),
            channels: first.channels + second.channels,
        }
    }

    /// So many channels from the one at a place on.
    pub(crate) fn channels(&mut self, input: &Features, [first, count]: [usize; 2]) -> Features {
        let graph = &mut self.graph;
        let bounds = [first, first + count];
        let [start, end] =
            bounds.map(|place| graph.int64_tensor(&format!("channel.{place}"), vec![place as i64]));
        let axis = graph.int64_tensor("channel.axis", vec![1]);
        let inputs = [&input.name, &start, &end, &axis];
        Features {
            name: graph.node("Slice", &inputs, Vec::new()),
            channels: count,
        }
    }

    /// A latent code, `[batch, length, 1, 1]`, as planes of the size of `like`: of a known `size` (height and width), or of that which the
    /// model is given.
    pub(crate) fn planes(
        &mut self,
        code: &Features,
        like: &Features,
        size: Option<[usize; 2]>,
    ) -> Features {
        let graph = &mut self.graph;
        let shape = if let Some([height, width]) = size {
            let sizes = vec![1, 1, height as i64, width as i64];
            graph.int64_tensor("planes", sizes)
        } else {
            let whole = graph.node("Shape", &[&like.name], Vec::new());
            let bounds = [("planes.start", 2), ("planes.end", 4), ("planes.axis", 0)];
            let bounds = bounds.map(|(name, value)| graph.int64_tensor(name, vec![value]));
            let [start, end, axis] = &bounds;
            let sides = graph.node("Slice", &[&whole, start, end, axis], Vec::new());
            let ones = graph.int64_tensor("planes.ones", vec![1, 1]);
            graph.node("Concat", &[&ones, &sides], vec![int_attr("axis", 0)])
        };
        Features {
            name: graph.node("Expand", &[&code.name, &shape], Vec::new()),
            channels: code.channels,
        }
    }

    /// From 32 bits to the numbers of convolutions.
    pub(crate) fn layer_precision(&mut self, input: Features) -> Features {
        match self.precision {
            FilePrecision::F32 => input,
            FilePrecision::F16 => self.cast(input, FLOAT16),
        }
    }

    /// From the numbers of convolutions to 32 bits.
    pub(crate) fn full_precision(&mut self, input: Features) -> Features {
        match self.precision {
            FilePrecision::F32 => input,
            FilePrecision::F16 => self.cast(input, FLOAT),
        }
    }

    fn cast(&mut self, input: Features, data_type: i32) -> Features {
        let attributes = vec![int_attr("to", data_type as usize)];
        let name = self.graph.node("Cast", &[&input.name], attributes);
        Features { name, ..input }
    }
}

/// The settings of a convolution whose weight has this shape.
pub(crate) fn convolution_attributes(
    weight: &[usize],
    stride: usize,
    zeros: usize,
) -> Vec<AttributeProto> {
    vec![
        ints_attr("kernel_shape", &weight[2..]),
        ints_attr("strides", &[stride; 2]),
        ints_attr("pads", &[zeros; 4]),
    ]
}
