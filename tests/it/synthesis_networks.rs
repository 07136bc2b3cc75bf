//! Residual, progressive and style networks, and five of their training steps, compute what PyTorch computes.

use burn::tensor::{Device, Tensor, TensorData};
use translate::config::{
    Augment, ClassNorm, ClassSource, Condition, GanObjective, GrowthLevel, Mode, NormKind, Overlay,
    Recipe,
};
use translate::method::{Method, StepContext};
use translate::nn::{Critic, ForwardMode, NamedTensors, Network, NormStats, double_filtered};
use translate::synthesis::{
    Generate, GeneratorInput, Growth, StyleInput, SynthesisDiscriminator, SynthesisGenerator,
};

use crate::device::test_device;
use crate::fixture::{Fixture, distance};
use crate::forward::check;
use crate::synthesis_training::{LATENT, batch, check_five_steps_at};
use crate::training::{RATE, first_step, init};

/// Learning rate of networks whose weights are standard normal.
const EQUALISED_RATE: f64 = 2e-3;

/// A recipe with the defaults of a network, for small pictures.
pub fn recipe(arch: &str, side: usize) -> Recipe {
    let mut overlay = Overlay::default();
    for setting in [
        format!("generator.arch={arch}"),
        format!("data.crop_size={side}"),
        format!("data.load_size={side}"),
        format!("generator.latent={LATENT}"),
        "generator.channels=2".to_owned(),
        "discriminator.channels=2".to_owned(),
        "optim.ema=0".to_owned(),
        "optim.beta1=0.5".to_owned(),
        "optim.beta2=0.999".to_owned(),
        "optim.discriminator_steps=1".to_owned(),
    ] {
        overlay.set(&setting).unwrap();
    }
    overlay.resolve(Mode::Generate).unwrap()
}

fn with_classes(recipe: &mut Recipe, condition: Condition) {
    recipe.data.classes_from = ClassSource::Folders;
    recipe.data.class_names = ["a", "b", "c"].map(ToOwned::to_owned).to_vec();
    recipe.generator.condition = condition;
}

fn residual(form: ClassNorm) -> Recipe {
    let mut recipe = recipe("resnet", 16);
    if form != ClassNorm::None {
        with_classes(&mut recipe, Condition::Projection);
        recipe.synthesis.class_norm = form;
    }
    recipe
}

/// That of the fixtures of the passage from 8 x 8 to 16 x 16.
fn progressive(side: usize, from: Option<usize>) -> Recipe {
    let mut recipe = recipe("progressive", 16);
    recipe.data.crop_size = side;
    recipe.train.level = Some(GrowthLevel {
        from,
        last: 16,
        epochs: 1,
    });
    recipe
}

fn style() -> Recipe {
    let mut recipe = recipe("style", 16);
    recipe.synthesis.mapping = 2;
    recipe.synthesis.mixing = 0.0;
    recipe
}

#[test]
fn residual_networks_equal_pytorch() {
    for (name, form) in [
        ("none", ClassNorm::None),
        ("class", ClassNorm::Class),
        ("shared", ClassNorm::Shared),
    ] {
        let mut recipe = residual(form);
        recipe.generator.channels = 1;
        let generator = SynthesisGenerator::new(&mut init(&recipe, &test_device()), &recipe);
        let name = format!("residual_generator_{name}");
        check(&name, generator, |network, input, mode| {
            let classes = recipe.class_count();
            let vectors = input.clone().narrow(1, classes, LATENT);
            let classes = (classes > 0).then(|| input.narrow(1, 0, classes));
            network.forward(&GeneratorInput::new(vectors, classes), mode)
        });
    }
    let mut recipe = recipe("resnet", 32);
    recipe.discriminator.channels = 1;
    recipe.discriminator.norm = NormKind::None;
    let network = SynthesisDiscriminator::new(&mut init(&recipe, &test_device()), &recipe);
    check(
        "residual_discriminator",
        network,
        SynthesisDiscriminator::forward,
    );
}

