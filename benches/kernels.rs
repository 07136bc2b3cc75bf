//! Time of the kernels at sizes that the networks have: `cargo bench --bench kernels`.

use std::hint::black_box;
use std::time::Duration;

use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use translate::kernels::{
    ConvolutionShape, Precision, TransposedConvolutionShape, convolution, leaky_relu,
    normalize_instance, transposed_convolution,
};

/// A convolution of a network at batch 1.
struct Layer {
    name: &'static str,
    channels: [usize; 2],
    /// Height and width of the input.
    size: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    transposed: bool,
}

const LAYERS: [Layer; 8] = [
    layer("residual block at 128 px", [256, 256], 34, [3, 1, 0]),
    layer("residual block at 256 px", [256, 256], 66, [3, 1, 0]),
    layer("ResNet stem at 128 px", [3, 64], 134, [7, 1, 0]),
    layer("ResNet downsampling at 128 px", [64, 128], 128, [3, 2, 1]),
    layer("U-Net level 3 down at 256 px", [128, 256], 64, [4, 2, 1]),
    layer("PatchGAN last but one at 256 px", [256, 512], 32, [4, 1, 1]),
    up("U-Net level 3 up at 256 px", [512, 128], 32, [4, 2, 1]),
    up("ResNet upsampling at 128 px", [256, 128], 32, [3, 2, 1]),
];

const fn layer(
    name: &'static str,
    channels: [usize; 2],
    size: usize,
    [kernel, stride, padding]: [usize; 3],
) -> Layer {
    Layer {
        name,
        channels,
        size,
        kernel,
        stride,
        padding,
        transposed: false,
    }
}

const fn up(name: &'static str, channels: [usize; 2], size: usize, shape: [usize; 3]) -> Layer {
    Layer {
        transposed: true,
        ..layer(name, channels, size, shape)
    }
}

impl Layer {
    fn tensors(&self, device: &Device) -> (Tensor<4>, Tensor<4>) {
        let Self {
            channels: [from, to],
            size,
            kernel,
            ..
        } = *self;
        let weight = if self.transposed {
            [from, to, kernel, kernel]
        } else {
            [to, from, kernel, kernel]
        };
        (
            random([1, from, size, size], device),
            random(weight, device),
        )
    }

    fn run(&self, input: Tensor<4>, weight: Tensor<4>) -> Tensor<4> {
        let (stride, padding) = (self.stride, self.padding);
        if self.transposed {
            let shape = TransposedConvolutionShape {
                stride,
                padding,
                output_padding: self.kernel % 2,
                precision: Precision::F32,
            };
            transposed_convolution(input, weight, None, shape)
        } else {
            let shape = ConvolutionShape {
                stride,
                padding,
                precision: Precision::F32,
            };
            convolution(input, weight, None, shape)
        }
    }
}

fn random(dims: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::random(dims, Distribution::Uniform(-1.0, 1.0), device)
}

fn convolutions(criterion: &mut Criterion) {
    let device = Device::flex();
    let mut group = criterion.benchmark_group("convolution");
    for layer in &LAYERS {
        let (input, weight) = layer.tensors(&device);
        group.bench_function(BenchmarkId::new("forward", layer.name), |bencher| {
            bencher.iter(|| black_box(layer.run(input.clone(), weight.clone())));
        });
        let input = Tensor::from_inner(input).require_grad();
        let weight = Tensor::from_inner(weight).require_grad();
        group.bench_function(BenchmarkId::new("with gradients", layer.name), |bencher| {
            bencher.iter(|| {
                let output = layer.run(input.clone(), weight.clone());
                black_box(output.sum().backward())
            });
        });
    }
    group.finish();
}

fn others(criterion: &mut Criterion) {
    let device = Device::flex();
    let input = random([1, 64, 128, 128], &device);
    criterion.bench_function("instance norm, 64 x 128 x 128", |bencher| {
        bencher.iter(|| black_box(normalize_instance(input.clone(), 1e-5)));
    });
    criterion.bench_function("leaky ReLU, 64 x 128 x 128", |bencher| {
        bencher.iter(|| black_box(leaky_relu(input.clone(), 0.2)));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = convolutions, others
}
criterion_main!(benches);
