//! Feature networks and resizing compared with the public tools.

use std::fmt::Write;

use burn::tensor::{Tensor, TensorData};
use image::RgbImage;
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};
use translate::features::{Dists, FeatureNetwork, Inception, Lpips, Resize, SIDE};

use super::feature_weights::{alexnet, inception, vgg16};
use super::fixture;

/// A picture of the fixture.
fn picture(name: &str) -> RgbImage {
    let bytes = std::fs::read(fixture::path("metrics.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = file.tensor(name).unwrap();
    let (height, width) = (tensor.shape()[0] as u32, tensor.shape()[1] as u32);
    RgbImage::from_raw(width, height, tensor.data().to_vec()).unwrap()
}

#[test]
fn resizing_is_that_of_the_tools_to_the_bit() {
    let expected = &fixture::json("metrics.json")["resized"];
    for name in ["small", "wide", "tall"] {
        for resize in [Resize::LegacyTf, Resize::Pytorch, Resize::Clean] {
            let input = resize.input(&picture(&format!("picture_{name}")));
            assert_eq!(input.len(), 3 * SIDE * SIDE);
            let digest = Sha256::digest(bytemuck::cast_slice::<f32, u8>(&input));
            let digest = digest.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
            let expected = expected[name][resize.name()].as_str().unwrap();
            assert_eq!(digest, expected, "{name} {}", resize.name());
        }
    }
}

#[test]
fn inception_is_that_of_torch_fidelity_and_pytorch_fid() {
    let device = super::device::test_device();
    let fixture = fixture::Fixture::open("metrics.safetensors");
    let network = Inception::from_weights(inception(), &device).unwrap();
    let picture = picture("picture_small");
    for (resize, name) in [
        (Resize::LegacyTf, "legacy_tf"),
        (Resize::Pytorch, "pytorch"),
    ] {
        let input = TensorData::new(resize.input(&picture), [1, 3, SIDE, SIDE]);
        let output = network.forward(Tensor::from_data(input, &device));
        let mut outputs = vec![("features", output.features)];
        if resize == Resize::LegacyTf {
            outputs.push(("logits", output.logits.unwrap()));
        }
        for (kind, output) in outputs {
            let expected = fixture.data(&format!("{kind}_{name}"));
            let expected = fixture::values(&expected);
            let output = output.into_data();
            let largest = expected
                .iter()
                .fold(0.0_f32, |most, value| most.max(value.abs()));
            for (got, expected) in fixture::values(&output).iter().zip(expected) {
                let error = (got - expected).abs();
                assert!(
                    error < 1e-4 * largest,
                    "{kind} {name}: {got}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn torchvisions_own_inception_is_refused() {
    let mut weights = inception();
    let data = weights.0["fc.bias"].clone();
    weights.0.insert("AuxLogits.fc.bias".to_owned(), data);
    let error = Inception::from_weights(weights, &super::device::test_device()).unwrap_err();
    assert!(error.to_string().contains("torchvision's own"), "{error}");
    let mut weights = inception();
    weights.0.remove("Mixed_6b.branch7x7_2.conv.weight");
    let error = Inception::from_weights(weights, &super::device::test_device()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`Mixed_6b.branch7x7_2.conv.weight` is missing"),
        "{error}"
    );
}

#[test]
fn perceptual_distances_are_those_of_their_packages() {
    let device = super::device::test_device();
    let expected = fixture::json("metrics.json");
    let (first, second) = (picture("pair_first"), picture("pair_second"));
    let (alexnet, vgg16) = (alexnet(), vgg16());
    let lpips = Lpips::from_weights(FeatureNetwork::AlexNet, &alexnet, &device).unwrap();
    let lpips_vgg = Lpips::from_weights(FeatureNetwork::Vgg16, &vgg16, &device).unwrap();
    let dists = Dists::from_weights(&vgg16, &device).unwrap();
    for (name, distance) in [
        ("lpips", lpips.distance(&first, &second)),
        ("lpips_vgg", lpips_vgg.distance(&first, &second)),
        ("dists", dists.distance(&first, &second)),
    ] {
        let expected = expected[name].as_f64().unwrap();
        assert!(
            (distance - expected).abs() < 1e-4 * expected,
            "{name}: {distance}, not {expected}"
        );
    }
    assert!(lpips.distance(&first, &first) <= 0.0);
    assert!(dists.distance(&first, &first) <= 0.0);
}
