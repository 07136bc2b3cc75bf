//! Residual, progressive and style generators as ONNX models.

use burn::tensor::{Distribution, Tensor, TensorData};
use prost::Message;
use translate::config::{ClassNorm, GeneratorRecipe, Mode, Overlay};
use translate::nn::{ForwardMode, NormStats, WeightInit};
use translate::style::onnx::{ModelProto, Noise, NoiseNetwork, OnnxInput, OnnxNetwork};
use translate::style::{FilePrecision, Manifest, StyleFolder, read_weights};
use translate::synthesis::{GeneratorInput, SynthesisGenerator};

use crate::cli_support::Place;
use crate::device::test_device;
use crate::export_onnx::{exported, options};
use crate::fixture::{Fixture, distance};
use crate::onnx_interpreter::interpret;
use crate::synthesis_training::LATENT;

fn generator(arch: &str) -> GeneratorRecipe {
    let mut overlay = Overlay::default();
    overlay.set(&format!("generator.arch={arch}")).unwrap();
    overlay.resolve(Mode::Generate).unwrap().generator
}

/// What a model with the weights below `prefix` of a fixture makes of `inputs`, at 16 x 16, with numbers of 32 bits and of 16.
fn made(
    fixture: &Fixture,
    prefix: &str,
    (arch, network): (&str, NoiseNetwork),
    inputs: &[Tensor<4>],
) -> [TensorData; 2] {
    let recipe = generator(arch);
    let classes = ["a", "b", "c"].map(ToOwned::to_owned);
    let classes = if inputs.len() > 1 {
        classes.to_vec()
    } else {
        Vec::new()
    };
    let network = OnnxNetwork {
        recipe: &recipe,
        channels: [LATENT, 3],
        input: OnnxInput::Noise(Noise {
            classes,
            vector: 0,
            codes: (Vec::new(), 0),
            side: 16,
            network,
        }),
    };
    [FilePrecision::F32, FilePrecision::F16].map(|precision| {
        let mut options = options(NormStats::Running);
        options.precision = precision;
        let model = exported(&network, fixture.named(prefix), &options);
        interpret(&model.graph.unwrap(), inputs)
    })
}

/// Pictures end at black and white in models.
fn limited(picture: Tensor<4>) -> TensorData {
    picture.clamp(-1.0, 1.0).into_data()
}

fn assert_close([full, half]: &[TensorData; 2], wanted: &TensorData, name: &str) {
    let apart = distance(full, wanted);
    assert!(apart < 4e-5, "{name}: {apart}");
    // Rounding weights to 11 bits; the deepest network here magnifies that to 0.046.
    let apart = distance(half, wanted);
    assert!(apart < 0.06, "{name} of 16 bits: {apart}");
}

#[test]
fn models_of_residual_generators_compute_what_pytorch_computes() {
    for (name, form) in [
        ("none", ClassNorm::None),
        ("class", ClassNorm::Class),
        ("shared", ClassNorm::Shared),
    ] {
        let name = format!("residual_generator_{name}");
        let fixture = Fixture::open(&format!("forward_{name}.safetensors"));
        let input = fixture.tensor::<4>("input", &test_device());
        let classes = input.dims()[1] - LATENT;
        let noise = input.clone().narrow(1, classes, LATENT);
        let inputs = match classes {
            0 => vec![noise],
            _ => vec![noise, input.narrow(1, 0, classes)],
        };
        let network = ("resnet", NoiseNetwork::Resnet(form));
        let found = made(&fixture, "weights.", network, &inputs);
        assert_close(&found, &fixture.data("output_running"), &name);
    }
}

#[test]
fn models_of_progressive_generators_compute_what_pytorch_computes() {
    let device = test_device();
    let fixture = Fixture::open("progressive.safetensors");
    for (name, side, from, share) in [
        ("small", 8, 8, 1.0),
        ("fading", 16, 8, 0.25),
        ("large", 16, 16, 1.0),
    ] {
        let network = NoiseNetwork::Progressive { side, from, share };
        let vectors = fixture.tensor("vectors", &device);
        let prefix = "small.generator.";
        let found = made(&fixture, prefix, ("progressive", network), &[vectors]);
        let picture = fixture.tensor::<4>(&format!("{name}.picture"), &device);
        let picture = translate::nn::enlarged(picture, 16 / side);
        assert_close(&found, &limited(picture), name);
    }
}

