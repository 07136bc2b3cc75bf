//! Generators as ONNX models: valid graphs that compute what the networks compute.

use std::collections::BTreeSet;

use burn::tensor::{Distribution, Tensor, TensorData};
use prost::Message;
use translate::config::{
    GeneratorArch, GeneratorRecipe, InitKind, Mode, NormKind, Recipe, Upsample,
};
use translate::nn::{ForwardMode, Generator, NamedTensors, NormStats, WeightInit};
use translate::style::onnx::{Dimension, ModelProto, ValueInfoProto, onnx_file, onnx_model};

use crate::device::test_device;
use crate::fixture::{Fixture, distance};
use crate::onnx_interpreter::interpret;

const ARCHITECTURES: [GeneratorArch; 6] = [
    GeneratorArch::Unet64,
    GeneratorArch::Unet128,
    GeneratorArch::Unet256,
    GeneratorArch::Unet512,
    GeneratorArch::Resnet6Blocks,
    GeneratorArch::Resnet9Blocks,
];
const STATISTICS: [NormStats; 2] = [NormStats::Batch, NormStats::Running];

fn recipe(arch: GeneratorArch, norm: NormKind, upsample: Upsample) -> GeneratorRecipe {
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
fn network(recipe: &GeneratorRecipe) -> Generator {
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

/// The model, written and read back.
fn exported(
    recipe: &GeneratorRecipe,
    channels: [usize; 2],
    weights: NamedTensors,
    norm_stats: NormStats,
) -> ModelProto {
    let model = onnx_model(recipe, channels, weights, norm_stats, Vec::new()).unwrap();
    let file = onnx_file(&model).unwrap();
    let read = ModelProto::decode(&file[..]).unwrap();
    assert_eq!(read, model);
    read
}

fn run(model: &ModelProto, input: Tensor<4>) -> TensorData {
    interpret(model.graph.as_ref().unwrap(), input)
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
            let model = exported(&recipe, channels, fixture.named("weights."), statistics);
            let input = ["input", "input_bytes"]
                .into_iter()
                .find(|input| fixture.has(input))
                .unwrap();
            let found = run(&model, fixture.tensor(input, &test_device()));
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
        let model = exported(
            &recipe,
            channels,
            fixture.named("weights."),
            NormStats::Batch,
        );
        let found = run(&model, fixture.tensor("input", &test_device()));
        let difference = distance(&found, &fixture.data("output"));
        assert!(difference < 4e-5, "{name}: {difference}");
    }
}

/// What the fixtures do not have: resizing, the names that dropout shifts, batches of rectangles.
#[test]
fn models_compute_what_the_networks_compute() {
    let device = test_device();
    for (arch, height, width) in [
        (GeneratorArch::Unet64, 64, 128),
        (GeneratorArch::Resnet6Blocks, 12, 8),
    ] {
        for norm in [
            NormKind::Batch,
            NormKind::Instance,
            NormKind::InstanceAffine,
            NormKind::None,
        ] {
            for upsample in [Upsample::Deconv, Upsample::Resize] {
                for statistics in STATISTICS {
                    let recipe = recipe(arch, norm, upsample);
                    let network = network(&recipe);
                    let weights = NamedTensors::from_network(&network);
                    let model = exported(&recipe, [3, 1], weights, statistics);
                    let shape = [2, 3, height, width];
                    let input = Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &device);
                    let mode = ForwardMode::inference(statistics, false);
                    let wanted = network.forward(input.clone(), mode).into_data();
                    let difference = distance(&run(&model, input), &wanted);
                    assert!(difference < 4e-5, "{recipe:?} {statistics:?}: {difference}");
                }
            }
        }
    }
}

/// The sizes of an input or output; `None` in place of a fixed one is a name.
fn sizes(value: &ValueInfoProto) -> Vec<String> {
    let tensor = value.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap();
    assert_eq!(tensor.elem_type, 1);
    let sizes = tensor.shape.as_ref().unwrap().dim.iter();
    sizes
        .map(|size| match size.value.as_ref().unwrap() {
            Dimension::Fixed(size) => size.to_string(),
            Dimension::Named(name) => name.clone(),
        })
        .collect()
}

#[test]
fn every_generator_is_a_valid_graph_with_all_its_weights() {
    for arch in ARCHITECTURES {
        for norm in [
            NormKind::Batch,
            NormKind::Instance,
            NormKind::InstanceAffine,
            NormKind::None,
        ] {
            for upsample in [Upsample::Deconv, Upsample::Resize] {
                for statistics in STATISTICS {
                    let recipe = recipe(arch, norm, upsample);
                    check_structure(&recipe, statistics);
                }
            }
        }
    }
}

