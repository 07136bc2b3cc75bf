//! Path length regularisation computes what PyTorch's double backward computes.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use translate::config::Recipe;
use translate::nn::Network;
use translate::synthesis::{GeneratorInput, StyleInput, SynthesisGenerator};

use crate::cli_support::Place;
use crate::device::test_device;
use crate::fixture::{Fixture, values};
use crate::synthesis_networks::{check_goes_on_to_the_bit, recipe};
use crate::synthesis_training::{LATENT, check_five_steps_at};
use crate::training::init;

const BATCH: usize = 4;
const SIDES: [usize; 3] = [4, 8, 8];

fn style(side: usize) -> Recipe {
    let mut recipe = recipe("style", side);
    recipe.synthesis.mapping = 2;
    recipe.synthesis.mixing = 0.0;
    recipe.loss.r1 = 0.0;
    recipe.synthesis.path_length = 0.5;
    recipe.synthesis.path_length_every = 2;
    recipe.validate().unwrap();
    recipe
}

/// The gradients of all parameters by their names.
struct ByName<'a> {
    network: &'a SynthesisGenerator,
    gradients: &'a Gradients,
    path: Vec<String>,
    found: BTreeMap<String, TensorData>,
}

impl ModuleVisitor for ByName<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (leaf, layer) = self.path.split_last().unwrap();
        if leaf.starts_with("running_") {
            return;
        }
        let layer = self.network.layer_name(&layer.join("."));
        let gradient = param.val().grad(self.gradients);
        let gradient = gradient.map(Tensor::into_data);
        self.found
            .extend(gradient.map(|gradient| (format!("{layer}.{leaf}"), gradient)));
    }
}

/// Norm of the difference, and of what was wanted.
fn norms(found: &TensorData, wanted: &TensorData) -> [f64; 2] {
    let (found, wanted) = (values(found), values(wanted));
    assert_eq!(found.len(), wanted.len());
    let apart = found.iter().zip(wanted).map(|(x, y)| f64::from(x - y));
    let norm = |values: &mut dyn Iterator<Item = f64>| {
        values.map(|value| value * value).sum::<f64>().sqrt()
    };
    [
        norm(&mut apart.into_iter()),
        norm(&mut wanted.iter().map(|&value| f64::from(value))),
    ]
}

/// Vectors and the noise of layers, and directions.
fn input(fixture: &Fixture, device: &Device) -> (GeneratorInput, Tensor<4>) {
    let all = fixture.data("noise");
    let mut rest = values(&all);
    let mut next = |shape: [usize; 4]| {
        let (part, others) = rest.split_at(shape.iter().product());
        rest = others;
        Tensor::<4>::from_data(TensorData::new(part.to_vec(), shape), device)
    };
    let vectors = next([BATCH, LATENT, 1, 1]);
    let style = StyleInput {
        noise: SIDES.map(|side| next([BATCH, 1, side, side])).to_vec(),
        ..StyleInput::default()
    };
    let directions = next([BATCH, 3, 8, 8]) / 8.0;
    let input = GeneratorInput {
        style,
        ..GeneratorInput::new(vectors, None)
    };
    (input, directions)
}

#[test]
fn gradients_of_codes_and_of_their_lengths_equal_pytorch() {
    let device = test_device();
    let fixture = Fixture::open("path_length.safetensors");
    let recipe = style(8);
    let network = SynthesisGenerator::new(&mut init(&recipe, &device), &recipe);
    let network = fixture.named("generator.").load_into(network).unwrap();
    let (input, directions) = input(&fixture, &device);
    let found = network.code_gradients(&input, directions).unwrap();
    assert_eq!(found.len(), 4);
    let all = found.iter().map(|gradient| gradient.clone().inner());
    let all = Tensor::cat(all.collect(), 0).into_data();
    let [apart, norm] = norms(&all, &fixture.data("code_gradients"));
    assert!(apart < 1e-4 * norm, "{apart} of {norm}");

    let squares = found.into_iter().map(|gradient| gradient.square().sum());
    let squares = squares.reduce(|sum, squares| sum + squares).unwrap();
    // The mean over pictures of squared lengths, which are means over layers.
    let gradients = (squares / (4 * BATCH) as f64).backward();
    let mut visitor = ByName {
        network: &network,
        gradients: &gradients,
        path: Vec::new(),
        found: BTreeMap::new(),
    };
    network.visit(&mut visitor);
    let mut compared = 0;
    for (name, wanted) in fixture.named("gradient.").0 {
        let of_this = values(&wanted).iter().any(|value| value.abs() > 0.0);
        let Some(found) = visitor.found.get(&name) else {
            assert!(!of_this, "{name} has no gradient");
            continue;
        };
        let [apart, norm] = norms(found, &wanted);
        assert!(apart <= 1e-4 * norm, "{name}: {apart} of {norm}");
        compared += usize::from(of_this);
    }
    assert_eq!(compared, 26);
}

#[test]
fn five_steps_with_path_lengths_equal_pytorch() {
    check_five_steps_at([2e-3, 1.0], "training_path_length", &style(8));
}

/// With the moving mean of lengths.
#[test]
fn training_with_path_lengths_goes_on_to_the_bit() {
    let mut recipe = style(16);
    recipe.synthesis.path_length_every = 1;
    recipe.synthesis.mixing = 0.5;
    check_goes_on_to_the_bit(&recipe);
}

/// The mean of lengths goes with checkpoints.
#[test]
fn a_run_with_path_lengths_in_two_parts_ends_where_one_in_one_part_does() {
    let place = Place::new();
    for index in 0..2 {
        place.picture(&format!("pictures/{index}.png"), 16, 16, index);
    }
    let train = "train --mode generate --data pictures --name g --set generator.arch=style --set data.load_size=16 \
        --set data.crop_size=16 --set data.batch_size=2 --set generator.channels=1 --set generator.latent=4 \
        --set discriminator.channels=1 --set synthesis.mapping=1 --set synthesis.path_length=2 \
        --set synthesis.path_length_every=1 --set train.log_every=1";
    let run = |line: &str| place.run(line).done();
    run(&format!("{train} --steps 3"));
    let once = place.read("checkpoints/g/generator.safetensors");
    let metrics = place.text("checkpoints/g/metrics.jsonl");
    assert!(metrics.contains("\"G_path\""), "{metrics}");
    run(&format!("{train} --overwrite --steps 1"));
    run("train --resume --name g --steps 3");
    let twice = place.read("checkpoints/g/generator.safetensors");
    assert!(once == twice, "the weights differ");
}
