//! What a method learns from a batch whose samples go through the networks one after the other.

use std::cell::RefCell;

use translate::config::{GeneratorArch, InitKind, Mode, NormKind, Recipe};
use translate::data::Batch;
use translate::method::{Method, StepContext};
use translate::nn::Reducer;

use crate::device::test_device;
use crate::training::{batch_of, first_step};

const COUNT: usize = 3;

/// Notes the gradients that it gets, network after network.
#[derive(Debug, Default)]
struct Noting(RefCell<Vec<Vec<f32>>>);

impl Reducer for Noting {
    fn average(&self, gradients: &mut [f32]) {
        self.0.borrow_mut().push(gradients.to_vec());
    }
}

/// Recipes of the smallest networks without norms over the batch.
fn recipes() -> Vec<Recipe> {
    let small = |mode| {
        let mut recipe = Recipe::defaults(mode);
        recipe.generator.arch = GeneratorArch::Resnet6Blocks;
        recipe.generator.channels = 2;
        recipe.generator.init = InitKind::Normal;
        recipe.generator.norm = NormKind::Instance;
        recipe.generator.dropout = false;
        recipe.discriminator.norm = NormKind::Instance;
        recipe.discriminator.channels = 2;
        recipe.discriminator.layers = 1;
        recipe.encoder.channels = 2;
        recipe.optim.discriminator_steps = 2;
        // All places, in whatever order they are drawn.
        recipe.loss.nce_patches = 1 << 20;
        recipe
    };
    let mut recipes = [Mode::Pix2pix, Mode::Cycle, Mode::Contrastive].map(small);
    recipes[0].loss.r1 = 1.0;
    recipes.into()
}

fn with_looks(mut recipe: Recipe) -> Recipe {
    recipe.generator.latent = 4;
    recipe.loss.r1 = 0.0;
    recipe
}

/// The gradients of a step in which no weight moves, on samples that begin at `position` of the step.
fn gradients(method: &mut dyn Method, batch: Batch, position: usize) -> Vec<Vec<f32>> {
    let noting = Noting::default();
    let context = StepContext {
        position,
        generator_rate: 0.0,
        discriminator_rate: 0.0,
        reducer: Some(&noting),
        ..first_step()
    };
    method.step(batch, context);
    noting.0.into_inner()
}

fn of_batch(recipe: &Recipe, micro_batch: usize) -> Vec<Vec<f32>> {
    let mut recipe = recipe.clone();
    recipe.train.micro_batch = micro_batch;
    let mut method = translate::train::build(&recipe, &test_device()).unwrap();
    gradients(&mut *method, batch_of(COUNT), 0)
}

/// Root mean square difference, relative to that of the values.
fn distance(one: &[Vec<f32>], other: &[Vec<f32>]) -> f64 {
    assert_eq!(one.len(), other.len());
    let (mut difference, mut size) = (0.0, 0.0);
    for (one, other) in one.iter().flatten().zip(other.iter().flatten()) {
        difference += f64::from(one - other).powi(2);
        size += f64::from(*one).powi(2);
    }
    assert!(size > 0.0);
    (difference / size).sqrt()
}

#[test]
fn a_batch_gives_the_same_gradients_in_parts_of_any_size() {
    for recipe in recipes() {
        let whole = of_batch(&recipe, COUNT);
        for size in 1..COUNT {
            let parts = of_batch(&recipe, size);
            let distance = distance(&whole, &parts);
            assert!(distance < 1e-5, "{:?} by {size}: {distance:e}", recipe.mode);
            assert_ne!(
                whole, parts,
                "{:?}: they are rounded otherwise",
                recipe.mode
            );
        }
    }
}

#[test]
fn a_batch_gives_the_mean_of_what_its_samples_give_in_as_many_processes() {
    let mut all = recipes();
    all.push(with_looks(all[0].clone()));
    for recipe in all {
        let together = of_batch(&recipe, 1);
        let mut mean: Vec<Vec<f32>> = Vec::new();
        for (position, sample) in batch_of(COUNT).split(1).into_iter().enumerate() {
            let mut method = translate::train::build(&recipe, &test_device()).unwrap();
            let own = gradients(&mut *method, sample, position);
            mean.resize_with(own.len(), Vec::new);
            for (sum, own) in mean.iter_mut().zip(own) {
                sum.resize(own.len(), 0.0);
                for (sum, own) in sum.iter_mut().zip(own) {
                    *sum += own / COUNT as f32;
                }
            }
        }
        let distance = distance(&together, &mean);
        assert!(distance < 1e-6, "{:?}: {distance:e}", recipe.mode);
    }
}

#[test]
fn on_processors_samples_go_through_one_by_one_where_that_is_the_same() {
    if !translate::kernels::computes_on_processor(&test_device()) {
        return;
    }
    for mut recipe in recipes() {
        assert_eq!(
            of_batch(&recipe, 0),
            of_batch(&recipe, 1),
            "{:?}",
            recipe.mode
        );
        recipe.discriminator.norm = NormKind::Batch;
        recipe.loss.r1 = 0.0;
        assert_eq!(
            of_batch(&recipe, 0),
            of_batch(&recipe, COUNT),
            "{:?}",
            recipe.mode
        );
    }
}
