//! Means, variances and other sums over what is normalised together.

use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{contiguous, empty};

/// Units that add up one group, a power of two.
const UNITS: usize = 256;

/// Cubes in one direction, the least that every interface offers.
const MOST_CUBES: usize = 65_535;

/// What is normalised together: planes of the same size, at the same distance from each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Groups {
    pub(super) count: usize,
    /// Elements of a plane.
    pub(super) plane: usize,
    /// Planes of a group.
    pub(super) planes: usize,
    /// Elements from one plane of a group to the next.
    pub(super) distance: usize,
}

impl Groups {
    /// Each channel of each picture of a tensor of this shape.
    pub(super) fn instances([batch, channels, height, width]: [usize; 4]) -> Self {
        Self {
            count: batch * channels,
            plane: height * width,
            planes: 1,
            distance: 0,
        }
    }

    /// Each channel over all pictures.
    pub(super) fn channels([batch, channels, height, width]: [usize; 4]) -> Self {
        Self {
            count: channels,
            plane: height * width,
            planes: batch,
            distance: channels * height * width,
        }
    }

    /// Elements of a group.
    pub(super) fn size(self) -> usize {
        self.plane * self.planes
    }

    /// One cube for each group; there may be some more.
    fn cubes(self) -> (CubeCount, CubeDim) {
        let rows = self.count.div_ceil(MOST_CUBES);
        let columns = self.count.div_ceil(rows);
        let count = CubeCount::Static(columns as u32, rows as u32, 1);
        (count, CubeDim::new_1d(UNITS as u32))
    }
}

/// Mean and biased variance of each group.
pub(super) fn statistics(input: CubeTensor, groups: Groups) -> [CubeTensor; 2] {
    let input = contiguous(input);
    let [mean, variance] = [(); 2].map(|()| empty(&input, &[groups.count]));
    let (count, dim) = groups.cubes();
    let client = input.client.clone();
    statistics_kernel::launch(
        &client,
        count,
        dim,
        input.into_tensor_arg(),
        mean.clone().into_tensor_arg(),
        variance.clone().into_tensor_arg(),
        groups.plane as u32,
        groups.planes as u32,
        groups.distance as u32,
        UNITS,
    );
    [mean, variance]
}

/// For each group the sum of `gradient`, and of its products with the normalised `input`.
pub(super) fn gradient_sums(
    [gradient, input]: [CubeTensor; 2],
    [mean, variance]: [CubeTensor; 2],
    groups: Groups,
    epsilon: f64,
) -> [CubeTensor; 2] {
    let [sum, product] = [(); 2].map(|()| empty(&mean, &[groups.count]));
    let (count, dim) = groups.cubes();
    let client = mean.client.clone();
    gradient_sums_kernel::launch(
        &client,
        count,
        dim,
        gradient.into_tensor_arg(),
        input.into_tensor_arg(),
        mean.into_tensor_arg(),
        variance.into_tensor_arg(),
        sum.clone().into_tensor_arg(),
        product.clone().into_tensor_arg(),
        groups.plane as u32,
        groups.planes as u32,
        groups.distance as u32,
        epsilon as f32,
        UNITS,
    );
    [sum, product]
}

/// The sum of a value of each unit of the cube, which all units get.
#[cube]
fn sum_of_units(value: f32, #[comptime] units: usize) -> f32 {
    let mut sums = Shared::<[f32]>::new_slice(units);
    let unit = UNIT_POS_X as usize;
    sums[unit] = value;
    sync_cube();
    #[unroll]
    for step in 1..=comptime!(units.ilog2()) {
        let half = comptime!(units >> step);
        if unit < half {
            let other = sums[unit + half];
            sums[unit] += other;
        }
        sync_cube();
    }
    sums[0]
}

/// The group of this cube. Cubes too many repeat the last.
#[cube]
fn group_of_cube(groups: usize) -> usize {
    let position = CUBE_POS as usize;
    select(position < groups, position, groups - 1)
}

#[cube(launch)]
fn statistics_kernel(
    input: &Tensor<f32>,
    mean: &mut Tensor<f32>,
    variance: &mut Tensor<f32>,
    plane: u32,
    planes: u32,
    distance: u32,
    #[comptime] units: usize,
) {
    let group = group_of_cube(mean.len());
    let start = group * plane as usize;
    let elements = f32::cast_from(plane * planes);
    // Of a flat group the sums below are 0 to the bit.
    let pivot = input[start];
    let mut sum = 0.0f32;
    for number in 0..planes as usize {
        let first = start + number * distance as usize;
        let mut position = UNIT_POS_X as usize;
        while position < plane as usize {
            sum += input[first + position] - pivot;
            position += units;
        }
    }
    let offset = sum_of_units(sum, units) / elements;
    let mut squares = 0.0f32;
    for number in 0..planes as usize {
        let first = start + number * distance as usize;
        let mut position = UNIT_POS_X as usize;
        while position < plane as usize {
            let centred = input[first + position] - pivot - offset;
            squares += centred * centred;
            position += units;
        }
    }
    let squares = sum_of_units(squares, units);
    if UNIT_POS_X == 0 {
        mean[group] = pivot + offset;
        variance[group] = squares / elements;
    }
}

#[cube(launch)]
fn gradient_sums_kernel(
    gradient: &Tensor<f32>,
    input: &Tensor<f32>,
    mean: &Tensor<f32>,
    variance: &Tensor<f32>,
    sum: &mut Tensor<f32>,
    product: &mut Tensor<f32>,
    plane: u32,
    planes: u32,
    distance: u32,
    epsilon: f32,
    #[comptime] units: usize,
) {
    let group = group_of_cube(mean.len());
    let start = group * plane as usize;
    let centre = mean[group];
    let deviation = (variance[group] + epsilon).sqrt();
    let mut gradients = 0.0f32;
    let mut products = 0.0f32;
    for number in 0..planes as usize {
        let first = start + number * distance as usize;
        let mut position = UNIT_POS_X as usize;
        while position < plane as usize {
            let slope = gradient[first + position];
            gradients += slope;
            products += slope * ((input[first + position] - centre) / deviation);
            position += units;
        }
    }
    let gradients = sum_of_units(gradients, units);
    let products = sum_of_units(products, units);
    if UNIT_POS_X == 0 {
        sum[group] = gradients;
        product[group] = products;
    }
}
