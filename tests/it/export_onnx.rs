//! Generators as ONNX models: valid graphs that compute what the networks compute.

use burn::tensor::{Distribution, Tensor, TensorData};
use prost::Message;
use translate::config::{
    Downsample, GeneratorArch, GeneratorRecipe, InitKind, Mode, NormKind, Recipe, Upsample,
};
use translate::nn::{ForwardMode, Generator, NamedTensors, NormStats, WeightInit};
use translate::style::FilePrecision;
use translate::style::onnx::{
    ModelProto, OnnxInput, OnnxNetwork, OnnxOptions, onnx_file, onnx_model,
};

use crate::device::test_device;
use crate::fixture::{Fixture, distance};
use crate::onnx_interpreter::interpret;

pub const NORMS: [NormKind; 5] = [
    NormKind::Batch,
    NormKind::ReferenceBatch,
    NormKind::Instance,
    NormKind::InstanceAffine,
    NormKind::None,
];
pub const STATISTICS: [NormStats; 2] = [NormStats::Batch, NormStats::Running];

pub fn recipe(arch: GeneratorArch, norm: NormKind, upsample: Upsample) -> GeneratorRecipe {
    GeneratorRecipe {
        arch,
        channels: 2,
        norm,
        dropout: true,
        init: InitKind::Kaiming,
        upsample,
        ..Recipe::defaults(Mode::Pix2pix).generator
    }
}

/// A generator from 3 channels to 1 whose every tensor has values of its own.
pub fn network(recipe: &GeneratorRecipe) -> Generator {
    let device = test_device();
    device.seed(1);
    let mut init = WeightInit::new(recipe.init, recipe.init_gain, 1, 0, &device);
    let network = Generator::new(&mut init, recipe, 3, 1);
    let mut tensors = NamedTensors::from_network(&network);
    for data in tensors.0.values_mut() {
        if let [channels] = data.shape().to_vec()[..] {
            // Scales and variances are above zero.
            let values = Tensor::<1>::random([channels], Distribution::Uniform(0.2, 0.9), &device);
            *data = values.into_data();
        }
    }
    tensors.load_into(network).unwrap()
}

/// Open sizes, the lowest operator set, 32 bits.
pub fn options(norm_stats: NormStats) -> OnnxOptions {
    OnnxOptions {
        norm_stats,
        precision: FilePrecision::F32,
        size: None,
        batch: None,
        opset: None,
    }
}

/// The model, written and read back.
pub fn exported(
    network: &OnnxNetwork<'_>,
    weights: NamedTensors,
    options: &OnnxOptions,
) -> ModelProto {
    let model = onnx_model(network, weights, options, Vec::new()).unwrap();
    let file = onnx_file(&model).unwrap();
    let read = ModelProto::decode(&file[..]).unwrap();
    assert_eq!(read, model);
    read
}

/// The model of a generator of pictures.
pub fn exported_pictures(
    recipe: &GeneratorRecipe,
    channels: [usize; 2],
    weights: NamedTensors,
    options: &OnnxOptions,
) -> ModelProto {
    let network = OnnxNetwork {
        recipe,
        channels,
        input: OnnxInput::Pictures,
    };
    exported(&network, weights, options)
}

fn run(model: &ModelProto, input: Tensor<4>) -> TensorData {
    interpret(model.graph.as_ref().unwrap(), &[input])
}

#[test]
fn models_compute_what_pytorch_computes() {
    for name in [
        "unet_256_batch",
        "unet_128_batch",
        "unet_128_instance",
        "unet_64_batch",
        "unet_64_instance",
        "unet_64_none",
        "resnet_6blocks_instance",
        "resnet_6blocks_batch",
        "resnet_9blocks_instance",
        "resnet_9blocks_batch",
    ] {
        let fixture = Fixture::open(&format!("forward_{name}.safetensors"));
        let config = fixture.config();
        let number = |key: &str| config[key].as_u64().unwrap() as usize;
        let recipe = GeneratorRecipe {
            arch: serde_json::from_value(config["arch"].clone()).unwrap(),
            channels: number("channels"),
            norm: serde_json::from_value(config["norm"].clone()).unwrap(),
            dropout: false,
            ..Recipe::defaults(Mode::Pix2pix).generator
        };
        let channels = [number("input_channels"), number("output_channels")];
        for (statistics, output) in STATISTICS.into_iter().zip(["output", "output_running"]) {
            let weights = fixture.named("weights.");
            let model = exported_pictures(&recipe, channels, weights, &options(statistics));
            let input = ["input", "input_bytes"]
                .into_iter()
                .find(|input| fixture.has(input))
                .unwrap();
            let input = fixture.tensor(input, &test_device());
            // PyTorch's batch norm mixes the pictures of a batch, which models do not.
            let is_mixed = recipe.norm == NormKind::Batch && input.dims()[0] > 1;
            if is_mixed && statistics == NormStats::Batch {
                continue;
            }
            let found = run(&model, input);
            let difference = fixture.output_distance(output, &found);
            // Only networks with batch norm have an output by running statistics.
            assert!(difference.is_some() || output == "output_running", "{name}");
            assert!(
                difference.is_none_or(|difference| difference < 4e-5),
                "{name} {output}: {difference:?}"
            );
        }
    }
}

