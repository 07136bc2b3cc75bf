//! The layers of `nn` as ONNX operators.

use super::graph::{Graph, list, number, text, whole};
use super::message::AttributeProto;
use crate::config::{NormKind, Upsample};
use crate::nn::{LEAKY_SLOPE, NORM_EPSILON, NormStats, Padding, TensorError};

/// A graph that grows by layers. A layer is named as in the PyTorch state dict.
pub(super) struct Layers {
    pub(super) graph: Graph,
    pub(super) norm: NormKind,
    pub(super) norm_stats: NormStats,
    pub(super) upsample: Upsample,
}

/// A value in the graph: `[batch, channels, height, width]`.
pub(super) struct Features {
    pub(super) name: String,
    pub(super) channels: usize,
}

impl Layers {
    /// [`Convolution`](crate::nn::Convolution), with the kernel and, if there is one, the bias of the layer.
    pub(super) fn convolution(
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
        let shape = self.graph.weight(&weight)?;
        let attributes = convolution_attributes(&shape, stride, zeros);
        let inputs = self.with_bias(vec![name, weight], layer)?;
        Ok(Features {
            name: self.graph.node("Conv", &inputs, attributes),
            channels: shape[0],
        })
    }

    /// [`Upsampling`](crate::nn::Upsampling).
    pub(super) fn upsampling(
        &mut self,
        input: &Features,
        layer: &str,
        output_padding: usize,
    ) -> Result<Features, TensorError> {
        if self.upsample == Upsample::Resize {
            let doubled = self.double(input);
            return self.convolution(&doubled, layer, 1, Padding::Zero(1));
        }
        let weight = format!("{layer}.weight");
        let shape = self.graph.weight(&weight)?;
        let mut attributes = convolution_attributes(&shape, 2, 1);
        attributes.push(list("output_padding", &[output_padding; 2]));
        let inputs = self.with_bias(vec![input.name.clone(), weight], layer)?;
        Ok(Features {
            name: self.graph.node("ConvTranspose", &inputs, attributes),
            channels: shape[1],
        })
    }

    fn with_bias(
        &mut self,
        mut inputs: Vec<String>,
        layer: &str,
    ) -> Result<Vec<String>, TensorError> {
        let bias = format!("{layer}.bias");
        if self.graph.has_weight(&bias) {
            self.graph.weight(&bias)?;
            inputs.push(bias);
        }
        Ok(inputs)
    }

    fn reflect(&mut self, input: &str, width: usize) -> String {
        let side = [0, 0, width as i64, width as i64];
        let pads = [side, side].concat();
        let pads = self.graph.whole_numbers(&format!("reflect.{width}"), pads);
        self.graph
            .node("Pad", &[input, &pads], vec![text("mode", "reflect")])
    }

    /// Each pixel becomes two by two.
    fn double(&mut self, input: &Features) -> Features {
        let scales = self.graph.numbers("double", vec![1.0, 1.0, 2.0, 2.0]);
        let attributes = vec![
            text("mode", "nearest"),
            text("coordinate_transformation_mode", "asymmetric"),
            text("nearest_mode", "floor"),
        ];
        let inputs = [&input.name, "", &scales];
        Features {
            name: self.graph.node("Resize", &inputs, attributes),
            channels: input.channels,
        }
    }

    /// [`downsample`](crate::nn::downsample).
    pub(super) fn downsample(&mut self, input: &Features) -> Features {
        let attributes = vec![
            list("kernel_shape", &[3; 2]),
            list("strides", &[2; 2]),
            list("pads", &[1; 4]),
            whole("count_include_pad", 0),
        ];
        Features {
            name: self.graph.node("AveragePool", &[&input.name], attributes),
            channels: input.channels,
        }
    }

    /// [`Norm`](crate::nn::Norm).
    pub(super) fn norm(&mut self, input: Features, layer: &str) -> Result<Features, TensorError> {
        let name = match (self.norm, self.norm_stats) {
            (NormKind::None, _) => input.name,
            (NormKind::Instance, _) => self.instance_norm(&input),
            (NormKind::InstanceAffine, _) => self.affine_instance_norm(&input.name, layer)?,
            (NormKind::Batch, NormStats::Running) => self.running_batch_norm(&input.name, layer)?,
            (NormKind::Batch, NormStats::Batch) => self.own_batch_norm(&input.name, layer)?,
        };
        Ok(Features { name, ..input })
    }

