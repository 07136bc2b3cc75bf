//! Several processes that train together learn what one process learns.

use serde_json::Value;

use crate::cli_support::{CONTRASTIVE, CYCLE, INPAINT, PIX2PIXHD, Place, assert_same, names};
use crate::processes_support::run_together;

/// The smallest networks without what differs by the batch: statistics over it, and dropout.
const PIX2PIX: &str = "--mode pix2pix --data pairs --set data.load_size=72 --set data.crop_size=64 \
    --set generator.arch=unet_64 --set generator.channels=2 --set discriminator.channels=2 --set discriminator.layers=1 \
    --set generator.norm=instance --set discriminator.norm=instance --set generator.dropout=false";

/// The losses of each step of a run.
fn losses(place: &Place, style: &str) -> Vec<Value> {
    let text = place.text(&format!("checkpoints/{style}/metrics.jsonl"));
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.map(|line: Value| line["losses"].clone()).collect()
}

/// The largest relative difference of the losses of two runs.
fn distance(place: &Place, one: &str, other: &str) -> f64 {
    let (one, other) = (losses(place, one), losses(place, other));
    assert_eq!(one.len(), other.len());
    let mut largest = 0.0_f64;
    for (one, other) in one.iter().zip(&other) {
        for (name, value) in one.as_object().unwrap() {
            let (value, other) = (value.as_f64().unwrap(), other[name].as_f64().unwrap());
            largest = largest.max((value / other - 1.0).abs());
        }
    }
    largest
}

/// A place with five pairs, in folders for all modes: an odd number, so that the last step of an epoch is short.
fn five_pairs() -> Place {
    let place = Place::with_pairs();
    for side in ["A", "B"] {
        let folder = place.path(&format!("pairs/train{side}"));
        std::fs::rename(place.path(&format!("pairs/{side}")), &folder).unwrap();
        std::fs::remove_file(folder.join("5.png")).unwrap();
    }
    place
}

/// Losses differ by less than a millionth of their value.
fn equals_one_process(place: &Place, device: &str, settings: &str, size: usize, steps: u64) {
    const MOST: f64 = 1e-6;
    let line = format!(
        "--device {device} train {settings} --steps {steps} --set train.log_every=1 --set train.preview_every=100"
    );
    // As many threads as each of the others has: LibTorch rounds otherwise with more.
    let one = format!("{line} --name one --overwrite --set data.batch_size={size}");
    let mut one = place.command(&one);
    place
        .wait(one.env("OMP_NUM_THREADS", "1").spawn().unwrap())
        .done();
    let outcomes = run_together(
        place,
        size,
        &format!("{line} --name several --overwrite --set data.batch_size=1"),
    );
    assert!(
        outcomes[0]
            .stderr
            .contains(&format!("{size} processes train together"))
    );
    for other in &outcomes[1..] {
        assert_eq!((other.stdout.as_str(), other.stderr.as_str()), ("", ""));
    }
    let distance = distance(place, "one", "several");
    println!("{settings} on {device}: losses differ by {distance:e}");
    assert!(distance < MOST, "{distance:e}");
    run_together(
        place,
        size,
        &format!("{line} --name again --overwrite --set data.batch_size=1"),
    );
    assert_same(&place.learnt("several"), &place.learnt("again"));
}

/// On both devices of processors. One sample at a time goes through the networks, in two processes as in one: they learn the same to the
/// bit, but for the order in which the losses that are logged are averaged.
fn two_equal_one(place: &Place, settings: &str) {
    for device in ["cpu", "libtorch"] {
        equals_one_process(place, device, settings, 2, 20);
        let weights = |style: &str| {
            let folder = format!("checkpoints/{style}");
            let files = names(&place.path(&folder)).into_iter();
            let weights =
                files.filter(|name| name.ends_with(".safetensors") && !name.contains('/'));
            let read = |name: String| (place.read(&format!("{folder}/{name}")), name);
            weights.map(read).collect::<Vec<_>>()
        };
        let (one, several) = (weights("one"), weights("several"));
        assert!(!one.is_empty());
        assert!(one == several, "{settings} on {device}");
    }
}

#[test]
fn two_processes_of_pix2pix_equal_one_with_the_double_batch() {
    two_equal_one(&five_pairs(), PIX2PIX);
}

#[test]
fn two_processes_of_pix2pix_with_looks_equal_one_with_the_double_batch() {
    let looks = PIX2PIX.replace(
        "--set generator.dropout=false",
        "--set generator.latent=4 --set encoder.channels=2",
    );
    two_equal_one(&five_pairs(), &looks);
}

#[test]
fn two_processes_of_cycle_equal_one_with_the_double_batch() {
    two_equal_one(&five_pairs(), &format!("{CYCLE} --data pairs"));
}

#[test]
fn two_processes_of_contrastive_equal_one_with_the_double_batch() {
    let settings = format!("{CONTRASTIVE} --data pairs --set loss.flip_equivariance=true");
    two_equal_one(&five_pairs(), &settings);
}

#[test]
fn two_processes_of_pix2pixhd_equal_one_with_the_double_batch() {
    two_equal_one(&Place::with_labels(), PIX2PIXHD);
}

#[test]
fn two_processes_of_inpaint_equal_one_with_the_double_batch() {
    let settings = INPAINT.replace("--set data.batch_size=2", "");
    let norms = "--set generator.arch=context --set generator.norm=instance --set discriminator.norm=instance";
    two_equal_one(
        &Place::with_photos(),
        &format!("{settings} {norms} --set data.masks=centre"),
    );
}

#[test]
fn samples_that_go_through_together_are_rounded_otherwise() {
    // What the tests above would not find if they were to compare a run with itself.
    let place = five_pairs();
    let settings = format!("{CYCLE} --data pairs --set data.batch_size=2 --steps 4");
    let settings = format!("train {settings} --device cpu --set train.log_every=1");
    place.run(&format!("{settings} --name one")).done();
    let together = format!("{settings} --name together --set train.micro_batch=2");
    place.run(&together).done();
    let distance = distance(&place, "one", "together");
    assert!((1e-9..0.1).contains(&distance), "{distance:e}");
}

#[test]
fn four_processes_equal_one_with_the_fourfold_batch() {
    equals_one_process(&five_pairs(), "cpu", PIX2PIX, 4, 20);
}

#[test]
fn two_processes_share_the_statistics_of_batch_norm() {
    let settings = PIX2PIX.replace("norm=instance", "norm=batch");
    let settings = format!("{settings} --set train.sync_norm=true");
    equals_one_process(&five_pairs(), "libtorch", &settings, 2, 6);
    equals_one_process(&five_pairs(), "cpu", &settings, 2, 6);
}