#[test]
fn five_steps_of_residual_networks_equal_pytorch() {
    let mut plain = residual(ClassNorm::None);
    plain.discriminator.norm = NormKind::None;
    // The loss of the game is that of WGAN-GP, whose penalty draws numbers; R1 asks the same of the gradient.
    plain.loss.gan = GanObjective::WganGp;
    plain.loss.gradient_penalty = Some(1e-30);
    (plain.loss.r1, plain.loss.r1_every) = (2.0, 1);
    check_five_steps_at([RATE, 1.0], "training_residual", &plain);
}

#[test]
fn five_steps_with_what_biggan_is_made_of_equal_pytorch() {
    let mut large = residual(ClassNorm::Shared);
    (large.generator.channels, large.discriminator.channels) = (1, 1);
    large.synthesis.spectral = true;
    large.synthesis.orthogonal = 1e-3;
    (large.loss.r1, large.loss.r1_every) = (2.0, 1);
    check_five_steps_at([RATE, 1.0], "training_residual_shared", &large);
}

#[test]
fn five_steps_of_networks_that_grow_equal_pytorch() {
    let mut recipe = progressive(16, Some(8));
    recipe.loss.gradient_penalty = Some(1e-30);
    recipe.synthesis.drift = 0.3;
    (recipe.loss.r1, recipe.loss.r1_every) = (2.0, 1);
    check_five_steps_at([EQUALISED_RATE, 0.25], "training_progressive", &recipe);
}

#[test]
fn five_steps_of_style_networks_equal_pytorch() {
    let mut recipe = style();
    (recipe.loss.r1, recipe.loss.r1_every) = (2.0, 1);
    check_five_steps_at([EQUALISED_RATE, 1.0], "training_style", &recipe);
}

/// A network with the weights of a fixture, to be used.
fn loaded<N: Network>(network: N, fixture: &Fixture, prefix: &str) -> N {
    fixture.named(prefix).load_into(network).unwrap()
}

const IN_USE: ForwardMode<'static> = ForwardMode::inference(NormStats::Running, false);

fn assert_close(found: Tensor<4>, fixture: &Fixture, name: &str) {
    let apart = distance(&found.into_data(), &fixture.data(name));
    assert!(apart < 4e-5, "{name}: {apart}");
}

/// Networks before a passage from one size to the next, a quarter into it, and after it.
#[test]
fn networks_that_grow_equal_pytorch_at_each_size() {
    let device = test_device();
    let fixture = Fixture::open("progressive.safetensors");
    for (name, side, from, share) in [
        ("small", 8, 8, 1.0),
        ("fading", 16, 8, 0.25),
        ("large", 16, 16, 1.0),
    ] {
        // The network of the whole run, as a style is loaded.
        let recipe = progressive(16, None);
        let start = &mut init(&recipe, &device);
        let generator = SynthesisGenerator::new(start, &recipe);
        let mut generator = loaded(generator, &fixture, "small.generator.");
        let judge = SynthesisDiscriminator::new(start, &recipe);
        let mut judge = loaded(judge, &fixture, "small.discriminator.");
        let growth = Growth { side, from, share };
        generator.set_growth(growth);
        judge.set_growth(growth);
        // The growth is known by the weights alone.
        let weights = NamedTensors::from_network(&generator);
        let kept = "kept.running_growth";
        let wanted = fixture.data(&format!("{name}.generator.{kept}"));
        assert_eq!(weights.0[kept], wanted);
        let fresh = SynthesisGenerator::new(start, &recipe);
        let mut fresh = weights.load_into(fresh).unwrap();
        fresh.restore_growth();
        let vectors = fixture.tensor("vectors", &device);
        let picture = fresh.forward(&GeneratorInput::new(vectors, None), IN_USE);
        assert_close(picture.clone(), &fixture, &format!("{name}.picture"));
        let logits = judge.forward(picture, IN_USE);
        assert_close(logits, &fixture, &format!("{name}.logits"));
    }
}

