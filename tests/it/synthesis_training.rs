//! Networks that make pictures from noise, and five of their training steps, compute what PyTorch computes.

use burn::tensor::{Tensor, TensorData};
use translate::config::{
    Augment, ClassSource, Condition, DiscriminatorArch, GanObjective, Mode, NormKind, Recipe,
};
use translate::data::Batch;
use translate::method::{Loss, Method, MethodState, StepContext};
use translate::nn::{Critic, ForwardMode, NamedTensors, TensorError};
use translate::synthesis::{DcganGenerator, Generate, SynthesisDiscriminator};

use crate::device::test_device;
use crate::fixture::{Fixture, values};
use crate::forward::check;
use crate::training::{RATE, check_steps, first_step, init};

pub const LATENT: usize = 5;

fn recipe(side: usize) -> Recipe {
    let mut recipe = Recipe::defaults(Mode::Generate);
    recipe.data.crop_size = side;
    recipe.data.load_size = side;
    recipe.generator.channels = 1;
    recipe.generator.latent = LATENT;
    recipe.discriminator.channels = 1;
    recipe
}

/// That of the fixtures of five steps.
pub fn small(condition: Condition) -> Recipe {
    let mut recipe = recipe(16);
    recipe.generator.channels = 2;
    recipe.discriminator.channels = 2;
    if condition != Condition::None {
        recipe.data.classes_from = ClassSource::Folders;
        recipe.data.class_names = ["a", "b", "c"].map(ToOwned::to_owned).to_vec();
        recipe.generator.condition = condition;
    }
    recipe
}

#[test]
fn dcgan_equals_pytorch() {
    for side in [8, 64] {
        let recipe = recipe(side);
        let start = &mut init(&recipe, &test_device());
        let generator = DcganGenerator::new(start, &recipe.generator, LATENT, [side, 3]);
        check(
            &format!("dcgan_generator_{side}"),
            generator,
            DcganGenerator::forward,
        );
        let discriminator = SynthesisDiscriminator::new(start, &recipe);
        check(
            &format!("dcgan_discriminator_{side}"),
            discriminator,
            SynthesisDiscriminator::forward,
        );
    }
}

/// With the paper's width its networks have the names and shapes of PyTorch's tutorial.
#[test]
fn dcgan_has_the_names_of_the_tutorial() {
    let recipe = Recipe::defaults(Mode::Generate);
    let method = Generate::new(&recipe, &test_device());
    let shape = |network: &str, name: &str| method.weights(network).0[name].shape().to_vec();
    assert_eq!(shape("generator", "main.0.weight"), [100, 512, 4, 4]);
    assert_eq!(shape("generator", "main.1.running_var"), [512]);
    assert_eq!(shape("generator", "main.9.weight"), [128, 64, 4, 4]);
    assert_eq!(shape("generator", "main.12.weight"), [64, 3, 4, 4]);
    assert_eq!(shape("discriminator", "main.0.weight"), [64, 3, 4, 4]);
    assert_eq!(shape("discriminator", "main.9.weight"), [512]);
    assert_eq!(shape("discriminator", "main.11.weight"), [1, 512, 4, 4]);
    assert_eq!(method.weights("generator").0.len(), 5 + 4 * 4);
}

/// A method that takes its noise from the fixture.
pub struct WithNoise<M> {
    pub method: M,
    pub noise: Vec<f32>,
    /// As in the context of its steps.
    pub detail: f64,
    pub step: fn(&mut M, Batch, Vec<f32>, StepContext<'_>) -> Vec<Loss>,
}

impl<M: Method> Method for WithNoise<M> {
    fn step(&mut self, batch: Batch, context: StepContext<'_>) -> Vec<Loss> {
        // All noise is that of five steps.
        let count = self.noise.len() / 5;
        let first = (context.step as usize - 1) * count;
        let noise = self.noise[first..first + count].to_vec();
        let context = StepContext {
            detail: self.detail,
            ..context
        };
        (self.step)(&mut self.method, batch, noise, context)
    }

