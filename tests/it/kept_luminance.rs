//! Brightness and contrast of pictures, and what of them translations keep.

use std::path::Path;

use burn::tensor::{Tensor, TensorData};
use image::{DynamicImage, ImageBuffer, Rgb, Rgba};
use translate::apply::{ApplyOptions, OutputSize, TileSize, Tiling};
use translate::config::{GeneratorArch, GeneratorRecipe, Mode, Overlay, Recipe};
use translate::data::Batch;
use translate::nn::{ForwardMode, NamedTensors, NormStats};
use translate::picture::{KeptShares, LuminanceMatch, LuminanceSums};

use crate::apply_network::{Network, apply, folder, noise};
use crate::cli_support::{CONTRASTIVE, Place};
use crate::device::test_device;
use crate::export_onnx::{exported_pictures, network, options};
use crate::fixture::{Fixture, distance};
use crate::onnx_interpreter::interpret;

fn values(data: &TensorData) -> Vec<f32> {
    data.iter::<f32>().collect()
}

fn matching(kept: KeptShares, picture: &[f32], channels: usize) -> LuminanceMatch {
    let mut sums = LuminanceSums::default();
    sums.add(picture, channels);
    LuminanceMatch {
        kept,
        picture: sums.luminance(),
    }
}

#[test]
fn translations_are_those_of_the_reference() {
    let fixture = Fixture::open("luminance.safetensors");
    for (name, channels) in [("colour", 3), ("grey", 1)] {
        let data = |part: &str| values(&fixture.data(&format!("{name}.{part}")));
        let shares = fixture.config()["shares"].as_array().unwrap().clone();
        for (index, shares) in shares.iter().enumerate() {
            let kept = KeptShares {
                brightness: shares[0].as_f64().unwrap(),
                contrast: shares[1].as_f64().unwrap(),
            };
            let mut made = data("translation");
            matching(kept, &data("picture"), channels).change_all(&mut made, channels);
            let pairs = made.iter().zip(data(&index.to_string()));
            let largest = pairs.fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(largest < 2e-6, "{name} {shares}: {largest}");
        }
    }
}

fn translated(file: &Path, options: &ApplyOptions) -> DynamicImage {
    let output = folder();
    // Dark and dull.
    let mut network = Network::new(|values, _| {
        let dull = values.into_iter().map(|value| 0.3 * value - 0.1);
        Ok(dull.collect())
    });
    network.kept = KeptShares {
        brightness: 1.0,
        contrast: 1.0,
    };
    let summary = apply(file, output.path(), &mut network, options).unwrap();
    let report = summary.files().next().unwrap();
    assert_eq!(report.error, None);
    image::open(report.output.as_deref().unwrap()).unwrap()
}

#[test]
fn the_luminance_is_that_of_the_picture_on_every_way_through_the_network() {
    let input = folder();
    let noise = noise(61, 45, 4);
    let picture = ImageBuffer::from_fn(61, 45, |x, y| {
        // Neither black nor white, which changes would clip.
        let [red, green, blue] = noise.get_pixel(x, y).0.map(|level| 60 + level / 2);
        // Nowhere fully transparent: what is hidden there is not what the network sees.
        Rgba([red, green / 2 + 40, blue, (x * 4 + 1) as u8])
    });
    let deep = ImageBuffer::from_fn(61, 45, |x, y| {
        Rgba(
            picture
                .get_pixel(x, y)
                .0
                .map(|level| u16::from(level) * 257),
        )
    });
    let files = [
        ("eight.png", DynamicImage::ImageRgba8(picture)),
        ("sixteen.png", DynamicImage::ImageRgba16(deep)),
    ];
    let tiling = |tile, overlap| Tiling { tile, overlap };
    for (name, picture) in files {
        let path = input.path().join(name);
        picture.save(&path).unwrap();
        for (tiling, size, most) in [
            (tiling(TileSize::Off, None), OutputSize::Keep, 1.0),
            (tiling(TileSize::Side(8), None), OutputSize::Keep, 1.0),
            (tiling(TileSize::Side(16), Some(4)), OutputSize::Keep, 1.0),
            // What is resized and brought back is not the same, but as bright.
            (tiling(TileSize::Off, None), OutputSize::Width(122), 255.0),
            (
                tiling(TileSize::Side(8), None),
                OutputSize::Width(122),
                255.0,
            ),
        ] {
            let options = ApplyOptions {
                tiling,
                size,
                restore: size != OutputSize::Keep,
                ..ApplyOptions::default()
            };
            let made = translated(&path, &options);
            assert_eq!(made.color(), picture.color());
            let (made, seen) = (made.to_rgba32f(), picture.to_rgba32f());
            let mut means = [0.0; 2];
            for (made, seen) in made.pixels().zip(seen.pixels()) {
                let grey =
                    |[red, green, blue, _]: [f32; 4]| 0.299 * red + 0.587 * green + 0.114 * blue;
                let luminance = grey(seen.0);
                means[0] += grey(made.0);
                means[1] += luminance;
                for channel in 0..3 {
                    // Colours are those of the network, whose deviation from grey is 0.3 of the picture's.
                    let wanted = luminance + 0.3 * (seen.0[channel] - luminance);
                    let levels = 255.0 * (made.0[channel] - wanted).abs();
                    assert!(levels <= most, "{name} {options:?}: {levels}");
                }
                assert!((made.0[3] - seen.0[3]).abs() < 1e-6);
            }
            let difference = 255.0 * (means[0] - means[1]).abs() / (61.0 * 45.0);
            assert!(difference < 0.3, "{name} {options:?}: {difference}");
        }
    }
}