#[test]
fn style_networks_equal_pytorch() {
    let device = test_device();
    let fixture = Fixture::open("style_networks.safetensors");
    let (recipe, zeros) = (style(), &mut init(&style(), &device));
    let generator = loaded(
        SynthesisGenerator::new(zeros, &recipe),
        &fixture,
        "generator.",
    );
    let judge = SynthesisDiscriminator::new(zeros, &recipe);
    let judge = loaded(judge, &fixture, "discriminator.");
    assert_eq!(generator.style_layers(), Some(6));
    let tensor = |name| fixture.tensor::<4>(name, &device);
    let others = tensor("others");
    let input = |style| GeneratorInput {
        style,
        ..GeneratorInput::new(tensor("vectors"), None)
    };
    let mixed = |first| StyleInput {
        mixed: Some((others.clone(), first)),
        ..StyleInput::default()
    };
    let make = |style| generator.forward(&input(style), IN_USE);
    let plain = make(StyleInput::default());
    assert_close(plain.clone(), &fixture, "plain");
    assert_close(make(mixed(3)), &fixture, "mixed");
    assert_close(make(mixed(6)), &fixture, "plain");
    let near = StyleInput {
        truncation: Some(0.5),
        ..StyleInput::default()
    };
    assert_close(make(near), &fixture, "truncated");
    assert_close(judge.forward(plain.clone(), IN_USE), &fixture, "logits");
    assert_close(double_filtered(plain), &fixture, "doubled");

    // Classes become vectors as long as the noise.
    let mut recipe = style();
    with_classes(&mut recipe, Condition::Projection);
    let told = SynthesisGenerator::new(&mut init(&recipe, &device), &recipe);
    let told = loaded(told, &fixture, "told.");
    let input = GeneratorInput::new(tensor("vectors"), Some(first_classes(&device)));
    assert_close(told.forward(&input, IN_USE), &fixture, "told_picture");
}

/// The first two of three classes, one for each picture.
pub fn first_classes(device: &Device) -> Tensor<4> {
    let values = TensorData::new(vec![1.0f32, 0.0, 0.0, 0.0, 1.0, 0.0], [2, 3, 1, 1]);
    Tensor::from_data(values, device)
}

fn discriminator(recipe: &Recipe, device: &Device) -> SynthesisDiscriminator {
    SynthesisDiscriminator::new(&mut init(recipe, device), recipe)
}

/// The gradient of a class is none, and that of the picture is what autodiff says.
#[test]
fn the_gradients_of_inputs_are_those_of_automatic_differentiation() {
    let device = test_device();
    let fixture = Fixture::open("training_generate.safetensors");
    for (recipe, condition) in [
        (residual(ClassNorm::None), Condition::Projection),
        (residual(ClassNorm::None), Condition::Concat),
        (progressive(16, None), Condition::Concat),
        (style(), Condition::Projection),
    ] {
        let mut recipe = recipe;
        with_classes(&mut recipe, condition);
        if recipe.discriminator.norm == NormKind::Spectral {
            recipe.discriminator.norm = NormKind::Instance;
        }
        recipe.discriminator.minibatch_discrimination = 2;
        let network = discriminator(&recipe, &device);
        let autodiff = device.clone().autodiff();
        let picture = Tensor::<4>::from_data(batch(&fixture, 0).b, &autodiff);
        let classes = Tensor::<4>::ones([6, 3, 16, 16], &autodiff);
        let input = Tensor::cat(vec![classes, picture], 1).require_grad();
        let logits = network.forward(input.clone(), ForwardMode::TRAINING);
        let wanted = input.grad(&logits.sum().backward()).unwrap();
        let got = network.input_gradient(input.inner(), ForwardMode::TRAINING);
        let got = got.inner();
        let of_picture = |gradient: &Tensor<4>| gradient.clone().narrow(1, 3, 3);
        let apart = of_picture(&got) - of_picture(&wanted);
        let apart = apart.abs().max().into_scalar::<f32>();
        let largest = of_picture(&wanted).abs().max().into_scalar::<f32>();
        let arch = recipe.discriminator.arch.name();
        assert!(apart < 1e-4 * largest, "{arch}: {apart} of {largest}");
        let of_class = got.narrow(1, 0, 3).abs().max().into_scalar::<f32>();
        assert_eq!(of_class.to_bits(), 0);
    }
}

