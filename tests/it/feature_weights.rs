//! The weights that `scripts/parity/feature_weights.py` makes: each number follows from its place.

use std::collections::BTreeMap;

use burn::tensor::TensorData;
use translate::nn::NamedTensors;

/// A number in [0, 1) with 24 bits: SplitMix64.
fn number(place: u64) -> f64 {
    let mut state = (place + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^= state >> 31;
    (state >> 40) as f64 / f64::from(1 << 24)
}

/// Tensors of these names and shapes.
pub fn fill(shapes: BTreeMap<String, Vec<usize>>) -> NamedTensors {
    let mut tensors = NamedTensors::default();
    let mut start = 0;
    for (name, shape) in shapes {
        let count: usize = shape.iter().product();
        let numbers = (start..start + count as u64).map(number);
        start += count as u64;
        let leaf = name.rsplit('.').next().unwrap_or_default();
        let value: Box<dyn Fn(f64) -> f64> = match (shape.len(), leaf) {
            (4, _) => {
                let inputs: usize = shape[1..].iter().product();
                let bound = (6.0 / inputs as f64).sqrt();
                Box::new(move |number| (number - 0.5) * 2.0 * bound)
            }
            (2, _) => Box::new(|number| (number - 0.5) * 0.1),
            (_, "running_var") | (1, "weight") => Box::new(|number| number + 0.5),
            _ => Box::new(|number| (number - 0.5) * 0.2),
        };
        let values: Vec<f32> = numbers.map(|number| value(number) as f32).collect();
        tensors.0.insert(name, TensorData::new(values, shape));
    }
    tensors
}

/// The tensors of a normalised convolution.
fn unit(shapes: &mut BTreeMap<String, Vec<usize>>, name: &str, dims: [usize; 4]) {
    shapes.insert(format!("{name}.conv.weight"), dims.to_vec());
    for leaf in ["weight", "bias", "running_mean", "running_var"] {
        shapes.insert(format!("{name}.bn.{leaf}"), vec![dims[0]]);
    }
}

/// Inception as pytorch-fid and torch-fidelity store it.
pub fn inception() -> NamedTensors {
    let mut shapes = BTreeMap::new();
    for (name, dims) in [
        ("Conv2d_1a_3x3", [32, 3, 3, 3]),
        ("Conv2d_2a_3x3", [32, 32, 3, 3]),
        ("Conv2d_2b_3x3", [64, 32, 3, 3]),
        ("Conv2d_3b_1x1", [80, 64, 1, 1]),
        ("Conv2d_4a_3x3", [192, 80, 3, 3]),
    ] {
        unit(&mut shapes, name, dims);
    }
    for (block, inputs, pooled) in [("5b", 192, 32), ("5c", 256, 64), ("5d", 288, 64)] {
        for (name, dims) in [
            ("branch1x1", [64, inputs, 1, 1]),
            ("branch5x5_1", [48, inputs, 1, 1]),
            ("branch5x5_2", [64, 48, 5, 5]),
            ("branch3x3dbl_1", [64, inputs, 1, 1]),
            ("branch3x3dbl_2", [96, 64, 3, 3]),
            ("branch3x3dbl_3", [96, 96, 3, 3]),
            ("branch_pool", [pooled, inputs, 1, 1]),
        ] {
            unit(&mut shapes, &format!("Mixed_{block}.{name}"), dims);
        }
    }
    for (name, dims) in [
        ("branch3x3", [384, 288, 3, 3]),
        ("branch3x3dbl_1", [64, 288, 1, 1]),
        ("branch3x3dbl_2", [96, 64, 3, 3]),
        ("branch3x3dbl_3", [96, 96, 3, 3]),
    ] {
        unit(&mut shapes, &format!("Mixed_6a.{name}"), dims);
    }
    for (block, width) in [("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)] {
        for (name, dims) in [
            ("branch1x1", [192, 768, 1, 1]),
            ("branch7x7_1", [width, 768, 1, 1]),
            ("branch7x7_2", [width, width, 1, 7]),
            ("branch7x7_3", [192, width, 7, 1]),
            ("branch7x7dbl_1", [width, 768, 1, 1]),
            ("branch7x7dbl_2", [width, width, 7, 1]),
            ("branch7x7dbl_3", [width, width, 1, 7]),
            ("branch7x7dbl_4", [width, width, 7, 1]),
            ("branch7x7dbl_5", [192, width, 1, 7]),
            ("branch_pool", [192, 768, 1, 1]),
        ] {
            unit(&mut shapes, &format!("Mixed_{block}.{name}"), dims);
        }
    }
    for (name, dims) in [
        ("branch3x3_1", [192, 768, 1, 1]),
        ("branch3x3_2", [320, 192, 3, 3]),
        ("branch7x7x3_1", [192, 768, 1, 1]),
        ("branch7x7x3_2", [192, 192, 1, 7]),
        ("branch7x7x3_3", [192, 192, 7, 1]),
        ("branch7x7x3_4", [192, 192, 3, 3]),
    ] {
        unit(&mut shapes, &format!("Mixed_7a.{name}"), dims);
    }
    for (block, inputs) in [("7b", 1280), ("7c", 2048)] {
        for (name, dims) in [
            ("branch1x1", [320, inputs, 1, 1]),
            ("branch3x3_1", [384, inputs, 1, 1]),
            ("branch3x3_2a", [384, 384, 1, 3]),
            ("branch3x3_2b", [384, 384, 3, 1]),
            ("branch3x3dbl_1", [448, inputs, 1, 1]),
            ("branch3x3dbl_2", [384, 448, 3, 3]),
            ("branch3x3dbl_3a", [384, 384, 1, 3]),
            ("branch3x3dbl_3b", [384, 384, 3, 1]),
            ("branch_pool", [192, inputs, 1, 1]),
        ] {
            unit(&mut shapes, &format!("Mixed_{block}.{name}"), dims);
        }
    }
    shapes.insert("fc.weight".to_owned(), vec![1008, 2048]);
    shapes.insert("fc.bias".to_owned(), vec![1008]);
    fill(shapes)
}

/// The convolutions of torchvision's networks: index, outputs, inputs, side of the kernel.
fn convolutions(layers: &[(usize, usize, usize, usize)]) -> NamedTensors {
    let mut shapes = BTreeMap::new();
    for &(index, outputs, inputs, side) in layers {
        let name = format!("features.{index}");
        shapes.insert(format!("{name}.weight"), vec![outputs, inputs, side, side]);
        shapes.insert(format!("{name}.bias"), vec![outputs]);
    }
    fill(shapes)
}

/// AlexNet of torchvision, without its classifier.
pub fn alexnet() -> NamedTensors {
    convolutions(&[
        (0, 64, 3, 11),
        (3, 192, 64, 5),
        (6, 384, 192, 3),
        (8, 256, 384, 3),
        (10, 256, 256, 3),
    ])
}

/// VGG16 of torchvision, without its classifier.
pub fn vgg16() -> NamedTensors {
    let mut layers = Vec::new();
    let mut inputs = 3;
    for (index, outputs) in [
        (0, 64),
        (2, 64),
        (5, 128),
        (7, 128),
        (10, 256),
        (12, 256),
        (14, 256),
        (17, 512),
        (19, 512),
        (21, 512),
        (24, 512),
        (26, 512),
        (28, 512),
    ] {
        layers.push((index, outputs, inputs, 3));
        inputs = outputs;
    }
    convolutions(&layers)
}
