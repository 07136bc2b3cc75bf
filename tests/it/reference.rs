//! Norms that take their statistics from a reference batch.

use burn::tensor::{Tensor, TensorData};
use safetensors::SafeTensors;
use translate::config::{GeneratorArch, GeneratorRecipe, InitKind, Mode, NormKind, Recipe};
use translate::data::Batch;
use translate::method::Method;
use translate::nn::{ForwardMode, Generator, Network, NormStats, ReferenceBatch, WeightInit};

use crate::cli_support::{CYCLE, PIX2PIX, Place, assert_same};
use crate::device::test_device;
use crate::fixture::{Fixture, distance};
use crate::training::{batch, check_pix2pix_with, first_step, samples, small};

#[test]
fn five_steps_with_both_norms_equal_pytorch() {
    let fixture = Fixture::open("training_reference.safetensors");
    check_pix2pix_with(
        "training_reference",
        |recipe, _| {
            recipe.generator.norm = NormKind::VirtualBatch;
            recipe.discriminator.norm = NormKind::ReferenceBatch;
            recipe.data.reference_batch = 3;
        },
        |method| {
            let reference = Batch {
                a: fixture.data("reference_a"),
                b: fixture.data("reference_b"),
                ..batch()
            };
            method.set_reference(&reference).unwrap();
        },
    );
}

/// Pictures for the reference batch of methods with pictures of 32 x 32.
fn reference() -> Batch {
    let fixture = Fixture::open("training_pix2pix.safetensors");
    let side = |name| samples(&fixture.data(name), 0, 4);
    Batch {
        a: side("input_a"),
        b: side("input_b"),
        ..batch()
    }
}

/// Methods of three modes, whose networks have taken a step.
fn trained(norm: NormKind) -> [Box<dyn Method>; 3] {
    small(|recipe| {
        recipe.generator.norm = norm;
        recipe.discriminator.norm = norm;
        recipe.data.reference_batch = 4;
        recipe.optim.ema = 0.9;
    })
    .map(|mut method| {
        method.set_reference(&reference()).unwrap();
        method.step(batch(), first_step());
        method
    })
}

/// What a style keeps is enough to translate as the network in training does, whose statistics are those of the batch itself.
#[test]
fn kept_statistics_translate_as_the_batch_does() {
    for norm in [NormKind::ReferenceBatch, NormKind::VirtualBatch] {
        let modes = [Mode::Pix2pix, Mode::Cycle, Mode::Contrastive];
        for (mode, method) in modes.into_iter().zip(trained(norm)) {
            let (stem, average) = (method.networks()[0], method.state());
            let mut init = WeightInit::zeros(&test_device()).with_reference_batch(4);
            let recipe = GeneratorRecipe {
                arch: GeneratorArch::Resnet6Blocks,
                channels: 2,
                norm,
                ..Recipe::defaults(mode).generator
            };
            let generator = Generator::new(&mut init, &recipe, 3, 3);
            let kept = average.tensors[&format!("{stem}_average")].clone();
            let generator = kept.load_into(generator).unwrap();
            let shown = method.preview(batch()).remove(0).remove(1);
            let input = Tensor::<4>::from_data(batch().a, &test_device());
            // Statistics of the picture itself are not asked for, whatever the mode says.
            for statistics in [NormStats::Batch, NormStats::Running] {
                let mode = ForwardMode::inference(statistics, false);
                let output = generator.forward(input.clone(), mode).into_data();
                let off = distance(&output, &shown);
                assert!(off < 1e-5, "{norm:?} {stem}: {off}");
            }
        }
    }
}

/// With reference norms a picture is translated alike whatever the others of its batch are.
#[test]
fn other_pictures_of_a_batch_have_no_effect() {
    let device = test_device();
    for norm in [NormKind::ReferenceBatch, NormKind::VirtualBatch] {
        let mut recipe = Recipe::defaults(Mode::Cycle).generator;
        recipe.arch = GeneratorArch::Resnet6Blocks;
        recipe.channels = 2;
        recipe.norm = norm;
        let mut init =
            WeightInit::new(InitKind::Xavier, 1.0, 3, 0, &device).with_reference_batch(4);
        let mut generator = Generator::new(&mut init, &recipe, 3, 3);
        let pictures = |data: &TensorData| Tensor::<4>::from_data(data.clone(), &device);
        generator.set_reference(ReferenceBatch::new(pictures(&reference().a)));
        let both = pictures(&reference().b).narrow(0, 0, 2);
        let output = |input| generator.forward(input, ForwardMode::TRAINING);
        let together = output(both.clone()).narrow(0, 1, 1).into_data();
        let alone = output(both.narrow(0, 1, 1)).into_data();
        let off = distance(&together, &alone);
        assert!(off < 1e-5, "{norm:?}: {off}");
    }
}

#[test]
fn reference_styles_resume_to_the_bit_and_are_applied_and_exported() {
    let place = Place::with_pairs();
    let norms = "--set generator.norm=reference_batch --set discriminator.norm=virtual_batch \
        --set data.reference_batch=3 --set train.preview_every=1 --set optim.ema=0.5 --set loss.gan=wgan-gp";
    let train = format!("train {PIX2PIX} {norms}");
    place.run(&format!("{train} --steps 3 --name whole")).done();
    place.run(&format!("{train} --steps 1 --name parts")).done();
    place.run("train --resume --name parts --steps 3").done();
    assert_same(&place.learnt("whole"), &place.learnt("parts"));

    let file = place.read("checkpoints/whole/reference.safetensors");
    let tensors = SafeTensors::deserialize(&file).unwrap();
    assert_eq!(tensors.tensor("b").unwrap().shape(), [3, 3, 64, 64]);

    // In another program, and as another style, the network is one with batch norm and running averages.
    place
        .run("export whole --format onnx --output net.onnx")
        .done();
    place
        .run("export whole --format safetensors --output net.safetensors")
        .done();
    place.run("import net.safetensors --style back").done();
    place.picture("in/a.png", 64, 64, 1);
    place
        .run("apply --input in --style whole --output whole-out")
        .done();
    place
        .run("apply --input in --style back --norm-stats running --output back-out")
        .done();
    assert_eq!(place.read("whole-out/a.png"), place.read("back-out/a.png"));

    let begun = format!("{train} --steps 1 --init-from checkpoints/whole --name next");
    place.run(&begun).done().says("reference");
    assert_eq!(place.read("checkpoints/next/reference.safetensors"), file);
}

#[test]
fn virtual_batch_norm_is_no_onnx_operator() {
    let place = Place::with_pairs();
    let train = format!(
        "train {CYCLE} --set generator.norm=virtual_batch --set data.reference_batch=2 --steps 1 --name s"
    );
    place.run(&train).done();
    place
        .run("export s --format onnx --output net.onnx")
        .failed(
            1,
            &["`s` has virtual batch norm", "use --format safetensors"],
        );
    place.picture("in/a.png", 16, 24, 1);
    place.run("apply --input in --style s --output out").done();
}
