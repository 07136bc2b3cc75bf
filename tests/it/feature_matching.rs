//! Losses of the generator on the features of the discriminator.

use translate::config::{GanObjective, Mode, NormKind};
use translate::nn::{Discriminator, Generator, Unet};
use translate::paired::Pix2pix;

use crate::device::test_device;
use crate::fixture::json;
use crate::training::{batch, check, first_step, init, number, recipe, small};

#[test]
fn five_steps_with_both_kinds_equal_pytorch() {
    const NAME: &str = "training_features";
    let config = json(&format!("{NAME}.json"))["config"].clone();
    let mut recipe = recipe(Mode::Pix2pix, &config);
    recipe.generator.norm = NormKind::Instance;
    recipe.discriminator.norm = NormKind::Instance;
    recipe.loss.gan = GanObjective::Lsgan;
    recipe.loss.feature_matching = config["loss"]["feature_matching"].as_f64().unwrap();
    recipe.loss.feature_means = config["loss"]["feature_means"].as_f64().unwrap();
    let mut start = init(&recipe, &test_device());
    let downsamplings = number(&config["generator"], "downsamplings");
    let generator = Unet::new(&mut start, &recipe.generator, downsamplings, 3, 3);
    let discriminator = Discriminator::new(&mut start, &recipe.discriminator, 6);
    let generator = Generator::Unet(generator);
    check(
        NAME,
        &mut Pix2pix::from_networks(&recipe, generator, discriminator, &test_device()),
    );
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
