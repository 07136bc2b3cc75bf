//! Rows that are put together, beside Burn's own operations.

use burn::tensor::activation::leaky_relu;
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Distribution, Tensor, Tolerance};
use proptest::prelude::*;
use translate::kernels::{
    ChannelScaling, ConvolutionShape, Merge, Precision, RowPadding, RowSource, convolution,
    convolution_of_rows, copy_rows, fuse_rows,
};

use crate::device::test_device;

fn random<const D: usize>(dims: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::random(dims, Distribution::Uniform(-1.0, 1.0), device)
}

/// The values of a source, and the source in pieces that are views of it.
fn source(
    dims: [usize; 4],
    cut: usize,
    scaled: bool,
    slope: Option<f64>,
    device: &Device,
) -> (Tensor<4>, RowSource) {
    let all = random(dims, device);
    let [_, channels, rows, _] = dims;
    let cut = cut % rows;
    let parts = [(0, cut), (cut, rows - cut)]
        .into_iter()
        .filter(|(_, count)| *count > 0);
    let pieces = parts
        .map(|(start, count)| all.clone().narrow(2, start, count))
        .collect();
    let mut values = all;
    let scaling = scaled.then(|| ChannelScaling {
        factor: random([channels], device),
        offset: random([channels], device),
    });
    if let Some(ChannelScaling { factor, offset }) = scaling.clone() {
        let per_channel = |numbers: Tensor<1>| numbers.reshape([1, channels, 1, 1]);
        values = values * per_channel(factor) + per_channel(offset);
    }
    if let Some(slope) = slope {
        values = leaky_relu(values, slope);
    }
    (
        values,
        RowSource {
            pieces,
            scaling,
            slope,
        },
    )
}

proptest! {
    #[test]
    fn rows_are_joined(
        (channels, rows, width) in (1usize..4, 4usize..9, 4usize..9),
        (first_cut, second_cut) in (0usize..9, 0usize..9),
        scaled in any::<bool>(),
        slope in prop::sample::select(vec![None, Some(0.0), Some(0.2)]),
        concatenate in any::<bool>(),
        (top, bottom, sides) in (0usize..4, 0usize..4, 0usize..4),
        mirrored in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let device = test_device();
        device.seed(seed);
        let (first, first_source) =
            source([1, channels, rows, width], first_cut, scaled, slope, &device);
        let more = if concatenate { channels + 1 } else { channels };
        let (second, second_source) =
            source([1, more, rows, width], second_cut, !scaled, slope, &device);
        let padding = RowPadding { top, bottom, sides, mirrored };
        let mode = if mirrored { PadMode::Reflect } else { PadMode::Constant(0.0) };
        let bordered = |values: Tensor<4>| values.pad((sides, sides, top, bottom), mode);
        let (merge, both) = if concatenate {
            (Merge::Concatenation, Tensor::cat(vec![first.clone(), second], 1))
        } else {
            (Merge::Sum, first.clone() + second)
        };
        let alone = fuse_rows(std::slice::from_ref(&first_source), Merge::Sum, padding);
        let joined = fuse_rows(&[first_source, second_source], merge, padding);
        let tolerance = Tolerance::<f32>::absolute(1e-5);
        for (found, expected) in [(alone, bordered(first)), (joined, bordered(both))] {
            found.into_data().assert_approx_eq(&expected.into_data(), tolerance);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// In bfloat16 some devices read the sources themselves.
    #[test]
    fn rows_are_convolved(
        (channels, rows, width) in (1usize..40, 4usize..20, 4usize..40),
        (kernel, stride, outputs) in (1usize..6, 1usize..3, 1usize..40),
        scaled in any::<bool>(),
        slope in prop::sample::select(vec![None, Some(0.0), Some(0.2)]),
        (top, bottom, sides, mirrored) in (0usize..4, 0usize..4, 0usize..4, any::<bool>()),
        (padding, cuts) in (0usize..4, [0usize..9, 0..9]),
        half in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let device = test_device();
        device.seed(seed);
        let kernel = kernel.min(rows.min(width));
        let (_, first) = source([1, channels, rows, width], cuts[0], scaled, slope, &device);
        // Most often in the same pieces.
        let cut = if cuts[1] < 3 { cuts[1] } else { cuts[0] };
        let (_, second) = source([1, channels + 1, rows, width], cut, !scaled, slope, &device);
        let sources = [first, second];
        let weight = random([outputs, 2 * channels + 1, kernel, kernel], &device);
        let bias = Some(random([outputs], &device));
        let border = RowPadding { top, bottom, sides, mirrored };
        // The layer's own padding, or rows that have theirs.
        let (padding, border) = match padding.min(kernel - 1) {
            0 => (0, border),
            padding => (padding, RowPadding::default()),
        };
        let precision = if half && device_has_bfloat16() { Precision::Bf16 } else { Precision::F32 };
        let shape = ConvolutionShape { stride, padding, precision };
        let found = convolution_of_rows(&sources, border, weight.clone(), bias.clone(), shape);
        let input = fuse_rows(&sources, Merge::Concatenation, border);
        let expected = convolution(input, weight, bias, shape);
        found.into_data().assert_eq(&expected.into_data(), true);
    }
}

/// Whether the device of the tests computes in it.
fn device_has_bfloat16() -> bool {
    !std::env::var("TRANSLATE_TEST_DEVICE").is_ok_and(|name| name == "wgpu")
}

#[test]
fn copied_rows_are_the_same() {
    let all = random([1, 3, 7, 5], &test_device());
    let rows = all.narrow(2, 2, 3);
    copy_rows(rows.clone())
        .into_data()
        .assert_eq(&rows.into_data(), true);
}
