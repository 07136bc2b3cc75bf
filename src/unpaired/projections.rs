//! Projections of patches to random directions.

use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand::seq::index;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use rayon::slice::ChunksExact;

use super::patch_pool::{PATCH, patch_count};
use super::transport::transported;
use crate::kernels::{ConvolutionShape, Precision, convolution};

/// Directions of a draw.
const DIRECTIONS: usize = 32;
/// Places of a draw.
const PLACES: usize = 256;

/// What is drawn for a level of a step.
pub(super) struct Draw {
    /// Of length 1 each, one after the other.
    pub(super) directions: Vec<f32>,
    /// Places of patches, all different.
    pub(super) places: Vec<usize>,
}

impl Draw {
    /// Directions of so many `numbers`, and some of `count` places.
    pub(super) fn new(rng: &mut impl Rng, numbers: usize, count: usize) -> Self {
        let mut directions = Vec::with_capacity(DIRECTIONS * numbers);
        for _ in 0..DIRECTIONS {
            let direction: Vec<f64> = StandardNormal
                .sample_iter(&mut *rng)
                .take(numbers)
                .collect();
            let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
            directions.extend(direction.iter().map(|x| (x / length) as f32));
        }
        Self {
            directions,
            places: index::sample(rng, count, PLACES.min(count)).into_vec(),
        }
    }
}

/// The projections of patches of `pictures`, `[batch, channels, height, width]` with their graph, at these places to `directions`,
/// `[count, channels, 7 * 7]` without one: `[count, batch * places]`.
pub(super) fn project(pictures: Tensor<4>, directions: Tensor<3>, places: &[usize]) -> Tensor<2> {
    let [batch, _, height, width] = pictures.dims();
    let [count, channels, _] = directions.dims();
    let shape = ConvolutionShape {
        stride: 1,
        padding: 0,
        precision: Precision::F32,
    };
    let device = pictures.device();
    let kernels = directions.reshape([count, channels, PATCH, PATCH]);
    let all = convolution(pictures, Tensor::from_inner(kernels), None, shape);
    let indices: Vec<i64> = places.iter().map(|&place| place as i64).collect();
    let indices = Tensor::from_data(TensorData::new(indices, [places.len()]), &device);
    all.reshape([batch, count, patch_count([height, width])])
        .select(2, indices)
        .swap_dims(0, 1)
        .reshape([count, batch * places.len()])
}

/// Rows of projections, one for each direction.
pub(super) struct Rows {
    values: Vec<f32>,
    length: usize,
}

impl Rows {
    /// Those of `[directions, numbers]`, brought to the host.
    pub(super) fn of(rows: Tensor<2>) -> Self {
        let length = rows.dims()[1];
        let values = rows.into_data().convert::<f32>().try_into_vec();
        Self {
            values: values.expect("it has just been converted"),
            length,
        }
    }

    fn each(&self) -> ChunksExact<'_, f32> {
        self.values.par_chunks_exact(self.length)
    }
}

/// Where `values` belong, direction by direction.
pub(super) fn transport(values: &Rows, own: &Rows, target: &Rows) -> Vec<f32> {
    let goals = values.each().zip(own.each()).zip(target.each());
    let goals = goals.flat_map_iter(|((values, own), target)| {
        transported(values, &mut own.to_vec(), &mut target.to_vec())
    });
    goals.collect()
}
