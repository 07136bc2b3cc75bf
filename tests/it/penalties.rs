//! Gradient penalties equal those of PyTorch's double backward.

use std::collections::VecDeque;
use std::convert::Infallible;

use burn::tensor::Tensor;
use rand::TryRng;
use translate::coarse_to_fine::MultiscaleDiscriminator;
use translate::config::{
    DiscriminatorArch, DiscriminatorRecipe, Downsample, GanObjective, GeneratorArch, InitKind,
    LossRecipe, Mode, NormKind, Recipe,
};
use translate::inpainting::ContextDiscriminator;
use translate::method::StepContext;
use translate::nn::{
    Critic, Discriminator, NamedTensors, Network, Penalties, ReferenceBatch, WeightInit,
};

use crate::device::test_device;
use crate::fixture::{Fixture, json, values};
use crate::training::{batch, check_pix2pix, first_step, number, small};

/// Gives these numbers of [0, 1) as draws.
struct Given(VecDeque<f32>);

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        // A number has the 24 upper bits of a draw.
        let share = self.0.pop_front().unwrap();
        Ok(((share * 16_777_216.0) as u32) << 8)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("numbers of 32 bits are drawn")
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Infallible> {
        unreachable!("numbers are drawn")
    }
}

fn no_penalties() -> LossRecipe {
    Recipe::defaults(Mode::Cycle).loss
}

/// One discriminator of the fixture.
struct Case<'a> {
    fixture: &'a Fixture,
    name: &'a str,
    values: &'a serde_json::Value,
    shares: &'a [f32],
}

impl Case<'_> {
    /// Compares the penalties with PyTorch's, each from the same weights and vectors, and the gradient of the first.
    fn check<C: Critic>(&self, fresh: impl Fn() -> C) {
        let (fixture, name) = (self.fixture, self.name);
        let device = test_device();
        let weights = fixture.named(&format!("{name}.weights."));
        let picture = |side| fixture.tensor::<4>(&format!("{name}.{side}"), &device);
        let (real, fake) = (picture("real"), picture("fake"));
        for (term, wanted) in self.values[name].as_object().unwrap() {
            let mut critic = weights.clone().load_into(fresh()).unwrap();
            let reference = format!("{name}.reference");
            if fixture.has(&reference) {
                critic.set_reference(ReferenceBatch::new(fixture.tensor(&reference, &device)));
            }
            let mut recipe = no_penalties();
            let mut draws = VecDeque::new();
            match term.as_str() {
                "interpolated" => {
                    recipe.gradient_penalty = Some(1.0);
                    draws.extend(self.shares);
                }
                "dragan" => {
                    recipe.dragan = 1.0;
                    draws.extend(values(&fixture.data(&format!("{name}.noise"))));
                }
                _ => {
                    recipe.r1 = 1.0;
                    recipe.r1_every = 1;
                }
            }
            let penalties = Penalties::new(&recipe);
            let loss = penalties
                .loss(&critic, &real, &fake, 1, &mut Given(draws))
                .unwrap();
            let value = f64::from(loss.clone().into_scalar::<f32>());
            let wanted = wanted.as_f64().unwrap();
            assert!(
                (value / wanted - 1.0).abs() < 2e-5,
                "{name} {term}: {value}, not {wanted}"
            );
            if term == "interpolated" {
                self.check_gradient(critic, &loss);
            }
        }
    }

    /// The gradient is read from a step of gradient descent: the weights before and after.
    fn check_gradient<C: Critic>(&self, critic: C, loss: &Tensor<1>) {
        let wanted = self.fixture.named(&format!("{}.gradient.", self.name));
        let got = gradients(&critic, loss);
        let (mut error, mut norm) = (0.0, 0.0);
        for (key, wanted) in &wanted.0 {
            let got = got.0.get(key);
            let zeros = vec![0.0; wanted.num_elements()];
            let got = got.map_or(&zeros[..], values);
            for (got, wanted) in got.iter().zip(values(wanted)) {
                error += f64::from(got - wanted).powi(2);
                norm += f64::from(*wanted).powi(2);
            }
        }
        let relative = (error / norm).sqrt();
        assert!(relative < 1e-4, "{}: off by {relative}", self.name);
    }
}

/// The gradients of `loss` by the public names of the parameters.
pub fn gradients<N: Network>(network: &N, loss: &Tensor<1>) -> NamedTensors {
    use burn::module::{ModuleMapper, Param};

    /// Replaces parameters by their gradients.
    struct Gradient(burn::tensor::Gradients);

    impl ModuleMapper for Gradient {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if !param.is_require_grad() {
                return param;
            }
            let found = param.val().grad(&self.0);
            param.map(|value| {
                let zeros = value.clone().inner().zeros_like();
                Tensor::from_inner(found.unwrap_or(zeros))
            })
        }
    }

    let mapped = network.clone().map(&mut Gradient(loss.backward()));
    NamedTensors::from_network(&mapped)
}

