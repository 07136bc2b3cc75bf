//! A cascade of generators and a second stage, and five of their training steps, compute what PyTorch computes.

use tempfile::TempDir;
use translate::config::{Augment, ClassSource, Condition, GanObjective, Mode, Overlay, Recipe};
use translate::method::{Loss, Method, StepContext};
use translate::nn::NamedTensors;
use translate::style::{Manifest, StyleFolder, write_weights};
use translate::synthesis::{
    Cascade, Code, Generate, GeneratorInput, Sampler, StagedGenerator, SynthesisGenerator, method,
};

use crate::device::test_device;
use crate::fixture::{Fixture, values};
use crate::forward::check;
use crate::synthesis_training::{LATENT, WithNoise, batch};
use crate::training::{RATE, check_steps, first_step, init};

/// A small recipe with the defaults of a network, whose pictures have this side.
fn recipe(settings: &[&str], side: usize) -> Recipe {
    let mut overlay = Overlay::default();
    let usual = [
        format!("data.crop_size={side}"),
        format!("data.load_size={side}"),
        format!("generator.latent={LATENT}"),
        "generator.channels=2".to_owned(),
        "discriminator.channels=2".to_owned(),
    ];
    for setting in usual
        .iter()
        .map(String::as_str)
        .chain(settings.iter().copied())
    {
        overlay.set(setting).unwrap();
    }
    overlay.resolve(Mode::Generate).unwrap()
}

fn told(mut recipe: Recipe, condition: Condition) -> Recipe {
    recipe.data.classes_from = ClassSource::Folders;
    recipe.data.class_names = ["a", "b", "c"].map(ToOwned::to_owned).to_vec();
    recipe.generator.condition = condition;
    recipe.validate().unwrap();
    recipe
}

/// That of the fixture of five steps.
fn cascade() -> Recipe {
    let settings = [
        "generator.arch=laplacian",
        "loss.gan=lsgan",
        "discriminator.norm=instance",
        "loss.r1=2",
        "loss.r1_every=1",
    ];
    told(recipe(&settings, 16), Condition::Concat)
}

/// The first and the second stage of the fixture, of which the style of the first lies in `place`.
fn stages(place: &TempDir) -> [Recipe; 2] {
    let first = told(recipe(&[], 8), Condition::Projection);
    let folder = StyleFolder::new(place.path().join("first"));
    std::fs::create_dir(folder.path()).unwrap();
    Manifest::new(first.clone()).write(&folder).unwrap();
    let fixture = Fixture::open("training_stack.safetensors");
    write_weights(&folder.weights("generator"), &fixture.named("first.")).unwrap();
    let settings = [
        "data.classes_from=folders",
        "generator.condition=projection",
        "generator.arch=stack",
        &format!("synthesis.first_stage={}", folder.path().display()),
        "synthesis.kl=0.5",
        "loss.gan=hinge",
        "discriminator.norm=none",
        "loss.r1=2",
        "loss.r1_every=1",
    ];
    let second = told(recipe(&settings, 32), Condition::Projection);
    [first, second]
}

fn second_stage(recipe: &Recipe) -> Generate {
    let device = test_device();
    let first = StagedGenerator::first_stage(recipe, None, &device);
    Generate::new(recipe, &device).with_first_stage(first.unwrap().unwrap())
}

#[test]
fn a_cascade_of_three_levels_equals_pytorch() {
    let recipe = recipe(&["generator.arch=laplacian"], 32);
    let network = SynthesisGenerator::new(&mut init(&recipe, &test_device()), &recipe);
    check("laplacian_generator", network, |network, input, mode| {
        network.forward(&GeneratorInput::new(input, None), mode)
    });
}

fn noise(fixture: &Fixture) -> Vec<f32> {
    values(&fixture.data("noise")).to_vec()
}

