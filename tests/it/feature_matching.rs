//! Losses of the generator on the features of the discriminator.

use translate::config::GanObjective;

use crate::training::{batch, check_pix2pix, first_step, small};

#[test]
fn five_steps_with_both_kinds_equal_pytorch() {
    check_pix2pix("training_features", |recipe, loss| {
        recipe.loss.gan = GanObjective::Lsgan;
        recipe.loss.feature_matching = loss["feature_matching"].as_f64().unwrap();
        recipe.loss.feature_means = loss["feature_means"].as_f64().unwrap();
    });
}

/// The generator is moved by the means of features in the modes without pairs too.
#[test]
fn means_of_features_are_a_loss_of_every_generator() {
    let step = |weight| {
        small(|recipe| recipe.loss.feature_means = weight).map(|mut method| {
            let losses = method.step(batch(), first_step());
            let named = losses
                .iter()
                .filter(|loss| loss.name.starts_with("G_means"));
            let count = named.count();
            let generator = method.networks()[0];
            (count, method.weights(generator))
        })
    };
    for (without, with) in step(0.0).into_iter().zip(step(100.0)) {
        assert_eq!(without.0, 0);
        assert!(with.0 > 0);
        assert_ne!(without.1, with.1);
    }
}
