//! Context encoders and their losses compute what PyTorch computes.

use burn::tensor::{Distribution, Tensor, TensorData};
use serde_json::Value;
use translate::config::{
    Distance, GeneratorArch, GeneratorRecipe, HoleFill, InitKind, MaskKind, Mode, Overlay, Recipe,
};
use translate::inpainting::{
    ChannelWiseLinear, ContextDiscriminator, ContextEncoder, Inpainter, continued,
    reconstruction_loss, reconstruction_weights,
};
use translate::nn::{ForwardMode, NamedTensors, NormStats, WeightInit};

use crate::device::test_device;
use crate::fixture::{Fixture, distance, json, values};
use crate::forward::check;

fn init() -> WeightInit {
    WeightInit::new(InitKind::Normal, 0.02, 1, 0, &test_device())
}

fn number(config: &Value, key: &str) -> usize {
    config[key].as_u64().unwrap() as usize
}

#[test]
fn context_encoders_equal_pytorch() {
    for name in [
        "context_64",
        "context_32_whole",
        "context_bottleneck_32",
        "context_227",
    ] {
        let config = Fixture::open(&format!("forward_{name}.safetensors")).config();
        let recipe = GeneratorRecipe {
            arch: if name.contains("bottleneck") {
                GeneratorArch::ContextBottleneck
            } else {
                GeneratorArch::Context
            },
            channels: number(&config, "channels"),
            bottleneck: number(&config, "bottleneck"),
            ..Recipe::defaults(Mode::Inpaint).generator
        };
        let network = ContextEncoder::new(
            &mut init(),
            &recipe,
            number(&config, "side"),
            number(&config, "output_side"),
            number(&config, "colours"),
        );
        check(name, network, |network, input, mode| {
            network.forward(input, mode)
        });
    }
}

#[test]
fn context_discriminators_equal_pytorch() {
    for side in [32, 227] {
        let mut recipe = Recipe::defaults(Mode::Inpaint).discriminator;
        recipe.channels = 1;
        let network = ContextDiscriminator::new(&mut init(), &recipe, side, 1);
        let name = format!("context_discriminator_{side}");
        check(&name, network, |network, input, mode| {
            network.forward(input, mode)
        });
    }
}

#[test]
fn the_channel_wise_layer_has_m_times_n_to_the_fourth_weights() {
    for (maps, side) in [(1usize, 3usize), (5, 4), (16, 6)] {
        let layer = ChannelWiseLinear::new(&mut init(), maps, side);
        assert_eq!(burn::module::Module::num_params(&layer), maps * side.pow(4));
        // No map sees another: what only the first map holds stays in the first.
        let mut values = vec![0.0f32; maps * side * side];
        values[..side * side].fill(1.0);
        let input = TensorData::new(values, [1, maps, side, side]);
        let output = layer.forward(Tensor::from_data(input, &test_device()));
        let output: Vec<f32> = output.into_data().try_into_vec().unwrap();
        assert!(output[..side * side].iter().all(|&value| value != 0.0));
        assert!(output[side * side..].iter().all(|&value| value == 0.0));
    }
}

/// Shape of the output for a picture of `side`, by the settings of a recipe.
fn output_side(side: usize, settings: &[&str]) -> usize {
    let mut overlay = Overlay::default();
    for setting in settings.iter().copied().chain(["generator.channels=2"]) {
        overlay.set(setting).unwrap();
    }
    overlay.set(&format!("data.crop_size={side}")).unwrap();
    let recipe = overlay.resolve(Mode::Inpaint).unwrap();
    let device = test_device();
    let network = Inpainter::new(&mut init(), &recipe);
    let picture = Tensor::<4>::zeros([1, 3, side, side], &device);
    let mask = Tensor::<4>::zeros([1, 1, side, side], &device);
    let mode = translate::nn::ForwardMode::inference(translate::nn::NormStats::Running, false);
    let [_, channels, height, width] = network.forward(picture, mask, mode).dims();
    assert_eq!((channels, height), (3, width));
    height
}

#[test]
fn the_depth_follows_the_size_of_the_picture() {
    for side in [32, 64, 128, 256] {
        assert_eq!(output_side(side, &[]), side / 2);
        assert_eq!(output_side(side, &["data.masks=regions"]), side);
        let bottleneck = [
            "generator.arch=context_bottleneck",
            "generator.bottleneck=8",
        ];
        assert_eq!(output_side(side, &bottleneck), side / 2);
    }
    assert_eq!(output_side(227, &[]), 227);
    assert_eq!(output_side(227, &["generator.upsample=resize"]), 227);
    assert_eq!(output_side(64, &["generator.upsample=resize"]), 32);
    assert_eq!(output_side(64, &["generator.arch=unet_64"]), 64);
    assert_eq!(output_side(48, &["generator.arch=resnet_6blocks"]), 48);
}

#[test]
fn the_encoder_of_227_pixels_ends_in_six_by_six_by_256() {
    let mut recipe = Recipe::defaults(Mode::Inpaint);
    recipe.data.crop_size = 227;
    let network = Inpainter::new(&mut WeightInit::zeros(&test_device()), &recipe);
    let tensors = NamedTensors::from_network(&network).0;
    let channel_wise = tensors.values().find(|data| data.shape().len() == 3);
    assert_eq!(channel_wise.unwrap().shape().to_vec(), [256, 36, 36]);
    let first = tensors["main.0.weight"].shape().to_vec();
    assert_eq!(first, [96, 3, 11, 11]);
    let up = tensors
        .values()
        .filter(|data| data.shape().to_vec().ends_with(&[5, 5]));
    // The second convolution and the five up-convolutions.
    assert_eq!(up.count(), 6);
}

