//! What exported models look like: names, shapes, operators, and what they say of themselves.

use std::collections::BTreeSet;

use translate::config::{GeneratorArch, GeneratorRecipe, NormKind, Upsample};
use translate::nn::{NamedTensors, NormStats};
use translate::style::FilePrecision;
use translate::style::onnx::{
    Dimension, GraphProto, ModelProto, OnnxInput, OnnxNetwork, OnnxOptions, ValueInfoProto,
    onnx_model,
};

use crate::export_onnx::{NORMS, STATISTICS, exported_pictures, network, options, recipe};

const ARCHITECTURES: [GeneratorArch; 6] = [
    GeneratorArch::Unet64,
    GeneratorArch::Unet128,
    GeneratorArch::Unet256,
    GeneratorArch::Unet512,
    GeneratorArch::Resnet6Blocks,
    GeneratorArch::Resnet9Blocks,
];
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
        for norm in NORMS {
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
    let model = exported_pictures(recipe, [3, 1], weights.clone(), &options(statistics));
    assert_eq!(model.producer_name, "translate");
    assert_eq!(model.producer_version, env!("CARGO_PKG_VERSION"));
    let lowest = match recipe.upsample {
        Upsample::Deconv => (11, 6),
        Upsample::Resize | Upsample::Blur => (13, 7),
    };
    assert_eq!(versions(&model), lowest);
    let graph = model.graph.unwrap();
    let [input, output] = [&graph.input[..], &graph.output[..]].map(|values| {
        assert_eq!(values.len(), 1);
        &values[0]
    });
    assert_eq!((&*input.name, &*output.name), ("input", "output"));
    let multiple = recipe.size_multiple();
    let sides = ["height", "width"].map(|side| format!("{multiple}*{side}"));
    assert_eq!(sizes(input), ["batch", "3", &sides[0], &sides[1]]);
    assert_eq!(sizes(output), ["batch", "1", &sides[0], &sides[1]]);

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
        // Programs read these otherwise than the standard has them, without a word (findings/opencv-auto-pad.sh of OpenCV
        // 4.13 and 5.0, findings/openvino-resize.sh of OpenVINO 2026.4.1).
        for attribute in &node.attribute {
            let name = attribute.name.as_str();
            assert!(!["auto_pad", "output_shape"].contains(&name), "{name}");
            let known = ["mode", "coordinate_transformation_mode", "nearest_mode"];
            assert!(node.op_type != "Resize" || known.contains(&name), "{name}");
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
        let is_batch = recipe.norm == NormKind::Batch;
        if average && is_batch && statistics == NormStats::Batch {
            assert!(found.is_none(), "{name} has no use");
            continue;
        }
        let found = found.unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(found.raw_data, data.as_bytes());
    }
}

/// Operator set and version of the file.
fn versions(model: &ModelProto) -> (i64, i64) {
    let [operators] = &model.opset_import[..] else {
        panic!("one set of operators is wanted");
    };
    assert_eq!(operators.domain, "");
    (operators.version, model.ir_version)
}

fn small(norm: NormKind) -> GeneratorRecipe {
    recipe(GeneratorArch::Unet64, norm, Upsample::Deconv)
}

fn count(graph: &GraphProto, operator: &str) -> usize {
    let nodes = graph.node.iter();
    nodes.filter(|node| node.op_type == operator).count()
}

#[test]
fn a_norm_is_one_node() {
    for norm in NORMS {
        for statistics in STATISTICS {
            let recipe = small(norm);
            let weights = NamedTensors::from_network(&network(&recipe));
            let model = exported_pictures(&recipe, [3, 1], weights, &options(statistics));
            let graph = model.graph.unwrap();
            let [instance, batch] =
                ["InstanceNormalization", "BatchNormalization"].map(|name| count(&graph, name));
            let wanted = match (norm, statistics) {
                (NormKind::None, _) => (0, 0),
                (NormKind::Batch, NormStats::Running) | (NormKind::ReferenceBatch, _) => (0, 9),
                _ => (9, 0),
            };
            assert_eq!((instance, batch), wanted, "{norm:?} {statistics:?}");
            // Convolutions, activations, skip connections and the bound before the last node.
            assert_eq!(graph.node.len(), 12 + 11 + 5 + 2 + instance + batch);
        }
    }
}

#[test]
fn what_goes_into_the_last_node_is_bounded() {
    let recipe = small(NormKind::None);
    let weights = NamedTensors::from_network(&network(&recipe));
    let model = exported_pictures(&recipe, [3, 1], weights, &options(NormStats::Batch));
    let graph = model.graph.unwrap();
    let [.., clip, tanh] = &graph.node[..] else {
        panic!("there are two nodes at least");
    };
    assert_eq!((&*clip.op_type, &*tanh.op_type), ("Clip", "Tanh"));
    let bounds = clip.input[1..].iter().map(|name| {
        let mut tensors = graph.initializer.iter();
        let tensor = tensors.find(|tensor| tensor.name == *name).unwrap();
        f32::from_le_bytes(tensor.raw_data[..].try_into().unwrap())
    });
    assert_eq!(bounds.collect::<Vec<_>>(), [-20.0, 20.0]);
}