#[test]
fn a_style_says_what_its_translations_keep() {
    let place = Place::new();
    for index in 0..3 {
        place.picture(&format!("data/trainA/{index}.png"), 20, 18, index);
        place.picture(&format!("data/trainB/{index}.png"), 20, 18, 9 + index);
    }
    // Of 16 bits, as its translations are then.
    let level = |x: u32, y: u32, step: u32| 12_000 + ((x * step + y * 701) % 41_000) as u16;
    let picture = ImageBuffer::from_fn(40, 31, |x, y| {
        Rgb([level(x, y, 911), level(x, y, 503), level(x, y, 1301)])
    });
    place.save("in/a.png", DynamicImage::ImageRgb16(picture));
    let keeps = "--set generator.keep_brightness=1 --set generator.keep_contrast=0.25";
    place
        .run(&format!(
            "train {CONTRASTIVE} --data data {keeps} --steps 1 --name s"
        ))
        .done();
    let translate = |output: &str| {
        place
            .run(&format!("apply --input in --style s --output {output}"))
            .done();
    };
    translate("kept");
    let manifest = place.text("checkpoints/s/style.toml");
    let own = manifest.replace("keep_brightness = 1.0", "keep_brightness = 0.0");
    let own = own.replace("keep_contrast = 0.25", "keep_contrast = 0.0");
    assert!(own.len() < manifest.len());
    place.write("checkpoints/s/style.toml", own);
    translate("own");
    let numbers = |name: &str| {
        let picture = image::open(place.path(name)).unwrap().into_rgb32f();
        let values = picture.as_raw().iter().map(|value| 2.0 * value - 1.0);
        let pixels: Vec<f32> = values.collect();
        let planes = |channel| pixels.iter().skip(channel).step_by(3).copied();
        (0..3).flat_map(planes).collect::<Vec<f32>>()
    };
    let kept = KeptShares {
        brightness: 1.0,
        contrast: 0.25,
    };
    let mut wanted = numbers("own/a.png");
    matching(kept, &numbers("in/a.png"), 3).change_all(&mut wanted, 3);
    let pairs = numbers("kept/a.png").into_iter().zip(wanted);
    let differences = pairs.map(|(found, wanted)| (found - wanted.clamp(-1.0, 1.0)).abs());
    let largest = differences.fold(0.0, f32::max);
    // Those of the network were rounded before they were changed here, to 16 bits.
    assert!(largest < 0.5 / 127.5, "{largest}");
    assert_ne!(place.read("kept/a.png"), place.read("own/a.png"));
}

