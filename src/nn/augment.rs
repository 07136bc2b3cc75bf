//! Differentiable augmentation of what a discriminator sees.

use std::ops::Range;

use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};

use crate::config::Augment;

/// Largest shift, as a share of height and width.
const SHIFT: f64 = 0.125;

/// Changes real and generated pictures alike before they are judged, so that the discriminator cannot learn few pictures
/// by heart; gradients flow through to the generator.
///
/// Zhao, Liu, Lin, Zhu and Han, "Differentiable Augmentation for Data-Efficient GAN Training", 2020.
#[derive(Debug, Clone)]
pub struct DiffAugment {
    kinds: Vec<Augment>,
}

/// What happens to each picture of one batch.
#[derive(Debug, Clone)]
pub struct AugmentDraw {
    steps: Vec<Step>,
}

/// One kind of change, with an entry for each picture.
#[derive(Debug, Clone)]
enum Step {
    Color(Vec<ColorChange>),
    /// Shift downwards and to the right, in pixels.
    Translation(Vec<[i64; 2]>),
    /// Rows and columns that become zero.
    Cutout(Vec<[Range<usize>; 2]>),
}

#[derive(Debug, Clone, Copy)]
struct ColorChange {
    brightness: f32,
    saturation: f32,
    contrast: f32,
}

impl DiffAugment {
    /// Changes of these kinds, in their order.
    pub fn new(kinds: &[Augment]) -> Self {
        Self {
            kinds: kinds.to_vec(),
        }
    }

    /// Draws the changes for `pictures`, `[batch, channels, height, width]`. Without kinds nothing is drawn.
    pub fn draw(&self, pictures: &Tensor<4>, rng: &mut impl Rng) -> AugmentDraw {
        let [count, _, height, width] = pictures.dims();
        let steps = self.kinds.iter().map(|kind| match kind {
            Augment::Color => Step::Color((0..count).map(|_| ColorChange::draw(rng)).collect()),
            Augment::Translation => {
                let mut shift = |side: usize| {
                    let most = (side as f64 * SHIFT).round() as i64;
                    rng.random_range(-most..=most)
                };
                Step::Translation((0..count).map(|_| [shift(height), shift(width)]).collect())
            }
            Augment::Cutout => {
                let mut hole = |side: usize| hole(side, rng.random_range(0..=side));
                Step::Cutout((0..count).map(|_| [hole(height), hole(width)]).collect())
            }
        });
        AugmentDraw {
            steps: steps.collect(),
        }
    }

    /// `pictures`, `[batch, channels, height, width]`, with changes of their own.
    pub fn apply(&self, pictures: Tensor<4>, rng: &mut impl Rng) -> Tensor<4> {
        self.draw(&pictures, rng).apply(pictures, 0)
    }
}

impl ColorChange {
    fn draw(rng: &mut impl Rng) -> Self {
        Self {
            brightness: rng.random_range(-0.5..0.5),
            saturation: rng.random_range(0.0..2.0),
            contrast: rng.random_range(0.5..1.5),
        }
    }
}

/// The part of a side that a hole of half of it covers whose middle is at `middle`.
fn hole(side: usize, middle: usize) -> Range<usize> {
    let length = side.div_ceil(2);
    let end = middle + length - length / 2;
    middle.saturating_sub(length / 2)..end.min(side)
}

impl AugmentDraw {
    /// `pictures`, `[batch, channels, height, width]`, changed. The first `condition` channels of each, which belong to what the
    /// picture is judged with, are moved and cut with the picture; their values stay as they are.
    pub fn apply(&self, pictures: Tensor<4>, condition: usize) -> Tensor<4> {
        self.steps
            .iter()
            .fold(pictures, |pictures, step| match step {
                Step::Color(changes) if condition == 0 => colored(pictures, changes),
                Step::Color(changes) => {
                    let channels = pictures.dims()[1];
                    let given = pictures.clone().narrow(1, 0, condition);
                    let judged = pictures.narrow(1, condition, channels - condition);
                    Tensor::cat(vec![given, colored(judged, changes)], 1)
                }
                Step::Translation(shifts) => translated(pictures, shifts),
                Step::Cutout(holes) => cut(pictures, holes),
            })
    }
}

