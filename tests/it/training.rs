//! Five steps of each method give PyTorch's losses and weights.

use burn::tensor::{Device, TensorData};
use serde_json::Value;
use translate::config::{GanObjective, GeneratorArch, InitKind, Mode, NormKind, Recipe};
use translate::data::Batch;
use translate::method::{Method, StepContext};
use translate::nn::{
    Discriminator, Generator, ReferencePictures, ResnetGenerator, Unet, WeightInit,
};
use translate::paired::Pix2pix;
use translate::unpaired::CycleGan;

use crate::device::test_device;
use crate::fixture::{Fixture, json, values};

pub const RATE: f64 = 2e-4;

pub fn number(config: &Value, key: &str) -> usize {
    config[key].as_u64().unwrap() as usize
}

pub fn recipe(mode: Mode, config: &Value) -> Recipe {
    let mut recipe = Recipe::defaults(mode);
    recipe.generator.channels = number(&config["generator"], "channels");
    recipe.generator.dropout = false;
    recipe.discriminator.channels = number(&config["discriminator"], "channels");
    recipe.discriminator.layers = number(&config["discriminator"], "layers");
    recipe.optim.pool_size = 0;
    recipe
}

pub fn init(recipe: &Recipe, device: &Device) -> WeightInit {
    WeightInit::from_recipe(recipe, 0, &device.clone().autodiff())
}

pub fn sample(data: &TensorData, index: usize) -> TensorData {
    samples(data, index, 1)
}

/// The pictures of step `index`, `count` of which belong to each.
pub fn samples(data: &TensorData, index: usize, count: usize) -> TensorData {
    let shape = data.shape();
    let length = count * shape[1] * shape[2] * shape[3];
    let part = values(data)[index * length..(index + 1) * length].to_vec();
    TensorData::new(part, [count, shape[1], shape[2], shape[3]])
}

pub fn check(name: &str, method: &mut dyn Method) {
    let fixture = Fixture::open(&format!("{name}.safetensors"));
    let (a, b) = (fixture.data("input_a"), fixture.data("input_b"));
    let count = a.shape()[0] / 5;
    check_steps(name, method, (RATE, RATE), |index| {
        let batch = Batch {
            a: samples(&a, index, count),
            b: samples(&b, index, count),
            mask: None,
            instances: None,
            features: None,
            names: Vec::new(),
        };
        (batch, 1)
    });
}

/// Whether a tensor follows from forward passes, not from gradients.
pub fn is_buffer(name: &str) -> bool {
    let ends = [".running_mean", ".running_var", ".weight_u", ".weight_v"];
    ends.iter().any(|end| name.ends_with(end))
}

/// Five steps of a small pix2pix with instance norm, of which `change` makes the recipe that the fixture's `loss` describes.
pub fn check_pix2pix(name: &str, change: impl FnOnce(&mut Recipe, &Value)) {
    check_pix2pix_with(name, change, |_| {});
}

/// The same, `prepare`d before its first step.
pub fn check_pix2pix_with(
    name: &str,
    change: impl FnOnce(&mut Recipe, &Value),
    prepare: impl FnOnce(&mut Pix2pix),
) {
    let config = json(&format!("{name}.json"))["config"].clone();
    let mut recipe = recipe(Mode::Pix2pix, &config);
    recipe.generator.norm = NormKind::Instance;
    recipe.discriminator.norm = NormKind::Instance;
    change(&mut recipe, &config["loss"]);
    let device = test_device();
    let mut start = init(&recipe, &device);
    let downsamplings = number(&config["generator"], "downsamplings");
    let generator = Unet::new(&mut start, &recipe.generator, downsamplings, 3, 3);
    let discriminator = Discriminator::new(&mut start, &recipe.discriminator, 6);
    let generator = Generator::Unet(generator);
    let mut method = Pix2pix::from_networks(&recipe, generator, discriminator, &device);
    prepare(&mut method);
    check(name, &mut method);
}

