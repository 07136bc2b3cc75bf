//! The networks, losses and steps of pix2pixHD are PyTorch's.

use burn::tensor::{Tensor, TensorData};
use serde_json::Value;
use translate::coarse_to_fine::{
    Instances, MultiscaleDiscriminator, Pix2pixHd, encoder, generator,
};
use translate::config::{GeneratorArch, InitKind, Mode, Recipe};
use translate::data::Batch;
use translate::kernels::Precision;
use translate::method::{Method, StepContext};
use translate::nn::{ForwardMode, NamedTensors, Network, Vgg19, WeightInit};

use crate::device::test_device;
use crate::fixture::{Fixture, distance, json, values};
use crate::training::{RATE, check_steps, number, sample};

/// As for the other generators: PyTorch's own 32-bit results are within 8.4e-6 of its 64-bit ones.
const TOLERANCE: f64 = 4e-5;

fn init() -> WeightInit {
    WeightInit::new(InitKind::Normal, 0.02, 1, 0, &test_device())
}

/// A recipe for pictures of `input` channels whose networks have the sizes in `config`.
fn recipe(config: &Value, input: usize) -> Recipe {
    let mut recipe = Recipe::defaults(Mode::Pix2pixhd);
    recipe.data.classes = input;
    recipe.data.instances = false;
    set_generator(&mut recipe, config);
    recipe
}

fn set_generator(recipe: &mut Recipe, config: &Value) {
    let generator = &mut recipe.generator;
    generator.channels = number(config, "channels");
    generator.downsamplings = number(config, "downsamplings");
    generator.blocks = number(config, "blocks");
    if !config["enhancers"].is_null() {
        generator.arch = GeneratorArch::Local;
        generator.enhancers = number(config, "enhancers");
        generator.enhancer_blocks = number(config, "enhancer_blocks");
    }
}

#[test]
fn generators_equal_pytorch() {
    for name in ["global", "local"] {
        let fixture = Fixture::open(&format!("forward_{name}.safetensors"));
        let config = fixture.config();
        let recipe = recipe(&config, number(&config, "input_channels"));
        let network = generator(&mut init(), &recipe);
        let network = fixture.named("weights.").load_into(network).unwrap();
        let input = fixture.tensor("input", &test_device());
        let output = network.forward(input, ForwardMode::TRAINING).into_data();
        let difference = distance(&output, &fixture.data("output"));
        assert!(difference < TOLERANCE, "{name}: {difference}");
    }
}

#[test]
fn every_layer_of_the_discriminator_equals_pytorch() {
    let fixture = Fixture::open("forward_multiscale.safetensors");
    let config = fixture.config();
    let mut recipe = Recipe::defaults(Mode::Pix2pixhd).discriminator;
    recipe.channels = number(&config, "channels");
    recipe.layers = number(&config, "layers");
    recipe.scales = number(&config, "scales");
    let input = number(&config, "input_channels");
    let network = MultiscaleDiscriminator::new(&mut init(), &recipe, input);
    let network = fixture.named("weights.").load_into(network).unwrap();
    let results = network.forward(
        fixture.tensor("input", &test_device()),
        ForwardMode::TRAINING,
    );
    assert_eq!(results.len(), recipe.scales);
    for (scale, results) in results.into_iter().enumerate() {
        assert_eq!(results.len(), recipe.layers + 2);
        for (layer, result) in results.into_iter().enumerate() {
            let expected = fixture.data(&format!("output.{scale}.{layer}"));
            let difference = distance(&result.into_data(), &expected);
            assert!(
                difference < TOLERANCE,
                "scale {scale}, layer {layer}: {difference}"
            );
        }
    }
}

#[test]
fn the_encoder_equals_pytorch() {
    let fixture = Fixture::open("forward_encoder.safetensors");
    let config = fixture.config();
    let mut recipe = Recipe::defaults(Mode::Pix2pixhd);
    recipe.encoder.features = number(&config, "features");
    recipe.encoder.channels = number(&config, "channels");
    recipe.encoder.downsamplings = number(&config, "downsamplings");
    let network = encoder(&mut init(), &recipe);
    let network = fixture.named("weights.").load_into(network).unwrap();
    let features = network.forward(
        fixture.tensor("input", &test_device()),
        ForwardMode::TRAINING,
    );
    let means = Instances::new(&fixture.data("instances")).mean(features);
    let difference = distance(&means.into_data(), &fixture.data("output"));
    assert!(difference < TOLERANCE, "{difference}");
}

