//! Products of tiles whose sums stay in registers: weights times pixels that are read where they lie.
#![expect(
    unsafe_code,
    reason = "with a check at each of its loads a product takes half as long again"
)]
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]

use std::array::from_fn;

use pulp::{Arch, Simd, WithSimd};

use super::prefetch::{prefetch_at, prefetch_soon};

/// Adjacent pixels that are multiplied together.
pub(super) const SEGMENT: usize = 16;

/// Rows of weights of a panel, and of one for products of few rows.
pub(super) const ROWS: usize = 8;
pub(super) const FEW_ROWS: usize = 4;

/// Weights between a request for them and their use. In a core's second cache they would be there in time, but not in the third.
const AHEAD: usize = 256;

/// Panels of weights and the pixels that they are multiplied with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operands<'a> {
    /// `[panels, depth, rows]`.
    pub(super) weights: &'a [f32],
    /// [`ROWS`] or [`FEW_ROWS`].
    pub(super) rows: usize,
    pub(super) pixels: &'a [f32],
    /// For each of `depth` weights of a row, where its pixels lie, from the base of a segment.
    pub(super) offsets: &'a [usize],
    /// The distance from these pixels to those that are multiplied next, which are requested meanwhile; 0 where there are none.
    pub(super) next: isize,
}

/// Writes to `sums`, `[panels, segments, rows, SEGMENT]`, or adds if `add` is set, the sum over all offsets of weight times pixels,
/// for the segments that begin at `bases`.
///
/// The pixels of a tile stay in a core's first cache while the panels go by.
pub(super) fn multiply(operands: Operands<'_>, bases: &[usize], sums: &mut [f32], add: bool) {
    Arch::new().dispatch(Tiles::new(operands, bases, sums, add));
}

struct Tiles<'a> {
    operands: Operands<'a>,
    bases: &'a [usize],
    sums: &'a mut [f32],
    add: bool,
}

impl WithSimd for Tiles<'_> {
    type Output = ();

    /// As many sums as there are registers, but for those of the factors.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let few = self.operands.rows == FEW_ROWS;
        match S::F32_LANES {
            16 if few => self.run::<S, 1, FEW_ROWS, 6>(simd),
            16 => self.run::<S, 1, ROWS, 3>(simd),
            8 => self.run::<S, 2, FEW_ROWS, 1>(simd),
            4 => self.run::<S, 4, FEW_ROWS, 1>(simd),
            _ => self.run::<S, SEGMENT, 1, 1>(simd),
        }
    }
}

impl<'a> Tiles<'a> {
    /// Checks all lengths.
    fn new(operands: Operands<'a>, bases: &'a [usize], sums: &'a mut [f32], add: bool) -> Self {
        let Operands {
            weights,
            rows,
            pixels,
            offsets,
            ..
        } = operands;
        let last = |indices: &[usize]| indices.iter().copied().max().unwrap_or(0);
        assert!(rows == ROWS || rows == FEW_ROWS);
        assert!(weights.len().is_multiple_of(rows * offsets.len()));
        assert!(last(bases) + last(offsets) + SEGMENT <= pixels.len());
        let panels = weights.len() / (rows * offsets.len());
        assert!(sums.len() == panels * bases.len() * rows * SEGMENT);
        Self {
            operands,
            bases,
            sums,
            add,
        }
    }

    /// Runs over all sums in tiles of `ROWS` rows and `SEGMENTS` segments, each of `PARTS` vectors.
    #[inline(always)]
    fn run<S: Simd, const PARTS: usize, const ROWS: usize, const SEGMENTS: usize>(
        mut self,
        simd: S,
    ) {
        // Two pairs are faster than a whole tile and a single one.
        let is_single = self.bases.len() % SEGMENTS == 1 && self.bases.len() > SEGMENTS;
        let tiles = self.bases.len() / SEGMENTS - usize::from(is_single && SEGMENTS > 1);
        let (whole, rest) = self.bases.split_at(tiles * SEGMENTS);
        let (whole, _) = whole.as_chunks::<SEGMENTS>();
        for (number, &bases) in whole.iter().enumerate() {
            let first = number * SEGMENTS;
            self.panels::<S, PARTS, ROWS, SEGMENTS>(simd, first, bases);
        }
        let first = whole.len() * SEGMENTS;
        let (pairs, last) = rest.as_chunks::<2>();
        for (number, &bases) in pairs.iter().enumerate() {
            self.panels::<S, PARTS, ROWS, 2>(simd, first + 2 * number, bases);
        }
        if let &[base] = last {
            self.panels::<S, PARTS, ROWS, 1>(simd, first + 2 * pairs.len(), [base]);
        }
    }

    /// Multiplies all panels with the segments from number `first` on, which begin at `bases`.
    #[inline(always)]
    fn panels<S: Simd, const PARTS: usize, const ROWS: usize, const SEGMENTS: usize>(
        &mut self,
        simd: S,
        first: usize,
        bases: [usize; SEGMENTS],
    ) {
        let length = self.operands.rows * SEGMENT;
        let weights = self.operands.rows * self.operands.offsets.len();
        let panels = self.operands.weights.chunks_exact(weights);
        let sums = self.sums.chunks_exact_mut(self.bases.len() * length);
        for (weights, sums) in panels.zip(sums) {
            let operands = Operands {
                weights,
                ..self.operands
            };
            let sums = &mut sums[first * length..][..SEGMENTS * length];
            for row in (0..operands.rows).step_by(ROWS) {
                // SAFETY: `new` has checked all lengths.
                unsafe {
                    tile::<S, PARTS, ROWS, SEGMENTS>(simd, operands, row, bases, sums, self.add);
                }
            }
        }
    }
}