/// Trains on the batches of a fixture's steps, each in the epoch that `given` says, with the rates of generator and
/// discriminator, and compares.
pub fn check_steps(
    name: &str,
    method: &mut dyn Method,
    (generator_rate, discriminator_rate): (f64, f64),
    given: impl Fn(usize) -> (Batch, u64),
) {
    let fixture = Fixture::open(&format!("{name}.safetensors"));
    let expected = json(&format!("{name}.json"));
    let stems: Vec<&str> = method.networks().to_vec();
    let is_network = |stem: &&&str| **stem != ReferencePictures::STEM;
    for stem in stems.iter().filter(is_network) {
        method
            .load_weights(stem, fixture.named(&format!("initial.{stem}.")))
            .unwrap();
    }
    for (index, losses) in expected["losses"].as_array().unwrap().iter().enumerate() {
        let (batch, epoch) = given(index);
        let context = StepContext {
            epoch,
            step: index as u64 + 1,
            seed: 0,
            position: 0,
            generator_rate,
            discriminator_rate,
            detail: 1.0,
            reducer: None,
        };
        let got = method.step(batch, context);
        assert_eq!(got.len(), losses.as_object().unwrap().len());
        for loss in got {
            let wanted = losses[loss.name].as_f64().unwrap();
            let value = f64::from(loss.value.into_scalar::<f32>());
            assert!(
                (value / wanted - 1.0).abs() < 2e-5,
                "{name} step {}: {} is {value}, not {wanted}",
                index + 1,
                loss.name
            );
        }
    }
    // Biases before an instance norm have no true gradient: Adam turns rounding noise into updates of full size.
    let skipped: Vec<&str> = expected["without_effect"]
        .as_array()
        .map(|names| names.iter().map(|name| name.as_str().unwrap()).collect())
        .unwrap_or_default();
    let (mut error, mut update) = (0.0, 0.0);
    for stem in stems.iter().filter(is_network) {
        let weights = method.weights(stem);
        let initial = fixture.named(&format!("initial.{stem}."));
        let last = fixture.named(&format!("final.{stem}."));
        assert_eq!(weights.0.len(), last.0.len());
        for (key, got) in &weights.0 {
            if skipped.contains(&format!("{stem}.{key}").as_str()) {
                continue;
            }
            let wanted = values(&last.0[key]);
            if is_buffer(key) {
                for (got, wanted) in values(got).iter().zip(wanted) {
                    assert!(
                        (got - wanted).abs() < 1e-4 * wanted.abs().max(1.0),
                        "{stem}.{key}: {got} for {wanted}"
                    );
                }
                continue;
            }
            let before = values(&initial.0[key]);
            for ((got, wanted), before) in values(got).iter().zip(wanted).zip(before) {
                error += f64::from(got - wanted).powi(2);
                update += f64::from(wanted - before).powi(2);
            }
        }
    }
    let relative = (error / update).sqrt();
    assert!(
        relative < 1e-4,
        "{name}: the weights are off by {relative} of their update"
    );
}

#[test]
fn five_steps_of_pix2pix_equal_pytorch() {
    let config = json("training_pix2pix.json")["config"].clone();
    let recipe = recipe(Mode::Pix2pix, &config);
    let mut start = init(&recipe, &test_device());
    let downsamplings = number(&config["generator"], "downsamplings");
    let generator = Generator::Unet(Unet::new(
        &mut start,
        &recipe.generator,
        downsamplings,
        3,
        3,
    ));
    let discriminator = Discriminator::new(&mut start, &recipe.discriminator, 6);
    check(
        "training_pix2pix",
        &mut Pix2pix::from_networks(&recipe, generator, discriminator, &test_device()),
    );
}

