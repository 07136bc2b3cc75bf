//! Recognising networks: whatever a recipe describes is found again in its weights, to the bit.

use burn::tensor::TensorData;
use proptest::prelude::*;
use translate::coarse_to_fine::{MultiscaleDiscriminator, encoder};
use translate::config::{
    DiscriminatorArch, DiscriminatorRecipe, Downsample, GeneratorArch, GeneratorRecipe, InitKind,
    Mode, NormKind, Recipe, Upsample,
};
use translate::nn::{Discriminator, Generator, NamedTensors, WeightInit};
use translate::style::import::{
    Architecture, DetectedNetwork, Hints, ImportOptions, WeightFile, import,
};
use translate::style::{Manifest, StyleFolder, generator_state_dict};

use crate::device::test_device;

fn init(seed: u64) -> WeightInit {
    WeightInit::new(InitKind::Normal, 0.5, seed, 0, &test_device())
}

fn norms() -> impl Strategy<Value = NormKind> {
    prop_oneof![
        Just(NormKind::Batch),
        Just(NormKind::Instance),
        Just(NormKind::InstanceAffine),
        Just(NormKind::None),
    ]
}

fn archs() -> impl Strategy<Value = GeneratorArch> {
    prop_oneof![
        Just(GeneratorArch::Unet64),
        Just(GeneratorArch::Unet128),
        Just(GeneratorArch::Unet256),
        Just(GeneratorArch::Unet512),
        Just(GeneratorArch::Resnet6Blocks),
        Just(GeneratorArch::Resnet9Blocks),
    ]
}

