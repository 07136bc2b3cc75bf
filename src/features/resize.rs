//! Pictures as Inception sees them: 299 x 299 in [-1, 1], resized as one of the public tools does it, to the bit.

use clap::ValueEnum;
use image::RgbImage;
use serde::Serialize;

use super::inception::SIDE;
use crate::picture::{bicubic_weights, columns_first};

/// How pictures are brought to 299 x 299. FID differs by several points between these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resize {
    /// Bilinear without antialiasing, from corners, as TensorFlow 1 and torch-fidelity do it
    LegacyTf,
    /// Bilinear without antialiasing, from centres, as pytorch-fid does it
    #[default]
    Pytorch,
    /// Bicubic with antialiasing, as clean-fid does it
    Clean,
}

impl Resize {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::LegacyTf => "legacy-tf",
            Self::Pytorch => "pytorch",
            Self::Clean => "clean",
        }
    }

    /// The input of the network for a picture: `[3, 299, 299]` flattened.
    pub fn input(self, picture: &RgbImage) -> Vec<f32> {
        let mut input = Vec::with_capacity(3 * SIDE * SIDE);
        for plane in self.planes(picture) {
            match self {
                Self::LegacyTf | Self::Clean => {
                    input.extend(plane.iter().map(|value| (value - 128.0) / 128.0));
                }
                Self::Pytorch => input.extend(plane.iter().map(|value| 2.0 * value - 1.0)),
            }
        }
        input
    }

    /// The resized planes, red, green and blue: from 0 to 255, or to 1 for [`Resize::Pytorch`].
    fn planes(self, picture: &RgbImage) -> [Vec<f32>; 3] {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let plane = |channel: usize| {
            let samples = picture.as_raw().iter().skip(channel).step_by(3);
            samples
                .map(|&sample| f32::from(sample))
                .collect::<Vec<f32>>()
        };
        [0, 1, 2].map(|channel| {
            let plane = plane(channel);
            match self {
                Self::LegacyTf => bilinear(
                    &plane,
                    &Axis::from_corners(width),
                    &Axis::from_corners(height),
                    |[first, second, third, fourth], across, down| {
                        let upper = first + (second - first) * across;
                        let lower = third + (fourth - third) * across;
                        upper + (lower - upper) * down
                    },
                ),
                Self::Pytorch => {
                    let plane: Vec<f32> = plane.iter().map(|value| value / 255.0).collect();
                    bilinear(
                        &plane,
                        &Axis::from_centres(width),
                        &Axis::from_centres(height),
                        // The order and the fused operations of PyTorch's kernel for pictures of three channels.
                        |[first, second, third, fourth], across, down| {
                            let (left, upper) = (1.0 - across, 1.0 - down);
                            let sum = first.mul_add(upper * left, second * (upper * across));
                            let sum = third.mul_add(down * left, sum);
                            fourth.mul_add(down * across, sum)
                        },
                    )
                }
                Self::Clean => bicubic(&plane, (width, height)),
            }
        })
    }
}

/// For each position of the target, the two source positions that it lies between and the share of the second.
struct Axis {
    size: usize,
    points: Vec<(usize, usize, f32)>,
}

impl Axis {
    /// Position `i` of the target lies at `i` times the scale.
    fn from_corners(size: usize) -> Self {
        // As a single: the scale is that of a tensor of this type.
        let scale = (size as f64 / SIDE as f64) as f32;
        let point = |target: usize| {
            let source = target as f32 * scale;
            let low = source as usize;
            (low, (low + 1).min(size - 1), source - low as f32)
        };
        Self {
            size,
            points: (0..SIDE).map(point).collect(),
        }
    }

    /// The centre of position `i` of the target lies at `i + 0.5` times the scale.
    fn from_centres(size: usize) -> Self {
        let scale = size as f32 / SIDE as f32;
        let point = |target: usize| {
            let source = scale.mul_add(target as f32 + 0.5, -0.5).max(0.0);
            let low = (source as usize).min(size - 1);
            let share = (source - low as f32).clamp(0.0, 1.0);
            (low, (low + 1).min(size - 1), share)
        };
        Self {
            size,
            points: (0..SIDE).map(point).collect(),
        }
    }
}

fn bilinear(
    plane: &[f32],
    columns: &Axis,
    rows: &Axis,
    blend: impl Fn([f32; 4], f32, f32) -> f32,
) -> Vec<f32> {
    let mut resized = Vec::with_capacity(SIDE * SIDE);
    let row = |index: usize| &plane[index * columns.size..][..columns.size];
    for &(top, bottom, down) in &rows.points {
        let (top, bottom) = (row(top), row(bottom));
        resized.extend(columns.points.iter().map(|&(left, right, across)| {
            let corners = [top[left], top[right], bottom[left], bottom[right]];
            blend(corners, across, down)
        }));
    }
    resized
}

/// Pillow's bicubic filter for planes of floating-point numbers, cut to 0..255 at the end.
fn bicubic(plane: &[f32], (width, height): (usize, usize)) -> Vec<f32> {
    let rows = |plane: &[f32]| resize_rows(plane, width);
    let columns = |plane: &[f32], width: usize| resize_columns(plane, width, height);
    let resized = if columns_first((width, height), (SIDE, SIDE)) {
        rows(&columns(plane, width))
    } else {
        columns(&rows(plane), SIDE)
    };
    resized
        .iter()
        .map(|value| value.clamp(0.0, 255.0))
        .collect()
}

fn resize_rows(plane: &[f32], width: usize) -> Vec<f32> {
    if width == SIDE {
        return plane.to_vec();
    }
    let weights = bicubic_weights(width, SIDE);
    let mut resized = Vec::with_capacity(plane.len() / width * SIDE);
    for row in plane.chunks_exact(width) {
        resized.extend(weights.iter().map(|(first, weights)| {
            let products = weights.iter().zip(&row[*first..]);
            products.fold(0.0_f64, |sum, (weight, value)| {
                sum + f64::from(*value) * weight
            }) as f32
        }));
    }
    resized
}

fn resize_columns(plane: &[f32], width: usize, height: usize) -> Vec<f32> {
    if height == SIDE {
        return plane.to_vec();
    }
    let mut resized = Vec::with_capacity(SIDE * width);
    let mut sums = vec![0.0_f64; width];
    for (first, weights) in bicubic_weights(height, SIDE) {
        sums.fill(0.0);
        for (weight, row) in weights
            .iter()
            .zip(plane[first * width..].chunks_exact(width))
        {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += f64::from(*value) * weight;
            }
        }
        resized.extend(sums.iter().map(|&sum| sum as f32));
    }
    resized
}
