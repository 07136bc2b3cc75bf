//! Convolutions in bfloat16: near those of 32 bits, on the devices that offer them.
//!
//! bfloat16 has 8 bits of precision, so that a rounding errs by up to 1/512 of the value.

use burn::tensor::{DType, Device, Tensor, TensorData};
use translate::config::{GeneratorArch, Mode, Recipe, Upsample};
use translate::device::DeviceName;
use translate::kernels::{
    ConvolutionShape, Precision, TransposedConvolutionShape, convolution, transposed_convolution,
};
use translate::method::{Method, StepContext};
use translate::nn::{ForwardMode, Generator, NormStats, WeightInit};

use crate::cli_support::{PIX2PIX, Place};
use crate::fixture::{Fixture, json};
use crate::training::{cycle_gan, recipe, sample};

/// The devices that offer it.
const DEVICES: &[DeviceName] = &[
    DeviceName::Cpu,
    #[cfg(feature = "libtorch")]
    DeviceName::LibTorch,
];

fn open(name: DeviceName) -> Device {
    name.open().unwrap().device
}

fn tensor<const D: usize>(dims: [usize; D], seed: usize, device: &Device) -> Tensor<D> {
    let values: Vec<f32> = (0..dims.iter().product::<usize>())
        .map(|index| ((index * 7919 + seed * 104_729) % 10_007) as f32 / 10_007.0 - 0.5)
        .collect();
    Tensor::from_data(TensorData::new(values, dims), device)
}

/// Norm of the difference, relative to that of `expected`.
fn error(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let norm = |values: &mut dyn Iterator<Item = f32>| -> f64 {
        values
            .map(|value| f64::from(value).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let difference = norm(&mut found.iter().zip(expected).map(|(a, b)| a - b));
    difference / norm(&mut expected.iter().copied())
}

fn vector<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.cast(DType::F32).into_data().try_into_vec().unwrap()
}

/// Output and gradients of input, weight and bias.
fn results(
    name: DeviceName,
    precision: Precision,
    transposed: bool,
    size: [usize; 2],
) -> Vec<Vec<f32>> {
    let device = &open(name);
    let leaf4 = |dims, seed| Tensor::from_inner(tensor::<4>(dims, seed, device)).require_grad();
    let input = leaf4([2, 12, size[0], size[1]], 1);
    let weight = leaf4(
        if transposed {
            [12, 10, 4, 4]
        } else {
            [10, 12, 4, 4]
        },
        2,
    );
    let bias = Tensor::from_inner(tensor::<1>([10], 3, device)).require_grad();
    let output = if transposed {
        let shape = TransposedConvolutionShape {
            stride: 2,
            padding: 1,
            output_padding: 1,
            precision,
        };
        transposed_convolution(input.clone(), weight.clone(), Some(bias.clone()), shape)
    } else {
        let shape = ConvolutionShape {
            stride: 2,
            padding: 1,
            precision,
        };
        convolution(input.clone(), weight.clone(), Some(bias.clone()), shape)
    };
    // Sums of `cpu` keep their 32 bits.
    let expected_type = if precision == Precision::Bf16 && name != DeviceName::Cpu {
        DType::BF16
    } else {
        DType::F32
    };
    assert_eq!(output.dtype(), expected_type);
    let factors = Tensor::from_inner(tensor(output.dims(), 4, device));
    let gradients = (output.clone().cast(DType::F32) * factors).sum().backward();
    assert_eq!(input.grad(&gradients).unwrap().dtype(), DType::F32);
    vec![
        vector(output.inner()),
        vector(input.grad(&gradients).unwrap()),
        vector(weight.grad(&gradients).unwrap()),
        vector(bias.grad(&gradients).unwrap()),
    ]
}

#[test]
fn convolutions_and_their_gradients_are_near_those_of_32_bits() {
    for name in DEVICES {
        for transposed in [false, true] {
            for size in [[17, 13], [5, 4]] {
                // LibTorch calculates the smaller ones in 32 bits, and only rounds the output.
                let is_rounded = size == [17, 13] || *name == DeviceName::Cpu;
                let found = results(*name, Precision::Bf16, transposed, size);
                let expected = results(*name, Precision::F32, transposed, size);
                for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    let error = error(found, expected);
                    // The gradient of the bias on `cpu` is a sum of 32 bits.
                    let is_exact = index == 3 && *name == DeviceName::Cpu;
                    let least = if (is_rounded || index == 0) && !is_exact {
                        1e-5
                    } else {
                        0.0
                    };
                    assert!(
                        error >= least && error < 1e-2,
                        "{name}, part {index}: {error}"
                    );
                }
            }
        }
    }
}

