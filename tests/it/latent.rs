//! Generators with a latent code, and their training, compute what their PyTorch originals compute.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use translate::config::{GeneratorArch, GeneratorRecipe, LatentPlace, Mode, NormKind, Recipe};
use translate::data::Batch;
use translate::nn::{
    BandLimits, Discriminator, ForwardMode, Generator, NamedTensors, NormStats, ResnetGenerator,
    Unet, with_code,
};
use translate::paired::{BicycleGan, BicycleNetworks, CodeEncoder};
use translate::style::onnx::OnnxOptions;

use crate::bands::{in_bands, largest_difference};
use crate::device::test_device;
use crate::export_onnx::{exported_pictures, options};
use crate::fixture::{Fixture, distance, json, values};
use crate::onnx_interpreter::interpret;
use crate::penalties::gradients;
use crate::training::{RATE, check_steps, init, number};

const TOLERANCE: f64 = 4e-5;
const LATENT: usize = 3;

fn recipe() -> Recipe {
    let mut recipe = Recipe::defaults(Mode::Pix2pix);
    recipe.apply_latent_defaults();
    recipe.generator.latent = LATENT;
    recipe
}

/// The smallest U-Net of a size of its own, which takes its code there.
fn unet(latent_at: LatentPlace) -> GeneratorRecipe {
    GeneratorRecipe {
        arch: GeneratorArch::Unet64,
        channels: 1,
        latent_at,
        ..recipe().generator
    }
}

const PLACES: [(&str, LatentPlace); 2] = [
    ("forward_code_input", LatentPlace::Input),
    ("forward_code_all", LatentPlace::All),
];

fn generator(recipe: &GeneratorRecipe, weights: NamedTensors, device: &Device) -> Generator {
    let whole = Recipe {
        generator: recipe.clone(),
        ..self::recipe()
    };
    let generator = Generator::new(&mut init(&whole, device), recipe, 3, 3);
    weights.load_into(generator).unwrap()
}

#[test]
fn generators_equal_pytorch_and_hand_gradients_to_the_code() {
    let device = test_device();
    for (name, place) in PLACES {
        let fixture = Fixture::open(&format!("{name}.safetensors"));
        let generator = generator(&unet(place), fixture.named("weights."), &device);
        let code = fixture.tensor::<2>("code", &device.clone().autodiff());
        let code = code.require_grad();
        let told = with_code(fixture.tensor("input", &device), code.clone());
        let output = generator.forward(told, ForwardMode::TRAINING);
        let output_data = output.clone().into_data();
        let difference = fixture.output_distance("output", &output_data).unwrap();
        assert!(difference < TOLERANCE, "{name}: {difference}");
        let gradients = output.square().mean().backward();
        let gradient = code.grad(&gradients).unwrap().into_data();
        let wanted = fixture.data("code_gradient");
        let largest = values(&wanted)
            .iter()
            .fold(0.0f32, |most, x| most.max(x.abs()));
        let difference = distance(&gradient, &wanted);
        assert!(
            difference < 1e-4 * f64::from(largest),
            "{name}: {difference}"
        );
    }
}

#[test]
fn the_encoder_equals_pytorch_with_its_gradients() {
    let fixture = Fixture::open("forward_code_encoder.safetensors");
    let device = test_device();
    let mut recipe = recipe();
    recipe.encoder.channels = 2;
    let encoder = CodeEncoder::new(&mut init(&recipe, &device), &recipe);
    let encoder = fixture.named("weights.").load_into(encoder).unwrap();
    let law = encoder.forward(fixture.tensor("input", &device), ForwardMode::TRAINING);
    let (mean, log_variance) = (law.mean, law.log_variance);
    for (name, got) in [("mean", &mean), ("log_variance", &log_variance)] {
        let difference = distance(&got.clone().into_data(), &fixture.data(name));
        assert!(difference < TOLERANCE, "{name}: {difference}");
    }
    let loss = mean.square().mean() + log_variance.square().mean();
    let collected = gradients(&encoder, &loss);
    let (mut error, mut length) = (0.0, 0.0);
    for (name, wanted) in fixture.named("gradient.").0 {
        for (got, wanted) in values(&collected.0[&name]).iter().zip(values(&wanted)) {
            error += f64::from(got - wanted).powi(2);
            length += f64::from(*wanted).powi(2);
        }
    }
    assert!(
        (error / length).sqrt() < 1e-4,
        "{}",
        (error / length).sqrt()
    );
}

