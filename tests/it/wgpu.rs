//! Graphics adapters, here most often Mesa's software: what the program makes on them is what it makes on `cpu`.

use translate::device::{AdapterChoice, DeviceName};
use translate::kernels::wgpu::{AdapterKind, adapters};

use crate::cli_support::{CONTRASTIVE, CYCLE, INPAINT, PIX2PIX, PIX2PIXHD, Place, names};

/// Whether there is no adapter to test, which is said.
fn is_missing() -> bool {
    if adapters().is_empty() {
        println!("SKIPPED: no driver offers a graphics adapter (Debian: mesa-vulkan-drivers)");
    }
    adapters().is_empty()
}

#[test]
fn adapters_are_listed_and_opened_by_number() {
    let place = Place::new();
    let listed = place.run("devices").done().stdout;
    for (index, adapter) in adapters().iter().enumerate() {
        let line = listed
            .lines()
            .find(|line| line.starts_with(&format!("wgpu:{index} ")))
            .unwrap_or_else(|| panic!("{listed}"));
        assert!(line.ends_with(&format!(" ready: {adapter}")), "{line}");
        let name = DeviceName::Wgpu(AdapterChoice::Index(index));
        // Twice the same device, else tensors of one would not meet those of the other.
        let [first, second] = [name, name].map(|name| name.open().unwrap().device);
        assert_eq!(first, second);
    }
    let count = adapters().len();
    let error = DeviceName::Wgpu(AdapterChoice::Index(count)).open();
    let counted = format!("it has {count} graphics adapters, counted from 0");
    assert!(error.unwrap_err().to_string().contains(&counted));
}

#[test]
fn auto_takes_no_processor_in_the_role_of_a_gpu() {
    let has_gpu = adapters()
        .iter()
        .any(|adapter| adapter.kind != AdapterKind::Software);
    let chosen = DeviceName::Auto.open().unwrap().name;
    if !has_gpu {
        assert!(!matches!(chosen, DeviceName::Wgpu(_)), "{chosen}");
        let best = DeviceName::Wgpu(AdapterChoice::Best).open();
        assert_eq!(best.is_ok(), !adapters().is_empty());
        let integrated = DeviceName::Wgpu(AdapterChoice::Integrated).open();
        let error = integrated.unwrap_err().to_string();
        assert!(error.contains("no adapter is an integrated GPU"), "{error}");
    }
}

#[test]
fn bfloat16_is_refused() {
    if is_missing() {
        return;
    }
    let place = Place::with_pairs();
    let line = format!("train {PIX2PIX} --steps 1 --device wgpu --precision bf16");
    let message = "device `wgpu` does not compute in bf16";
    place.run(&line).failed(2, &[message]);
}

/// The losses of every step.
fn losses(place: &Place, style: &str) -> Vec<serde_json::Map<String, serde_json::Value>> {
    let text = place.text(&format!("checkpoints/{style}/metrics.jsonl"));
    let lines = text.lines();
    lines
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["losses"].as_object().unwrap().clone()
        })
        .collect()
}

/// Trains `steps` steps on `cpu` and on the adapter, which end with nearly the same losses, and makes pictures with the style on both
/// in several ways.
fn check(place: &Place, settings: &str, steps: usize, make: &str, ways: &[&str]) {
    let train = format!("train {settings} --steps {steps} --seed 4 --set train.log_every=1");
    for device in ["cpu", "wgpu"] {
        let line = format!("{train} --name {device} --device {device}");
        place.run(&line).done();
    }
    let (expected, found) = (losses(place, "cpu"), losses(place, "wgpu"));
    assert_eq!((expected.len(), found.len()), (steps, steps));
    for (step, (expected, found)) in expected.iter().zip(&found).enumerate() {
        assert!(expected.keys().eq(found.keys()));
        for (name, expected) in expected {
            let [expected, found] = [expected, &found[name]].map(|value| value.as_f64().unwrap());
            let difference = (expected - found).abs() / expected.abs().max(1e-3);
            assert!(
                difference < 1e-3,
                "step {step}, {name}: {found} is not {expected}"
            );
        }
    }
    for (number, way) in ways.iter().enumerate() {
        for device in ["cpu", "wgpu"] {
            let output = format!("{device}-{number}");
            let line = format!("{make} --style cpu --output {output} --device {device} {way}");
            place.run(&line).done();
        }
        let files = names(&place.path(&format!("cpu-{number}")));
        assert!(!files.is_empty());
        for name in files {
            let read = |device: &str| {
                let path = place.path(&format!("{device}-{number}/{name}"));
                image::open(path).unwrap()
            };
            let (expected, found) = (read("cpu"), read("wgpu"));
            let pairs = expected.as_bytes().iter().zip(found.as_bytes());
            let most = pairs.map(|(left, right)| left.abs_diff(*right)).max();
            assert!(most.unwrap() <= 1, "{way} {name}: {most:?} levels");
        }
    }
}

