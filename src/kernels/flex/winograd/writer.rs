//! Products to the tiles of a picture.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]
#![expect(unsafe_code, reason = "threads write parts of one picture")]

use std::array::from_fn;
use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::deinterleave::merge;
use super::lines::{Transform, line, transform};
use super::segments::Segment;
use super::tiles::Planes;
use crate::kernels::flex::disjoint_slices::DisjointSlices;
use crate::kernels::flex::prefetch::prefetch_at;
use crate::kernels::flex::tile::{ROWS, SEGMENT};

/// Output channels between a request for memory and its use.
const AHEAD: usize = 1;

/// The products of some output channels.
#[derive(Debug, Clone)]
pub(super) struct Products<'a> {
    /// `[products, panels, segments, ROWS, SEGMENT]`, where the first panel begins with the first of the channels.
    pub(super) values: &'a [f32],
    /// Numbers from one product to the next.
    pub(super) stride: usize,
    /// Segments of each panel, of which the first belong to the picture.
    pub(super) segments: usize,
    pub(super) channels: Range<usize>,
    /// A number for each channel of the picture, or nothing.
    pub(super) bias: &'a [f32],
}

impl Products<'_> {
    /// Where the line of a channel and a segment begins in the first product.
    fn line(&self, channel: usize, segment: usize) -> usize {
        let row = channel - self.channels.start;
        ((row / ROWS * self.segments + segment) * ROWS + row % ROWS) * SEGMENT
    }
}

/// Transforms products to tiles of `OUTPUTS` by `OUTPUTS` pixels of their channels of a picture, and adds the bias. `STEP` is that of
/// the tiles when they were read.
pub(super) struct Writer<'a, T, const STEP: usize, const PRODUCTS: usize, const OUTPUTS: usize> {
    transform: PhantomData<T>,
    segments: &'a [Segment],
    planes: &'a Planes,
    products: &'a Products<'a>,
    picture: DisjointSlices<'a>,
}

impl<'a, T, const STEP: usize, const PRODUCTS: usize, const OUTPUTS: usize>
    Writer<'a, T, STEP, PRODUCTS, OUTPUTS>
{
    /// # Safety
    /// Nobody else reads or writes these tiles of the channels while the writer lives.
    pub(super) unsafe fn new(
        segments: &'a [Segment],
        planes: &'a Planes,
        products: &'a Products<'a>,
        picture: DisjointSlices<'a>,
    ) -> Self {
        Self {
            transform: PhantomData,
            segments,
            planes,
            products,
            picture,
        }
    }
}

impl<
    T: Transform<PRODUCTS, OUTPUTS>,
    const STEP: usize,
    const PRODUCTS: usize,
    const OUTPUTS: usize,