#[test]
fn five_steps_of_a_cascade_equal_pytorch() {
    let fixture = Fixture::open("training_laplacian.safetensors");
    let mut method = WithNoise {
        method: Cascade::new(&cascade(), &test_device()),
        noise: noise(&fixture),
        detail: 1.0,
        step: |method, batch, noise, context| {
            let rng = &mut context.rng();
            method.step_with(batch, noise, context, rng)
        },
    };
    check_steps("training_laplacian", &mut method, (RATE, RATE), |step| {
        (batch(&fixture, step), 1)
    });
}

#[test]
fn five_steps_of_a_second_stage_equal_pytorch() {
    let place = TempDir::new().unwrap();
    let [_, second] = stages(&place);
    let fixture = Fixture::open("training_stack.safetensors");
    let mut method = WithNoise {
        method: second_stage(&second),
        noise: noise(&fixture),
        detail: 1.0,
        step: |method, batch, noise, context| {
            let rng = &mut context.rng();
            method.step_with(batch, noise, context, rng)
        },
    };
    check_steps("training_stack", &mut method, (RATE, RATE), |step| {
        (batch(&fixture, step), 1)
    });
}

/// A style finds its first stage where the recipe says, or beside itself, and makes pictures with both.
#[test]
fn pictures_of_both_stages_equal_pytorch() {
    let place = TempDir::new().unwrap();
    let [_, mut second] = stages(&place);
    let fixture = Fixture::open("training_stack.safetensors");
    second.synthesis.first_stage = "elsewhere/first".to_owned();
    let folder = StyleFolder::new(place.path().join("second"));
    std::fs::create_dir(folder.path()).unwrap();
    let manifest = Manifest::new(second.clone());
    manifest.write(&folder).unwrap();
    let weights = fixture.named("initial.generator.");
    write_weights(&folder.weights("generator"), &weights).unwrap();
    let load = |folder: &StyleFolder| Sampler::load(folder, &manifest, &test_device());
    let sampler = load(&folder).unwrap();
    let vectors = fixture.data("vectors");
    let codes: Vec<Code> = values(&vectors)
        .chunks(2 * LATENT)
        .enumerate()
        .map(|(class, vector)| Code::new(vector.to_vec(), class))
        .collect();
    assert_eq!(sampler.code(0, 1, None).vector.len(), 2 * LATENT);
    let wanted = fixture.data("picture");
    let wanted = values(&wanted).chunks(3 * 32 * 32);
    for (picture, wanted) in sampler.pictures(&codes).iter().zip(wanted) {
        for (x, y, pixel) in picture.enumerate_pixels() {
            for (channel, level) in pixel.0.iter().enumerate() {
                let value = wanted[(channel * 32 + y as usize) * 32 + x as usize];
                let wanted = (value + 1.0) * 127.5;
                assert!(
                    (f32::from(*level) - wanted).abs() < 0.51,
                    "{x} {y}: {level}, {wanted}"
                );
            }
        }
    }
    std::fs::remove_file(place.path().join("first/style.toml")).unwrap();
    let message = load(&folder).unwrap_err().to_string();
    assert!(message.contains("there is no style"), "{message}");
}

/// A change of the second stage's recipe, and what the message then says.
type Change<'a> = (&'a dyn Fn(&mut Recipe), &'a str);

#[test]
fn a_first_stage_that_does_not_go_with_the_second_is_refused() {
    let place = TempDir::new().unwrap();
    let [first, second] = stages(&place);
    let folder = StyleFolder::new(place.path().join("first"));
    let changes: [Change<'_>; 4] = [
        (&|recipe| recipe.mode = Mode::Vae, "of mode vae"),
        (
            &|recipe| (recipe.data.load_size, recipe.data.crop_size) = (16, 16),
            "of 16 pixels, and a quarter of `data.crop_size` is 8",
        ),
        (&|recipe| recipe.data.output_channels = 1, "1 channels"),
        (
            &|recipe| recipe.data.class_names.reverse(),
            "other classes or vectors",
        ),
    ];
    for (change, part) in changes {
        let mut recipe = first.clone();
        change(&mut recipe);
        if recipe.mode == Mode::Vae {
            recipe = Recipe::defaults(Mode::Vae);
        }
        Manifest::new(recipe).write(&folder).unwrap();
        let refused = method(&second, &test_device()).err().unwrap();
        let message = refused.to_string();
        assert!(message.contains(part), "{message}");
        assert!(message.contains("synthesis.first_stage"), "{message}");
    }
}