#[test]
fn sizes_can_be_fixed() {
    let recipe = small(NormKind::Batch);
    let weights = NamedTensors::from_network(&network(&recipe));
    let message = |size, batch| {
        let options = OnnxOptions {
            size,
            batch,
            ..options(NormStats::Batch)
        };
        let network = OnnxNetwork {
            recipe: &recipe,
            channels: [3, 1],
            input: OnnxInput::Pictures,
        };
        match onnx_model(&network, weights.clone(), &options, Vec::new()) {
            Err(error) => error.to_string(),
            Ok(model) => {
                let graph = model.graph.unwrap();
                let [input, output] = [&graph.input[0], &graph.output[0]].map(sizes);
                format!("{} {}", input.join(","), output.join(","))
            }
        }
    };
    assert_eq!(message(Some([128, 64]), Some(1)), "1,3,128,64 1,1,128,64");
    assert_eq!(
        message(None, Some(5)),
        "5,3,64*height,64*width 5,1,64*height,64*width"
    );
    insta::assert_snapshot!(message(Some([128, 100]), None), @"a width of 100 is not possible: the sides of pictures are multiples of 64; take 64 or 128");
    insta::assert_snapshot!(message(Some([20, 128]), None), @"a height of 20 is not possible: the sides of pictures are multiples of 64; take 64");
}

#[test]
fn operator_sets_can_be_chosen() {
    let made = |upsample, opset| {
        let recipe = recipe(GeneratorArch::Unet64, NormKind::Batch, upsample);
        let weights = NamedTensors::from_network(&network(&recipe));
        let options = OnnxOptions {
            opset: Some(opset),
            ..options(NormStats::Batch)
        };
        let network = OnnxNetwork {
            recipe: &recipe,
            channels: [3, 1],
            input: OnnxInput::Pictures,
        };
        onnx_model(&network, weights, &options, Vec::new())
            .map(|model| versions(&model))
            .map_err(|error| error.to_string())
    };
    for (opset, file) in [(11, 6), (13, 7), (17, 8), (21, 10), (24, 12), (28, 14)] {
        assert_eq!(made(Upsample::Deconv, opset), Ok((opset, file)));
    }
    insta::assert_snapshot!(made(Upsample::Deconv, 10).unwrap_err(), @"operator set 10 is not possible: this model needs 11 or later, and 28 is the latest that is known");
    insta::assert_snapshot!(made(Upsample::Resize, 12).unwrap_err(), @"operator set 12 is not possible: this model needs 13 or later, and 28 is the latest that is known");
    insta::assert_snapshot!(made(Upsample::Deconv, 29).unwrap_err(), @"operator set 29 is not possible: this model needs 11 or later, and 28 is the latest that is known");
}

#[test]
fn sixteen_bits_are_for_convolutions_alone() {
    let recipe = small(NormKind::Batch);
    let weights = NamedTensors::from_network(&network(&recipe));
    let options = OnnxOptions {
        precision: FilePrecision::F16,
        ..options(NormStats::Batch)
    };
    let graph = exported_pictures(&recipe, [3, 1], weights, &options)
        .graph
        .unwrap();
    for value in [&graph.input[0], &graph.output[0]] {
        sizes(value);
    }
    for tensor in &graph.initializer {
        // Kernels, and the bias of the last one.
        let is_of_a_convolution = tensor.dims.len() == 4 || tensor.name == "model.model.3.bias";
        let wanted = if is_of_a_convolution { 10 } else { 1 };
        assert_eq!(tensor.data_type, wanted, "{}", tensor.name);
    }
    // In at the beginning and out at the end, out and in around each norm.
    assert_eq!(count(&graph, "Cast"), 2 + 2 * 9);
}

#[test]
fn weights_beyond_16_bits_are_refused() {
    let recipe = small(NormKind::Batch);
    let mut weights = NamedTensors::from_network(&network(&recipe));
    let kernel = weights.0.get_mut("model.model.0.weight").unwrap();
    kernel.as_mut_slice::<f32>().unwrap()[0] = 70_000.0;
    let options = OnnxOptions {
        precision: FilePrecision::F16,
        ..options(NormStats::Batch)
    };
    let network = OnnxNetwork {
        recipe: &recipe,
        channels: [3, 1],
        input: OnnxInput::Pictures,
    };
    let error = onnx_model(&network, weights, &options, Vec::new()).unwrap_err();
    insta::assert_snapshot!(error, @"`model.model.0.weight` has values beyond the range of 16-bit numbers: leave out --precision f16");
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
    let network = OnnxNetwork {
        recipe: &recipe,
        channels: [3, 1],
        input: OnnxInput::Pictures,
    };
    let model = onnx_model(&network, weights, &options(NormStats::Batch), properties).unwrap();
    insta::assert_snapshot!(model.doc_string, @"Translates pictures. `input` is [batch, 3, height, width], `output` is [batch, 1, height, width], both with values from -1 to 1: byte / 127.5 - 1. Height and width are multiples of 4, at least 8.");
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
        let network = OnnxNetwork {
            recipe: &recipe,
            channels: [3, 1],
            input: OnnxInput::Pictures,
        };
        let model = onnx_model(&network, weights, &options(NormStats::Batch), Vec::new());
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
