//! What a reducer gets of the gradients, and what becomes of them.

use std::cell::RefCell;
use std::collections::BTreeMap;

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

/// Weights after one step with a reducer, or none.
fn after_a_step(method: &mut dyn Method, reducer: Option<&dyn Reducer>) -> Weights {
    let context = StepContext {
        reducer,
        ..first_step()
    };
    method.step(batch(), context);
    weights(method)
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
    let alone = small(|_| {});
    let averaged = small(|_| {});
    let silenced = small(|_| {});
    for ((mut alone, mut averaged), mut silenced) in alone.into_iter().zip(averaged).zip(silenced) {
        let before = weights(&*alone);
        let expected = after_a_step(&mut *alone, None);
        let reducer = Scaling::new(1.0);
        assert!(after_a_step(&mut *averaged, Some(&reducer)) == expected);
        let mut counts = reducer.counts.into_inner();
        let mut wanted: Vec<usize> = before.values().map(trained).collect();
        counts.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(counts, wanted);

        let nothing = Scaling::new(0.0);
        let unmoved = after_a_step(&mut *silenced, Some(&nothing));
        for (stem, network) in &before {
            for (name, data) in &network.0 {
                let same = unmoved[stem].0[name] == *data;
                assert!(
                    same || name.contains("running_"),
                    "{stem}: {name} has moved"
                );
            }
        }
    }
}