#[test]
fn the_perceptual_loss_and_its_gradient_equal_pytorch() {
    let fixture = Fixture::open("perceptual.safetensors");
    let device = test_device().autodiff();
    let mut weights = fixture.named("weights.");
    let classifier = TensorData::new(vec![0.0f32; 4], [2, 2]);
    weights
        .0
        .insert("classifier.0.weight".to_owned(), classifier);
    let vgg = Vgg19::from_weights(&weights, Precision::F32, &device).unwrap();
    let output = fixture.tensor::<4>("output", &device).require_grad();
    let target = fixture.tensor::<4>("target", &test_device());
    let loss = vgg.perceptual_loss(output.clone(), target);
    let wanted = values(&fixture.data("distance"))[0];
    let got = loss.clone().into_scalar::<f32>();
    assert!((got / wanted - 1.0).abs() < 1e-5, "{got} for {wanted}");
    let gradient = output.grad(&loss.backward()).unwrap().into_data();
    let expected = fixture.data("gradient");
    let largest = values(&expected)
        .iter()
        .fold(0.0f32, |most, value| most.max(value.abs()));
    let difference = distance(&gradient, &expected);
    assert!(
        difference < 1e-4 * f64::from(largest),
        "{difference} of {largest}"
    );

    weights.0.remove("features.14.bias");
    let message = Vgg19::from_weights(&weights, Precision::F32, &device)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("`features.14.bias` is missing"),
        "{message}"
    );
}

fn count<N: Network>(network: &N) -> usize {
    NamedTensors::from_network(network).count()
}

#[test]
fn parameter_counts_are_the_published_ones() {
    let mut recipe = Recipe::defaults(Mode::Pix2pixhd);
    let zeros = || WeightInit::zeros(&test_device());
    assert_eq!(count(&generator(&mut zeros(), &recipe)), 182_546_755);
    recipe.generator.arch = GeneratorArch::Local;
    recipe.generator.channels = 32;
    assert_eq!(count(&generator(&mut zeros(), &recipe)), 182_857_059);
    recipe.encoder.features = 3;
    assert_eq!(count(&encoder(&mut zeros(), &recipe)), 788_803);
    let discriminator = |scales| {
        let mut recipe = recipe.discriminator.clone();
        recipe.scales = scales;
        count(&MultiscaleDiscriminator::new(&mut zeros(), &recipe, 39))
    };
    assert_eq!(discriminator(2), 5_603_202);
    assert_eq!(discriminator(3), 8_404_803);
}

#[test]
fn tensors_have_the_public_names() {
    let mut recipe = Recipe::defaults(Mode::Pix2pixhd);
    recipe.generator.channels = 1;
    recipe.encoder.channels = 1;
    recipe.encoder.features = 3;
    let mut zeros = WeightInit::zeros(&test_device());
    let names = |tensors: NamedTensors| -> Vec<String> {
        let weights = tensors.0.into_keys();
        weights
            .filter_map(|name| name.strip_suffix(".weight").map(str::to_owned))
            .collect()
    };
    let has = |names: &[String], wanted: &[&str]| {
        for wanted in wanted {
            assert!(
                names.iter().any(|name| name == wanted),
                "{wanted} in {names:?}"
            );
        }
    };
    let global = names(NamedTensors::from_network(&generator(&mut zeros, &recipe)));
    assert_eq!(global.len(), 1 + 4 + 18 + 4 + 1);
    let ends = [
        "model.1",
        "model.13",
        "model.16.conv_block.1",
        "model.24.conv_block.5",
        "model.38",
    ];
    has(&global, &ends);
    has(&global, &["model.25", "model.34"]);
    recipe.generator.arch = GeneratorArch::Local;
    let local = names(NamedTensors::from_network(&generator(&mut zeros, &recipe)));
    assert_eq!(local.len(), 27 + 2 + 6 + 2);
    has(
        &local,
        &[
            "model1_1.1",
            "model1_1.4",
            "model1_2.2.conv_block.5",
            "model1_2.3",
            "model1_2.7",
        ],
    );
    assert!(!local.contains(&"model.38".to_owned()));
    let encoder = names(NamedTensors::from_network(&encoder(&mut zeros, &recipe)));
    assert_eq!(encoder.len(), 10);
    has(
        &encoder,
        &["model.1", "model.13", "model.16", "model.25", "model.29"],
    );
}

/// The recipe of a training fixture.
fn training_recipe(config: &Value) -> Recipe {
    let mut recipe = Recipe::defaults(Mode::Pix2pixhd);
    set_generator(&mut recipe, &config["generator"]);
    recipe.data.classes = number(config, "classes");
    recipe.discriminator.channels = number(&config["discriminator"], "channels");
    recipe.discriminator.layers = number(&config["discriminator"], "layers");
    recipe.discriminator.scales = number(&config["discriminator"], "scales");
    recipe.encoder.features = number(&config["encoder"], "features");
    recipe.encoder.channels = number(&config["encoder"], "channels");
    recipe.encoder.downsamplings = number(&config["encoder"], "downsamplings");
    recipe
}

/// One plane of the maps of a training fixture.
fn plane(maps: &TensorData, index: usize, plane: usize) -> TensorData {
    let maps = sample(maps, index);
    let size = maps.shape()[2] * maps.shape()[3];
    let values = values(&maps)[plane * size..(plane + 1) * size].to_vec();
    TensorData::new(values, [1, 1, maps.shape()[2], maps.shape()[3]])
}