#[test]
fn models_of_style_generators_compute_what_pytorch_computes() {
    let device = test_device();
    let fixture = Fixture::open("style_networks.safetensors");
    let vectors = fixture.tensor("vectors", &device);
    let network = ("style", NoiseNetwork::Style(2));
    let found = made(&fixture, "generator.", network, &[vectors]);
    let wanted = limited(fixture.tensor("plain", &device));
    assert_close(&found, &wanted, "style");
}

const SMALL: &str = "--mode generate --data pictures --steps 1 --set data.load_size=16 --set data.crop_size=16 \
    --set data.batch_size=2 --set generator.channels=2 --set generator.latent=5 --set discriminator.channels=2 \
    --set data.classes_from=folders --set generator.condition=projection --set synthesis.categories=[3] \
    --set synthesis.continuous=2";

/// From a style to a model and to weights, with what its recipe says of the network.
#[test]
fn styles_of_all_generators_become_models() {
    let place = Place::new();
    for index in 0..2 {
        place.picture(&format!("pictures/cats/{index}.png"), 16, 16, index);
        place.picture(&format!("pictures/dogs/{index}.png"), 16, 16, 50 + index);
    }
    for (name, settings) in [
        (
            "resnet",
            "--set synthesis.class_norm=shared --set synthesis.spectral=true",
        ),
        ("progressive", "--set train.grow=[8,16]"),
        ("style", "--set synthesis.mapping=3"),
    ] {
        let settings = format!("--set generator.arch={name} {settings}");
        place
            .run(&format!("train {SMALL} {settings} --name {name}"))
            .done();
        place
            .run(&format!("export {name} --format onnx --output {name}.onnx"))
            .done();
        let model = ModelProto::decode(&place.read(&format!("{name}.onnx"))[..]).unwrap();
        let device = test_device();
        let law = Distribution::Normal(0.0, 1.0);
        let noise = Tensor::<4>::random([3, 5, 1, 1], law, &device);
        let second = Tensor::<4>::from_data([[[[0.0f32]], [[1.0]]]], &device);
        let classes = second.repeat_dim(0, 3);
        let codes = Tensor::<4>::random([3, 5, 1, 1], law, &device);
        let inputs = [noise.clone(), classes.clone(), codes.clone()];
        let found = interpret(&model.graph.unwrap(), &inputs);
        let told = Tensor::cat(vec![classes, codes], 1);

        let folder = StyleFolder::new(place.path(&format!("checkpoints/{name}")));
        let recipe = Manifest::read(&folder).unwrap().recipe;
        let network = SynthesisGenerator::new(&mut WeightInit::zeros(&device), &recipe);
        place
            .run(&format!(
                "export {name} --format safetensors --output net_{name}.safetensors"
            ))
            .done();
        let weights = read_weights(&place.path(&format!("net_{name}.safetensors"))).unwrap();
        let mut network = weights.load_into(network).unwrap();
        network.restore_growth();
        let mode = ForwardMode::inference(NormStats::Running, false);
        let wanted = network.forward(&GeneratorInput::new(noise, Some(told)), mode);
        let factor = 16 / wanted.dims()[2];
        let wanted = limited(translate::nn::enlarged(wanted, factor));
        let apart = distance(&found, &wanted);
        assert!(apart < 4e-5, "{name}: {apart}");
        for part in [
            "`noise` is [batch, 5, 1, 1]",
            "which are cats, dogs",
            "`codes` is [batch, 5, 1, 1]: 3 values, 1 for one of them and 0 for the others; numbers from -1 to 1, 2",
        ] {
            assert!(model.doc_string.contains(part), "{}", model.doc_string);
        }
    }
}