const WAYS: [&str; 3] = ["--tile off", "--tile 24", "--tile 40 --overlap 8"];

#[test]
fn pix2pix_is_that_of_the_processor() {
    if !is_missing() {
        let place = Place::with_pairs();
        place.picture("in/wide.png", 150, 61, 1);
        // Dropout draws other numbers on every device.
        let settings = format!("{PIX2PIX} --set generator.dropout=false");
        check(&place, &settings, 5, "apply --input in", &WAYS);
    }
}

#[test]
fn cycle_is_that_of_the_processor() {
    if !is_missing() {
        let place = Place::new();
        place.picture("in/high.png", 47, 103, 1);
        check(&place, CYCLE, 5, "apply --input in", &WAYS);
    }
}

#[test]
fn contrastive_is_that_of_the_processor() {
    if !is_missing() {
        let place = Place::new();
        place.picture("in/high.png", 47, 73, 1);
        // Later steps magnify differences in the last bit.
        check(&place, CONTRASTIVE, 3, "apply --input in", &WAYS[..1]);
    }
}

#[test]
fn pix2pixhd_is_that_of_the_processor() {
    if !is_missing() {
        let place = Place::with_labels();
        place.labelled("test", 9);
        let ways = ["--tile off", "--tile 24"];
        check(
            &place,
            PIX2PIXHD,
            5,
            "apply --input labels/test_label",
            &ways,
        );
    }
}

#[test]
fn inpainting_is_that_of_the_processor() {
    if !is_missing() {
        let place = Place::with_photos();
        place.picture("in/photo.png", 70, 60, 1);
        let mask = image::GrayImage::from_fn(70, 60, |x, y| {
            image::Luma([u8::from((20..34).contains(&x) && (18..33).contains(&y)) * 255])
        });
        place.save("masks/photo.png", mask);
        let settings = format!("{INPAINT} --set data.masks=regions");
        check(&place, &settings, 5, "apply --input in --mask masks", &[""]);
    }
}

#[test]
fn pictures_from_noise_are_those_of_the_processor() {
    if !is_missing() {
        for mode in [
            "generate --set discriminator.channels=2",
            "vae --set generator.latent=6",
        ] {
            let place = Place::with_photos();
            let settings = format!(
                "--mode {mode} --data photos --set data.load_size=18 --set data.crop_size=16 --set data.batch_size=4 \
                --set generator.channels=2"
            );
            check(&place, &settings, 5, "sample --count 4", &[""]);
        }
    }
}

#[test]
fn an_interrupted_run_equals_an_uninterrupted_one() {
    if is_missing() {
        return;
    }
    let place = Place::with_pairs();
    let settings = format!("train {PIX2PIX} --seed 3 --device wgpu --set optim.pool_size=4");
    place
        .run(&format!("{settings} --steps 6 --name whole"))
        .done();
    place
        .run(&format!("{settings} --steps 3 --name parts"))
        .done();
    let line = "train --resume --name parts --steps 6 --device wgpu";
    place.run(line).done();
    let [whole, parts] = ["whole", "parts"]
        .map(|style| place.read(&format!("checkpoints/{style}/generator.safetensors")));
    assert!(whole == parts, "weights differ");
}
