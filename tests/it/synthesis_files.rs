//! Generators of pictures from noise as ONNX models, and those of PyTorch's DCGAN tutorial as styles.

use burn::tensor::{Distribution, Tensor};
use prost::Message;
use translate::nn::{ForwardMode, NamedTensors, NormStats, WeightInit};
use translate::style::onnx::ModelProto;
use translate::style::{Manifest, StyleFolder, read_weights};
use translate::synthesis::DcganGenerator;

use crate::cli_support::Place;
use crate::device::test_device;
use crate::fixture::{Fixture, distance};
use crate::onnx_interpreter::interpret;

/// What the generator of a style makes of `input`.
fn made(place: &Place, style: &str, input: Tensor<4>) -> burn::tensor::TensorData {
    let folder = StyleFolder::new(place.path(&format!("checkpoints/{style}")));
    let recipe = Manifest::read(&folder).unwrap().recipe;
    let network = DcganGenerator::from_recipe(&mut WeightInit::zeros(&test_device()), &recipe);
    let weights = read_weights(&folder.weights("generator")).unwrap();
    let network = weights.load_into(network).unwrap();
    let mode = ForwardMode::inference(NormStats::Running, false);
    network.forward(input, mode).into_data()
}

fn random(channels: usize) -> Tensor<4> {
    let law = Distribution::Normal(0.0, 1.0);
    Tensor::random([3, channels, 1, 1], law, &test_device())
}

fn model(place: &Place, line: &str) -> ModelProto {
    place
        .run(&format!(
            "export {line} --format onnx --output net.onnx --overwrite"
        ))
        .done();
    ModelProto::decode(&place.read("net.onnx")[..]).unwrap()
}

const SMALL: &str = "--data pictures --steps 2 --set data.load_size=16 --set data.crop_size=16 --set data.batch_size=4 \
    --set generator.channels=2 --set generator.latent=5";
const CLASSES: &str = "--set data.classes_from=folders --set generator.condition=concat";

#[test]
fn models_make_what_generators_make() {
    let place = Place::new();
    for index in 0..4 {
        place.picture(&format!("pictures/cats/{index}.png"), 16, 16, index);
        place.picture(&format!("pictures/dogs/{index}.png"), 16, 16, 50 + index);
    }
    for (name, settings) in [
        ("plain", "--mode generate --set discriminator.channels=2"),
        (
            "spectral",
            "--mode generate --set discriminator.channels=2 --set generator.norm=spectral --set generator.upsample=resize",
        ),
        ("classes", &format!("--mode vae {CLASSES}")),
    ] {
        place
            .run(&format!("train {SMALL} {settings} --name {name}"))
            .done();
        let graph = model(&place, name).graph.unwrap();
        let names: Vec<_> = graph.input.iter().map(|input| input.name.clone()).collect();
        let noise = random(5);
        let (found, input) = if name == "classes" {
            assert_eq!(names, ["noise", "class"]);
            let second = Tensor::from_data([[[[0.0f32]], [[1.0]]]], &test_device());
            let class = second.repeat_dim(0, 3);
            let found = interpret(&graph, &[noise.clone(), class.clone()]);
            (found, Tensor::cat(vec![class, noise], 1))
        } else {
            assert_eq!(names, ["noise"]);
            (interpret(&graph, std::slice::from_ref(&noise)), noise)
        };
        let apart = distance(&found, &made(&place, name, input));
        assert!(apart < 2e-5, "{name}: {apart}");
    }
    let text = model(&place, "classes").doc_string;
    for part in [
        "`noise` is [batch, 5, 1, 1]",
        "which are cats, dogs",
        "`output` is [batch, 3, 16, 16]",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let half = model(&place, "plain --precision f16").graph.unwrap();
    let noise = random(5);
    let full = made(&place, "plain", noise.clone());
    assert!(distance(&interpret(&half, &[noise]), &full) < 5e-3);
    place
        .run("export plain --format onnx --output net.onnx --overwrite --norm-stats batch")
        .failed(2, &["leave out --norm-stats batch"]);
    place
        .run("export plain --format onnx --output net.onnx --overwrite --size 32")
        .failed(2, &["take 16"]);
}

#[test]
fn generators_of_the_tutorial_become_styles() {
    let place = Place::new();
    let named = |name: &str, prefix: &str| {
        let fixture = Fixture::open(&format!("forward_dcgan_{name}.safetensors"));
        let weights = fixture.named("weights.");
        weights
            .0
            .into_iter()
            .map(|(name, values)| (format!("{prefix}{name}"), values))
            .collect::<Vec<_>>()
    };
    let write = |file: &str, parts: Vec<Vec<(String, burn::tensor::TensorData)>>| {
        let tensors = NamedTensors(parts.into_iter().flatten().collect());
        place.write(file, tensors.to_safetensors().unwrap());
    };
    write("plain.safetensors", vec![named("generator_64", "")]);
    write(
        "both.safetensors",
        vec![
            named("generator_64", "netG.module."),
            named("discriminator_64", "netD."),
        ],
    );
    write(
        "several.safetensors",
        vec![named("generator_64", "a."), named("generator_8", "b.")],
    );
    let mut damaged = named("generator_64", "");
    damaged.retain(|(name, _)| name != "main.7.bias");
    write("damaged.safetensors", vec![damaged]);

    let fixture = Fixture::open("forward_dcgan_generator_64.safetensors");
    for (line, style) in [
        ("import plain.safetensors --style plain", "plain"),
        (
            "import both.safetensors --style both --mode generate",
            "both",
        ),
        (
            "import several.safetensors --style several --key a",
            "several",
        ),
    ] {
        let said = place.run(line).done().stdout;
        for part in [
            "1 channels, 5 values to pictures of 64x64 px with 3 colour channels",
            &format!("translate sample --style {style}"),
        ] {
            assert!(said.contains(part), "{said}");
        }
        let found = made(&place, style, fixture.tensor("input", &test_device()));
        let apart = fixture.output_distance("output_running", &found);
        assert!(
            apart.is_some_and(|apart| apart < 1e-4),
            "{style}: {apart:?}"
        );
        place
            .run(&format!(
                "sample --style {style} --count 2 --output {style}-out"
            ))
            .done();
        assert_eq!(place.size(&format!("{style}-out/000001.png")), (64, 64));
    }
    for (code, line, part) in [
        (
            1,
            "import several.safetensors --style s",
            "holds several networks",
        ),
        (1, "import damaged.safetensors --style s", "main.7.bias"),
        (2, "import plain.safetensors --style plain", "already"),
        (
            2,
            "import plain.safetensors --style s --direction AtoB",
            "leave `--direction` out",
        ),
        (
            2,
            "import plain.safetensors --style s --arch unet_64",
            "px with 3 colour channels, not unet_64: leave `--arch` out",
        ),
        (
            2,
            "import plain.safetensors --style s --mode vae",
            "px with 3 colour channels, not one of mode vae: leave `--mode` out",
        ),
        (
            2,
            "import both.safetensors --style s --mode cycle",
            "leave `--mode` out",
        ),
    ] {
        place.run(line).failed(code, &[part]);
    }
    place
        .run("import plain.safetensors --style plain --overwrite")
        .done();
}
