//! The transforms of filters with four or three taps at a step of two pixels, and of those that double, with tiles of two by two of
//! the smaller pictures.
//!
//! Such a filter is two of two taps or fewer, each on every second pixel, and one with two taps gives two outputs by three
//! multiplications instead of four. All factors are 1: the rounding error is that of the sums.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]

use pulp::Simd;

use super::lines::Transform;
use super::transform::POINTS;
use crate::kernels::flex::geometry::Geometry;

/// Taps of a filter in each direction.
pub(super) const FOUR: usize = 4;
pub(super) const THREE: usize = 3;

/// Outputs of a tile, and pixels of the smaller picture in general, in each direction.
pub(super) const SMALL: usize = 2;

/// Points of each of the two filters of two taps.
pub(super) const HALF: usize = 3;

/// Pixels of a tile of the larger picture, in each direction.
pub(super) const LARGE: usize = 4;

/// Points of the tiles of the smaller picture: one of them serves both filters.
pub(super) const SHARED: usize = 5;

/// Weights to the points of both filters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReadWeight;

impl Transform<FOUR, POINTS> for ReadWeight {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; FOUR]) -> [S::f32s; POINTS] {
        [a, simd.add_f32s(a, c), c, b, simd.add_f32s(b, d), d]
    }
}

/// Inputs of a tile that is halved to the points of both filters.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadLarge;

impl Transform<POINTS, POINTS> for ReadLarge {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; POINTS]) -> [S::f32s; POINTS] {
        let minus = |left, right| simd.sub_f32s(left, right);
        [minus(a, c), c, minus(c, e), minus(b, d), d, minus(d, f)]
    }
}

/// Points, of which those of both filters are added, to outputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteSmall;

impl Transform<HALF, SMALL> for WriteSmall {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c]: [S::f32s; HALF]) -> [S::f32s; SMALL] {
        [simd.add_f32s(a, b), simd.sub_f32s(b, c)]
    }
}

/// Inputs of a tile that is doubled to points.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadSmall;

impl Transform<LARGE, SHARED> for ReadSmall {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; LARGE]) -> [S::f32s; SHARED] {
        let minus = |left, right| simd.sub_f32s(left, right);
        [minus(a, b), b, minus(b, c), c, minus(c, d)]
    }
}

/// The point of [`ReadSmall`] that each point of the weights is multiplied with.
pub(super) const SHARED_POINT: [usize; POINTS] = [0, 1, 2, 2, 3, 4];

/// Points of both filters, one for the even and one for the odd outputs, to outputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteLarge;

impl Transform<POINTS, LARGE> for WriteLarge {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; POINTS]) -> [S::f32s; LARGE] {
        [
            simd.add_f32s(a, b),
            simd.add_f32s(d, e),
            simd.sub_f32s(b, c),
            simd.sub_f32s(e, f),
        ]
    }
}

/// Points of a filter with three taps: those of the outer two, and two outputs of the middle one.
pub(super) const MIXED: usize = 5;

/// Weights of three taps to points.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReadThreeWeights;

impl Transform<THREE, MIXED> for ReadThreeWeights {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c]: [S::f32s; THREE]) -> [S::f32s; MIXED] {
        [a, simd.add_f32s(a, c), c, b, b]
    }
}

/// Inputs of a tile that is halved by three taps to points.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadLargeByThree;

impl Transform<MIXED, MIXED> for ReadLargeByThree {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d, e]: [S::f32s; MIXED]) -> [S::f32s; MIXED] {
        [simd.sub_f32s(a, c), c, simd.sub_f32s(c, e), b, d]
    }
}

/// Points of three taps to outputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteSmallByThree;

impl Transform<MIXED, SMALL> for WriteSmallByThree {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d, e]: [S::f32s; MIXED]) -> [S::f32s; SMALL] {
        [
            simd.add_f32s(simd.add_f32s(a, b), d),
            simd.add_f32s(simd.sub_f32s(b, c), e),
        ]
    }
}

/// Points of the tiles that three taps double, and the one that each point of the weights is multiplied with.
pub(super) const SHARED_BY_THREE: usize = 4;
pub(super) const SHARED_POINT_BY_THREE: [usize; MIXED] = [0, 1, 2, 3, 1];

/// Inputs of a tile that is doubled by three taps to points.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadSmallByThree;

impl Transform<THREE, SHARED_BY_THREE> for ReadSmallByThree {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c]: [S::f32s; THREE]) -> [S::f32s; SHARED_BY_THREE] {
        [simd.sub_f32s(a, b), b, simd.sub_f32s(b, c), a]
    }
}

/// Points of three taps, one filter for the odd and one for the even outputs, to outputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteLargeByThree;

impl Transform<MIXED, LARGE> for WriteLargeByThree {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [a, b, c, d, e]: [S::f32s; MIXED]) -> [S::f32s; LARGE] {
        [d, simd.add_f32s(a, b), e, simd.sub_f32s(b, c)]
    }
}

/// With fewer input or output channels the transforms cost more than the products save.
const MIN_CHANNELS: usize = 32;

/// With fewer pixels of the smaller picture, transforming the weights takes longer than the products save.
const MIN_PIXELS: usize = 256;

/// Whether a convolution can be computed this way, and gains from it.
pub(super) fn is_halving(geometry: &Geometry) -> bool {
    let kernel = [geometry.kernel_height, geometry.kernel_width];
    (kernel == [FOUR; 2] || kernel == [THREE; 2])
        && geometry.stride == 2
        && geometry.padding_y == geometry.padding_x
        && geometry.inputs.min(geometry.outputs) >= MIN_CHANNELS
        && geometry.output_pixels() >= MIN_PIXELS
}

/// Whether the input gradient of a convolution can be, and gains.
pub(super) fn is_doubling(geometry: &Geometry) -> bool {
    // Pixels behind these are reached by no output.
    is_halving(geometry)
        && geometry.padding_y == 1
        && geometry.input_height <= 2 * geometry.output_height
        && geometry.input_width <= 2 * geometry.output_width
}