/// Multiplies `ROWS` rows from `first` on with the segments at `bases`; `sums` are those of these segments.
///
/// # Safety
/// For each offset there are `rows` weights; each base, offset and vector of a segment together lie inside the pixels; and `sums`
/// are `[SEGMENTS, rows, SEGMENT]`.
#[inline(always)]
unsafe fn tile<S: Simd, const PARTS: usize, const ROWS: usize, const SEGMENTS: usize>(
    simd: S,
    operands: Operands<'_>,
    first: usize,
    bases: [usize; SEGMENTS],
    sums: &mut [f32],
    add: bool,
) {
    let Operands {
        weights,
        rows,
        pixels,
        offsets,
        next,
    } = operands;
    let mut totals = [[[simd.splat_f32s(0.0); PARTS]; SEGMENTS]; ROWS];
    let place = |row: usize, segment: usize, part: usize| {
        (segment * rows + first + row) * SEGMENT + part * S::F32_LANES
    };
    if add {
        for (row, totals) in totals.iter_mut().enumerate() {
            for (segment, totals) in totals.iter_mut().enumerate() {
                for (part, total) in totals.iter_mut().enumerate() {
                    // SAFETY: the place lies in the sums.
                    *total = unsafe { load::<S>(sums.as_ptr().add(place(row, segment, part))) };
                }
            }
        }
    }
    // SAFETY: the caller's promise.
    let sources: [*const f32; SEGMENTS] = bases.map(|base| unsafe { pixels.as_ptr().add(base) });
    let mut weight = weights[first..].as_ptr();
    for &offset in offsets {
        prefetch_at(weight.wrapping_add(AHEAD));
        for source in sources {
            prefetch_soon(source.wrapping_add(offset).wrapping_offset(next));
        }
        // SAFETY: the caller's promise.
        let vectors: [[S::f32s; PARTS]; SEGMENTS] = from_fn(|segment| {
            from_fn(|part| unsafe { load::<S>(sources[segment].add(offset + part * S::F32_LANES)) })
        });
        for (row, totals) in totals.iter_mut().enumerate() {
            // SAFETY: there are as many weights for each offset.
            let factor = simd.splat_f32s(unsafe { *weight.add(row) });
            for (totals, vectors) in totals.iter_mut().zip(&vectors) {
                for (total, &vector) in totals.iter_mut().zip(vectors) {
                    *total = simd.mul_add_e_f32s(factor, vector, *total);
                }
            }
        }
        weight = weight.wrapping_add(rows);
    }
    for (row, totals) in totals.iter().enumerate() {
        for (segment, totals) in totals.iter().enumerate() {
            for (part, total) in totals.iter().enumerate() {
                let target = &mut sums[place(row, segment, part)..][..S::F32_LANES];
                target.copy_from_slice(bytemuck::cast_slice(std::slice::from_ref(total)));
            }
        }
    }
}

/// A vector of unaligned numbers.
///
/// # Safety
/// All of them can be read.
#[inline(always)]
unsafe fn load<S: Simd>(numbers: *const f32) -> S::f32s {
    // SAFETY: the caller's promise; every pattern of bits is a number.
    unsafe { numbers.cast::<S::f32s>().read_unaligned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Multiplies with the vector instructions of every level that this processor has.
    fn at_all_levels(
        operands: Operands<'_>,
        bases: &[usize],
        sums: &[f32],
        add: bool,
    ) -> Vec<Vec<f32>> {
        let run = |level: &dyn Fn(Tiles<'_>)| {
            let mut sums = sums.to_vec();
            level(Tiles::new(operands, bases, &mut sums, add));
            sums
        };
        let mut all = vec![
            run(&|tiles| Arch::new().dispatch(tiles)),
            run(&|tiles| tiles.with_simd(pulp::Scalar::new())),
        ];
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            all.push(run(&|tiles| Simd::vectorize(simd, tiles)));
        }
        all
    }

    #[test]
    fn sums_are_those_of_products_one_by_one() {
        let number = |index: usize| (index * 7 % 11) as f32 - 5.0;
        let pixels: Vec<f32> = (0..400).map(number).collect();
        let offsets: Vec<usize> = (0..15).map(|index| index * 13 % 29).collect();
        for (rows, panels, segments) in [(8, 1, 1), (8, 2, 3), (8, 3, 4), (4, 1, 8), (4, 2, 13)] {
            let weights: Vec<f32> = (0..panels * offsets.len() * rows).map(number).collect();
            let bases: Vec<usize> = (0..segments).map(|segment| segment * 27).collect();
            let before: Vec<f32> = (0..panels * segments * rows * SEGMENT)
                .map(number)
                .collect();
            for add in [false, true] {
                let expected = before.iter().enumerate().map(|(index, before)| {
                    let (lane, row) = (index % SEGMENT, index / SEGMENT % rows);
                    let segment = index / SEGMENT / rows % segments;
                    let panel = index / SEGMENT / rows / segments;
                    let products = offsets.iter().enumerate().map(|(depth, offset)| {
                        weights[(panel * offsets.len() + depth) * rows + row]
                            * pixels[bases[segment] + offset + lane]
                    });
                    products.sum::<f32>() + if add { *before } else { 0.0 }
                });
                let expected: Vec<f32> = expected.collect();
                let operands = Operands {
                    weights: &weights,
                    rows,
                    pixels: &pixels,
                    offsets: &offsets,
                    next: 32,
                };
                for sums in at_all_levels(operands, &bases, &before, add) {
                    assert_eq!(sums, expected, "{rows} rows, {segments} segments");
                }
            }
        }
    }
}
