#!/bin/sh
# The Rust crate tiff 0.11.3 decodes RGB files that have a fourth sample which is no transparency (ExtraSamples 0, as RGB with
# near infrared) to wrong colours, without an error, if they are compressed with a horizontal predictor: it drops the fourth
# sample of each pixel before it adds up the differences, and then adds at a distance of four samples in rows of three.
#
# Seen on 2026-11-28 with tiff 0.11.3, tifffile 2026.3.3, Pillow 13.0.0: tifffile and Pillow agree; of 384 RGB samples the
# crate gives 25 right. Expected: the samples that tifffile gives, or an error.
# Exits with 0 while this is so, and with 1 if it has changed. Needs python3, cargo, and the package registries.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip -q install numpy==2.4.6 tifffile==2026.3.3 imagecodecs==2026.3.6 pillow==13.0.0
cat > make.py <<'PY'
import numpy as np, tifffile
from PIL import Image
y, x = np.mgrid[0:8, 0:16]
data = np.stack([x * 5 + y * (3 + 2 * c) + 40 * c for c in range(4)], axis=-1).astype(np.uint8)
tifffile.imwrite("in.tif", data, photometric="rgb", extrasamples=["unspecified"], compression="deflate", predictor=True)
assert np.array_equal(tifffile.imread("in.tif"), data)
assert np.array_equal(np.asarray(Image.open("in.tif").convert("RGB")), data[:, :, :3])
data[:, :, :3].tofile("rgb.raw")
PY
venv/bin/python make.py
mkdir -p probe/src
cat > probe/Cargo.toml <<'TOML'
[package]
name = "probe"
version = "0.0.0"
edition = "2021"
[dependencies]
tiff = "=0.11.3"
TOML
cat > probe/src/main.rs <<'RS'
use tiff::decoder::{Decoder, DecodingResult};
fn main() {
    let file = std::io::BufReader::new(std::fs::File::open("in.tif").unwrap());
    let mut decoder = Decoder::new(file).unwrap();
    println!("colour type: {:?}", decoder.colortype().unwrap());
    let wanted = std::fs::read("rgb.raw").unwrap();
    match decoder.read_image() {
        Ok(DecodingResult::U8(found)) => {
            let same = found.iter().zip(&wanted).filter(|(a, b)| a == b).count();
            println!("{same} of {} samples are those of tifffile and Pillow", wanted.len());
            println!("second pixel: {:?} instead of {:?}", &found[3..6], &wanted[3..6]);
            std::process::exit(if same < wanted.len() { 0 } else { 1 });
        }
        other => {
            println!("another answer: {:?}", other.map(|_| ()));
            std::process::exit(1);
        }
    }
}
RS
(cd probe && cargo build -q) 
./probe/target/debug/probe