#[test]
fn previews_and_evaluations_show_what_apply_makes() {
    for mode in [Mode::Contrastive, Mode::Cycle] {
        let mut recipe = Recipe::defaults(mode);
        recipe.generator.arch = GeneratorArch::Resnet6Blocks;
        recipe.generator.channels = 2;
        recipe.discriminator.channels = 2;
        recipe.discriminator.layers = 1;
        let batch = || {
            let side = |step: u64| {
                let value = |index: u64| ((index * step) % 101) as f32 / 100.0 - 0.7;
                TensorData::new((0..768).map(value).collect(), [1, 3, 16, 16])
            };
            Batch {
                a: side(7),
                b: side(11),
                mask: None,
                instances: None,
                features: None,
                names: Vec::new(),
            }
        };
        let shown = |recipe: &Recipe| {
            let device = test_device();
            device.seed(5);
            let method = translate::train::build(recipe, &device).unwrap();
            let preview = method.preview(batch());
            let translation = method.translations(batch()).remove(0).0;
            assert_eq!(preview[0][1], translation);
            (preview[0][0].clone(), translation)
        };
        let (_, own) = shown(&recipe);
        recipe.generator.keep_brightness = 0.75;
        let (picture, made) = shown(&recipe);
        let kept = KeptShares {
            brightness: 0.75,
            contrast: 0.0,
        };
        let mut wanted = values(&own);
        matching(kept, &values(&picture), 3).change_all(&mut wanted, 3);
        assert_eq!(values(&made), wanted, "{mode:?}");
        assert_ne!(made, own);
    }
}

#[test]
fn models_keep_what_the_style_keeps() {
    let device = test_device();
    let recipe = GeneratorRecipe {
        arch: GeneratorArch::Resnet6Blocks,
        channels: 2,
        keep_brightness: 1.0,
        keep_contrast: 0.5,
        ..Recipe::defaults(Mode::Cycle).generator
    };
    let network = network(&recipe);
    let weights = NamedTensors::from_network(&network);
    let model = exported_pictures(&recipe, [3, 1], weights, &options(NormStats::Batch));
    assert!(model.doc_string.contains("Brightness and contrast"));
    let value = |index: u64| ((index * 37) % 103) as f32 / 120.0 - 0.6;
    let pictures = TensorData::new((0..2 * 3 * 96).map(value).collect(), [2, 3, 12, 8]);
    let pictures = Tensor::<4>::from_data(pictures, &device);
    let found = interpret(
        model.graph.as_ref().unwrap(),
        std::slice::from_ref(&pictures),
    );
    let kept = KeptShares {
        brightness: 1.0,
        contrast: 0.5,
    };
    for index in 0..2 {
        let picture = pictures.clone().narrow(0, index, 1);
        let mode = ForwardMode::inference(NormStats::Batch, false);
        let own = network.forward(picture.clone(), mode).into_data();
        let mut wanted = values(&own);
        matching(kept, &values(&picture.into_data()), 3).change_all(&mut wanted, 1);
        for value in &mut wanted {
            *value = value.clamp(-1.0, 1.0);
        }
        let found = TensorData::new(values(&found)[index * 96..][..96].to_vec(), [1, 1, 12, 8]);
        let difference = distance(&found, &TensorData::new(wanted, [1, 1, 12, 8]));
        assert!(difference < 1e-5, "{difference}");
    }
}

#[test]
fn shares_are_shares_of_what_modes_without_pairs_have() {
    let resolve = |mode: Mode, settings: &[&str]| {
        let mut overlay = Overlay::default();
        for setting in settings {
            overlay.set(setting)?;
        }
        overlay.resolve(mode)
    };
    let both = ["generator.keep_brightness=1", "generator.keep_contrast=0.5"];
    for mode in [Mode::Cycle, Mode::Contrastive] {
        resolve(mode, &both).unwrap();
        for wrong in ["1.5", "-0.1", "nan"] {
            let setting = format!("generator.keep_contrast={wrong}");
            let error = resolve(mode, &[&setting]).unwrap_err().to_string();
            assert!(error.contains("generator.keep_contrast"), "{error}");
        }
        let bands = ["data.input_channels=4", "data.output_channels=4", both[0]];
        let error = resolve(mode, &bands).unwrap_err().to_string();
        assert!(error.contains("1 or 3 channels"), "{error}");
    }
    for mode in [Mode::Pix2pix, Mode::Pix2pixhd, Mode::Inpaint] {
        let error = resolve(mode, &both).unwrap_err().to_string();
        assert!(error.contains("generator.keep_brightness"), "{error}");
    }
}