/// Brightness added, then the distance from each pixel's grey scaled, then that from the mean of the picture.
fn colored(pictures: Tensor<4>, changes: &[ColorChange]) -> Tensor<4> {
    let device = pictures.device().inner();
    let numbers = |pick: fn(&ColorChange) -> f32| per_picture(changes.iter().map(pick), &device);
    let pictures = pictures + numbers(|change| change.brightness);
    let gray = pictures.clone().mean_dim(1);
    let pictures = (pictures - gray.clone()) * numbers(|change| change.saturation) + gray;
    let mean = pictures.clone().mean_dim(1).mean_dim(2).mean_dim(3);
    (pictures - mean.clone()) * numbers(|change| change.contrast) + mean
}

/// One number for each picture, `[batch, 1, 1, 1]`.
fn per_picture(numbers: impl Iterator<Item = f32>, device: &Device) -> Tensor<4> {
    let numbers: Vec<f32> = numbers.collect();
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count, 1, 1, 1]), device)
}

/// Each picture moved; zeros come in.
fn translated(pictures: Tensor<4>, shifts: &[[i64; 2]]) -> Tensor<4> {
    let [_, _, height, width] = pictures.dims();
    let one = |(index, &[down, right]): (usize, &[i64; 2])| {
        let before = |shift: i64| shift.max(0) as usize;
        let (rows, columns) = (down.unsigned_abs() as usize, right.unsigned_abs() as usize);
        pictures
            .clone()
            .narrow(0, index, 1)
            .narrow(2, before(-down), height - rows)
            .narrow(3, before(-right), width - columns)
            .pad(
                (before(right), before(-right), before(down), before(-down)),
                PadMode::Constant(0.0),
            )
    };
    Tensor::cat(shifts.iter().enumerate().map(one).collect(), 0)
}