/// The networks of the fixture of CycleGAN.
pub fn cycle_gan(recipe: &Recipe, config: &Value, device: &Device) -> CycleGan {
    let mut start = init(recipe, device);
    let blocks = number(&config["generator"], "blocks");
    let generators = [0, 1].map(|_| {
        Generator::Resnet(ResnetGenerator::new(
            &mut start,
            &recipe.generator,
            blocks,
            3,
            3,
        ))
    });
    let discriminators = [0, 1].map(|_| Discriminator::new(&mut start, &recipe.discriminator, 3));
    CycleGan::from_networks(recipe, generators, discriminators, device)
}

#[test]
fn five_steps_of_cycle_gan_equal_pytorch() {
    let config = json("training_cycle.json")["config"].clone();
    let recipe = recipe(Mode::Cycle, &config);
    check(
        "training_cycle",
        &mut cycle_gan(&recipe, &config, &test_device()),
    );
}

pub fn batch() -> Batch {
    batch_of(1)
}

/// The first `count` pairs of a fixture.
pub fn batch_of(count: usize) -> Batch {
    let fixture = Fixture::open("training_pix2pix.safetensors");
    let side = |name| samples(&fixture.data(name), 0, count);
    Batch {
        a: side("input_a"),
        b: side("input_b"),
        instances: None,
        features: None,
        mask: None,
        names: Vec::new(),
    }
}

pub fn first_step() -> StepContext<'static> {
    StepContext {
        step: 1,
        epoch: 1,
        seed: 0,
        position: 0,
        generator_rate: RATE,
        discriminator_rate: RATE,
        detail: 1.0,
        reducer: None,
    }
}

/// Small methods of three modes with one setting changed.
pub fn small(change: impl Fn(&mut Recipe)) -> [Box<dyn Method>; 3] {
    [Mode::Pix2pix, Mode::Cycle, Mode::Contrastive].map(|mode| {
        let mut recipe = Recipe::defaults(mode);
        recipe.generator.arch = GeneratorArch::Resnet6Blocks;
        recipe.generator.channels = 2;
        recipe.generator.init = InitKind::Normal;
        recipe.discriminator.channels = 2;
        recipe.discriminator.layers = 1;
        change(&mut recipe);
        translate::train::build(&recipe, &test_device()).unwrap()
    })
}

#[test]
fn the_discriminator_makes_as_many_steps_as_asked() {
    for mut method in small(|recipe| recipe.optim.discriminator_steps = 3) {
        method.step(batch(), first_step());
        for (part, count) in method.state().counts {
            let expected = match part.split('_').next().unwrap() {
                "generator" | "heads" => 1,
                "discriminator" => 3,
                _ => 0,
            };
            assert_eq!(count, expected, "{part}");
        }
    }
}

#[test]
fn a_wasserstein_critic_keeps_its_weights_small() {
    for mut method in small(|recipe| recipe.loss.gan = GanObjective::Wgan) {
        method.step(batch(), first_step());
        for network in method.networks() {
            let tensors = method.weights(network).0;
            let trained = tensors
                .iter()
                .filter(|(name, _)| !name.contains("running_"));
            let largest = trained
                .flat_map(|(_, data)| values(data).to_vec())
                .fold(0.0f32, |most, value| most.max(value.abs()));
            let clipped = largest <= 0.01;
            assert_eq!(
                clipped,
                network.starts_with("discriminator"),
                "{network}: {largest}"
            );
        }
    }
}

#[test]
fn each_network_has_its_own_learning_rate() {
    for mut method in small(|_| {}) {
        let before: Vec<_> = method
            .networks()
            .iter()
            .map(|network| method.weights(network))
            .collect();
        method.step(
            batch(),
            StepContext {
                discriminator_rate: 0.0,
                ..first_step()
            },
        );
        for (network, before) in method.networks().iter().zip(before) {
            // Running averages move whatever the rate.
            let moved = method
                .weights(network)
                .0
                .iter()
                .any(|(name, data)| !name.contains("running_") && before.0[name] != *data);
            assert_ne!(moved, network.starts_with("discriminator"), "{network}");
        }
    }
}
