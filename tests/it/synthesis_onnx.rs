//! Residual, progressive and style generators as ONNX models.

use burn::tensor::{Distribution, Tensor, TensorData};
use prost::Message;
use translate::config::{ClassNorm, GeneratorRecipe, Mode, Overlay};
use translate::nn::{ForwardMode, NormStats, WeightInit};
use translate::style::onnx::{ModelProto, OnnxNetwork};
use translate::style::{FilePrecision, Manifest, StyleFolder, read_weights};
use translate::synthesis::{
    Code, GeneratorInput, Noise, NoiseNetwork, Sampler, SynthesisGenerator,
};

use crate::cli_support::Place;
use crate::device::test_device;
use crate::export_onnx::{exported, options};
use crate::fixture::{Fixture, distance};
use crate::onnx_interpreter::interpret;
use crate::synthesis_networks::first_classes;
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
        input: Noise {
            classes,
            vector: 0,
            codes: (Vec::new(), 0),
            side: 16,
            network,
        }
        .into_input(),
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
    let told = vec![vectors.clone(), first_classes(&device)];
    for (prefix, inputs, picture) in [
        ("generator.", vec![vectors], "plain"),
        ("told.", told, "told_picture"),
    ] {
        let network = ("style", NoiseNetwork::Style(2));
        let found = made(&fixture, prefix, network, &inputs);
        assert_close(&found, &limited(fixture.tensor(picture, &device)), picture);
    }
}

#[test]
fn models_of_cascades_compute_what_pytorch_computes() {
    let fixture = Fixture::open("forward_laplacian_generator.safetensors");
    let input = fixture.tensor::<4>("input", &test_device());
    let batch = input.dims()[0];
    let plane = |first: usize, side: usize| {
        let values = input.clone().narrow(1, first, side * side);
        values.reshape([batch, 1, side, side])
    };
    let inputs = [
        input.clone().narrow(1, 0, LATENT),
        plane(LATENT, 16),
        plane(LATENT + 256, 32),
    ];
    let recipe = generator("laplacian");
    let network = OnnxNetwork {
        recipe: &recipe,
        channels: [LATENT, 3],
        input: Noise {
            classes: Vec::new(),
            vector: 0,
            codes: (Vec::new(), 0),
            side: 32,
            network: NoiseNetwork::Laplacian(8),
        }
        .into_input(),
    };
    let options = options(NormStats::Running);
    let model = exported(&network, fixture.named("weights."), &options);
    let names: Vec<_> = model
        .metadata_props
        .iter()
        .map(|entry| (&*entry.key, &*entry.value))
        .collect();
    assert!(
        names.contains(&("noise_inputs", "noise, noise_16, noise_32")),
        "{names:?}"
    );
    let found = interpret(&model.graph.unwrap(), &inputs);
    let wanted = limited(fixture.tensor("output_running", &test_device()));
    let apart = distance(&found, &wanted);
    assert!(apart < 4e-5, "{apart}");
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

const STAGES: &str = "--mode generate --data pictures --steps 1 --set data.batch_size=2 --set generator.channels=2 \
    --set generator.latent=5 --set discriminator.channels=2 --set data.classes_from=folders --set generator.condition=concat";

/// Makes outputs far apart, in networks whose first weights the recipe says.
const GAIN: &str = "--set generator.init_gain=0.4";

fn sized(side: usize) -> String {
    format!("--set data.load_size={side} --set data.crop_size={side}")
}

/// Models of cascades and of second stages, also of each other, make what `translate sample` makes, from the numbers that a code has one
/// after the other.
#[test]
fn models_of_all_levels_and_stages_make_what_styles_make() {
    let place = Place::new();
    for index in 0..2 {
        place.picture(&format!("pictures/cats/{index}.png"), 64, 64, index);
        place.picture(&format!("pictures/dogs/{index}.png"), 64, 64, 50 + index);
    }
    let train = |name: &str, side: usize, settings: &str| {
        let side = sized(side);
        place
            .run(&format!("train {STAGES} {side} --name {name} {settings}"))
            .done();
    };
    train(
        "style",
        8,
        "--set generator.arch=style --set synthesis.mapping=2",
    );
    train(
        "levels",
        16,
        &format!("{GAIN} --set generator.arch=laplacian"),
    );
    let stack = |first: &str| {
        format!("{GAIN} --set generator.arch=stack --set synthesis.first_stage=checkpoints/{first}")
    };
    train("on_style", 32, &stack("style"));
    train("on_levels", 64, &stack("levels"));
    for (name, sides, names) in [
        ("levels", &[1, 16][..], "noise, noise_16"),
        ("on_style", &[1, 1], "noise, first_noise"),
        (
            "on_levels",
            &[1, 1, 16],
            "noise, first_noise, first_noise_16",
        ),
    ] {
        let options = "--format onnx --overwrite --output model.onnx";
        place.run(&format!("export {name} {options}")).done();
        let model = ModelProto::decode(&place.read("model.onnx")[..]).unwrap();
        let graph = model.graph.unwrap();
        let inputs: Vec<_> = graph.input.iter().map(|input| input.name.clone()).collect();
        let of_noise = inputs.iter().filter(|name| *name != "class").cloned();
        assert_eq!(of_noise.collect::<Vec<_>>().join(", "), names);
        for input in &inputs {
            assert!(
                model.doc_string.contains(&format!("`{input}` is [")),
                "{}",
                model.doc_string
            );
        }

        let device = test_device();
        let folder = StyleFolder::new(place.path(&format!("checkpoints/{name}")));
        let manifest = Manifest::read(&folder).unwrap();
        let sampler = Sampler::load(&folder, &manifest, &device).unwrap();
        let codes: Vec<Code> = (0..4).map(|index| sampler.code(3, index, None)).collect();
        let mut first = 0;
        let mut noise = sides.iter().map(|side| {
            let values = if *side == 1 { 5 } else { side * side };
            let channels = if *side == 1 { 5 } else { 1 };
            let part = codes
                .iter()
                .flat_map(|code| &code.vector[first..first + values]);
            let part = TensorData::new(part.copied().collect(), [4, channels, *side, *side]);
            first += values;
            Tensor::<4>::from_data(part, &device)
        });
        let classes = [[1.0f32, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]];
        let classes = Tensor::<2>::from_data(classes, &device).reshape([4, 2, 1, 1]);
        let given = inputs.iter().map(|input| match input.as_str() {
            "class" => classes.clone(),
            _ => noise.next().unwrap(),
        });
        let found = interpret(&graph, &given.collect::<Vec<_>>());
        let [_, _, height, width] = found.shape().dims();
        let values: Vec<f32> = found.iter().collect();
        let pictures = sampler.pictures(&codes);
        for (values, picture) in values.chunks(3 * height * width).zip(&pictures) {
            let mut spread = [255u8, 0];
            for (x, y, pixel) in picture.enumerate_pixels() {
                for (channel, &level) in pixel.0.iter().enumerate() {
                    let place = (channel * height + y as usize) * width + x as usize;
                    let apart = (values[place] + 1.0) * 127.5 - f32::from(level);
                    assert!(apart.abs() < 0.6, "{name}: {apart}");
                    spread = [spread[0].min(level), spread[1].max(level)];
                }
            }
            assert!(spread[1] - spread[0] > 20, "{name}: {spread:?}");
        }
        assert_ne!(pictures[0], pictures[2]);
    }
}
