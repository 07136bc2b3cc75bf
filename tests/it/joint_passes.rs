//! Small pictures of a folder go through a network together, each as if it were alone.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use translate::apply::{ApplyOptions, NetworkTranslator, Translator, plan, run};
use translate::kernels::{Precision, computes_on_own_threads};
use translate::nn::{ForwardMode, NormStats};
use translate::style::StyleFolder;

use crate::cli_support::{Place, names};
use crate::device::test_device;

/// Settings of networks of several norms; weights are wider than pictures in some layers, and narrower in others.
const NETWORKS: [&str; 5] = [
    "--set generator.arch=unet_64 --set generator.channels=24",
    "--set generator.arch=unet_64 --set generator.norm=instance_affine --set generator.channels=16 --set generator.latent=4",
    "--set generator.arch=resnet_6blocks --set generator.norm=batch --set generator.channels=16",
    "--set generator.arch=resnet_6blocks --set generator.norm=instance --set generator.channels=16",
    "--set generator.arch=srresnet --set generator.norm=batch --set generator.channels=16 --set generator.dropout=false",
];

fn trained(settings: &str) -> Place {
    let place = Place::with_pairs();
    let sizes = "--set data.load_size=64 --set data.crop_size=64";
    let line = format!("train --mode pix2pix --data pairs --steps 1 --name s {sizes} {settings}");
    place.run(&line).done();
    place
}

#[test]
fn pictures_together_are_the_pictures_alone_to_the_bit() {
    // Elsewhere nothing goes together, and sums may be of another order.
    let is_own = computes_on_own_threads(&test_device());
    let most = if is_own { 0.0 } else { 1e-4 };
    for settings in NETWORKS {
        let place = trained(settings);
        let folder = StyleFolder::new(place.path("checkpoints/s"));
        for stats in [NormStats::Batch, NormStats::Running] {
            let mode = ForwardMode::inference(stats, false);
            let device = test_device();
            let translator = NetworkTranslator::load(&folder, None, mode, Precision::F32, &device);
            let mut translator = translator.unwrap();
            for [height, width] in [[64, 64], [128, 192]] {
                let pictures = [3, 5, 6, 9].map(|place: u64| {
                    let value = |index: usize| (index as u64 * place % 251) as f32 / 125.0 - 1.0;
                    (place, (0..3 * height * width).map(value).collect())
                });
                let together = translator.translate_together(&pictures, height, width);
                let alone = pictures.map(|(place, values): (u64, Vec<f32>)| {
                    translator.translate(values, height, width, place).unwrap()
                });
                assert_ne!(alone[0], alone[1]);
                let together = together.unwrap();
                assert_eq!(together.len(), alone.len());
                for (together, alone) in together.iter().zip(&alone) {
                    let distance = together.iter().zip(alone).map(|(a, b)| (a - b).abs());
                    let distance = distance.fold(0.0, f32::max);
                    assert!(
                        distance <= most,
                        "{settings} {stats:?} {height}: {distance:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_picture_of_a_folder_is_the_file_that_it_would_be_alone() {
    let place = trained(NETWORKS[0]);
    for number in 0..7 {
        place.picture(&format!("in/{number}.png"), 64, 64, number);
    }
    place.picture("in/3a_other.png", 90, 61, 20);
    std::fs::write(place.path("in/4a_damaged.png"), b"no picture").unwrap();
    let line = "apply --style s --overwrite";
    let all = place.run(&format!("{line} --input in --output all"));
    assert_eq!(all.code, Some(3), "{all:#?}");
    let made = names(&place.path("all"));
    assert_eq!(made.len(), 8);
    for name in made {
        place
            .run(&format!("{line} --input in/{name} --output alone"))
            .done();
        let read = |folder: &str| std::fs::read(place.path(&format!("{folder}/{name}"))).unwrap();
        assert_eq!(read("all"), read("alone"), "{name}");
    }
}

#[test]
fn only_what_gains_goes_together() {
    let place = trained(NETWORKS[0]);
    let folder = StyleFolder::new(place.path("checkpoints/s"));
    let device = test_device();
    let pixels = |dropout, precision| {
        let mode = ForwardMode::inference(NormStats::Batch, dropout);
        let translator = NetworkTranslator::load(&folder, None, mode, precision, &device);
        translator.unwrap().joint_pixels()
    };
    let is_own = computes_on_own_threads(&device);
    assert_eq!(pixels(false, Precision::F32) > 0, is_own);
    assert_eq!(pixels(true, Precision::F32), 0);
    assert_eq!(pixels(false, Precision::Bf16), 0);
}

/// Changes nothing, notes what comes together, and refuses that at first.
#[derive(Default)]
struct Noting {
    alone: Vec<u64>,
    together: Vec<Vec<u64>>,
}

impl Noting {
    /// Others come to wait while the first pictures are in work.
    fn wait(&self) {
        if self.alone.is_empty() && self.together.is_empty() {
            std::thread::sleep(Duration::from_secs(2));
        }
    }
}

impl Translator for Noting {
    fn input_channels(&self) -> usize {
        3
    }

    fn output_channels(&self) -> usize {
        3
    }

    fn multiple(&self) -> usize {
        1
    }

    fn smallest(&self) -> usize {
        1
    }

    fn translate(
        &mut self,
        values: Vec<f32>,
        _: usize,
        _: usize,
        index: u64,
    ) -> Result<Vec<f32>, String> {
        self.wait();
        self.alone.push(index);
        Ok(values)
    }

    fn translate_together(
        &mut self,
        pictures: &[(u64, Vec<f32>)],
        height: usize,
        width: usize,
    ) -> Result<Vec<Vec<f32>>, String> {
        self.wait();
        assert_eq!(pictures[0].1.len(), 3 * height * width);
        self.together
            .push(pictures.iter().map(|(index, _)| *index).collect());
        match self.together.len() {
            1 => Err("no".to_owned()),
            2 => panic!("never"),
            _ => Ok(pictures.iter().map(|(_, values)| values.clone()).collect()),
        }
    }

    fn joint_pixels(&self) -> usize {
        3 * 16 * 16
    }
}

#[test]
fn what_cannot_go_together_goes_one_by_one() {
    let place = Place::new();
    for number in 0..30 {
        place.picture(&format!("in/{number:02}.png"), 16, 16, number);
    }
    let options = ApplyOptions::default();
    let plan = plan(&place.path("in"), &place.path("out"), &options).unwrap();
    let mut network = Noting::default();
    run(
        &plan,
        &mut network,
        &options,
        &AtomicBool::new(false),
        |_| {},
    )
    .unwrap();
    for name in names(&place.path("in")) {
        let read = |folder: &str| image::open(place.path(&format!("{folder}/{name}"))).unwrap();
        assert_eq!(read("in").to_rgb8(), read("out").to_rgb8(), "{name}");
    }
    let sizes: Vec<usize> = network.together.iter().map(Vec::len).collect();
    assert!(
        sizes.len() > 2 && sizes.iter().all(|size| (2..=3).contains(size)),
        "{sizes:?}"
    );
    // Those of the first two were taken again.
    let mut all = network.alone;
    all.extend(network.together.drain(..).skip(2).flatten());
    all.sort_unstable();
    assert_eq!(all, (0..30).collect::<Vec<u64>>());
}
