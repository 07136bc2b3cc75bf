//! Instance and batch normalisation, with one task for all pixels that share a mean.
#![expect(
    unsafe_code,
    reason = "the pixels that share a mean are planes of several pictures"
)]

use std::sync::OnceLock;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use rayon::prelude::*;

use super::disjoint_slices::DisjointSlices;
use super::sums::sum_of;
use super::values::{Planes, contiguous, dims, tensor, values};
use crate::kernels::workers::{RayonWorkers, Workers};

/// Pixels that are still in a core's first cache when they are written after they were cleared.
const CHUNK: usize = 1 << 11;

/// Which planes of a batch share a mean: plane `picture * count + group` belongs to `group`.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Groups {
    count: usize,
    /// Planes in each group.
    planes: usize,
    /// Pixels of a plane.
    pixels: usize,
}

impl Groups {
    /// Each plane by itself.
    pub(in crate::kernels) fn instance([batch, channels, height, width]: [usize; 4]) -> Self {
        Self {
            count: batch * channels,
            planes: 1,
            pixels: height * width,
        }
    }

    /// All planes of a channel together.
    pub(in crate::kernels) fn batch([batch, channels, height, width]: [usize; 4]) -> Self {
        Self {
            count: channels,
            planes: batch,
            pixels: height * width,
        }
    }

    /// The ranges of a group's planes.
    fn ranges(self, group: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        (0..self.planes).map(move |plane| {
            let start = (plane * self.count + group) * self.pixels;
            start..start + self.pixels
        })
    }

    /// The sum of `term(left, right)` over a group.
    fn sum_of(
        self,
        group: usize,
        left: &[f32],
        right: &[f32],
        term: impl Fn(f32, f32) -> f32,
    ) -> f64 {
        self.ranges(group)
            .map(|range| sum_of(&left[range.clone()], &right[range], &term))
            .sum()
    }

    /// Mean and biased variance of a group.
    fn moments(self, group: usize, values: &[f32]) -> Moments {
        let count = (self.planes * self.pixels) as f64;
        // Differences to one of the values: the mean of a flat picture is then its value to the bit, and its deviation is 0. The
        // smallest rounding error would be multiplied by 300 in each normalisation.
        let pivot = values[group * self.pixels];
        let total = self.sum_of(group, values, values, |value, _| value - pivot);
        let mean = (f64::from(pivot) + total / count) as f32;
        let squares = self.sum_of(group, values, values, |value, _| {
            (value - mean) * (value - mean)
        });
        Moments {
            mean,
            variance: (squares / count) as f32,
        }
    }

    /// Runs one task per group, which returns factor, slope and offset, and writes `factor * first + slope * second + offset` for
    /// each pixel. Returns the other results of the tasks. Zeroes and writes all of the output.
    ///
    /// # Safety
    /// Nobody else reads or writes the output meanwhile.
    pub(in crate::kernels) unsafe fn map_into<R: Send + Sync>(
        self,
        first: &[f32],
        second: &[f32],
        workers: impl Workers,
        output: DisjointSlices<'_>,
        task: impl Fn(usize) -> ([f32; 3], R) + Sync,
    ) -> Vec<R> {
        let results: Vec<_> = (0..self.count).map(|_| OnceLock::new()).collect();
        workers.for_each(self.count, |group| {
            let ([factor, slope, offset], result) = task(group);
            let chunks = self.ranges(group).flat_map(|range| {
                let starts = range.clone().step_by(CHUNK);
                starts.map(move |start| start..range.end.min(start + CHUNK))
            });
            for range in chunks {
                // SAFETY: no other task has this group.
                let pixels = unsafe { output.zeroed(range.clone()) };
                let sources = first[range.clone()].iter().zip(&second[range]);
                for (pixel, (first, second)) in pixels.iter_mut().zip(sources) {
                    *pixel = factor * first + (slope * second + offset);
                }
            }
            results[group].get_or_init(|| result);
        });
        results
            .into_iter()
            .filter_map(OnceLock::into_inner)
            .collect()
    }

