//! Networks compute what their PyTorch originals compute, and have as many parameters.

use burn::tensor::Device;
use serde_json::Value;
use translate::config::{
    DiscriminatorArch, DiscriminatorRecipe, Downsample, GeneratorArch, GeneratorRecipe, InitKind,
    Mode, NormKind, Recipe, Upsample,
};
use translate::nn::{
    Discriminator, ForwardMode, Generator, NamedTensors, Network, NormStats, ResnetGenerator, Unet,
    WeightInit,
};

use crate::device::test_device;
use crate::fixture::{Fixture, distance};

/// Measured: PyTorch's own 32-bit results are within 2.2e-6 of its 64-bit ones.
const TOLERANCE: f64 = 2e-5;

fn init(device: &Device) -> WeightInit {
    WeightInit::new(InitKind::Normal, 0.02, 1, 0, device)
}

fn norm(config: &Value) -> NormKind {
    serde_json::from_value(config["norm"].clone()).unwrap()
}

fn number(config: &Value, key: &str) -> usize {
    config[key]
        .as_u64()
        .unwrap_or_else(|| panic!("{key} in {config}")) as usize
}

fn generator_recipe(config: &Value) -> GeneratorRecipe {
    GeneratorRecipe {
        channels: number(config, "channels"),
        norm: norm(config),
        dropout: false,
        ..Recipe::defaults(Mode::Pix2pix).generator
    }
}

pub fn check<N: Network>(
    name: &str,
    network: N,
    forward: impl Fn(&N, burn::tensor::Tensor<4>, ForwardMode) -> burn::tensor::Tensor<4>,
) {
    let fixture = Fixture::open(&format!("forward_{name}.safetensors"));
    let device = test_device();
    let input = if fixture.has("input") {
        "input"
    } else {
        "input_bytes"
    };
    let network = fixture.named("weights.").load_into(network).unwrap();
    let run = |stats, update_running| {
        let mode = ForwardMode {
            norm_stats: stats,
            update_running,
            dropout: false,
            each_alone: false,
            exchange: None,
        };
        forward(&network, fixture.tensor(input, &device), mode).into_data()
    };
    let running = run(NormStats::Running, false);
    if let Some(difference) = fixture.output_distance("output_running", &running) {
        assert!(
            difference < TOLERANCE,
            "{name} with running statistics: {difference}"
        );
    }
    let difference = fixture
        .output_distance("output", &run(NormStats::Batch, true))
        .unwrap();
    assert!(difference < TOLERANCE * 2.0, "{name}: {difference}");
    // The pass above moved the running averages.
    let after = NamedTensors::from_network(&network);
    for (key, expected) in fixture.named("after.").0 {
        let difference = distance(&after.0[&key], &expected);
        assert!(difference < 1e-4, "{name} {key}: {difference}");
    }
}

#[test]
fn generators_equal_pytorch() {
    let names = [
        "unet_256_batch",
        "unet_256_instance",
        "unet_128_batch",
        "unet_128_instance",
        "unet_64_batch",
        "unet_64_instance",
        "unet_64_none",
        "resnet_6blocks_instance",
        "resnet_6blocks_instance_affine",
        "resnet_6blocks_batch",
        "resnet_9blocks_instance",
        "resnet_9blocks_batch",
    ];
    for name in names {
        let config = Fixture::open(&format!("forward_{name}.safetensors")).config();
        let recipe = generator_recipe(&config);
        let (input, output) = (
            number(&config, "input_channels"),
            number(&config, "output_channels"),
        );
        let mut init = init(&test_device());
        let network = if name.starts_with("unet") {
            Generator::Unet(Unet::new(
                &mut init,
                &recipe,
                number(&config, "downsamplings"),
                input,
                output,
            ))
        } else {
            Generator::Resnet(ResnetGenerator::new(
                &mut init,
                &recipe,
                number(&config, "blocks"),
                input,
                output,
            ))
        };
        check(name, network, |network, input, mode| {
            network.forward(input, mode)
        });
    }
}