    fn preview_caption(&self) -> &'static str {
        self.method.preview_caption()
    }

    fn preview(&self, batch: Batch) -> Vec<Vec<TensorData>> {
        self.method.preview(batch)
    }

    fn networks(&self) -> &'static [&'static str] {
        self.method.networks()
    }

    fn weights(&self, network: &str) -> NamedTensors {
        self.method.weights(network)
    }

    fn load_weights(&mut self, network: &str, weights: NamedTensors) -> Result<(), TensorError> {
        self.method.load_weights(network, weights)
    }

    fn state(&self) -> MethodState {
        self.method.state()
    }

    fn restore(&mut self, state: MethodState) -> Result<(), TensorError> {
        self.method.restore(state)
    }
}

/// The batch of one of the five steps of a fixture, whose pictures are of the classes a, b, c, a, b, c.
pub fn batch(fixture: &Fixture, step: usize) -> Batch {
    let pictures = fixture.data("pictures");
    let mut shape = pictures.shape().to_vec();
    shape[0] /= 5;
    let length: usize = shape.iter().product();
    let part = values(&pictures)[step * length..(step + 1) * length].to_vec();
    let part = TensorData::new(part, shape.clone());
    let name = |index: usize| format!("{}/{index}", ["a", "b", "c"][index % 3]);
    Batch {
        a: part.clone(),
        b: part,
        instances: None,
        features: None,
        mask: None,
        names: (0..shape[0]).map(name).collect(),
    }
}

fn check_five_steps(name: &str, recipe: &Recipe) {
    check_five_steps_at([RATE, 1.0], name, recipe);
}

/// The same with this learning rate, and this share of the detail of a larger size.
pub fn check_five_steps_at([rate, detail]: [f64; 2], name: &str, recipe: &Recipe) {
    recipe.validate().unwrap();
    let fixture = Fixture::open(&format!("{name}.safetensors"));
    let mut method = WithNoise {
        method: Generate::new(recipe, &test_device()),
        noise: values(&fixture.data("noise")).to_vec(),
        detail,
        step: |method, batch, noise, context| {
            let rng = &mut context.rng();
            method.step_with(batch, noise, context, rng)
        },
    };
    check_steps(name, &mut method, (rate, rate), |step| {
        (batch(&fixture, step), 1)
    });
}

#[test]
fn five_steps_without_classes_equal_pytorch() {
    check_five_steps("training_generate", &small(Condition::None));
}

#[test]
fn five_steps_with_classes_as_input_equal_pytorch() {
    let mut recipe = small(Condition::Concat);
    recipe.loss.gan = GanObjective::Lsgan;
    recipe.discriminator.norm = NormKind::Instance;
    (recipe.loss.r1, recipe.loss.r1_every) = (2.0, 1);
    check_five_steps("training_generate_concat", &recipe);
}

#[test]
fn five_steps_with_a_projection_discriminator_equal_pytorch() {
    let mut recipe = small(Condition::Projection);
    recipe.loss.gan = GanObjective::Hinge;
    recipe.discriminator.norm = NormKind::None;
    (recipe.loss.r1, recipe.loss.r1_every) = (2.0, 1);
    check_five_steps("training_generate_projection", &recipe);
}

#[test]
fn five_steps_with_an_auxiliary_classifier_equal_pytorch() {
    let mut recipe = small(Condition::Auxiliary);
    recipe.loss.classification = 0.7;
    check_five_steps("training_generate_auxiliary", &recipe);
}

/// The losses of the first step of the fixture without classes, or with them, of a recipe with one change.
fn first_losses(condition: Condition, change: &dyn Fn(&mut Recipe)) -> Vec<(&'static str, f32)> {
    let fixture = Fixture::open("training_generate.safetensors");
    let mut recipe = small(condition);
    recipe.discriminator.norm = NormKind::Spectral;
    change(&mut recipe);
    recipe.validate().unwrap();
    let mut method = Generate::new(&recipe, &test_device());
    let losses = method.step(batch(&fixture, 0), first_step());
    let losses = losses.into_iter();
    losses
        .map(|loss| (loss.name, loss.value.into_scalar::<f32>()))
        .collect()
}