/// A whole network: the errors of its layers add up.
#[test]
fn generators_are_near_those_of_32_bits() {
    let networks = [
        (GeneratorArch::Unet64, Upsample::Deconv),
        (GeneratorArch::Unet64, Upsample::Resize),
        (GeneratorArch::Resnet6Blocks, Upsample::Deconv),
        (GeneratorArch::Resnet6Blocks, Upsample::Blur),
    ];
    let cases = DEVICES
        .iter()
        .flat_map(|name| networks.map(|network| (*name, network)));
    for (name, (arch, upsample)) in cases {
        let device = open(name);
        let run = |precision, ready| {
            let mut recipe = Recipe::defaults(Mode::Pix2pix);
            recipe.generator.arch = arch;
            recipe.generator.upsample = upsample;
            // Enough to fill tiles of 32.
            recipe.generator.channels = 32;
            recipe.train.precision = precision;
            let mut init = WeightInit::from_recipe(&recipe, 0, &device);
            let mut generator = Generator::new(&mut init, &recipe.generator, 3, 3);
            if ready {
                generator = generator.prepack_weights(&recipe.generator, precision);
            }
            let mode = ForwardMode::inference(NormStats::Batch, false);
            let output = generator.forward(tensor([1, 3, 64, 64], 5, &device), mode);
            assert_eq!(output.dtype(), DType::F32);
            vector(output)
        };
        let expected = run(Precision::F32, false);
        let found = [false, true].map(|ready| run(Precision::Bf16, ready));
        for found in &found {
            let error = error(found, &expected);
            assert!(
                error > 0.0 && error < 5e-2,
                "{name}, {arch:?}, {upsample:?}: {error}"
            );
        }
        if name == DeviceName::Cpu {
            assert_eq!(found[0], found[1], "{arch:?}, {upsample:?}");
        }
    }
}

/// Losses of the first steps of a PyTorch run in 32 bits, within 5 %: Adam makes full steps of small differences.
#[test]
fn losses_of_five_steps_are_near_those_of_pytorch() {
    for name in DEVICES {
        losses_are_near(&open(*name));
    }
}

fn losses_are_near(device: &Device) {
    let fixture = Fixture::open("training_cycle.safetensors");
    let expected = json("training_cycle.json");
    let mut recipe = recipe(Mode::Cycle, &expected["config"]);
    recipe.train.precision = Precision::Bf16;
    let mut method = cycle_gan(&recipe, &expected["config"], device);
    for stem in method.networks() {
        method
            .load_weights(stem, fixture.named(&format!("initial.{stem}.")))
            .unwrap();
    }
    let (a, b) = (fixture.data("input_a"), fixture.data("input_b"));
    for (index, losses) in expected["losses"].as_array().unwrap().iter().enumerate() {
        let batch = translate::data::Batch {
            a: sample(&a, index),
            b: sample(&b, index),
            mask: None,
            instances: None,
            features: None,
            names: Vec::new(),
        };
        let context = StepContext {
            step: index as u64 + 1,
            epoch: 1,
            seed: 0,
            position: 0,
            generator_rate: 2e-4,
            discriminator_rate: 2e-4,
            detail: 1.0,
            reducer: None,
        };
        for loss in method.step(batch, context) {
            let found = f64::from(loss.value.into_scalar::<f32>());
            let expected = losses[loss.name].as_f64().unwrap();
            let difference = (found - expected).abs() / expected.abs();
            assert!(difference < 5e-2, "{} {found} {expected}", loss.name);
        }
    }
}

#[test]
fn every_mode_trains_and_translates_in_it() {
    let place = Place::new();
    for device in DEVICES {
        for (mode, size) in [
            ("pix2pix --set generator.arch=unet_64", "64"),
            ("cycle", "32"),
            (
                "pix2pixhd --set generator.downsamplings=2 --set generator.blocks=1",
                "64x32",
            ),
            ("inpaint --set generator.arch=context", "64"),
        ] {
            let line = format!(
                "bench --mode {mode} --size {size} --steps 1 --set generator.channels=4 \
                 --set discriminator.channels=4 --device {device} --precision bf16"
            );
            let run = place.run(&line).done();
            assert!(
                run.stdout.contains(&format!("on {device}, bf16")),
                "{run:#?}"
            );
        }
    }
}