/// CUT's networks, which change the size by filters.
#[test]
fn networks_with_filters_equal_pytorch() {
    let name = "resnet_6blocks_blur";
    let config = Fixture::open(&format!("forward_{name}.safetensors")).config();
    let recipe = GeneratorRecipe {
        downsample: Downsample::Blur,
        upsample: Upsample::Blur,
        ..generator_recipe(&config)
    };
    let network = ResnetGenerator::new(&mut init(&test_device()), &recipe, 6, 3, 3);
    check(name, network, |network, input, mode| {
        network.forward(input, mode)
    });
    let name = "patch_blur_layers3";
    let config = Fixture::open(&format!("forward_{name}.safetensors")).config();
    let recipe = DiscriminatorRecipe {
        downsample: Downsample::Blur,
        channels: number(&config, "channels"),
        ..Recipe::defaults(Mode::Cycle).discriminator
    };
    let network = Discriminator::new(&mut init(&test_device()), &recipe, 3);
    check(name, network, |network, input, mode| {
        network.forward(input, mode)
    });
}

#[test]
fn discriminators_equal_pytorch() {
    let names = [
        "patch_batch_layers1",
        "patch_instance_layers1",
        "patch_batch_layers3",
        "patch_instance_layers3",
        "patch_batch_layers4",
        "patch_instance_layers4",
        "patch_none_layers3",
        "pixel_batch",
        "pixel_instance",
    ];
    for name in names {
        let config = Fixture::open(&format!("forward_{name}.safetensors")).config();
        let recipe = DiscriminatorRecipe {
            arch: if name.starts_with("pixel") {
                DiscriminatorArch::Pixel
            } else {
                DiscriminatorArch::Patch
            },
            layers: number(&config, "layers"),
            channels: number(&config, "channels"),
            norm: norm(&config),
            ..Recipe::defaults(Mode::Cycle).discriminator
        };
        let input = number(&config, "input_channels");
        let network = Discriminator::new(&mut init(&test_device()), &recipe, input);
        check(name, network, |network, input, mode| {
            network.forward(input, mode)
        });
    }
}

/// Trainable parameters: the running averages are not counted, as the published figures do not.
fn count<N: Network>(network: &N) -> usize {
    let tensors = NamedTensors::from_network(network).0;
    let trained = tensors
        .iter()
        .filter(|(name, _)| !name.contains("running_"));
    trained.map(|(_, data)| data.shape().num_elements()).sum()
}

#[test]
fn parameter_counts_are_the_published_ones() {
    let device = test_device();
    let generator = |mode, arch| {
        let recipe = GeneratorRecipe {
            arch,
            ..Recipe::defaults(mode).generator
        };
        count(&Generator::new(&mut init(&device), &recipe, 3, 3))
    };
    assert_eq!(generator(Mode::Pix2pix, GeneratorArch::Unet256), 54_413_955);
    assert_eq!(
        generator(Mode::Cycle, GeneratorArch::Resnet9Blocks),
        11_378_179
    );
    assert_eq!(
        generator(Mode::Cycle, GeneratorArch::Resnet6Blocks),
        7_837_699
    );
    let discriminator = |mode, input| {
        count(&Discriminator::new(
            &mut init(&device),
            &Recipe::defaults(mode).discriminator,
            input,
        ))
    };
    assert_eq!(discriminator(Mode::Pix2pix, 6), 2_768_705);
    assert_eq!(discriminator(Mode::Cycle, 3), 2_764_737);
}

#[test]
fn dropout_moves_the_second_convolution_of_a_block_to_index_6() {
    let names = |dropout| {
        let recipe = GeneratorRecipe {
            arch: GeneratorArch::Resnet6Blocks,
            channels: 2,
            dropout,
            ..Recipe::defaults(Mode::Cycle).generator
        };
        NamedTensors::from_network(&Generator::new(&mut init(&test_device()), &recipe, 3, 3)).0
    };
    assert!(names(false).contains_key("model.10.conv_block.5.weight"));
    assert!(names(true).contains_key("model.10.conv_block.6.weight"));
}

#[test]
fn foreign_tensors_are_listed_not_loaded() {
    let recipe = GeneratorRecipe {
        arch: GeneratorArch::Resnet6Blocks,
        channels: 2,
        ..Recipe::defaults(Mode::Cycle).generator
    };
    let network = Generator::new(&mut init(&test_device()), &recipe, 3, 3);
    let mut tensors = NamedTensors::from_network(&network);
    let first = tensors.0.remove("model.1.weight").unwrap();
    tensors
        .0
        .insert("model.99.weight".to_owned(), first.clone());
    tensors.0.insert("model.26.weight".to_owned(), first);
    let message = tensors.load_into(network).unwrap_err().to_string();
    assert_eq!(
        message,
        "the tensors are not those of this network: `model.1.weight` is missing; \
         `model.26.weight` is not part of it; `model.99.weight` is not part of it"
    );
}