    /// As [`map_into`](Self::map_into), with a new output.
    fn map<R: Send + Sync>(
        self,
        first: &[f32],
        second: &[f32],
        task: impl Fn(usize) -> ([f32; 3], R) + Sync,
    ) -> (Vec<f32>, Vec<R>) {
        let mut results = Vec::new();
        let all = |output: DisjointSlices<'_>| {
            // SAFETY: nobody else has the output yet.
            results = unsafe { self.map_into(first, second, RayonWorkers, output, task) };
        };
        // SAFETY: every number belongs to one of the groups.
        let output = unsafe { DisjointSlices::fill_vec(first.len(), all) };
        (output, results)
    }

    /// The task for [`map_into`](Self::map_into) that normalises the input, and applies scale and shift of the group if given.
    pub(in crate::kernels) fn normalizing(
        self,
        input: &[f32],
        scaling: Option<[&[f32]; 2]>,
        epsilon: f64,
    ) -> impl Fn(usize) -> ([f32; 3], Moments) + Sync {
        move |group| {
            let moments = self.moments(group, input);
            let [scale, shift] = scaling.map_or([1.0, 0.0], |both| both.map(|each| each[group]));
            let factor = scale * moments.inverse_deviation(epsilon);
            ([factor, 0.0, shift - moments.mean * factor], moments)
        }
    }
}

/// Mean and biased variance.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct Moments {
    mean: f32,
    variance: f32,
}

impl Moments {
    /// One divided by the standard deviation.
    fn inverse_deviation(self, epsilon: f64) -> f32 {
        (f64::from(self.variance) + epsilon).sqrt().recip() as f32
    }
}

/// The instance normalisation of `kernels::normalize_instance`: output, mean and biased variance.
pub(super) fn instance_norm(
    input: &FloatTensor<Flex>,
    epsilon: f64,
) -> (FloatTensor<Flex>, FloatTensor<Flex>, FloatTensor<Flex>) {
    normalized(Groups::instance(dims(input)), input, None, epsilon)
}

/// Output, mean and biased variance of the groups.
fn normalized(
    groups: Groups,
    input: &FloatTensor<Flex>,
    scaling: Option<[&[f32]; 2]>,
    epsilon: f64,
) -> (FloatTensor<Flex>, FloatTensor<Flex>, FloatTensor<Flex>) {
    let dims = dims(input);
    let input = contiguous(input);
    let input = values(&input);
    let task = groups.normalizing(input, scaling, epsilon);
    let (output, moments) = groups.map(input, input, task);
    let [mean, variance] = statistics(&moments);
    (tensor(output, dims), mean, variance)
}

/// Mean and variance of each group.
fn statistics(moments: &[Moments]) -> [FloatTensor<Flex>; 2] {
    let mean = moments.iter().map(|moments| moments.mean).collect();
    let variance = moments.iter().map(|moments| moments.variance).collect();
    [mean, variance].map(|numbers| tensor(numbers, [moments.len()]))
}

/// The batch normalisation of `kernels::batch_norm`: output, mean and biased variance.
pub(super) fn batch_norm(
    input: &FloatTensor<Flex>,
    scale: &FloatTensor<Flex>,
    shift: &FloatTensor<Flex>,
    epsilon: f64,
) -> (FloatTensor<Flex>, FloatTensor<Flex>, FloatTensor<Flex>) {
    let [scale, shift] = [scale, shift].map(contiguous);
    let scaling = Some([values(&scale), values(&shift)]);
    normalized(Groups::batch(dims(input)), input, scaling, epsilon)
}

/// Mean and biased variance of each channel.
pub(super) fn channel_statistics(
    input: &FloatTensor<Flex>,
) -> (FloatTensor<Flex>, FloatTensor<Flex>) {
    let [batch, channels, height, width] = dims(input);
    let count = (batch * height * width) as f64;
    let planes = Planes::new(input);
    let moments = |channel: usize| {
        let pivot = planes.plane(0, channel)[0];
        let planes = || (0..batch).map(|picture| planes.plane(picture, channel));
        let distance = |value: f32, _| value - pivot;
        let total: f64 = planes().map(|plane| sum_of(plane, plane, distance)).sum();
        let mean = (f64::from(pivot) + total / count) as f32;
        let square = |value: f32, _| (value - mean) * (value - mean);
        let squares: f64 = planes().map(|plane| sum_of(plane, plane, square)).sum();
        (mean, (squares / count) as f32)
    };
    let (mean, variance) = (0..channels).into_par_iter().map(moments).unzip();
    (tensor(mean, [channels]), tensor(variance, [channels]))
}

