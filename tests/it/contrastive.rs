//! CUT and FastCUT: steps, averages and the state of a run.

use rand::RngExt;
use serde_json::Value;
use translate::config::{Augment, GeneratorArch, Mode, Recipe};
use translate::data::Batch;
use translate::method::{Method, StepContext, average_part};
use translate::random;
use translate::unpaired::Contrastive;

use crate::device::test_device;
use crate::fixture::{Fixture, json, values};
use crate::training::{RATE, check, number, sample};

fn recipe(config: &Value) -> Recipe {
    let mut recipe = Recipe::defaults(Mode::Contrastive);
    recipe.generator.arch = GeneratorArch::Resnet6Blocks;
    recipe.generator.channels = number(&config["generator"], "channels");
    recipe.discriminator.channels = number(&config["discriminator"], "channels");
    recipe.discriminator.layers = number(&config["discriminator"], "layers");
    recipe.loss.nce = config["nce"].as_f64().unwrap();
    recipe.loss.nce_identity = config["nce_identity"].as_f64().unwrap();
    recipe.loss.nce_channels = number(config, "nce_channels");
    // Every place: which of them are drawn does not matter.
    recipe.loss.nce_patches = 1 << 16;
    recipe.optim.ema = config["ema"].as_f64().unwrap();
    recipe
}

/// The averaged weights of the generator after five steps are those of PyTorch's `AveragedModel`.
fn check_average(name: &str, method: &dyn Method) {
    let fixture = Fixture::open(&format!("{name}.safetensors"));
    let expected = json(&format!("{name}.json"));
    let skipped: Vec<&str> = expected["without_effect"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    let initial = fixture.named("initial.generator.");
    let wanted = fixture.named("average.generator.");
    let state = method.state();
    let part = average_part("generator");
    assert_eq!(state.counts[&part], 5);
    let found = &state.tensors[&part].0;
    assert_eq!(found.len(), wanted.0.len());
    let (mut error, mut update) = (0.0, 0.0);
    for (key, wanted) in &wanted.0 {
        if skipped.contains(&format!("generator.{key}").as_str()) {
            continue;
        }
        let before = values(&initial.0[key]);
        for ((found, wanted), before) in values(&found[key]).iter().zip(values(wanted)).zip(before)
        {
            error += f64::from(found - wanted).powi(2);
            update += f64::from(wanted - before).powi(2);
        }
    }
    let relative = (error / update).sqrt();
    assert!(
        relative < 1e-4,
        "{name}: the averages are off by {relative}"
    );
}

#[test]
fn five_steps_of_cut_equal_pytorch() {
    let config = json("training_cut.json")["config"].clone();
    let mut method = Contrastive::new(&recipe(&config), &test_device());
    check("training_cut", &mut method);
    check_average("training_cut", &method);
}

#[test]
fn five_steps_of_fastcut_equal_pytorch() {
    let config = json("training_fastcut.json")["config"].clone();
    // The fixture mirrors in the same steps.
    let flipped: Vec<bool> = (1..=5)
        .map(|step| random::step_rng(0, step).random_bool(0.5))
        .collect();
    assert_eq!(serde_json::json!(flipped), config["flipped"]);
    let mut recipe = recipe(&config);
    recipe.loss.flip_equivariance = true;
    let mut method = Contrastive::new(&recipe, &test_device());
    check("training_fastcut", &mut method);
    check_average("training_fastcut", &method);
}

fn batch() -> Batch {
    let fixture = Fixture::open("training_cut.safetensors");
    let side = |name| sample(&fixture.data(name), 0);
    Batch {
        a: side("input_a"),
        b: side("input_b"),
        instances: None,
        features: None,
        mask: None,
        names: Vec::new(),
    }
}

fn step(method: &mut dyn Method, step: u64) {
    let context = StepContext {
        step,
        epoch: 1,
        seed: 3,
        position: 0,
        generator_rate: RATE,
        discriminator_rate: RATE,
        detail: 1.0,
        reducer: None,
    };
    method.step(batch(), context);
}

/// Averages, augmentation, places and flips of every step come from the saved state and the seed.
#[test]
fn a_run_goes_on_to_the_bit_from_its_state() {
    let config = json("training_cut.json")["config"].clone();
    let mut recipe = recipe(&config);
    recipe.loss.nce_patches = 20;
    recipe.loss.flip_equivariance = true;
    recipe.discriminator.augment = vec![Augment::Color, Augment::Translation, Augment::Cutout];
    recipe.optim.pool_size = 2;
    let mut whole = Contrastive::new(&recipe, &test_device());
    (1..=3).for_each(|number| step(&mut whole, number));
    let saved: Vec<_> = whole
        .networks()
        .iter()
        .map(|network| whole.weights(network))
        .collect();
    let state = whole.state();
    (4..=6).for_each(|number| step(&mut whole, number));

    recipe.train.seed = 99;
    let mut resumed = Contrastive::new(&recipe, &test_device());
    let networks = resumed.networks();
    for (network, weights) in networks.iter().zip(saved) {
        resumed.load_weights(network, weights).unwrap();
    }
    resumed.restore(state).unwrap();
    (4..=6).for_each(|number| step(&mut resumed, number));
    for network in networks {
        assert!(
            whole.weights(network) == resumed.weights(network),
            "{network}"
        );
    }
    assert!(whole.state().tensors == resumed.state().tensors);
    let previews = [&whole, &resumed].map(|method| method.preview(batch()));
    assert!(previews[0] == previews[1]);
}
