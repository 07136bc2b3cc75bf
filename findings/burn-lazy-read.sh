#!/usr/bin/env bash
# Burn 0.22.1 (cubecl-wgpu 0.11.3): what `into_data` returned changes when the tensor is used afterwards.
#
# On graphics adapters `Tensor::into_data` copies nothing: the bytes come from the device when they are first looked at. What it keeps for
# that does not count as an owner of the memory, so that the next operation on another handle of the same tensor takes place in that
# memory, and the "copy" shows its result. `weights.clone().into_data()`, three steps, `save(data)` thus saves the weights of three steps
# later, if the steps work in place; looking at the bytes at once is what makes it a copy. Flex, on the processor, copies.
#
# Seen on Mesa's software adapter: [1, 2, 3], multiplied by 10 afterwards, is read as [10, 20, 30]; looked at before, and on Flex, as
# [1, 2, 3]. Needs the Rust toolchain and a Vulkan driver (Debian: mesa-vulkan-drivers). Exits with 1 if any of this is otherwise.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "lazy-read"
version = "0.0.0"
edition = "2024"

[dependencies]
burn = { version = "=0.22.1", default-features = false, features = ["std", "flex", "wgpu"] }
cubecl-wgpu = "=0.11.3"
TOML
cat >src/main.rs <<'RUST'
use burn::tensor::{Device, DeviceKind, Tensor};

/// What data taken before a multiplication by ten hold after it, looked at before it or not.
fn read(device: &Device, at_once: bool) -> Vec<f32> {
    let weights = Tensor::<1>::from_data([1.0_f32, 2.0, 3.0], device);
    let saved = weights.clone().into_data();
    if at_once {
        assert_eq!(saved.as_slice::<f32>().unwrap().len(), 3);
    }
    let later = weights * 10.0;
    let later = later.into_data();
    assert_eq!(later.as_slice::<f32>().unwrap(), [10.0, 20.0, 30.0]);
    saved.as_slice::<f32>().unwrap().to_vec()
}

fn main() {
    let adapter = Device::wgpu(DeviceKind::DefaultDevice);
    let found = [read(&adapter, false), read(&adapter, true), read(&Device::flex(), false)];
    println!("adapter {:?}\nadapter, looked at {:?}\nFlex {:?}", found[0], found[1], found[2]);
    let expected = [[10.0, 20.0, 30.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]];
    if found != expected {
        eprintln!("this is not what was seen before");
        std::process::exit(1);
    }
}
RUST
cargo run --quiet
