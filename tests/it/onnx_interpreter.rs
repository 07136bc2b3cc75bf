//! The meaning of the ONNX operators that exported models use, by Burn's own operations.

use std::collections::BTreeMap;

use burn::tensor::module::{avg_pool2d, conv_transpose2d, conv2d, max_pool2d};
use burn::tensor::ops::{
    AvgPoolOptions, ConvOptions, ConvTransposeOptions, MaxPoolOptions, PadMode,
};
use burn::tensor::{DType, Device, Int, Tensor, TensorData, activation};
use translate::style::onnx::{AttributeProto, GraphProto, NodeProto, TensorProto};

/// A graph that is being computed.
pub struct Interpreter {
    device: Device,
    constants: BTreeMap<String, TensorData>,
    values: BTreeMap<String, Tensor<4>>,
}

/// What `graph` makes of its inputs, in 32 bits whatever it asks for.
pub fn interpret(graph: &GraphProto, inputs: &[Tensor<4>]) -> TensorData {
    assert_eq!(graph.input.len(), inputs.len());
    let names = graph.input.iter().map(|input| input.name.clone());
    let mut interpreter = Interpreter {
        device: inputs[0].device(),
        constants: graph
            .initializer
            .iter()
            .map(|tensor| (tensor.name.clone(), values_of(tensor)))
            .collect(),
        values: names.zip(inputs.iter().cloned()).collect(),
    };
    for node in &graph.node {
        let value = interpreter.compute(node);
        interpreter.values.insert(node.output[0].clone(), value);
    }
    interpreter.value(&graph.output[0].name).into_data()
}

fn values_of(tensor: &TensorProto) -> TensorData {
    let shape: Vec<usize> = tensor.dims.iter().map(|&size| size as usize).collect();
    let dtype = match tensor.data_type {
        1 => DType::F32,
        7 => DType::I64,
        10 => DType::F16,
        other => panic!("{} has type {other}", tensor.name),
    };
    let data = TensorData::from_bytes_vec(tensor.raw_data.clone(), shape, dtype);
    match dtype {
        DType::F16 => data.convert::<f32>(),
        _ => data,
    }
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> &'a AttributeProto {
    let mut attributes = node.attribute.iter();
    attributes
        .find(|attribute| attribute.name == name)
        .unwrap_or_else(|| panic!("{} has no {name}", node.name))
}

fn text(node: &NodeProto, name: &str) -> String {
    String::from_utf8(attribute(node, name).s.clone().unwrap()).unwrap()
}

/// A list of which the first half equals the second, such as padding before and after.
fn pair(node: &NodeProto, name: &str) -> [usize; 2] {
    let values = &attribute(node, name).ints;
    let first = values[0] as usize;
    assert!(values.iter().all(|&value| value as usize == first));
    [first; 2]
}

impl Interpreter {
    fn value(&self, name: &str) -> Tensor<4> {
        self.values[name].clone()
    }

    fn constant<const D: usize>(&self, name: &str) -> Tensor<D> {
        Tensor::from_data(self.constants[name].clone(), &self.device)
    }

    /// A list of one value for each channel, or of one for all.
    fn per_channel(&self, name: &str) -> Tensor<4> {
        let values = self.constant::<1>(name);
        let channels = values.dims()[0];
        values.reshape([1, channels, 1, 1])
    }

    fn whole_numbers(&self, name: &str) -> Vec<i64> {
        self.constants[name].as_slice::<i64>().unwrap().to_vec()
    }

    /// A value, or a constant. Values of fewer dimensions have ones in front.
    fn operand(&self, name: &str) -> Tensor<4> {
        if let Some(value) = self.values.get(name) {
            return value.clone();
        }
        let data = &self.constants[name];
        let shape = data.shape().to_vec();
        let shape = [vec![1; 4 - shape.len()], shape].concat();
        let values = data.as_slice::<f32>().unwrap().to_vec();
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }

    fn bound(&self, name: &str) -> f32 {
        let data = &self.constants[name];
        assert!(data.shape().is_empty(), "{name} is no single number");
        data.as_slice::<f32>().unwrap()[0]
    }

