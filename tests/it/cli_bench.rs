//! `translate bench`.

use serde_json::Value;

use crate::cli_support::Place;

const SMALL: &str = "--size 64 --steps 2 --set generator.channels=2 --set discriminator.channels=2";

#[test]
fn every_mode_is_measured() {
    let place = Place::new();
    let modes = [
        ("pix2pix", "--set generator.arch=unet_64", "64x64"),
        ("cycle", "--set generator.arch=resnet_6blocks", "64x64"),
        (
            "contrastive",
            "--set generator.arch=resnet_6blocks --set loss.nce_channels=8",
            "64x64",
        ),
        (
            "pix2pixhd",
            "--set generator.downsamplings=2 --set generator.blocks=1",
            "64x64",
        ),
        ("inpaint", "--set generator.arch=context", "64x64"),
    ];
    for (mode, flags, size) in modes {
        let run = place
            .run(&format!("bench --mode {mode} {SMALL} {flags}"))
            .done();
        assert!(run.stdout.starts_with(&format!("{mode}, ")), "{run:#?}");
        for part in [size, "seconds per step", "pictures per second"] {
            assert!(run.stdout.contains(part), "{run:#?}");
        }
    }
}

#[test]
fn json_is_one_line_with_the_documented_keys() {
    let place = Place::new();
    let run = place
        .run("bench --mode cycle --size 48x32 --batch 2 --steps 3 --set generator.channels=2 --set discriminator.channels=2 --set discriminator.layers=2 --json")
        .done();
    assert_eq!(run.stdout.lines().count(), 1);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(value["mode"], "cycle");
    assert_eq!(
        value["device"],
        if cfg!(feature = "libtorch") {
            "libtorch"
        } else {
            "cpu"
        }
    );
    assert_eq!(value["precision"], "f32");
    assert_eq!(value["size"], serde_json::json!([48, 32]));
    assert_eq!(value["batch"], 2);
    let seconds =
        ["min", "median", "max"].map(|key| value["seconds_per_step"][key].as_f64().unwrap());
    assert!(seconds[0] > 0.0 && seconds.is_sorted(), "{seconds:?}");
    assert!(value["images_per_second"].as_f64().unwrap() > 0.0);
    assert!(!cfg!(target_os = "linux") || value["peak_rss_mib"].as_f64().unwrap() > 1.0);
}

#[test]
fn the_size_of_the_recipe_counts() {
    let place = Place::new();
    let line = "bench --mode cycle --steps 1 --set data.crop_size=32 --set generator.channels=2 --set discriminator.channels=2 --set discriminator.layers=1";
    let run = place.run(line).done();
    assert!(run.stdout.contains("32x32"), "{run:#?}");
}

#[test]
fn what_cannot_be_trained_on_or_changes_nothing_is_refused() {
    let place = Place::new();
    for (line, part) in [
        ("bench --mode pix2pix --size 100", "multiple of 256"),
        ("bench --mode cycle --size 66x64", "multiples of 4"),
        ("bench --mode inpaint --size 128x64", "trains on squares"),
        ("bench --mode cycle --set generator.colour=2", "unknown key"),
        (
            "bench --mode cycle --size 64 --set data.crop_size=32",
            "leave one of them out",
        ),
        (
            "bench --mode cycle --set data.load_size=32",
            "changes nothing here",
        ),
        (
            "bench --mode cycle --set train.evaluate_every=5",
            "`train.evaluate_every`: changes nothing here",
        ),
        (
            "bench --mode cycle --set data.preprocess=scale_width",
            "`data.preprocess`: changes nothing here",
        ),
        (
            "bench --mode cycle --batch 2 --set data.batch_size=4",
            "`data.batch_size`: is what `--batch` says, too",
        ),
        (
            "bench --mode cycle --batch 1 --set data.batch_size=2",
            "`data.batch_size`: is what `--batch` says, too",
        ),
        (
            "bench --mode cycle --precision bf16 --set train.precision=f32",
            "`train.precision`: is what `--precision` says, too",
        ),
        (
            "bench --mode pix2pix --set loss.adversarial=0 --set discriminator.channels=2",
            "`discriminator.channels`: has no effect where",
        ),
    ] {
        place.run(line).failed(2, &[part]);
    }
}