#[test]
fn a_style_trained_in_it_goes_on_in_it_and_translates_in_both() {
    for device in DEVICES {
        let place = Place::with_pairs();
        let line = format!(
            "train {PIX2PIX} --steps 4 --set train.log_every=1 --name s --device {device} --precision bf16"
        );
        place.run(&line).done();
        let style = place.text("checkpoints/s/style.toml");
        assert!(style.contains("precision = \"bf16\""), "{style}");
        place
            .run(&format!(
                "train --resume --name s --device {device} --precision f32"
            ))
            .failed(2, &["train.precision: \"bf16\", now \"f32\""]);
        place
            .run(&format!(
                "train --resume --name s --device {device} --steps 6"
            ))
            .done();
        assert_eq!(place.last_step("s"), 6);
        place.picture("in/one.png", 64, 64, 1);
        let runs = [
            (*device, "bf16"),
            (*device, "f32"),
            (DeviceName::Cpu, "f32"),
        ];
        let [half, full, cpu] = runs.map(|(device, precision)| {
            let output = format!("{device}-{precision}-again");
            let line = format!(
                "apply --input in --style s --device {device} --precision {precision} --overwrite --output {output}"
            );
            place.run(&line).done();
            rgb(&place, &format!("{output}/one.png"))
        });
        assert!(mean(&full, &cpu) < 0.1, "{}", mean(&full, &cpu));
        assert!(mean(&half, &full) < 4.0, "{}", mean(&half, &full));
        assert!(mean(&half, &full) > 0.0);
    }
}

fn rgb(place: &Place, name: &str) -> image::RgbImage {
    image::open(place.path(name)).unwrap().into_rgb8()
}

/// Mean difference in levels.
fn mean(a: &image::RgbImage, b: &image::RgbImage) -> f64 {
    let pairs = a.as_raw().iter().zip(b.as_raw());
    let sum: u32 = pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    f64::from(sum) / a.as_raw().len() as f64
}

/// Each output is a sum in one order, wherever a band begins and whichever thread computes it.
#[test]
fn threads_and_bands_change_nothing_on_the_processor() {
    let place = Place::with_pairs();
    let losses = ["1", "2"].map(|threads| {
        let line = format!(
            "train {PIX2PIX} --steps 3 --set train.log_every=1 --name s{threads} --device cpu --precision bf16 \
             --threads {threads}"
        );
        place.run(&line).done();
        let lines = place.text(&format!("checkpoints/s{threads}/metrics.jsonl"));
        let of_line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["losses"].clone();
        lines.lines().map(of_line).collect::<Vec<_>>()
    });
    assert_eq!(losses[0].len(), 3);
    assert_eq!(losses[0], losses[1]);
    place.picture("in/one.png", 100, 300, 1);
    let [whole, bands] = ["off", "64"].map(|tile| {
        let line = format!(
            "apply --input in --style s1 --device cpu --precision bf16 --tile {tile} --output tile-{tile}"
        );
        place.run(&line).done();
        rgb(&place, &format!("tile-{tile}/one.png"))
    });
    assert!(mean(&whole, &bands) < 0.01, "{}", mean(&whole, &bands));
}

#[cfg(feature = "libtorch")]
#[test]
fn a_gpu_that_is_not_there_is_an_error() {
    if DeviceName::LibTorchCuda(0).open().is_ok() {
        println!("skipped: there is a GPU");
        return;
    }
    // What lacks is the driver, or all of CUDA where LibTorch is that for the processor.
    let lacks = if tch::utils::has_cudart() {
        "no NVIDIA GPU"
    } else {
        "`scripts/libtorch.sh cuda` installs the other"
    };
    Place::new()
        .run("bench --mode cycle --size 32 --device libtorch-cuda")
        .failed(1, &["device `libtorch-cuda:0` does not answer", lacks]);
}

/// Whether the processor has what `cpu` computes bfloat16 with.
#[cfg(target_os = "linux")]
fn has_bfloat16() -> bool {
    let flags = std::fs::read_to_string("/proc/cpuinfo").unwrap();
    flags.split_whitespace().any(|flag| flag == "avx512_bf16")
}

#[cfg(target_os = "linux")]
#[test]
fn a_processor_without_it_is_told_of_once() {
    let place = Place::with_pairs();
    place.picture("in/one.png", 64, 64, 1);
    let bench = "bench --mode cycle --size 32 --steps 1 --set generator.channels=2 --set discriminator.channels=2";
    let train = format!("train {PIX2PIX} --steps 1 --name s");
    for line in [
        &*train,
        "apply in --style s --output out --overwrite",
        bench,
    ] {
        let line = format!("{line} --device cpu");
        let notes = |more: &str| {
            let run = place.run(&format!("{line} {more}")).done();
            run.stderr.matches("no instructions for bfloat16").count()
        };
        assert_eq!(notes("--precision f32"), 0, "{line}");
        let again = if line.starts_with("train") {
            "--overwrite"
        } else {
            ""
        };
        let wanted = usize::from(!has_bfloat16());
        assert_eq!(
            notes(&format!("--precision bf16 {again}")),
            wanted,
            "{line}"
        );
        assert_eq!(
            notes(&format!("--precision bf16 --quiet {again}")),
            0,
            "{line}"
        );
    }
}