#[test]
fn the_unet_sees_the_mask() {
    let mut recipe = Recipe::defaults(Mode::Inpaint);
    recipe.generator.arch = GeneratorArch::Unet64;
    recipe.generator.channels = 2;
    recipe.data.masks = MaskKind::Strokes;
    let network = Inpainter::new(&mut init(), &recipe);
    let tensors = NamedTensors::from_network(&network).0;
    assert_eq!(
        tensors["model.model.0.weight"].shape().to_vec(),
        [2, 4, 4, 4]
    );
}

/// A network that adds nothing gives the continuation, whatever is hidden in the holes, and its weights have the usual names.
#[test]
fn a_unet_adds_to_a_smooth_continuation() {
    let device = test_device();
    let mut recipe = Recipe::defaults(Mode::Inpaint);
    recipe.generator.arch = GeneratorArch::Unet64;
    recipe.generator.channels = 2;
    recipe.generator.hole_fill = HoleFill::Smooth;
    let network = Inpainter::new(&mut WeightInit::zeros(&device), &recipe);
    let tensors = NamedTensors::from_network(&network).0;
    let first = tensors["model.model.0.weight"].shape().to_vec();
    assert_eq!(first, [2, 4, 4, 4]);
    let law = Distribution::Uniform(-1.0, 1.0);
    let picture = Tensor::<4>::random([2, 3, 64, 128], law, &device);
    let mask = Tensor::<4>::random([2, 1, 64, 128], law, &device);
    let mask = mask.greater_elem(-0.5).float();
    let hidden = picture.clone() * (-mask.clone() + 1.0) + mask.clone() * 0.5;
    let mode = ForwardMode::inference(NormStats::Running, false);
    let output = network.forward(hidden, mask.clone(), mode).into_data();
    let wanted = continued(picture, mask, 6).into_data();
    let difference = distance(&output, &wanted);
    assert!(difference < 1e-6, "{difference}");
}

#[test]
fn the_loss_on_hole_and_band_has_hand_computed_values() {
    let device = test_device();
    let tensor = |values: Vec<f32>, height: usize, width: usize| {
        Tensor::<4>::from_data(TensorData::new(values, [1, 1, height, width]), &device)
    };
    // One row of seven pixels with a hole of one, and what is off there by the numbers 1 to 7.
    let mut hole = vec![0.0; 7];
    hole[3] = 1.0;
    let mask = tensor(hole, 1, 7);
    let target = tensor(vec![0.0; 7], 1, 7);
    let output = tensor((1..8).map(|value| value as f32).collect(), 1, 7);
    let loss = |overlap, distance| -> f64 {
        let weights = reconstruction_weights(mask.clone(), overlap);
        let loss = reconstruction_loss(output.clone(), target.clone(), weights, distance);
        f64::from(loss.into_scalar::<f32>())
    };
    for (overlap, distance, expected) in [
        (0, Distance::L2, 16.0),
        (0, Distance::L1, 4.0),
        // The hole with weight 1, its two neighbours with weight 10, over three pixels.
        (1, Distance::L2, (16.0 + 10.0 * (9.0 + 25.0)) / 3.0),
        (1, Distance::L1, (4.0 + 10.0 * (3.0 + 5.0)) / 3.0),
        (
            2,
            Distance::L1,
            (4.0 + 10.0 * (2.0 + 3.0 + 5.0 + 6.0)) / 5.0,
        ),
    ] {
        let got = loss(overlap, distance);
        assert!(
            (got - expected).abs() < 1e-4,
            "{overlap} {distance:?}: {got}"
        );
    }
    // A square band: diagonals count.
    let mut hole = vec![0.0; 25];
    hole[12] = 1.0;
    let weights = reconstruction_weights(tensor(hole, 5, 5), 1).into_data();
    let expected: Vec<f32> = (0..25)
        .map(|place| match (place, place / 5, place % 5) {
            (12, ..) => 1.0,
            (_, 1..=3, 1..=3) => 10.0,
            _ => 0.0,
        })
        .collect();
    assert_eq!(values(&weights), expected);
}

#[test]
fn the_loss_and_its_gradient_equal_pytorch() {
    let fixture = Fixture::open("reconstruction.safetensors");
    let expected = json("reconstruction.json");
    let device = test_device().autodiff();
    let plain = test_device();
    for overlap in [0, 1, 3] {
        let weights = reconstruction_weights(fixture.tensor("mask", &plain), overlap);
        let wanted = fixture.data(&format!("weights.{overlap}"));
        assert!(distance(&weights.clone().into_data(), &wanted) < 1e-6);
        for (name, kind) in [("l2", Distance::L2), ("l1", Distance::L1)] {
            let output = fixture.tensor::<4>("output", &device).require_grad();
            let target = fixture.tensor("target", &plain);
            let loss = reconstruction_loss(output.clone(), target, weights.clone(), kind);
            let gradient = output.grad(&loss.backward()).unwrap().into_data();
            let got = f64::from(loss.into_scalar::<f32>());
            let wanted = expected[format!("{name}.{overlap}")].as_f64().unwrap();
            assert!((got / wanted - 1.0).abs() < 1e-5, "{name} {overlap}: {got}");
            let wanted = fixture.data(&format!("gradient.{name}.{overlap}"));
            let largest = values(&wanted)
                .iter()
                .fold(0.0f32, |most, value| most.max(value.abs()));
            let error = distance(&gradient, &wanted) / f64::from(largest);
            assert!(error < 1e-5, "{name} {overlap}: {error}");
        }
    }
}