fn training_batch(fixture: &Fixture, index: usize) -> Batch {
    let maps = fixture.data("input_maps");
    Batch {
        mask: None,
        a: plane(&maps, index, 0),
        b: sample(&fixture.data("input_b"), index),
        instances: Some(plane(&maps, index, 1)),
        features: None,
        names: Vec::new(),
    }
}

#[test]
fn five_steps_with_features_and_perceptual_loss_equal_pytorch() {
    let name = "training_pix2pixhd_global";
    let fixture = Fixture::open(&format!("{name}.safetensors"));
    let recipe = training_recipe(&json(&format!("{name}.json"))["config"]);
    let vgg = fixture.named("vgg.");
    let mut method = Pix2pixHd::new(&recipe, Some(&vgg), &test_device()).unwrap();
    check_steps(name, &mut method, (RATE, RATE), |index| {
        (training_batch(&fixture, index), 1)
    });
}

#[test]
fn five_steps_of_which_two_fix_the_global_generator_equal_pytorch() {
    let name = "training_pix2pixhd_local";
    let fixture = Fixture::open(&format!("{name}.safetensors"));
    let config = json(&format!("{name}.json"))["config"].clone();
    let mut recipe = training_recipe(&config);
    recipe.optim.fix_global_epochs = 1;
    let fixed = number(&config, "fixed_steps");
    let mut method = Pix2pixHd::new(&recipe, None, &test_device()).unwrap();
    check_steps(name, &mut method, (RATE, RATE), |index| {
        let epoch = if index < fixed { 1 } else { 2 };
        (training_batch(&fixture, index), epoch)
    });
}

/// A state that is restored while the global generator is fixed goes on to the bit, and so does one after it.
#[test]
fn a_restored_method_goes_on_to_the_bit() {
    let fixture = Fixture::open("training_pix2pixhd_local.safetensors");
    let config = json("training_pix2pixhd_local.json")["config"].clone();
    let mut recipe = training_recipe(&config);
    recipe.optim.fix_global_epochs = 2;
    let new = || Pix2pixHd::new(&recipe, None, &test_device()).unwrap();
    let step = |method: &mut Pix2pixHd, index: u64| {
        let context = StepContext {
            step: index + 1,
            epoch: index + 1,
            seed: 0,
            position: 0,
            generator_rate: 2e-4,
            discriminator_rate: 2e-4,
            detail: 1.0,
            reducer: None,
        };
        method.step(training_batch(&fixture, index as usize), context);
    };
    let mut straight = new();
    for index in 0..4 {
        step(&mut straight, index);
    }
    for stopped in [1, 3] {
        let mut first = new();
        for index in 0..stopped {
            step(&mut first, index);
        }
        let mut second = new();
        for network in first.networks() {
            second
                .load_weights(network, first.weights(network))
                .unwrap();
        }
        second.restore(first.state()).unwrap();
        for index in stopped..4 {
            step(&mut second, index);
        }
        for network in straight.networks() {
            assert!(
                second.weights(network) == straight.weights(network),
                "{network} after {stopped}"
            );
        }
    }
}

#[test]
fn a_local_generator_takes_what_the_global_one_has() {
    let config = json("training_pix2pixhd_local.json")["config"].clone();
    let mut recipe = training_recipe(&config);
    recipe.optim.global_epochs = 1;
    let stages = recipe.stages();
    let device = test_device();
    let global = Pix2pixHd::new(&stages[0], None, &device).unwrap();
    let mut local = Pix2pixHd::new(&stages[1], None, &device).unwrap();
    let before = local.weights("generator");
    let given = global.weights("generator");
    let (taken, all) = local.warm_start("generator", given.clone()).unwrap();
    assert_eq!(
        (taken, all),
        (given.0.len() - 2, before.0.len()),
        "all but the last convolution"
    );
    for (name, data) in local.weights("generator").0 {
        let expected = given.0.get(&name).unwrap_or(&before.0[&name]);
        assert!(data == *expected, "{name}");
    }
    // The first stage judged one size, the second judges another besides.
    let (taken, all) = local
        .warm_start("discriminator", global.weights("discriminator"))
        .unwrap();
    assert_eq!(
        (taken * 2, local.weights("discriminator").0.len()),
        (all, all)
    );
    let none = NamedTensors::default();
    assert!(local.warm_start("generator", none).is_err());
}

#[test]
fn previews_show_the_labels_in_colours() {
    let fixture = Fixture::open("training_pix2pixhd_global.safetensors");
    let recipe = training_recipe(&json("training_pix2pixhd_global.json")["config"]);
    let method = Pix2pixHd::new(&recipe, None, &test_device()).unwrap();
    let rows = method.preview(training_batch(&fixture, 0));
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].len(), 3);
    for picture in &rows[0] {
        assert_eq!(picture.shape().to_vec(), [1, 3, 32, 32]);
        let tensor = Tensor::<4>::from_data(picture.clone(), &test_device());
        assert!(tensor.abs().max().into_scalar::<f32>() <= 1.0);
    }
}
