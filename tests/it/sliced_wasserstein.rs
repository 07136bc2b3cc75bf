//! The sliced Wasserstein loss in training.

use burn::tensor::TensorData;
use translate::config::{GeneratorArch, Mode, Recipe};
use translate::data::Batch;
use translate::method::{Method, StepContext};

use crate::device::test_device;

fn method(mode: Mode, weight: f64) -> Box<dyn Method> {
    let mut recipe = Recipe::defaults(mode);
    recipe.generator.arch = GeneratorArch::Resnet6Blocks;
    recipe.generator.channels = 2;
    recipe.discriminator.channels = 2;
    recipe.discriminator.layers = 1;
    recipe.loss.swd = weight;
    translate::train::build(&recipe, &test_device()).unwrap()
}

/// Another batch for each step.
fn step(method: &mut dyn Method, number: u64) -> Vec<&'static str> {
    let picture = |side: u64| {
        let value = |index: u64| ((index * (7 + side) + number * 31) % 101) as f32 / 50.5 - 1.0;
        TensorData::new((0..768).map(value).collect(), [1, 3, 16, 16])
    };
    let batch = Batch {
        a: picture(0),
        b: picture(4),
        mask: None,
        instances: None,
        features: None,
        names: Vec::new(),
    };
    let context = StepContext {
        epoch: 1,
        step: number,
        seed: 3,
        position: 0,
        generator_rate: 2e-4,
        discriminator_rate: 2e-4,
        detail: 1.0,
        reducer: None,
    };
    let losses = method.step(batch, context);
    losses.into_iter().map(|loss| loss.name).collect()
}

fn weights(method: &dyn Method) -> Vec<impl PartialEq + use<>> {
    let networks = method.networks().iter();
    networks.map(|network| method.weights(network)).collect()
}

#[test]
fn generators_are_moved_by_it_and_it_is_told() {
    for (mode, names) in [
        (Mode::Contrastive, &["SWD"][..]),
        (Mode::Cycle, &["SWD_A", "SWD_B"]),
    ] {
        let (mut without, mut with) = (method(mode, 0.0), method(mode, 1.0));
        let told = step(&mut *without, 1);
        assert!(told.iter().all(|name| !name.starts_with("SWD")));
        let told = step(&mut *with, 1);
        assert!(names.iter().all(|name| told.contains(name)), "{told:?}");
        let generator = with.networks()[0];
        assert_ne!(without.weights(generator), with.weights(generator));
        assert!(
            without
                .state()
                .tensors
                .keys()
                .all(|part| !part.starts_with("patches"))
        );
    }
}

/// The pools are part of the state, and each process has its own.
#[test]
fn a_run_with_it_goes_on_to_the_bit_from_its_state() {
    for mode in [Mode::Contrastive, Mode::Cycle] {
        let mut whole = method(mode, 1.0);
        (1..=2).for_each(|number| drop(step(&mut *whole, number)));
        let networks = whole.networks();
        let saved = networks.iter().map(|network| whole.weights(network));
        let saved: Vec<_> = saved.collect();
        let state = whole.state();
        assert!(state.own.iter().any(|part| part.starts_with("patches")));
        (3..=4).for_each(|number| drop(step(&mut *whole, number)));

        let mut resumed = method(mode, 1.0);
        for (network, weights) in networks.iter().zip(saved) {
            resumed.load_weights(network, weights).unwrap();
        }
        resumed.restore(state).unwrap();
        (3..=4).for_each(|number| drop(step(&mut *resumed, number)));
        assert!(weights(&*whole) == weights(&*resumed), "{}", mode.name());
        assert!(whole.state().tensors == resumed.state().tensors);
    }
}

#[test]
fn a_state_of_other_pictures_is_refused() {
    let mut method = method(Mode::Contrastive, 1.0);
    step(&mut *method, 1);
    let mut state = method.state();
    let patches = &mut state.tensors.get_mut("patches").unwrap().0;
    let wrong = TensorData::new(vec![0.0_f32; 10], [2, 5]);
    patches.insert("targets.0".to_owned(), wrong);
    let error = method.restore(state).unwrap_err().to_string();
    assert!(error.contains("targets.0"), "{error}");
    assert!(error.contains("147"), "{error}");
}
