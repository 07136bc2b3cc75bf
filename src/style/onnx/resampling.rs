//! Changes of size as ONNX operators.

use super::attribute::{int_attr, ints_attr, string_attr};
use super::layers::{Features, Layers};

impl Layers {
    /// Each pixel becomes two by two.
    pub(crate) fn double(&mut self, input: &Features) -> Features {
        let scales = vec![1.0, 1.0, 2.0, 2.0];
        let scales = self.graph.float_tensor("double", [4], scales);
        let attributes = vec![
            string_attr("mode", "nearest"),
            string_attr("coordinate_transformation_mode", "asymmetric"),
            string_attr("nearest_mode", "floor"),
        ];
        let inputs = [&input.name, "", &scales];
        Features {
            name: self.graph.node("Resize", &inputs, attributes),
            channels: input.channels,
        }
    }

    /// [`double_bilinear`](crate::kernels::double_bilinear).
    pub(crate) fn blur_upsample(&mut self, input: &Features) -> Features {
        let scales = vec![1.0, 1.0, 2.0, 2.0];
        let scales = self.graph.float_tensor("double", [4], scales);
        let attributes = vec![
            string_attr("mode", "linear"),
            string_attr("coordinate_transformation_mode", "half_pixel"),
        ];
        let inputs = [&input.name, "", &scales];
        Features {
            name: self.graph.node("Resize", &inputs, attributes),
            channels: input.channels,
        }
    }

    /// [`blur_downsample`](crate::nn::blur_downsample).
    pub(crate) fn blur_downsample(&mut self, input: &Features) -> Features {
        let mut name = self.reflect(&input.name, 1);
        for stride in [1, 2] {
            let attributes = vec![
                ints_attr("kernel_shape", &[2; 2]),
                ints_attr("strides", &[stride; 2]),
                ints_attr("pads", &[0; 4]),
                int_attr("count_include_pad", 0),
            ];
            name = self.graph.node("AveragePool", &[&name], attributes);
        }
        Features {
            name,
            channels: input.channels,
        }
    }

    /// [`downsample`](crate::nn::downsample).
    pub(crate) fn downsample(&mut self, input: &Features) -> Features {
        let attributes = vec![
            ints_attr("kernel_shape", &[3; 2]),
            ints_attr("strides", &[2; 2]),
            ints_attr("pads", &[1; 4]),
            int_attr("count_include_pad", 0),
        ];
        Features {
            name: self.graph.node("AveragePool", &[&input.name], attributes),
            channels: input.channels,
        }
    }

    /// The maximum of 3 x 3 at every second position.
    pub(crate) fn max_pool(&mut self, input: &Features) -> Features {
        let attributes = vec![
            ints_attr("kernel_shape", &[3; 2]),
            ints_attr("strides", &[2; 2]),
        ];
        Features {
            name: self.graph.node("MaxPool", &[&input.name], attributes),
            channels: input.channels,
        }
    }

    /// [`pixel_shuffle`](crate::nn::pixel_shuffle).
    pub(crate) fn pixel_shuffle(&mut self, input: &Features, factor: usize) -> Features {
        let attributes = vec![
            int_attr("blocksize", factor),
            // Channels first, then rows and columns of the square.
            string_attr("mode", "CRD"),
        ];
        Features {
            name: self.graph.node("DepthToSpace", &[&input.name], attributes),
            channels: input.channels / (factor * factor),
        }
    }

    /// Every second row and column.
    pub(crate) fn every_second(&mut self, input: &Features) -> Features {
        let graph = &mut self.graph;
        let starts = graph.int64_tensor("second.starts", vec![0, 0]);
        let ends = graph.int64_tensor("second.ends", vec![i64::MAX; 2]);
        let axes = graph.int64_tensor("second.axes", vec![2, 3]);
        let steps = graph.int64_tensor("second.steps", vec![2, 2]);
        let inputs = [&input.name, &starts, &ends, &axes, &steps];
        Features {
            name: graph.node("Slice", &inputs, Vec::new()),
            channels: input.channels,
        }
    }
}