/// The losses of a first step of `recipe`.
fn losses(recipe: &Recipe) -> Vec<(&'static str, f32)> {
    recipe.validate().unwrap();
    let fixture = Fixture::open("training_generate.safetensors");
    let mut method = Generate::new(recipe, &test_device());
    let losses = method.step(batch(&fixture, 0), first_step());
    let read = |loss: translate::method::Loss| (loss.name, loss.value.into_scalar::<f32>());
    losses.into_iter().map(read).collect()
}

#[test]
fn objectives_and_stabilisers_train_each_network() {
    let changes: [&dyn Fn(&mut Recipe); 6] = [
        &|_| {},
        &|recipe| recipe.loss.gan = GanObjective::Lsgan,
        &|recipe| recipe.loss.gradient_penalty = Some(5.0),
        &|recipe| recipe.loss.feature_means = 1.0,
        &|recipe| recipe.synthesis.orthogonal = 0.1,
        &|recipe| recipe.discriminator.augment = vec![Augment::Translation],
    ];
    for condition in [Condition::Concat, Condition::Auxiliary] {
        for base in [residual(ClassNorm::None), progressive(16, None), style()] {
            let mut seen = Vec::new();
            for (index, change) in changes.iter().enumerate() {
                let mut recipe = base.clone();
                with_classes(&mut recipe, condition);
                change(&mut recipe);
                let losses = losses(&recipe);
                let are_finite = losses.iter().all(|(_, value)| value.is_finite());
                let arch = recipe.generator.arch.name();
                assert!(are_finite, "{arch} {index}: {losses:?}");
                assert!(!seen.contains(&losses), "{arch} {condition:?} {index}");
                seen.push(losses);
            }
        }
    }
}

/// The state of weights, buffers and optimisers after a step is all that the next one needs.
#[test]
fn training_goes_on_to_the_bit() {
    let mut mixing = style();
    mixing.synthesis.mixing = 0.5;
    for mut recipe in [residual(ClassNorm::Class), progressive(16, Some(8)), mixing] {
        recipe.optim.ema = 0.9;
        check_goes_on_to_the_bit(&recipe);
    }
}

/// Trains a step, and a second one with what has been kept of the first and without.
pub fn check_goes_on_to_the_bit(recipe: &Recipe) {
    let fixture = Fixture::open("training_generate.safetensors");
    let step = |method: &mut Generate, step: u64| {
        let context = StepContext {
            step,
            detail: 0.1 * step as f64,
            ..first_step()
        };
        method.step(batch(&fixture, step as usize), context);
    };
    let mut first = Generate::new(recipe, &test_device());
    step(&mut first, 1);
    let mut second = Generate::new(recipe, &test_device());
    for network in first.networks() {
        let weights = first.weights(network);
        second.load_weights(network, weights).unwrap();
    }
    second.restore(first.state()).unwrap();
    let shown = |method: &Generate| method.preview(batch(&fixture, 0));
    assert_eq!(shown(&first), shown(&second));
    for method in [&mut first, &mut second] {
        step(method, 2);
    }
    let all = |method: &Generate| -> Vec<NamedTensors> {
        let networks = method.networks().iter();
        networks.map(|network| method.weights(network)).collect()
    };
    assert_eq!(all(&first), all(&second));
    assert_eq!(first.state().tensors, second.state().tensors);
}