/// Each picture with its hole set to zero.
fn cut(pictures: Tensor<4>, holes: &[[Range<usize>; 2]]) -> Tensor<4> {
    let [count, _, height, width] = pictures.dims();
    let mut mask = vec![1.0f32; count * height * width];
    for (mask, [rows, columns]) in mask.chunks_exact_mut(height * width).zip(holes) {
        for row in rows.clone() {
            mask[row * width..][columns.clone()].fill(0.0);
        }
    }
    let mask = TensorData::new(mask, [count, 1, height, width]);
    let mask = Tensor::from_data(mask, &pictures.device().inner());
    pictures * mask
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, Tolerance};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const ALL: [Augment; 3] = [Augment::Color, Augment::Translation, Augment::Cutout];

    fn pictures(device: &Device) -> Tensor<4> {
        device.seed(7);
        Tensor::random([3, 4, 16, 24], Distribution::Uniform(-1.0, 1.0), device)
    }

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn without_kinds_nothing_is_drawn_or_changed() {
        let before = pictures(&Device::flex());
        let mut used = rng(3);
        let after = DiffAugment::new(&[]).apply(before.clone(), &mut used);
        after.into_data().assert_eq(&before.into_data(), true);
        assert_eq!(used, rng(3));
    }

    #[test]
    fn the_same_draws_give_the_same_pictures_and_each_picture_has_its_own() {
        let before = pictures(&Device::flex());
        let augment = DiffAugment::new(&ALL);
        let apply = |seed| augment.apply(before.clone(), &mut rng(seed)).into_data();
        assert_eq!(apply(1), apply(1));
        assert_ne!(apply(1), apply(2));
        let same = before.clone().narrow(0, 0, 1).repeat_dim(0, 3);
        let after = augment.apply(same, &mut rng(1));
        let one = |index| after.clone().narrow(0, index, 1).into_data();
        assert_ne!(one(0), one(1));
    }

    #[test]
    fn a_condition_moves_with_its_picture_and_keeps_its_values() {
        let before = pictures(&Device::flex());
        let draw = DiffAugment::new(&ALL).draw(&before, &mut rng(5));
        let after = draw.apply(before.clone(), 3);
        let geometry = AugmentDraw {
            steps: draw.steps[1..].to_vec(),
        };
        let wanted = geometry.apply(before.clone(), 0);
        let condition = |all: &Tensor<4>| all.clone().narrow(1, 0, 3).into_data();
        assert_eq!(condition(&after), condition(&wanted));
        let picture = |all: &Tensor<4>| all.clone().narrow(1, 3, 1).into_data();
        assert_ne!(picture(&after), picture(&wanted));
    }

    #[test]
    fn shifts_and_holes_have_their_sizes() {
        let ones = Tensor::<4>::ones([200, 1, 16, 24], &Device::flex());
        let sums = |kind| {
            let after = DiffAugment::new(&[kind]).apply(ones.clone(), &mut rng(9));
            let sums = after.sum_dim(1).sum_dim(2).sum_dim(3).into_data();
            sums.try_into_vec::<f32>().unwrap()
        };
        // At most 2 of 16 rows and 3 of 24 columns are lost.
        let kept = sums(Augment::Translation);
        assert!(kept.iter().all(|&sum| (14.0 * 21.0..=384.0).contains(&sum)));
        assert!(kept.contains(&(14.0 * 21.0)) && kept.iter().any(|&sum| sum > 350.0));
        // A hole of 8 x 12, or the part of it that lies inside.
        let kept = sums(Augment::Cutout);
        let least = 384.0 - 8.0 * 12.0;
        assert!(
            kept.iter()
                .all(|&sum| (least..=384.0 - 4.0 * 6.0).contains(&sum))
        );
        assert!(kept.contains(&least));
    }

    #[test]
    fn colors_change_as_the_paper_says() {
        let device = Device::flex();
        let picture = Tensor::<1>::from_floats([0.1, 0.5, -0.3, 0.2, 0.4, 0.0], &device);
        let change = ColorChange {
            brightness: 0.2,
            saturation: 1.5,
            contrast: 0.5,
        };
        let after = colored(picture.reshape([1, 3, 1, 2]), &[change]);
        // By hand: brightness, then away from the grey of each pixel, then half way to the mean.
        let bright = [[0.3, 0.7], [-0.1, 0.4], [0.6, 0.2]];
        let gray = [0.8 / 3.0, 1.3 / 3.0];
        let mean = f32::midpoint(gray[0], gray[1]);
        let wanted: Vec<f32> = bright
            .iter()
            .flatten()
            .enumerate()
            .map(|(index, value)| {
                let gray = gray[index % 2];
                ((value - gray) * 1.5 + gray - mean) * 0.5 + mean
            })
            .collect();
        let wanted = TensorData::new(wanted, [1, 3, 1, 2]);
        after
            .into_data()
            .assert_approx_eq(&wanted, Tolerance::<f32>::absolute(1e-6));
    }

    #[test]
    fn gradients_reach_what_is_seen_and_nothing_else() {
        let device = Device::flex().autodiff();
        let before = Tensor::<4>::ones([2, 1, 16, 16], &device).require_grad();
        let kinds = [Augment::Translation, Augment::Cutout];
        let after = DiffAugment::new(&kinds).apply(before.clone(), &mut rng(4));
        let seen = after.clone().inner().sum().into_scalar::<f32>();
        let gradient = before.grad(&after.sum().backward()).unwrap();
        let reached = gradient.sum().into_scalar::<f32>();
        assert!((reached - seen).abs() < 1e-3, "{reached} of {seen}");
        assert!(seen < 512.0);
    }
}