fn check_structure(recipe: &GeneratorRecipe, statistics: NormStats) {
    let weights = NamedTensors::from_network(&network(recipe));
    let model = exported(recipe, [3, 1], weights.clone(), statistics);
    assert_eq!(model.ir_version, 8);
    assert_eq!(model.producer_name, "translate");
    assert_eq!(model.producer_version, env!("CARGO_PKG_VERSION"));
    let [operators] = &model.opset_import[..] else {
        panic!("one set of operators is wanted");
    };
    assert_eq!((operators.domain.as_str(), operators.version), ("", 17));
    let graph = model.graph.unwrap();
    let [input, output] = [&graph.input[..], &graph.output[..]].map(|values| {
        assert_eq!(values.len(), 1);
        &values[0]
    });
    assert_eq!((&*input.name, &*output.name), ("input", "output"));
    assert_eq!(sizes(input), ["batch", "3", "height", "width"]);
    assert_eq!(sizes(output), ["batch", "1", "height", "width"]);

    // Values are made before they are used, once, and every weight is used.
    let mut known: BTreeSet<&str> = BTreeSet::from(["input"]);
    for tensor in &graph.initializer {
        assert!(known.insert(&tensor.name), "{} is there twice", tensor.name);
    }
    let mut used = BTreeSet::new();
    let mut names = BTreeSet::new();
    for node in &graph.node {
        assert!(names.insert(&node.name), "{} is there twice", node.name);
        for name in node.input.iter().filter(|name| !name.is_empty()) {
            assert!(known.contains(name.as_str()), "{name} is not made");
            used.insert(name.as_str());
        }
        for name in &node.output {
            assert!(known.insert(name), "{name} is made twice");
        }
    }
    assert!(known.contains("output"));
    for tensor in &graph.initializer {
        assert!(used.contains(tensor.name.as_str()), "{}", tensor.name);
        let length = tensor.dims.iter().product::<i64>() as usize;
        let width = if tensor.data_type == 1 { 4 } else { 8 };
        assert_eq!(tensor.raw_data.len(), length * width);
    }

    // The weights are those of the network, under their names.
    for (name, data) in &weights.0 {
        let average = name.contains(".running_");
        let mut found = graph.initializer.iter();
        let found = found.find(|tensor| tensor.name == *name);
        if average && statistics == NormStats::Batch {
            assert!(found.is_none(), "{name} has no use");
            continue;
        }
        let found = found.unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(found.raw_data, data.as_bytes());
    }
}

#[test]
fn models_say_what_they_take() {
    let recipe = recipe(
        GeneratorArch::Resnet6Blocks,
        NormKind::Batch,
        Upsample::Deconv,
    );
    let weights = NamedTensors::from_network(&network(&recipe));
    let properties = vec![("style", "monet".to_owned())];
    let model = onnx_model(&recipe, [3, 1], weights, NormStats::Batch, properties).unwrap();
    insta::assert_snapshot!(model.doc_string, @"Translates pictures. `input` is [batch, 3, height, width], `output` is [batch, 1, height, width], both with values from -1 to 1: byte / 127.5 - 1. Height and width are multiples of 4, at least 8. Batch normalisation takes its statistics from all pictures of a batch: pass one picture at a time.");
    let properties: Vec<String> = model
        .metadata_props
        .iter()
        .map(|entry| format!("{}: {}", entry.key, entry.value))
        .collect();
    insta::assert_snapshot!(properties.join("\n"), @r#"
architecture: resnet_6blocks
value_range: -1 to 1
size_multiple: 4
smallest_size: 8
norm_stats: batch
style: monet
"#);
}

#[test]
fn weights_that_are_missing_or_left_over_are_named() {
    let recipe = recipe(
        GeneratorArch::Resnet6Blocks,
        NormKind::Instance,
        Upsample::Deconv,
    );
    let weights = NamedTensors::from_network(&network(&recipe));
    let message = |weights| {
        let model = onnx_model(&recipe, [3, 1], weights, NormStats::Batch, Vec::new());
        model.unwrap_err().to_string()
    };
    let mut more = weights.clone();
    let tensor = more.0.remove("model.1.weight").unwrap();
    assert_eq!(
        message(more.clone()),
        "the tensors are not those of this network: `model.1.weight` is missing"
    );
    more.0.insert("model.1.weight".to_owned(), tensor.clone());
    more.0.insert("model.99.weight".to_owned(), tensor);
    assert_eq!(
        message(more),
        "the tensors are not those of this network: `model.99.weight` is not part of it"
    );
}