    fn compute(&self, node: &NodeProto) -> Tensor<4> {
        let input = &node.input;
        let operands = || (self.operand(&input[0]), self.operand(&input[1]));
        match node.op_type.as_str() {
            "Conv" => {
                let weight = self.operand(&input[1]);
                assert_eq!(pair(node, "kernel_shape"), weight.dims()[2..]);
                let (stride, padding) = (pair(node, "strides"), pair(node, "pads"));
                let options = ConvOptions::new(stride, padding, [1; 2], 1);
                let bias = input.get(2).map(|name| self.operand(name).flatten(0, 3));
                conv2d(self.value(&input[0]), weight, bias, options)
            }
            "ConvTranspose" => {
                let weight = self.constant::<4>(&input[1]);
                assert_eq!(pair(node, "kernel_shape"), weight.dims()[2..]);
                let options = ConvTransposeOptions::new(
                    pair(node, "strides"),
                    pair(node, "pads"),
                    pair(node, "output_padding"),
                    [1; 2],
                    1,
                );
                let bias = input.get(2).map(|name| self.constant(name));
                conv_transpose2d(self.value(&input[0]), weight, bias, options)
            }
            "Pad" => {
                assert_eq!(text(node, "mode"), "reflect");
                let pads = self.whole_numbers(&input[1]);
                let width = pads[2];
                assert_eq!(pads, [0, 0, width, width, 0, 0, width, width]);
                let width = width as usize;
                self.value(&input[0])
                    .pad((width, width, width, width), PadMode::Reflect)
            }
            "AveragePool" => {
                let included = attribute(node, "count_include_pad").i.unwrap();
                let options = AvgPoolOptions::new(pair(node, "kernel_shape"))
                    .with_stride(pair(node, "strides"))
                    .with_padding(pair(node, "pads"))
                    .with_count_include_pad(included == 1);
                avg_pool2d(self.value(&input[0]), options)
            }
            "Resize" if text(node, "mode") == "linear" => {
                assert_eq!(text(node, "coordinate_transformation_mode"), "half_pixel");
                assert_eq!(input[1], "");
                let scales = &self.constants[&input[2]];
                assert_eq!(scales.as_slice::<f32>().unwrap(), [1.0, 1.0, 2.0, 2.0]);
                let value = self.value(&input[0]);
                [2, 3].into_iter().fold(value, |value, axis| {
                    let last = value.dims()[axis] as i64 - 1;
                    let shifted = |by: i64| {
                        let places: Vec<i64> = (0..=last)
                            .map(|place| (place + by).clamp(0, last))
                            .collect();
                        let places = TensorData::new(places.clone(), [places.len()]);
                        let places = Tensor::<1, Int>::from_data(places, &self.device);
                        value.clone().select(axis, places) * 0.25
                    };
                    let near = value.clone() * 0.75;
                    let both = vec![near.clone() + shifted(-1), near + shifted(1)];
                    let mut dims = value.dims();
                    dims[axis] *= 2;
                    Tensor::stack::<5>(both, axis + 1).reshape(dims)
                })
            }
            "Resize" => {
                assert_eq!(text(node, "mode"), "nearest");
                assert_eq!(text(node, "nearest_mode"), "floor");
                assert_eq!(text(node, "coordinate_transformation_mode"), "asymmetric");
                assert_eq!(input[1], "");
                let scales = &self.constants[&input[2]];
                assert_eq!(scales.as_slice::<f32>().unwrap(), [1.0, 1.0, 2.0, 2.0]);
                let value = self.value(&input[0]);
                [2, 3].into_iter().fold(value, |value, axis| {
                    let places: Vec<i64> = (0..2 * value.dims()[axis] as i64)
                        .map(|place| place / 2)
                        .collect();
                    let places = TensorData::new(places.clone(), [places.len()]);
                    value.select(axis, Tensor::<1, Int>::from_data(places, &self.device))
                })
            }
            "InstanceNormalization" => {
                let value = self.value(&input[0]);
                let mean = value.clone().mean_dim(2).mean_dim(3);
                let variance = (value - mean.clone()).square().mean_dim(2).mean_dim(3);
                self.normalised(node, mean, variance)
            }
            "BatchNormalization" => {
                let (mean, variance) = (self.per_channel(&input[3]), self.per_channel(&input[4]));
                self.normalised(node, mean, variance)
            }
            "Add" => {
                let (first, second) = operands();
                first + second
            }
            "Sub" => {
                let (first, second) = operands();
                first - second
            }
            "Mul" => {
                let (first, second) = operands();
                first * second
            }
            "Div" => {
                let (first, second) = operands();
                first / second
            }
            "Exp" => self.value(&input[0]).exp(),
            "Sqrt" => self.value(&input[0]).sqrt(),
            "Ceil" => self.value(&input[0]).ceil(),
            "GlobalAveragePool" => self.value(&input[0]).mean_dim(2).mean_dim(3),
            "MatMul" => {
                let (first, second) = operands();
                first.matmul(second)
            }
            "Reshape" => match self.whole_numbers(&input[1])[..] {
                [-1, maps, positions] => {
                    let shape = [1, -1, maps as i32, positions as i32];
                    self.value(&input[0]).reshape(shape)
                }
                [-1, maps, height, width] => {
                    let shape = [-1, maps as i32, height as i32, width as i32];
                    self.value(&input[0]).reshape(shape)
                }
                ref other => panic!("a shape of {other:?}"),
            },
            "Transpose" => {
                assert_eq!(attribute(node, "perm").ints, [1, 0, 2]);
                self.value(&input[0]).swap_dims(1, 2)
            }
            "Clip" => {
                let (lower, upper) = (self.bound(&input[1]), self.bound(&input[2]));
                self.value(&input[0]).clamp(lower, upper)
            }
            // With a batch of one in front, which fits any.
            "Expand" => {
                let shape = self.whole_numbers(&input[1]);
                let value = self.value(&input[0]);
                let [batch, channels, ..] = value.dims();
                assert_eq!(shape[..2], [1, 1]);
                value.expand([batch, channels, shape[2] as usize, shape[3] as usize])
            }
            "Slice" if input.len() == 4 => {
                let [start, end, axis] = [1, 2, 3].map(|index| self.whole_numbers(&input[index]));
                let (start, end) = (start[0] as usize, end[0] as usize);
                self.value(&input[0])
                    .narrow(axis[0] as usize, start, end - start)
            }
            "Slice" => {
                let [starts, ends, axes, steps] =
                    [1, 2, 3, 4].map(|index| self.whole_numbers(&input[index]));
                assert_eq!((starts, ends), (vec![0, 0], vec![i64::MAX; 2]));
                assert_eq!((axes, &steps), (vec![2, 3], &vec![2, 2]));
                let value = self.value(&input[0]);
                [2, 3].into_iter().fold(value, |value, axis| {
                    let places = (0..value.dims()[axis] as i64).step_by(2);
                    let places: Vec<i64> = places.collect();
                    let places = TensorData::new(places.clone(), [places.len()]);
                    value.select(axis, Tensor::<1, Int>::from_data(places, &self.device))
                })
            }
            "Cast" => self.operand(&input[0]),
            "MaxPool" => {
                assert!(node.attribute.iter().all(|one| one.name != "pads"));
                let options = MaxPoolOptions::new(pair(node, "kernel_shape"))
                    .with_stride(pair(node, "strides"));
                max_pool2d(self.value(&input[0]), options)
            }
            "Relu" => activation::relu(self.value(&input[0])),
            "LeakyRelu" => {
                let slope = f64::from(attribute(node, "alpha").f.unwrap());
                activation::leaky_relu(self.value(&input[0]), slope)
            }
            "PRelu" => {
                let input_value = self.value(&input[0]);
                let slopes = self.per_channel(&input[1]) * input_value.clone();
                let is_negative = input_value.clone().lower_elem(0.0);
                input_value.mask_where(is_negative, slopes)
            }
            "DepthToSpace" => {
                assert_eq!(text(node, "mode"), "CRD");
                let side = attribute(node, "blocksize").i.unwrap() as usize;
                let [batch, channels, height, width] = self.value(&input[0]).dims();
                let channels = channels / (side * side);
                self.value(&input[0])
                    .reshape([batch, channels, side, side, height, width])
                    .permute([0, 1, 4, 2, 5, 3])
                    .reshape([batch, channels, side * height, side * width])
            }
            "Tanh" => self.value(&input[0]).tanh(),
            "Concat" => {
                assert_eq!(attribute(node, "axis").i, Some(1));
                let parts = input.iter().map(|name| self.value(name));
                Tensor::cat(parts.collect(), 1)
            }
            other => panic!("no operator {other}"),
        }
    }

    fn normalised(&self, node: &NodeProto, mean: Tensor<4>, variance: Tensor<4>) -> Tensor<4> {
        let [scale, shift] = [1, 2].map(|index| self.per_channel(&node.input[index]));
        let epsilon = f64::from(attribute(node, "epsilon").f.unwrap());
        (self.value(&node.input[0]) - mean) / (variance + epsilon).sqrt() * scale + shift
    }
}