/// The losses of a first step of `recipe`.
fn losses(recipe: &Recipe, fixture: &Fixture) -> Vec<(&'static str, f32)> {
    recipe.validate().unwrap();
    let mut method = method(recipe, &test_device()).unwrap();
    let losses = method.step(batch(fixture, 0), first_step());
    let read = |loss: Loss| (loss.name, loss.value.into_scalar::<f32>());
    losses.into_iter().map(read).collect()
}

#[test]
fn objectives_and_stabilisers_train_cascades_and_second_stages() {
    let place = TempDir::new().unwrap();
    let [_, second] = stages(&place);
    let changes: [&dyn Fn(&mut Recipe); 6] = [
        &|_| {},
        &|recipe| recipe.loss.gan = GanObjective::WganGp,
        &|recipe| recipe.loss.feature_means = 1.0,
        &|recipe| recipe.synthesis.orthogonal = 0.1,
        &|recipe| recipe.discriminator.augment = vec![Augment::Translation],
        &|recipe| {
            recipe.generator.condition = Condition::Auxiliary;
            recipe.loss.classification = 2.0;
        },
    ];
    for (base, fixture) in [
        (cascade(), "training_laplacian.safetensors"),
        (second, "training_stack.safetensors"),
    ] {
        let fixture = Fixture::open(fixture);
        let mut seen = Vec::new();
        for (index, change) in changes.iter().enumerate() {
            let mut recipe = base.clone();
            change(&mut recipe);
            let losses = losses(&recipe, &fixture);
            let are_finite = losses.iter().all(|(_, value)| value.is_finite());
            let arch = recipe.generator.arch.name();
            assert!(are_finite, "{arch} {index}: {losses:?}");
            assert!(!seen.contains(&losses), "{arch} {index}");
            seen.push(losses);
        }
    }
}

/// The state of weights and optimisers of all levels after a step is all that the next one needs.
#[test]
fn training_goes_on_to_the_bit() {
    let place = TempDir::new().unwrap();
    let [_, second] = stages(&place);
    for (mut recipe, fixture) in [
        (cascade(), "training_laplacian.safetensors"),
        (second, "training_stack.safetensors"),
    ] {
        let fixture = Fixture::open(fixture);
        recipe.optim.ema = 0.9;
        let step = |method: &mut dyn Method, step: u64| {
            let context = StepContext {
                step,
                ..first_step()
            };
            method.step(batch(&fixture, step as usize), context);
        };
        let build = || method(&recipe, &test_device()).unwrap();
        let (mut once, mut again) = (build(), build());
        step(&mut *once, 1);
        for network in once.networks() {
            again.load_weights(network, once.weights(network)).unwrap();
        }
        again.restore(once.state()).unwrap();
        let shown = |method: &dyn Method| method.preview(batch(&fixture, 0));
        assert_eq!(shown(&*once), shown(&*again));
        for method in [&mut once, &mut again] {
            step(&mut **method, 2);
        }
        let all = |method: &dyn Method| -> Vec<NamedTensors> {
            let networks = method.networks().iter();
            networks.map(|network| method.weights(network)).collect()
        };
        assert_eq!(all(&*once), all(&*again));
        assert_eq!(once.state().tensors, again.state().tensors);
        let mut foreign = once.weights("generator");
        foreign.0.insert(
            "levels.4.conv.weight".to_owned(),
            foreign.0.values().next().unwrap().clone(),
        );
        assert!(again.load_weights("generator", foreign).is_err());
    }
}
