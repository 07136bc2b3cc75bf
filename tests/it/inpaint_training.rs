//! Five steps of mode inpaint give PyTorch's losses and weights.

use burn::tensor::TensorData;
use translate::config::{GanObjective, GeneratorArch, MaskKind, Mode, Recipe};
use translate::data::{Batch, HOLE_COLOUR};
use translate::inpainting::Inpaint;
use translate::method::{Method, StepContext};

use crate::device::test_device;
use crate::fixture::{Fixture, values};
use crate::training::check_steps;

fn recipe(arch: GeneratorArch, side: usize) -> Recipe {
    let mut recipe = Recipe::defaults(Mode::Inpaint);
    recipe.data.crop_size = side;
    recipe.generator.arch = arch;
    recipe.generator.channels = 1;
    recipe.generator.bottleneck = 6;
    recipe.discriminator.channels = 1;
    recipe.loss.overlap = 2;
    recipe
}

/// The part of a tensor of `[pictures, ...]` that belongs to one of five steps.
fn share(data: &TensorData, step: usize) -> TensorData {
    let mut shape = data.shape().to_vec();
    shape[0] /= 5;
    let length: usize = shape.iter().product();
    TensorData::new(
        values(data)[step * length..(step + 1) * length].to_vec(),
        shape,
    )
}

/// The batch of one of the five steps of a fixture.
fn batch(fixture: &Fixture, step: usize) -> Batch {
    let photos = share(&fixture.data("photos"), step);
    let mask = share(&fixture.data("masks"), step);
    let mask: Vec<f32> = values(&mask)
        .iter()
        .map(|value| f32::midpoint(*value, 1.0))
        .collect();
    let shape = photos.shape().to_vec();
    let plane = shape[2] * shape[3];
    let colour = HOLE_COLOUR.map(|level| (f32::from(level) / 255.0 - 0.5) / 0.5);
    let mut punched = values(&photos).to_vec();
    for (position, value) in punched.iter_mut().enumerate() {
        let (picture, channel) = (position / (3 * plane), position / plane % 3);
        if mask[picture * plane + position % plane] > 0.5 {
            *value = colour[channel];
        }
    }
    Batch {
        instances: None,
        features: None,
        a: TensorData::new(punched, shape.clone()),
        b: photos,
        mask: Some(TensorData::new(mask, [shape[0], 1, shape[2], shape[3]])),
        names: Vec::new(),
    }
}

fn check(name: &str, recipe: &Recipe) {
    recipe.validate().unwrap();
    let fixture = Fixture::open(&format!("{name}.safetensors"));
    let rates = (recipe.optim.lr, recipe.discriminator_learning_rate());
    let mut method = Inpaint::new(recipe, &test_device());
    check_steps(name, &mut method, rates, |step| (batch(&fixture, step), 1));
}

#[test]
fn five_steps_with_a_bottleneck_equal_pytorch() {
    check(
        "training_inpaint_bottleneck",
        &recipe(GeneratorArch::ContextBottleneck, 32),
    );
}

#[test]
fn five_steps_with_a_channel_wise_layer_equal_pytorch() {
    check(
        "training_inpaint_context",
        &recipe(GeneratorArch::Context, 32),
    );
}

#[test]
fn five_steps_with_a_unet_equal_pytorch() {
    let mut recipe = recipe(GeneratorArch::Unet64, 64);
    recipe.data.masks = MaskKind::Regions;
    check("training_inpaint_unet", &recipe);
}

#[test]
fn every_objective_trains_and_none_is_needed() {
    let fixture = Fixture::open("training_inpaint_context.safetensors");
    let context = StepContext {
        epoch: 1,
        step: 1,
        seed: 0,
        position: 0,
        generator_rate: 2e-3,
        discriminator_rate: 2e-4,
        detail: 1.0,
        reducer: None,
    };
    let losses = |change: &dyn Fn(&mut Recipe)| {
        let mut recipe = recipe(GeneratorArch::Context, 32);
        change(&mut recipe);
        recipe.validate().unwrap();
        let mut method = Inpaint::new(&recipe, &test_device());
        for stem in method.networks() {
            let weights = fixture.named(&format!("initial.{stem}."));
            method.load_weights(stem, weights).unwrap();
        }
        let losses = method.step(batch(&fixture, 0), context);
        losses
            .into_iter()
            .map(|loss| (loss.name, loss.value.into_scalar::<f32>()))
            .collect::<Vec<_>>()
    };
    let plain = losses(&|_| {});
    let mut seen = vec![plain.clone()];
    for objective in [
        GanObjective::Saturating,
        GanObjective::Lsgan,
        GanObjective::Hinge,
        GanObjective::Wgan,
    ] {
        let got = losses(&|recipe| recipe.loss.gan = objective);
        assert!(got.iter().all(|(_, value)| value.is_finite()), "{got:?}");
        assert!(!seen.contains(&got), "{objective:?}");
        seen.push(got);
    }
    let alone = losses(&|recipe| recipe.loss.adversarial = 0.0);
    assert_eq!(alone, [plain[0]]);
    let l1 = losses(&|recipe| recipe.loss.distance = translate::config::Distance::L1);
    assert_ne!(l1[0], plain[0]);
    let heavier = losses(&|recipe| recipe.loss.reconstruction = 2.0 * 0.999);
    assert!((heavier[0].1 / plain[0].1 - 2.0).abs() < 1e-5);
}

#[test]
fn a_preview_keeps_what_is_outside_the_hole() {
    let fixture = Fixture::open("training_inpaint_context.safetensors");
    let method = Inpaint::new(&recipe(GeneratorArch::Context, 32), &test_device());
    let batch = batch(&fixture, 0);
    let (mask, photo) = (batch.mask.clone().unwrap(), batch.b.clone());
    let rows = method.preview(batch);
    assert_eq!(rows[0].len(), 3);
    let plane = 32 * 32;
    let mut changed = 0;
    let pairs = values(&rows[0][1]).iter().zip(values(&photo));
    for (position, (filled, original)) in pairs.enumerate() {
        let (picture, pixel) = (position / (3 * plane), position % plane);
        if values(&mask)[picture * plane + pixel] == 0.0 {
            assert_eq!(filled.to_bits(), original.to_bits());
        } else {
            changed += usize::from((filled - original).abs() > 1e-3);
        }
    }
    assert!(changed > 500, "{changed}");
}