/// The method of a fixture of five steps, and the pictures of each step.
fn check_training(
    name: &str,
    norm: NormKind,
    generator: impl FnOnce(&mut Recipe, &Device) -> Generator,
) {
    let config = json(&format!("{name}.json"))["config"].clone();
    let mut recipe = recipe();
    for (part, channels) in [
        ("encoder", &mut recipe.encoder.channels),
        ("discriminator", &mut recipe.discriminator.channels),
    ] {
        *channels = number(&config[part], "channels");
    }
    recipe.generator.norm = norm;
    recipe.encoder.downsamplings = number(&config["encoder"], "downsamplings");
    recipe.discriminator.layers = number(&config["discriminator"], "layers");
    // The codes of a batch are drawn for all of it.
    recipe.train.micro_batch = number(&config, "batch");
    let device = test_device();
    let generator = generator(&mut recipe, &device);
    let mut start = init(&recipe, &device);
    let networks = BicycleNetworks {
        generator,
        encoder: CodeEncoder::new(&mut start, &recipe),
        discriminator: Discriminator::new(&mut start, &recipe.discriminator, 6),
        discriminator_random: (!recipe.discriminator.shared)
            .then(|| Discriminator::new(&mut start, &recipe.discriminator, 6)),
    };
    let mut method = BicycleGan::from_networks(&recipe, networks, &device);
    let fixture = Fixture::open(&format!("{name}.safetensors"));
    let count = number(&config, "batch");
    let step = |side: &str, index: usize| {
        let data = fixture.data(side);
        let mut shape = data.shape().to_vec();
        let length = shape[1..].iter().product::<usize>() * count;
        shape[0] = count;
        let part = values(&data)[index * length..(index + 1) * length].to_vec();
        TensorData::new(part, shape)
    };
    check_steps(name, &mut method, (RATE, RATE), |index| {
        let batch = Batch {
            a: step("input_a", index),
            b: step("input_b", index),
            mask: None,
            instances: None,
            features: None,
            names: Vec::new(),
        };
        (batch, 1)
    });
}

#[test]
fn five_steps_with_the_code_at_every_level_equal_pytorch() {
    check_training("training_bicycle_all", NormKind::Batch, |recipe, device| {
        recipe.generator.channels = 1;
        recipe.generator.latent_at = LatentPlace::All;
        let mut start = init(recipe, device);
        Generator::Unet(Unet::new(&mut start, &recipe.generator, 5, 3, 3))
    });
}

#[test]
fn five_steps_of_a_resnet_with_one_discriminator_equal_pytorch() {
    check_training(
        "training_bicycle_input",
        NormKind::Instance,
        |recipe, device| {
            recipe.generator.channels = 2;
            recipe.discriminator.shared = true;
            let mut start = init(recipe, device);
            Generator::Resnet(ResnetGenerator::new(&mut start, &recipe.generator, 6, 3, 3))
        },
    );
}

#[test]
fn bands_and_onnx_models_give_what_the_whole_gives() {
    let device = Device::flex();
    for (name, place) in PLACES {
        let fixture = Fixture::open(&format!("{name}.safetensors"));
        let recipe = unet(place);
        let weights = fixture.named("weights.");
        let generator = generator(&recipe, weights.clone(), &device).valid();
        let picture = fixture.tensor::<4>("input", &device);
        let code = fixture.tensor::<2>("code", &device);
        let told = with_code(picture.clone(), code.clone());
        let one = told.clone().narrow(0, 1, 1);
        // Twice as high as wide, with statistics of all of it.
        let tall = Tensor::cat(vec![one.clone(), one.clone().flip([2])], 2);
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let whole = generator.forward(tall.clone(), mode).into_data();
        let folder = tempfile::tempdir().unwrap();
        for kept in [0, 1 << 40] {
            let limits = BandLimits {
                rows: Some(13),
                working: 1 << 18,
                kept,
                folder: folder.path().to_owned(),
            };
            let (banded, _) = in_bands(&generator, &tall, mode, &limits);
            let difference = largest_difference(whole.clone(), banded.into_data());
            assert!(difference < 2e-4, "{name}: {difference}");
        }

        let options = OnnxOptions {
            size: Some([64, 64]),
            ..options(NormStats::Batch)
        };
        let model = exported_pictures(&recipe, [3, 3], weights, &options);
        let code = code.reshape([2, LATENT, 1, 1]);
        let found = interpret(model.graph.as_ref().unwrap(), &[picture, code]);
        let difference = fixture.output_distance("output", &found).unwrap();
        assert!(difference < 5e-4, "{name}: {difference}");
        let code = model
            .metadata_props
            .iter()
            .find(|entry| entry.key == "code_length");
        assert_eq!(code.unwrap().value, "3");
    }
}

/// Spectral normalisation, moving averages, and norms without tensors have names that fit their networks.
#[test]
fn the_encoder_has_other_places_where_there_are_no_norms() {
    let mut recipe = recipe();
    recipe.encoder.channels = 2;
    recipe.encoder.downsamplings = 2;
    let names = |recipe: &Recipe| -> Vec<String> {
        let encoder = CodeEncoder::new(&mut init(recipe, &test_device()), recipe);
        let names = NamedTensors::from_network(&encoder).0.into_keys();
        names
            .filter(|name| name.rsplit('.').next() == Some("bias"))
            .collect()
    };
    let expected = |first: usize, second: usize| {
        [
            "conv.0.bias".to_owned(),
            format!("conv.1.conv.{first}.bias"),
            format!("conv.1.conv.{second}.0.bias"),
            "conv.1.shortcut.1.bias".to_owned(),
            "fc.0.bias".to_owned(),
            "fcVar.0.bias".to_owned(),
        ]
    };
    assert_eq!(names(&recipe), expected(2, 5));
    recipe.generator.norm = NormKind::None;
    assert_eq!(names(&recipe), expected(1, 3));
}
