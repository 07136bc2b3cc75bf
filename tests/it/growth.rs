//! Runs whose pictures grow.

use translate::data::soften;

use crate::cli_support::{CONTRASTIVE, CYCLE, PIX2PIX, Place, assert_same};
use crate::fixture::{Fixture, distance};

#[test]
fn detail_is_taken_out_as_in_pytorch() {
    let fixture = Fixture::open("growth.safetensors");
    for (factor, share) in [(2, 0.25), (4, 0.8125)] {
        let mut pictures = fixture.data("pictures");
        soften(&mut pictures, factor, share);
        let off = distance(&pictures, &fixture.data(&format!("by_{factor}")));
        assert!(off < 1e-6, "{factor}: {off}");
    }
}

/// 8 px for 2 epochs of 3 steps, then 16 px, the first 3 steps of which fade.
const GROWTH: &str = "--set data.load_size=18 --set data.crop_size=16 --set train.grow=8,16 --set train.grow_epochs=[2] --set data.batch_size=2 \
    --set optim.epochs=2 --set optim.decay_epochs=2 --set train.preview_every=1 --set train.log_every=1";

#[test]
fn a_run_that_grows_resumes_to_the_bit() {
    let place = Place::with_pairs();
    let settings = "--set generator.arch=resnet_6blocks --set optim.pool_size=4 --set optim.ema=0.9 \
        --set discriminator.noise=0.1 --set discriminator.minibatch_discrimination=3";
    let train = format!("train {PIX2PIX} {GROWTH} {settings}");
    let whole = place.run(&format!("{train} --name whole")).done();
    whole.says("next stage: resnet_6blocks generator at 16x16 px");
    assert_eq!(place.last_step("whole"), 12);

    let short = place.run(&format!("{train} --steps 4 --name parts")).done();
    short.says("the run ends before it reaches its last size, after step 6");
    // The end of the first size, the middle of the passage, and after it.
    for steps in [6, 8, 10, 12] {
        let resume = format!("train --resume --name parts --steps {steps}");
        place.run(&resume).done();
    }
    assert_same(&place.learnt("parts"), &place.learnt("whole"));

    let same = format!(
        "train {PIX2PIX} {GROWTH} {settings} --set train.grow=[] --set train.grow_epochs=[] --name flat"
    );
    place.run(&same).done();
    let weights = |style: &str| place.read(&format!("checkpoints/{style}/generator.safetensors"));
    assert_ne!(weights("flat"), weights("whole"));
}

#[test]
fn unpaired_modes_grow_too() {
    let place = Place::with_pairs();
    for mode in [CYCLE, CONTRASTIVE] {
        let train = format!("train {mode} {GROWTH} --name s --overwrite");
        let outcome = place.run(&train).done();
        outcome.says("next stage: resnet_6blocks generator at 16x16 px");
    }
}

#[test]
fn sizes_that_the_networks_do_not_take_are_refused_before_any_work() {
    let place = Place::with_pairs();
    let train = format!("train {PIX2PIX} --set train.grow=[32,64] --name s");
    let refused = place.run(&train);
    refused.failed(
        2,
        &["`train.grow`: `generator.arch = \"unet_64\"` takes multiples of 64, and 32 is none: take a U-Net"],
    );
    assert!(!place.path("checkpoints/s").exists());
}