#[test]
fn penalties_of_every_discriminator_equal_double_backward() {
    let fixture = Fixture::open("penalties.safetensors");
    let expected = json("penalties.json");
    let shares: Vec<f32> = expected["shares"]
        .as_array()
        .unwrap()
        .iter()
        .map(|share| share.as_f64().unwrap() as f32)
        .collect();
    let values = &expected["values"];
    let device = test_device().autodiff();
    let patch = |layers, norm| DiscriminatorRecipe {
        layers,
        norm,
        channels: 2,
        ..Recipe::defaults(Mode::Cycle).discriminator
    };
    let blur = |norm| DiscriminatorRecipe {
        downsample: Downsample::Blur,
        ..patch(2, norm)
    };
    let pixel = |norm| DiscriminatorRecipe {
        arch: DiscriminatorArch::Pixel,
        channels: 4,
        ..patch(1, norm)
    };
    let with_minibatch =
        |minibatch_deviation, minibatch_discrimination, norm| DiscriminatorRecipe {
            minibatch_deviation,
            minibatch_discrimination,
            ..patch(2, norm)
        };
    let multiscale = |layers, scales, norm| DiscriminatorRecipe {
        scales,
        ..patch(layers, norm)
    };
    let start = || WeightInit::new(InitKind::Normal, 0.02, 1, 0, &device).with_reference_batch(3);
    let case = |name| Case {
        fixture: &fixture,
        name,
        values,
        shares: &shares,
    };
    for (name, recipe, input) in [
        ("patch_instance", patch(3, NormKind::Instance), 3),
        (
            "patch_instance_affine",
            patch(2, NormKind::InstanceAffine),
            1,
        ),
        ("patch_spectral", patch(2, NormKind::Spectral), 3),
        ("patch_none", patch(2, NormKind::None), 1),
        ("patch_blur", blur(NormKind::Instance), 1),
        ("patch_blur_spectral", blur(NormKind::Spectral), 1),
        (
            "patch_deviation",
            with_minibatch(true, 0, NormKind::Instance),
            1,
        ),
        (
            "patch_likeness",
            with_minibatch(false, 3, NormKind::Instance),
            1,
        ),
        ("patch_both", with_minibatch(true, 2, NormKind::Spectral), 1),
        ("patch_reference", patch(2, NormKind::ReferenceBatch), 1),
        ("patch_virtual", patch(2, NormKind::VirtualBatch), 1),
        ("pixel_instance", pixel(NormKind::Instance), 3),
        ("pixel_spectral", pixel(NormKind::Spectral), 3),
    ] {
        case(name).check(|| Discriminator::new(&mut start(), &recipe, input));
    }
    for (name, recipe) in [
        ("multiscale_instance", multiscale(2, 3, NormKind::Instance)),
        ("multiscale_spectral", multiscale(1, 2, NormKind::Spectral)),
    ] {
        case(name).check(|| MultiscaleDiscriminator::new(&mut start(), &recipe, 3));
    }
    for (name, norm) in [
        ("context_instance", NormKind::Instance),
        ("context_spectral", NormKind::Spectral),
    ] {
        let recipe = DiscriminatorRecipe {
            channels: 1,
            ..patch(1, norm)
        };
        case(name).check(|| ContextDiscriminator::new(&mut start(), &recipe, 32, 3));
    }
    assert_eq!(values.as_object().unwrap().len(), 17);
}

#[test]
fn five_steps_with_two_penalties_equal_pytorch() {
    check_pix2pix("training_penalties", |recipe, loss| {
        recipe.loss.gan = GanObjective::WganGp;
        recipe.loss.r1 = loss["r1"].as_f64().unwrap();
        recipe.loss.r1_every = number(loss, "r1_every");
    });
}

/// The penalty R1 is due in the first of every so many steps.
#[test]
fn lazy_penalties_are_zero_between() {
    for mut method in small(|recipe| {
        recipe.discriminator.norm = NormKind::Instance;
        recipe.loss.r1 = 1.0;
        recipe.loss.r1_every = 3;
    }) {
        for step in 1..=4 {
            let losses = method.step(
                batch(),
                StepContext {
                    step,
                    ..first_step()
                },
            );
            let penalties: Vec<f32> = losses
                .into_iter()
                .filter(|loss| loss.name.starts_with("D_penalty"))
                .map(|loss| loss.value.into_scalar::<f32>())
                .collect();
            assert!(!penalties.is_empty());
            let is_due = step == 1 || step == 4;
            assert!(penalties.iter().all(|penalty| (*penalty > 0.0) == is_due));
        }
    }
}

/// The critics of the modes whose networks are made from the whole recipe.
#[test]
fn critics_of_holes_and_of_large_pictures_are_penalised_too() {
    let fixture = Fixture::open("training_pix2pix.safetensors");
    let mut recipe = Recipe::defaults(Mode::Inpaint);
    recipe.generator.arch = GeneratorArch::Context;
    recipe.generator.channels = 1;
    recipe.discriminator.channels = 1;
    recipe.discriminator.norm = NormKind::Instance;
    recipe.data.crop_size = 32;
    recipe.loss.gan = GanObjective::WganGp;
    let mut method = translate::train::build(&recipe, &test_device()).unwrap();
    let mut given = batch();
    let mask: Vec<f32> = (0..32 * 32)
        .map(|place| {
            f32::from(u8::from(
                (8..24).contains(&(place / 32)) && (8..24).contains(&(place % 32)),
            ))
        })
        .collect();
    given.mask = Some(burn::tensor::TensorData::new(mask, [1, 1, 32, 32]));
    given.b = crate::training::sample(&fixture.data("input_a"), 0);
    let losses = method.step(given, first_step());
    assert!(losses.iter().any(|loss| loss.name == "D_penalty"));

    let mut recipe = Recipe::defaults(Mode::Pix2pixhd);
    recipe.generator.channels = 1;
    recipe.generator.downsamplings = 1;
    recipe.generator.blocks = 1;
    recipe.discriminator.channels = 1;
    recipe.discriminator.layers = 1;
    recipe.data.classes = 0;
    recipe.data.instances = false;
    recipe.loss.gan = GanObjective::WganGp;
    let mut method = translate::train::build(&recipe, &test_device()).unwrap();
    let losses = method.step(batch(), first_step());
    assert!(losses.iter().any(|loss| loss.name == "D_penalty"));
}
