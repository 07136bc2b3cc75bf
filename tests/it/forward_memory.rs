//! What a whole pass is said to take is near what it takes, which differs from run to run by a quarter.
#![cfg(target_os = "linux")]

use std::process::Command;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use translate::config::{GeneratorArch, GeneratorRecipe, InitKind, Mode, Recipe};
use translate::kernels::retain_freed_memory;
use translate::nn::{ForwardMode, Generator, NormStats, WeightInit, forward_memory};

/// Tells the child process, a run of this binary for one test alone, what to measure.
const CASE: &str = "TRANSLATE_TEST_FORWARD_MEMORY";

const CASES: [(GeneratorArch, usize, usize); 8] = [
    (GeneratorArch::Resnet9Blocks, 64, 256),
    (GeneratorArch::Resnet9Blocks, 32, 512),
    (GeneratorArch::Unet256, 64, 512),
    (GeneratorArch::Unet256, 32, 1024),
    (GeneratorArch::Global, 16, 512),
    (GeneratorArch::Global, 16, 768),
    (GeneratorArch::Local, 16, 512),
    (GeneratorArch::Local, 16, 768),
];

fn recipe(arch: GeneratorArch, channels: usize) -> GeneratorRecipe {
    GeneratorRecipe {
        arch,
        channels,
        dropout: false,
        ..Recipe::defaults(Mode::Pix2pixhd).generator
    }
}

/// Bytes that stand behind `name` in what the system says about this process.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
    1024 * kibibytes
}

/// Prints what a forward pass takes at most, when a parent asks for it.
#[test]
fn child() {
    let Ok(case) = std::env::var(CASE) else {
        return;
    };
    let (arch, channels, side) = CASES[case.parse::<usize>().unwrap()];
    let device = Device::flex();
    retain_freed_memory();
    let before = status("VmRSS:");
    let mut init = WeightInit::new(InitKind::Normal, 0.02, 5, 0, &device);
    let generator = Generator::new(&mut init, &recipe(arch, channels), 3, 3);
    let weights = (size_of::<f32>() * generator.num_params()) as u64;
    let picture = Tensor::<4>::ones([1, 3, side, side], &device);
    // The peak is forgotten.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let output = generator.forward(picture, ForwardMode::inference(NormStats::Batch, false));
    assert_eq!(output.dims(), [1, 3, side, side]);
    println!("\ntook {} ", status("VmHWM:") - before - weights);
    let dims = [3, side, side];
    println!("estimated {}", forward_memory(&generator, dims));
}

fn measured(case: usize) -> (u64, u64) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["forward_memory::child", "--exact", "--nocapture"])
        .env(CASE, case.to_string())
        .output()
        .unwrap();
    let text = String::from_utf8(child.stdout).unwrap();
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.unwrap_or_else(|| panic!("{text}")).split(' ').next();
        number.unwrap().parse().unwrap()
    };
    (number("took "), number("estimated "))
}

#[test]
fn a_whole_pass_takes_what_is_estimated() {
    for (number, case) in CASES.iter().enumerate() {
        let (took, estimated) = measured(number);
        let ratio = estimated as f64 / took as f64;
        println!(
            "{case:?}: took {} MiB, estimated {} MiB, {ratio:.2}",
            took >> 20,
            estimated >> 20
        );
        assert!(
            (0.75..1.75).contains(&ratio),
            "{case:?}: took {took}, estimated {estimated}"
        );
    }
}