#[test]
fn models_of_pix2pixhd_compute_what_pytorch_computes() {
    for (name, arch) in [
        ("global", GeneratorArch::Global),
        ("local", GeneratorArch::Local),
    ] {
        let fixture = Fixture::open(&format!("forward_{name}.safetensors"));
        let config = fixture.config();
        let number = |key: &str| config[key].as_u64().map(|number| number as usize);
        let defaults = Recipe::defaults(Mode::Pix2pixhd).generator;
        let recipe = GeneratorRecipe {
            arch,
            channels: number("channels").unwrap(),
            downsamplings: number("downsamplings").unwrap(),
            blocks: number("blocks").unwrap(),
            enhancers: number("enhancers").unwrap_or(1),
            enhancer_blocks: number("enhancer_blocks").unwrap_or(3),
            ..defaults
        };
        let channels = [number("input_channels").unwrap(), 3];
        let weights = fixture.named("weights.");
        let model = exported_pictures(&recipe, channels, weights, &options(NormStats::Batch));
        let found = run(&model, fixture.tensor("input", &test_device()));
        let difference = distance(&found, &fixture.data("output"));
        assert!(difference < 4e-5, "{name}: {difference}");
    }
}

/// What the fixtures do not have: resizing, the names that dropout shifts, rectangles, and batches of unlike pictures, of
/// which none changes another.
#[test]
fn models_compute_what_the_networks_compute() {
    let device = test_device();
    for (arch, height, width) in [
        (GeneratorArch::Unet64, 64, 128),
        (GeneratorArch::Resnet6Blocks, 12, 8),
    ] {
        for norm in NORMS {
            for upsample in [Upsample::Deconv, Upsample::Resize] {
                for statistics in STATISTICS {
                    let recipe = recipe(arch, norm, upsample);
                    let network = network(&recipe);
                    let weights = NamedTensors::from_network(&network);
                    let model = exported_pictures(&recipe, [3, 1], weights, &options(statistics));
                    let picture = |spread: f64| {
                        let law = Distribution::Uniform(-1.0, 1.0);
                        Tensor::random([1, 3, height, width], law, &device) * spread + 0.1
                    };
                    let pictures = [0.9, 0.1, 0.3].map(picture);
                    let mode = ForwardMode::inference(statistics, false);
                    let alone = pictures
                        .clone()
                        .map(|picture| network.forward(picture, mode));
                    let wanted = Tensor::cat(alone.to_vec(), 0).into_data();
                    let found = run(&model, Tensor::cat(pictures.to_vec(), 0));
                    let difference = distance(&found, &wanted);
                    assert!(difference < 5e-4, "{recipe:?} {statistics:?}: {difference}");
                }
            }
        }
    }
}

#[test]
fn models_compute_what_networks_with_filters_compute() {
    let device = test_device();
    for (downsample, upsample) in [
        (Downsample::Blur, Upsample::Blur),
        (Downsample::Blur, Upsample::Deconv),
        (Downsample::Strided, Upsample::Blur),
    ] {
        let mut recipe = recipe(GeneratorArch::Resnet6Blocks, NormKind::Instance, upsample);
        recipe.downsample = downsample;
        let network = network(&recipe);
        let weights = NamedTensors::from_network(&network);
        let model = exported_pictures(&recipe, [3, 1], weights, &options(NormStats::Batch));
        let input = Tensor::random([2, 3, 20, 12], Distribution::Uniform(-1.0, 1.0), &device);
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let wanted = network.forward(input.clone(), mode).into_data();
        let difference = distance(&run(&model, input), &wanted);
        assert!(difference < 4e-5, "{recipe:?}: {difference}");
    }
}

#[test]
fn weights_of_16_bits_change_little() {
    for norm in NORMS {
        let recipe = recipe(GeneratorArch::Unet64, norm, Upsample::Deconv);
        let network = network(&recipe);
        let shape = [1, 3, 64, 64];
        let law = Distribution::Uniform(-1.0, 1.0);
        let input = Tensor::random(shape, law, &test_device());
        let model = |precision| {
            let options = OnnxOptions {
                precision,
                ..options(NormStats::Batch)
            };
            exported_pictures(
                &recipe,
                [3, 1],
                NamedTensors::from_network(&network),
                &options,
            )
        };
        let [full, half] = [FilePrecision::F32, FilePrecision::F16].map(model);
        let difference = distance(&run(&half, input.clone()), &run(&full, input));
        assert!((1e-7..2e-2).contains(&difference), "{norm:?}: {difference}");
    }
}
