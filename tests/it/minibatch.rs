//! Discriminators that compare the pictures of a batch.

use translate::config::{GanObjective, Mode, Recipe};
use translate::nn::{Discriminator, NamedTensors};

use crate::device::test_device;
use crate::training::{check_pix2pix, init, number};

#[test]
fn five_steps_with_minibatch_discrimination_equal_pytorch() {
    check_pix2pix("training_minibatch", |recipe, loss| {
        recipe.loss.gan = GanObjective::Vanilla;
        recipe.discriminator.minibatch_discrimination = number(loss, "kernels");
    });
}

/// A network without the layer has the weights that it has always had, and one with it only some more.
#[test]
fn the_layer_changes_no_other_weights() {
    let weights = |kernels| {
        let mut recipe = Recipe::defaults(Mode::Cycle);
        recipe.discriminator.channels = 2;
        recipe.discriminator.minibatch_discrimination = kernels;
        let mut start = init(&recipe, &test_device());
        let network = Discriminator::new(&mut start, &recipe.discriminator, 3);
        NamedTensors::from_network(&network).0
    };
    let (without, with) = (weights(0), weights(7));
    let added = with.keys().filter(|name| !without.contains_key(*name));
    let added: Vec<_> = added.collect();
    assert_eq!(added, ["minibatch.weight"]);
    assert_eq!(with["minibatch.weight"].shape()[..], [35, 16, 1, 1]);
    assert_eq!(with["model.11.weight"].shape()[1], 16 + 7);
    assert!(
        without
            .iter()
            .all(|(name, data)| with[name] == *data || name == "model.11.weight")
    );
}
