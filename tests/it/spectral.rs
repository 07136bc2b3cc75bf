//! Networks with spectral normalisation.

use burn::tensor::Tensor;
use translate::config::{GanObjective, Mode, NormKind, Recipe};
use translate::method::Method;
use translate::nn::{
    Discriminator, ForwardMode, Generator, NamedTensors, NormStats, Unet, WeightInit,
};
use translate::paired::Pix2pix;

use crate::device::test_device;
use crate::fixture::{Fixture, distance, json};
use crate::training::{batch, check, first_step, init, number, recipe};

const NAME: &str = "training_spectral";

fn spectral_recipe() -> (Recipe, usize) {
    let config = json(&format!("{NAME}.json"))["config"].clone();
    let mut recipe = recipe(Mode::Pix2pix, &config);
    recipe.generator.norm = NormKind::Spectral;
    recipe.discriminator.norm = NormKind::Spectral;
    recipe.loss.gan = GanObjective::Hinge;
    (recipe, number(&config["generator"], "downsamplings"))
}

fn unet(start: &mut WeightInit) -> Generator {
    let (recipe, downsamplings) = spectral_recipe();
    Generator::Unet(Unet::new(start, &recipe.generator, downsamplings, 3, 3))
}

fn method(ema: f64) -> Pix2pix {
    let (mut recipe, _) = spectral_recipe();
    recipe.optim.ema = ema;
    let mut start = init(&recipe, &test_device());
    let generator = unet(&mut start);
    let discriminator = Discriminator::new(&mut start, &recipe.discriminator, 6);
    Pix2pix::from_networks(&recipe, generator, discriminator, &test_device())
}

#[test]
fn five_steps_equal_pytorch() {
    let mut method = method(0.0);
    check(NAME, &mut method);
    let fixture = Fixture::open(&format!("{NAME}.safetensors"));
    let shown = method.preview(batch_of_fixture()).remove(0).remove(1);
    let difference = distance(&shown, &fixture.data("output"));
    assert!(difference < 1e-4, "{difference}");
}

fn batch_of_fixture() -> translate::data::Batch {
    let fixture = Fixture::open(&format!("{NAME}.safetensors"));
    let side = |name| crate::training::sample(&fixture.data(name), 0);
    translate::data::Batch {
        a: side("input_a"),
        b: side("input_b"),
        ..batch()
    }
}

fn leaf(name: &str) -> &str {
    name.rsplit('.').next().unwrap()
}

/// Networks whose weights are loaded to be used have plain layers.
#[test]
fn weights_in_use_are_divided_by_their_norms_whatever_the_names() {
    let fixture = Fixture::open(&format!("{NAME}.safetensors"));
    let weights = fixture.named("final.generator.");
    let parametrised = weights.0.iter().map(|(name, data)| {
        let name = name
            .replace("weight_orig", "parametrizations.weight.original")
            .replace("weight_u", "parametrizations.weight.0._u")
            .replace("weight_v", "parametrizations.weight.0._v");
        (name, data.clone())
    });
    for weights in [weights.clone(), NamedTensors(parametrised.collect())] {
        let device = test_device();
        let plain = weights.load_into(unet(&mut WeightInit::zeros(&device)));
        let plain = plain.unwrap();
        let names = NamedTensors::from_network(&plain).0;
        assert!(
            names
                .keys()
                .all(|name| leaf(name) == "weight" || leaf(name) == "bias")
        );
        let input = Tensor::from_data(batch_of_fixture().a, &device);
        let output = plain.forward(input, ForwardMode::inference(NormStats::Batch, false));
        let difference = distance(&output.into_data(), &fixture.data("output"));
        assert!(difference < 1e-4, "{difference}");
    }
}

#[test]
fn training_goes_on_to_the_bit_with_the_singular_vectors() {
    let step = |method: &mut Pix2pix, step| {
        let context = translate::method::StepContext {
            step,
            ..first_step()
        };
        method.step(batch(), context);
    };
    let mut first = method(0.9);
    step(&mut first, 1);
    let mut second = method(0.9);
    for network in first.networks() {
        second
            .load_weights(network, first.weights(network))
            .unwrap();
    }
    second.restore(first.state()).unwrap();
    for one in [&mut first, &mut second] {
        step(one, 2);
    }
    for network in first.networks() {
        let weights = first.weights(network);
        assert!(weights.0.keys().any(|name| name.ends_with(".weight_u")));
        assert_eq!(weights, second.weights(network), "{network}");
    }
    assert_eq!(first.state().tensors, second.state().tensors);
    let shown = |method: &Pix2pix| method.preview(batch()).remove(0).remove(1);
    assert_eq!(shown(&first), shown(&second));
}

#[test]
fn weights_without_vectors_begin_with_fresh_ones() {
    let mut method = method(0.0);
    let mut weights = method.weights("discriminator");
    let fresh = weights.0["model.0.weight_u"].clone();
    let names: Vec<String> = weights.0.keys().cloned().collect();
    for name in names {
        if let Some(layer) = name.strip_suffix("_orig") {
            let data = weights.0.remove(&name).unwrap();
            weights.0.insert(layer.to_owned(), data);
        } else if leaf(&name) != "bias" {
            weights.0.remove(&name);
        }
    }
    let plain = weights.0["model.0.weight"].clone();
    method.load_weights("discriminator", weights).unwrap();
    let loaded = method.weights("discriminator").0;
    assert_eq!(loaded["model.0.weight_orig"], plain);
    assert_eq!(loaded["model.0.weight_u"], fresh);
}