#[test]
fn every_objective_and_stabiliser_trains() {
    let changes: [&dyn Fn(&mut Recipe); 10] = [
        &|_| {},
        &|recipe| recipe.loss.gan = GanObjective::Saturating,
        &|recipe| recipe.loss.gan = GanObjective::Lsgan,
        &|recipe| recipe.loss.gan = GanObjective::Hinge,
        &|recipe| recipe.loss.gan = GanObjective::WganGp,
        &|recipe| recipe.loss.r1 = 10.0,
        &|recipe| recipe.loss.feature_means = 1.0,
        &|recipe| recipe.loss.label_smoothing = 0.1,
        &|recipe| recipe.discriminator.augment = vec![Augment::Translation, Augment::Color],
        &|recipe| recipe.discriminator.minibatch_deviation = true,
    ];
    for condition in [
        Condition::None,
        Condition::Concat,
        Condition::Projection,
        Condition::Auxiliary,
    ] {
        let mut seen = Vec::new();
        for (index, change) in changes.iter().enumerate() {
            let losses = first_losses(condition, change);
            assert!(
                losses.iter().all(|(_, value)| value.is_finite()),
                "{losses:?}"
            );
            assert!(!seen.contains(&losses), "{condition:?} {index}");
            seen.push(losses);
        }
    }
}

/// Of several updates of the discriminator for one of the generator each has a batch of its own.
#[test]
fn the_generator_learns_in_every_so_many_steps() {
    let fixture = Fixture::open("training_generate.safetensors");
    let mut recipe = small(Condition::None);
    recipe.optim.discriminator_steps = 3;
    let mut method = Generate::new(&recipe, &test_device());
    for step in 1..=3 {
        let before = method.weights("generator").0["main.0.weight"].clone();
        let context = StepContext {
            step,
            ..first_step()
        };
        let losses = method.step(batch(&fixture, step as usize), context);
        let learns = step == 3;
        assert_eq!(losses.iter().any(|loss| loss.name == "G_GAN"), learns);
        let after = method.weights("generator").0["main.0.weight"].clone();
        assert_eq!(before != after, learns, "step {step}");
    }
}

/// The gradient of a class is none, and that of the picture is what autodiff says.
#[test]
fn the_gradient_of_the_input_is_that_of_the_picture() {
    let device = test_device().autodiff();
    let fixture = Fixture::open("training_generate.safetensors");
    for condition in [Condition::Concat, Condition::Projection] {
        let mut recipe = small(condition);
        recipe.discriminator.norm = NormKind::Instance;
        recipe.discriminator.arch = DiscriminatorArch::Dcgan;
        recipe.discriminator.minibatch_deviation = true;
        recipe.discriminator.minibatch_discrimination = 2;
        let network = SynthesisDiscriminator::new(&mut init(&recipe, &test_device()), &recipe);
        let picture = batch(&fixture, 0).b;
        let picture = Tensor::<4>::from_data(picture, &device);
        let classes = Tensor::<4>::ones([6, 3, 16, 16], &device);
        let input = Tensor::cat(vec![classes, picture], 1).require_grad();
        let logits = network.forward(input.clone(), ForwardMode::TRAINING);
        let wanted = input.grad(&logits.sum().backward()).unwrap();
        let got = network
            .input_gradient(input.inner(), ForwardMode::TRAINING)
            .inner();
        let of_picture = |gradient: &Tensor<4>| gradient.clone().narrow(1, 3, 3);
        let apart = (of_picture(&got) - of_picture(&wanted))
            .abs()
            .max()
            .into_scalar::<f32>();
        let largest = of_picture(&wanted).abs().max().into_scalar::<f32>();
        assert!(
            apart < 1e-4 * largest,
            "{condition:?}: {apart} of {largest}"
        );
        let of_class = got.narrow(1, 0, 3).abs().max().into_scalar::<f32>();
        assert_eq!(of_class.to_bits(), 0);
    }
}