fn colours() -> impl Strategy<Value = usize> {
    prop_oneof![Just(1usize), Just(3)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_generator_is_recognised_and_comes_back_to_the_bit(
        arch in archs(),
        norm in norms(),
        channels in 1usize..5,
        (input, output) in (colours(), colours()),
        (dropout, resize) in (any::<bool>(), any::<bool>()),
        prefix in prop_oneof![Just(""), Just("module."), Just("netG.module.")],
        seed in 0u64..1000,
    ) {
        let recipe = GeneratorRecipe {
            arch,
            norm,
            channels,
            dropout,
            upsample: if resize { Upsample::Resize } else { Upsample::Deconv },
            ..Recipe::defaults(Mode::Pix2pix).generator
        };
        let network = Generator::new(&mut init(seed), &recipe, input, output);
        let weights = NamedTensors::from_network(&network);
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("weights.safetensors");
        let renamed = weights.0.iter().map(|(name, data)| (format!("{prefix}{name}"), data.clone()));
        std::fs::write(&file, NamedTensors(renamed.collect()).to_safetensors().unwrap()).unwrap();

        let options = ImportOptions {
            file,
            key: None,
            hints: Hints::default(),
            arch: None,
            mode: None,
            direction: None,
            overwrite: false,
        };
        let style = StyleFolder::new(place.path().join("style"));
        let imported = import(&style, &options, &test_device()).unwrap();
        let Architecture::Generator { recipe: found, input: from, output: to } = imported.architecture else {
            panic!("no generator");
        };
        // The weights of a U-Net do not tell about dropout.
        let found = if recipe.size_multiple() > 4 { GeneratorRecipe { dropout, ..found } } else { found };
        prop_assert_eq!(found, recipe);
        prop_assert_eq!((from, to), (input, output));
        let stem = imported.path.file_stem().unwrap().to_str().unwrap();
        let read = NamedTensors::from_safetensors(&std::fs::read(&imported.path).unwrap()).unwrap();
        prop_assert!(read == weights);

        // Out again as a state dict, and in once more.
        let manifest = Manifest::read(&style).unwrap();
        let exported = generator_state_dict(&style, &manifest, None, &test_device()).unwrap();
        let file = place.path().join("exported.safetensors");
        std::fs::write(&file, exported.to_safetensors().unwrap()).unwrap();
        let second = StyleFolder::new(place.path().join("second"));
        let again = import(&second, &ImportOptions { file, ..options }, &test_device()).unwrap();
        prop_assert!(std::fs::read(again.path).unwrap() == std::fs::read(style.weights(stem)).unwrap());
    }

    #[test]
    fn a_discriminator_is_recognised(
        pixel in any::<bool>(),
        layers in 1usize..6,
        norm in norms(),
        channels in 1usize..5,
        input in 1usize..8,
    ) {
        let defaults = Recipe::defaults(Mode::Pix2pix).discriminator;
        let recipe = DiscriminatorRecipe {
            arch: if pixel { DiscriminatorArch::Pixel } else { DiscriminatorArch::Patch },
            layers: if pixel { defaults.layers } else { layers },
            norm,
            channels,
            ..defaults
        };
        let weights = NamedTensors::from_network(&Discriminator::new(&mut init(1), &recipe, input));
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("d.safetensors");
        std::fs::write(&path, weights.to_safetensors().unwrap()).unwrap();
        let file = WeightFile::open(&path).unwrap();
        let found = DetectedNetwork::find(&file, None, Hints::default(), &test_device()).unwrap();
        prop_assert_eq!(found.architecture, Architecture::Discriminator { recipe, input });
        prop_assert!(found.tensors == weights);
    }
}

/// The outer product of `row` with itself, once for each channel.
fn filter(channels: usize, row: &[f32]) -> TensorData {
    let products = (0..channels)
        .flat_map(|_| row)
        .flat_map(|down| row.iter().map(move |right| down * right));
    let products: Vec<f32> = products.collect();
    TensorData::new(products, [channels, 1, row.len(), row.len()])
}

#[test]
fn anti_aliased_networks_come_with_their_filters() {
    const HALVING: &[f32] = &[0.25, 0.5, 0.25];
    const DOUBLING: &[f32] = &[0.25, 0.75, 0.75, 0.25];
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("net_G.safetensors");
    let options = ImportOptions {
        file: file.clone(),
        key: None,
        hints: Hints::default(),
        arch: None,
        mode: None,
        direction: None,
        overwrite: false,
    };
    let write = |tensors: &NamedTensors| {
        std::fs::write(&file, tensors.to_safetensors().unwrap()).unwrap();
    };
    for (number, (downsample, upsample)) in [
        (Downsample::Blur, Upsample::Blur),
        (Downsample::Blur, Upsample::Deconv),
        (Downsample::Strided, Upsample::Blur),
    ]
    .into_iter()
    .enumerate()
    {
        let (blocks, output) = [(9, 3), (6, 3), (9, 1)][number];
        let recipe = GeneratorRecipe {
            arch: if blocks == 9 {
                GeneratorArch::Resnet9Blocks
            } else {
                GeneratorArch::Resnet6Blocks
            },
            norm: NormKind::Instance,
            channels: 2,
            downsample,
            upsample,
            ..Recipe::defaults(Mode::Pix2pix).generator
        };
        let network = Generator::new(&mut init(7), &recipe, 3, output);
        let plain = NamedTensors::from_network(&network);
        let mut whole = plain.clone();
        let mut add = |index: usize, channels, row| {
            let name = format!("model.{index}.filt");
            whole.0.insert(name, filter(channels, row));
        };
        let mut up = 10 + blocks;
        if downsample == Downsample::Blur {
            add(7, 4, HALVING);
            add(11, 8, HALVING);
            up += 2;
        }
        if upsample == Upsample::Blur {
            add(up, 8, DOUBLING);
            add(up + 4, 4, DOUBLING);
        }
        write(&whole);
        let style = StyleFolder::new(place.path().join(number.to_string()));
        let imported = import(&style, &options, &test_device()).unwrap();
        let wanted = Architecture::Generator {
            recipe,
            input: 3,
            output,
        };
        assert_eq!(imported.architecture, wanted);
        let kept = std::fs::read(&imported.path).unwrap();
        assert!(NamedTensors::from_safetensors(&kept).unwrap() == plain);
        let manifest = Manifest::read(&style).unwrap();
        let mode = if output == 3 {
            Mode::Contrastive
        } else {
            Mode::Cycle
        };
        assert_eq!(manifest.recipe.mode, mode);
        let exported = generator_state_dict(&style, &manifest, None, &test_device()).unwrap();
        assert!(exported == whole);

        // Other filters are another network.
        let name = whole.0.keys().find(|name| name.contains(".filt"));
        let name = name.unwrap().clone();
        let channels = whole.0[&name].shape()[0];
        for (row, message) in [
            (&[0.2, 0.3, 0.3, 0.2][..], "has other numbers than CUT's"),
            (&[0.3, 0.4, 0.3], "has other numbers than CUT's"),
            (&[0.5, 0.5], "is [8, 1, 2, 2], where CUT has [8, 1"),
        ] {
            let mut other = whole.clone();
            let wanted = other.0[&name].shape()[3];
            if row.len() > 2 && row.len() != wanted {
                continue;
            }
            let message = message.replace("[8,", &format!("[{channels},"));
            other.0.insert(name.clone(), filter(channels, row));
            write(&other);
            let other = StyleFolder::new(place.path().join("other"));
            let error = import(&other, &options, &test_device()).unwrap_err();
            assert!(error.to_string().contains(&message), "{error}");
        }
    }
    for layers in [1, 3] {
        let recipe = DiscriminatorRecipe {
            layers,
            channels: 2,
            norm: NormKind::Instance,
            downsample: Downsample::Blur,
            ..Recipe::defaults(Mode::Pix2pix).discriminator
        };
        let plain = NamedTensors::from_network(&Discriminator::new(&mut init(1), &recipe, 3));
        let mut whole = plain.clone();
        for (index, channels) in [(2, 2), (6, 4), (10, 8)].into_iter().take(layers) {
            let name = format!("model.{index}.filt");
            whole.0.insert(name, filter(channels, HALVING));
        }
        let found = found(&whole);
        let wanted = Architecture::Discriminator { recipe, input: 3 };
        assert_eq!(found.architecture, wanted);
        assert!(found.tensors == plain);
    }
}

/// What is found in weights that are written to a file.
fn found(weights: &NamedTensors) -> DetectedNetwork {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("weights.safetensors");
    std::fs::write(&path, weights.to_safetensors().unwrap()).unwrap();
    let file = WeightFile::open(&path).unwrap();
    DetectedNetwork::find(&file, None, Hints::default(), &test_device()).unwrap()
}

/// None looks like instance norm in networks whose convolutions always have biases.
const HD_NORMS: [NormKind; 3] = [
    NormKind::Instance,
    NormKind::InstanceAffine,
    NormKind::Batch,
];

#[test]
fn the_networks_of_pix2pixhd_are_recognised() {
    for (index, (arch, downsamplings, blocks)) in [
        (GeneratorArch::Global, 4, 9),
        (GeneratorArch::Global, 3, 1),
        (GeneratorArch::Local, 4, 9),
        (GeneratorArch::Local, 1, 2),
        // At the places of CycleGAN's generator.
        (GeneratorArch::Global, 2, 9),
        (GeneratorArch::Global, 2, 1),
        (GeneratorArch::Global, 1, 5),
    ]
    .into_iter()
    .enumerate()
    {
        for norm in HD_NORMS {
            for upsample in [Upsample::Deconv, Upsample::Resize] {
                let recipe = GeneratorRecipe {
                    arch,
                    norm,
                    upsample,
                    channels: 1 + index,
                    downsamplings,
                    blocks,
                    // A global generator does not tell of enhancers.
                    enhancers: if index == 3 { 2 } else { 1 },
                    enhancer_blocks: if index == 3 { 1 } else { 3 },
                    ..Recipe::defaults(Mode::Pix2pixhd).generator
                };
                let weights =
                    NamedTensors::from_network(&Generator::new(&mut init(3), &recipe, 7, 3));
                let found = found(&weights);
                let wanted = Architecture::Generator {
                    recipe,
                    input: 7,
                    output: 3,
                };
                assert_eq!(found.architecture, wanted);
                assert!(found.tensors == weights);
            }
        }
    }
    for (norm, scales, layers) in [(NormKind::Instance, 3, 3), (NormKind::Batch, 1, 2)] {
        let recipe = DiscriminatorRecipe {
            norm,
            scales,
            layers,
            channels: 2,
            ..Recipe::defaults(Mode::Pix2pixhd).discriminator
        };
        let network = MultiscaleDiscriminator::new(&mut init(4), &recipe, 9);
        let found = found(&NamedTensors::from_network(&network));
        assert_eq!(
            found.architecture,
            Architecture::Discriminator { recipe, input: 9 }
        );
    }
    let mut recipe = Recipe::defaults(Mode::Pix2pixhd);
    recipe.encoder.features = 3;
    recipe.encoder.channels = 2;
    for downsamplings in [1, 4] {
        recipe.encoder.downsamplings = downsamplings;
        let network = encoder(&mut init(5), &recipe);
        let found = found(&NamedTensors::from_network(&network));
        let wanted = Architecture::Encoder {
            recipe: recipe.encoder.clone(),
            norm: NormKind::Instance,
            upsample: Upsample::Deconv,
            input: 3,
        };
        assert_eq!(found.architecture, wanted);
    }
}