> WithSimd for Writer<'_, T, STEP, PRODUCTS, OUTPUTS>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            planes, products, ..
        } = self;
        let mut half = [[[0.0; SEGMENT]; OUTPUTS]; PRODUCTS];
        let mut outputs = [[[0.0; SEGMENT]; OUTPUTS]; OUTPUTS];
        let mut pixels = [[0.0; OUTPUTS]; SEGMENT];
        for channel in products.channels.clone() {
            let bias = products.bias.get(channel).copied().unwrap_or(0.0);
            let plane = channel * planes.pixels();
            for (number, segment) in self.segments.iter().enumerate() {
                let start = products.line(channel, number);
                let numbers = &products.values[start..];
                for (column, half) in half.iter_mut().enumerate() {
                    let sources = from_fn(|row| {
                        let numbers = &numbers[(row * PRODUCTS + column) * products.stride..];
                        // The line of the next channel, in most cases.
                        prefetch_at(numbers.as_ptr().wrapping_add(AHEAD * SEGMENT));
                        line(numbers)
                    });
                    transform::<S, T, PRODUCTS, OUTPUTS>(simd, sources, |row, part, numbers| {
                        S::as_mut_simd_f32s(&mut half[row]).0[part] = numbers;
                    });
                }
                for (row, outputs) in outputs.iter_mut().enumerate() {
                    let sources = from_fn(|column| &half[column][row]);
                    transform::<S, T, PRODUCTS, OUTPUTS>(simd, sources, |column, part, numbers| {
                        S::as_mut_simd_f32s(&mut outputs[column]).0[part] = numbers;
                    });
                }
                for (row, lines) in outputs.iter().enumerate() {
                    merge::<S, STEP, OUTPUTS>(simd, lines, bias, &mut pixels);
                    for run in &segment.runs {
                        let (row, column) = (run.row * OUTPUTS + row, run.column * OUTPUTS);
                        if row < planes.height {
                            let pixels = pixels[run.lane..run.lane + run.count].as_flattened();
                            let count = pixels.len().min(planes.width - column);
                            let start = plane + row * planes.width + column;
                            self.picture
                                .prefetch(start + AHEAD * planes.pixels(), count);
                            // SAFETY: the promise of the caller of `new`.
                            unsafe { self.picture.write(start, &pixels[..count]) };
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::halving::{
        self, HALF, LARGE, ReadLarge, ReadSmall, SHARED, SHARED_POINT, SMALL, WriteLarge,
        WriteSmall,
    };
    use super::super::kernels::Kernels;
    use super::super::reader::Reader;
    use super::super::segments::point_length;
    use super::super::transform::{OUTPUTS, POINTS, ReadInput, ReadWeight, WriteOutput};
    use super::super::weights::{Places, transform_weights};
    use super::*;
    use crate::kernels::workers::RayonWorkers;

    /// The transformed weights of a kernel of one tap.
    fn points<T: Transform<TAPS, POINTS> + Default, const TAPS: usize>(
        tap: usize,
        opposite: bool,
    ) -> Vec<f32> {
        let mut weight = [[0.0; TAPS]; TAPS];
        weight.as_flattened_mut()[tap] = 1.0;
        let kernels = Kernels {
            weight: weight.as_flattened(),
            channels: [1, 1],
            opposite,
        };
        let place: Places<'_> = (1, &|point| [point, 0]);
        let (weight, _) = transform_weights::<T, TAPS, POINTS>(&kernels, RayonWorkers, place);
        weight.chunks_exact(ROWS).map(|rows| rows[0]).collect()
    }

    /// Filters two planes with the products that `multiply` makes of the points of a tile, at one level of vector instructions.
    fn filter<
        S: Simd,
        R: Transform<REACH, POINTS>,
        W: Transform<PRODUCTS, OUTPUTS>,
        const STEP: usize,
        const REACH: usize,
        const POINTS: usize,
        const PRODUCTS: usize,
        const OUTPUTS: usize,
    >(
        simd: S,
        [source, target]: [&Planes; 2],
        picture: &[f32],
        multiply: impl Fn(usize, &dyn Fn(usize) -> f32) -> f32,
    ) -> Vec<f32> {
        let mut output = vec![f32::NAN; 2 * target.pixels()];
        let rows = target.height.div_ceil(OUTPUTS);
        for segments in Segment::divide(rows, target.tile_columns).chunks(1) {
            let mut points = vec![0.0; POINTS * POINTS * point_length(2)];
            let mut values = vec![0.0; PRODUCTS * PRODUCTS * ROWS * SEGMENT];
            Simd::vectorize(
                simd,
                Reader::<R, STEP, REACH, POINTS> {
                    transform: PhantomData,
                    segments,
                    planes: source,
                    picture,
                    points: &mut points,
                },
            );
            for channel in 0..2 {
                let at = |lane: usize| {
                    let points = &points;
                    move |point: usize| points[point * point_length(2) + channel * SEGMENT + lane]
                };
                let products = (0..PRODUCTS * PRODUCTS * SEGMENT)
                    .map(|index| multiply(index / SEGMENT, &at(index % SEGMENT)));
                let products: Vec<f32> = products.collect();
                for (product, line) in products.chunks_exact(SEGMENT).enumerate() {
                    let row = product * ROWS + channel;
                    values[row * SEGMENT..][..SEGMENT].copy_from_slice(line);
                }
            }
            let products = Products {
                values: &values,
                stride: ROWS * SEGMENT,
                segments: 1,
                channels: 0..2,
                bias: &[0.5; 2],
            };
            // SAFETY: nobody else has the output.
            let writer = unsafe {
                Writer::<W, STEP, PRODUCTS, OUTPUTS>::new(
                    segments,
                    target,
                    &products,
                    DisjointSlices::new(&mut output),
                )
            };
            Simd::vectorize(simd, writer);
        }
        output
    }

    fn planes(height: usize, width: usize, border: usize, tile_columns: usize) -> Planes {
        Planes {
            height,
            width,
            border,
            tile_columns,
        }
    }

    /// Filters with one tap in the three ways, and compares with the pixels that it takes.
    fn check<S: Simd>(simd: S, height: usize, width: usize) {
        let picture = |pixels: usize| -> Vec<f32> {
            (0..2 * pixels)
                .map(|index| (index * 37 % 101) as f32 / 50.0)
                .collect()
        };
        let assert_close = |found: &[f32], expected: &dyn Fn(usize) -> f32| {
            for (index, found) in found.iter().enumerate() {
                assert!(
                    (found - expected(index) - 0.5).abs() < 1e-5,
                    "{height} x {width}"
                );
            }
        };
        let columns = width.div_ceil(OUTPUTS);
        let both = [
            &planes(height, width, 1, columns),
            &planes(height, width, 0, columns),
        ];
        let small = picture(height * width);
        let weights = points::<ReadWeight, 3>(4, false);
        let found = filter::<S, ReadInput, WriteOutput, OUTPUTS, POINTS, POINTS, POINTS, OUTPUTS>(
            simd,
            both,
            &small,
            |product, point| weights[product] * point(product),
        );
        assert_close(&found, &|index| small[index]);

        let columns = width.div_ceil(SMALL);
        let large = picture(4 * height * width);
        let [of_large, of_small] = [
            planes(2 * height, 2 * width, 1, columns),
            planes(height, width, 0, columns),
        ];
        let weights = points::<halving::ReadWeight, { halving::FOUR }>(5, false);
        let found = filter::<S, ReadLarge, WriteSmall, LARGE, POINTS, POINTS, HALF, SMALL>(
            simd,
            [&of_large, &of_small],
            &large,
            |product, point| {
                let terms = (0..4).map(|term| {
                    let row = term / 2 * HALF + product / HALF;
                    row * POINTS + term % 2 * HALF + product % HALF
                });
                terms.map(|index| weights[index] * point(index)).sum()
            },
        );
        let at = |index: usize| (index / width * 2, index % width * 2);
        assert_close(&found, &|index| {
            let (row, column) = at(index);
            large[row * 2 * width + column]
        });

        let [of_small, of_large] = [
            planes(height, width, 1, columns),
            planes(2 * height, 2 * width, 0, columns),
        ];
        let weights = points::<halving::ReadWeight, { halving::FOUR }>(5, true);
        let found = filter::<S, ReadSmall, WriteLarge, SMALL, LARGE, SHARED, POINTS, LARGE>(
            simd,
            [&of_small, &of_large],
            &small,
            |product, point| {
                let shared =
                    SHARED_POINT[product / POINTS] * SHARED + SHARED_POINT[product % POINTS];
                weights[product] * point(shared)
            },
        );
        assert_close(&found, &|index| {
            let (row, column) = (index / (2 * width), index % (2 * width));
            // The tap in the second row and column of the kernel lies on even pixels.
            if row % 2 == 0 && column % 2 == 0 {
                small[row / 2 * width + column / 2]
            } else {
                0.0
            }
        });
    }

    #[test]
    fn tiles_are_read_and_written_at_every_level() {
        for (height, width) in [(5, 3), (9, 34), (8, 66), (4, 131)] {
            check(pulp::Scalar::new(), height, width);
            #[cfg(target_arch = "x86_64")]
            {
                if let Some(simd) = pulp::x86::V3::try_new() {
                    check(simd, height, width);
                }
                if let Some(simd) = pulp::x86::V4::try_new() {
                    check(simd, height, width);
                }
            }
        }
    }
}
