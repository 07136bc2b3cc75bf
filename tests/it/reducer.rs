//! What a reducer gets of the gradients, and what becomes of them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use translate::config::Recipe;
use translate::method::{Method, StepContext};
use translate::nn::{NamedTensors, Reducer};

use crate::training::{batch, first_step, small};

/// Notes how many gradients it gets, and multiplies them.
#[derive(Debug)]
struct Scaling {
    factor: f32,
    counts: RefCell<Vec<usize>>,
}

impl Scaling {
    fn new(factor: f32) -> Self {
        Self {
            factor,
            counts: RefCell::default(),
        }
    }
}

impl Reducer for Scaling {
    fn average(&self, gradients: &mut [f32]) {
        self.counts.borrow_mut().push(gradients.len());
        for value in gradients {
            *value *= self.factor;
        }
    }
}

type Weights = BTreeMap<&'static str, NamedTensors>;

fn weights(method: &dyn Method) -> Weights {
    let stems = method.networks().iter();
    stems.map(|stem| (*stem, method.weights(stem))).collect()
}

/// What is dropped differs from step to step.
fn without_dropout(recipe: &mut Recipe) {
    recipe.generator.dropout = false;
}

/// Puts weights into a method whose own were drawn.
fn begin_with(method: &mut dyn Method, weights: &Weights) {
    for (stem, network) in weights {
        method.warm_start(stem, network.clone()).unwrap();
    }
}

/// Weights after one step with a reducer, or none.
fn after_a_step(method: &mut dyn Method, reducer: Option<&dyn Reducer>) -> Weights {
    let context = StepContext {
        reducer,
        ..first_step()
    };
    method.step(batch(), context);
    weights(method)
}

/// Names of the tensors that two methods do not have in common.
fn differing(one: &Weights, other: &Weights) -> Vec<String> {
    let tensors = |weights: &Weights| {
        let networks = weights.clone().into_iter();
        networks
            .flat_map(|(stem, network)| {
                let tensors = network.0.into_iter();
                tensors.map(move |(name, data)| (format!("{stem}: {name}"), data))
            })
            .collect::<BTreeMap<_, _>>()
    };
    let (one, other) = (tensors(one), tensors(other));
    assert!(one.keys().eq(other.keys()));
    let differs = |name: &&String| one[*name] != other[*name];
    one.keys().filter(differs).cloned().collect()
}

/// Elements that are trained.
fn trained(network: &NamedTensors) -> usize {
    let tensors = network.0.iter();
    tensors
        .filter(|(name, _)| !name.contains("running_"))
        .map(|(_, data)| data.shape().num_elements())
        .sum()
}

#[test]
fn each_network_gives_its_gradients_in_one_buffer_and_takes_them_back() {
    let alone = small(without_dropout);
    let averaged = small(without_dropout);
    let silenced = small(without_dropout);
    for ((mut alone, mut averaged), mut silenced) in alone.into_iter().zip(averaged).zip(silenced) {
        let before = weights(&*alone);
        begin_with(&mut *averaged, &before);
        begin_with(&mut *silenced, &before);
        let expected = after_a_step(&mut *alone, None);
        let reducer = Scaling::new(1.0);
        assert_eq!(
            differing(&after_a_step(&mut *averaged, Some(&reducer)), &expected),
            [""; 0]
        );
        let mut counts = reducer.counts.into_inner();
        let mut wanted: Vec<usize> = before.values().map(trained).collect();
        counts.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(counts, wanted);

        let nothing = Scaling::new(0.0);
        let unmoved = after_a_step(&mut *silenced, Some(&nothing));
        let mut moved = differing(&unmoved, &before);
        moved.retain(|name| !name.contains("running_"));
        assert_eq!(moved, [""; 0]);
    }
}
