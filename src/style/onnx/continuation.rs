//! The smooth continuation of a picture into its holes.

use super::attribute::{int_attr, ints_attr};
use super::layers::{Features, Layers};
use crate::inpainting::CONTINUATION_ROUNDS;

/// [`continued`](crate::inpainting::continued).
pub(super) fn continuation(
    layers: &mut Layers,
    picture: &Features,
    mask: &Features,
    levels: usize,
) -> Features {
    let channels = picture.channels;
    let share = complement(layers, mask);
    let sum = layers.combine("Mul", picture, &share);
    let filled = level(layers, &sum, &share, levels);
    Features { channels, ..filled }
}

fn level(layers: &mut Layers, sum: &Features, share: &Features, levels: usize) -> Features {
    let guess = if levels == 0 {
        mean(layers, sum, share)
    } else {
        let halves = [sum, share].map(|input| pool(layers, input, 2));
        let below = level(layers, &halves[0], &halves[1], levels - 1);
        layers.double(&below)
    };
    let hole = without_share(layers, share);
    let known = quotient(layers, sum, share, &hole);
    let in_hole = layers.combine("Mul", &guess, &hole);
    let mut filled = layers.add(&known, &in_hole);
    for _ in 0..CONTINUATION_ROUNDS {
        let means = pool(layers, &filled, 3);
        let in_hole = layers.combine("Mul", &means, &hole);
        filled = layers.add(&known, &in_hole);
    }
    filled
}

/// The mean of all known pixels.
fn mean(layers: &mut Layers, sum: &Features, share: &Features) -> Features {
    let [sum, share] = [sum, share].map(|input| layers.map("GlobalAveragePool", input));
    let none = without_share(layers, &share);
    quotient(layers, &sum, &share, &none)
}

/// The known sum by its share, where there is one.
fn quotient(layers: &mut Layers, sum: &Features, share: &Features, none: &Features) -> Features {
    let divisor = layers.add(share, none);
    layers.combine("Div", sum, &divisor)
}

/// 1 where nothing is known, 0 elsewhere.
fn without_share(layers: &mut Layers, share: &Features) -> Features {
    let found = layers.map("Ceil", share);
    complement(layers, &found)
}

fn complement(layers: &mut Layers, input: &Features) -> Features {
    let one = Features {
        name: layers.graph.float_tensor("one", [1; 4], vec![1.0]),
        channels: 1,
    };
    layers.combine("Sub", &one, input)
}

/// The means of 2 x 2 at every second pixel, or those of the 3 x 3 around each pixel that lie inside.
fn pool(layers: &mut Layers, input: &Features, kernel: usize) -> Features {
    let [stride, padding] = if kernel == 2 { [2, 0] } else { [1, 1] };
    let attributes = vec![
        ints_attr("kernel_shape", &[kernel; 2]),
        ints_attr("strides", &[stride; 2]),
        ints_attr("pads", &[padding; 4]),
        int_attr("count_include_pad", 0),
    ];
    Features {
        name: layers.graph.node("AveragePool", &[&input.name], attributes),
        channels: input.channels,
    }
}