/// A factor and an offset for each channel.
pub(super) fn scale_channels(
    input: &FloatTensor<Flex>,
    factor: &FloatTensor<Flex>,
    offset: &FloatTensor<Flex>,
) -> FloatTensor<Flex> {
    let dims = dims(input);
    let groups = Groups::batch(dims);
    let [input, factor, offset] = [input, factor, offset].map(contiguous);
    let (input, factor, offset) = (values(&input), values(&factor), values(&offset));
    let (output, _) = groups.map(input, input, |group| {
        ([factor[group], 0.0, offset[group]], ())
    });
    tensor(output, dims)
}

/// The gradient of [`instance_norm`]'s output with respect to its input.
pub(super) fn instance_gradient(
    gradient: &FloatTensor<Flex>,
    input: &FloatTensor<Flex>,
    statistics: &[FloatTensor<Flex>; 2],
    epsilon: f64,
) -> FloatTensor<Flex> {
    let dims = dims(input);
    let groups = Groups::instance(dims);
    let (gradient, _) = gradients(groups, gradient, input, statistics, |_| 1.0, epsilon);
    tensor(gradient, dims)
}

/// The gradients of [`batch_norm`]'s output with respect to input, scale and shift.
pub(super) fn batch_gradients(
    gradient: &FloatTensor<Flex>,
    input: &FloatTensor<Flex>,
    scale: &FloatTensor<Flex>,
    statistics: &[FloatTensor<Flex>; 2],
    epsilon: f64,
) -> [FloatTensor<Flex>; 3] {
    let dims = dims(input);
    let groups = Groups::batch(dims);
    let scale = contiguous(scale);
    let scale = values(&scale);
    let scale = |group: usize| scale[group];
    let (gradient, sums) = gradients(groups, gradient, input, statistics, scale, epsilon);
    let scale = sums.iter().map(|sums| sums[0]).collect();
    let shift = sums.iter().map(|sums| sums[1]).collect();
    [
        tensor(gradient, dims),
        tensor(scale, [groups.count]),
        tensor(shift, [groups.count]),
    ]
}

/// The input's gradient and for each group the gradients of scale and shift.
///
/// With the normalised input `n`, the gradient `g` and their means over the group, the input's gradient is
/// `scale / deviation * (g - mean(g) - n * mean(g * n))`.
fn gradients(
    groups: Groups,
    gradient: &FloatTensor<Flex>,
    input: &FloatTensor<Flex>,
    [mean, variance]: &[FloatTensor<Flex>; 2],
    scale: impl Fn(usize) -> f32 + Sync,
    epsilon: f64,
) -> (Vec<f32>, Vec<[f32; 2]>) {
    let [gradient, input] = [gradient, input].map(contiguous);
    let (gradient, input) = (values(&gradient), values(&input));
    let (mean, variance) = (values(mean), values(variance));
    let count = (groups.planes * groups.pixels) as f64;
    groups.map(gradient, input, |group| {
        let moments = Moments {
            mean: mean[group],
            variance: variance[group],
        };
        let (mean, inverse) = (moments.mean, moments.inverse_deviation(epsilon));
        let shift = groups.sum_of(group, gradient, gradient, |gradient, _| gradient);
        let product = groups.sum_of(group, gradient, input, |gradient, input| {
            gradient * ((input - mean) * inverse)
        });
        let factor = scale(group) * inverse;
        let slope = -factor * inverse * (product / count) as f32;
        let offset = -factor * (shift / count) as f32 - slope * mean;
        ([factor, slope, offset], [product as f32, shift as f32])
    })
}