    fn instance_norm(&mut self, input: &Features) -> String {
        let channels = input.channels;
        let graph = &mut self.graph;
        let scale = graph.numbers(&format!("ones.{channels}"), vec![1.0; channels]);
        let shift = graph.numbers(&format!("zeros.{channels}"), vec![0.0; channels]);
        let attributes = vec![number("epsilon", NORM_EPSILON)];
        graph.node(
            "InstanceNormalization",
            &[&input.name, &scale, &shift],
            attributes,
        )
    }

    fn affine_instance_norm(&mut self, input: &str, layer: &str) -> Result<String, TensorError> {
        let mut inputs = vec![input.to_owned()];
        for tensor in ["weight", "bias"] {
            let name = format!("{layer}.{tensor}");
            self.graph.weight(&name)?;
            inputs.push(name);
        }
        let attributes = vec![number("epsilon", NORM_EPSILON)];
        Ok(self
            .graph
            .node("InstanceNormalization", &inputs, attributes))
    }

    fn running_batch_norm(&mut self, input: &str, layer: &str) -> Result<String, TensorError> {
        let mut inputs = vec![input.to_owned()];
        for tensor in ["weight", "bias", "running_mean", "running_var"] {
            let name = format!("{layer}.{tensor}");
            self.graph.weight(&name)?;
            inputs.push(name);
        }
        let attributes = vec![number("epsilon", NORM_EPSILON)];
        Ok(self.graph.node("BatchNormalization", &inputs, attributes))
    }

    /// Batch normalisation with the statistics of the input itself. The operator that ONNX has for this is one for
    /// training, which programs that only use models leave out.
    fn own_batch_norm(&mut self, input: &str, layer: &str) -> Result<String, TensorError> {
        let graph = &mut self.graph;
        let [scale, shift] = ["weight", "bias"].map(|tensor| format!("{layer}.{tensor}"));
        graph.weight(&scale)?;
        graph.weight(&shift)?;
        for average in ["running_mean", "running_var"] {
            graph.leave_out(&format!("{layer}.{average}"));
        }
        let epsilon = graph.numbers("batch_norm.epsilon", vec![NORM_EPSILON as f32]);
        let axes = graph.whole_numbers("batch_norm.axes", vec![1, 2]);
        let mean_over_pictures = |graph: &mut Graph, input: &str| {
            let attributes = vec![list("axes", &[0, 2, 3]), whole("keepdims", 1)];
            graph.node("ReduceMean", &[input], attributes)
        };

        let mean = mean_over_pictures(graph, input);
        let centred = graph.node("Sub", &[input, &mean], Vec::new());
        let squares = graph.node("Mul", &[&centred, &centred], Vec::new());
        let variance = mean_over_pictures(graph, &squares);
        let variance = graph.node("Add", &[&variance, &epsilon], Vec::new());
        let deviation = graph.node("Sqrt", &[&variance], Vec::new());
        let normal = graph.node("Div", &[&centred, &deviation], Vec::new());
        // From `[channels]` to `[channels, 1, 1]`.
        let scale = graph.node("Unsqueeze", &[&scale, &axes], Vec::new());
        let shift = graph.node("Unsqueeze", &[&shift, &axes], Vec::new());
        let scaled = graph.node("Mul", &[&normal, &scale], Vec::new());
        Ok(graph.node("Add", &[&scaled, &shift], Vec::new()))
    }

    pub(super) fn relu(&mut self, input: Features) -> Features {
        let name = self.graph.node("Relu", &[&input.name], Vec::new());
        Features { name, ..input }
    }

    pub(super) fn leaky_relu(&mut self, input: &Features) -> Features {
        let attributes = vec![number("alpha", LEAKY_SLOPE)];
        Features {
            name: self.graph.node("LeakyRelu", &[&input.name], attributes),
            channels: input.channels,
        }
    }

    pub(super) fn add(&mut self, first: &Features, second: &Features) -> Features {
        let inputs = [&first.name, &second.name];
        Features {
            name: self.graph.node("Add", &inputs, Vec::new()),
            channels: first.channels,
        }
    }

    /// The channels of the first, then those of the second.
    pub(super) fn join(&mut self, first: &Features, second: &Features) -> Features {
        let inputs = [&first.name, &second.name];
        Features {
            name: self.graph.node("Concat", &inputs, vec![whole("axis", 1)]),
            channels: first.channels + second.channels,
        }
    }
}

fn convolution_attributes(weight: &[usize], stride: usize, zeros: usize) -> Vec<AttributeProto> {
    vec![
        list("kernel_shape", &weight[2..]),
        list("strides", &[stride; 2]),
        list("pads", &[zeros; 4]),
    ]
}
