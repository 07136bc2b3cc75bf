//! Small linear transforms, vectorised over lines of numbers.
#![expect(
    clippy::inline_always,
    reason = "vector instructions are known only to what is compiled into the function that is called with them"
)]

use std::array::from_fn;
use std::marker::PhantomData;
use std::mem::take;

use pulp::{Arch, Simd, WithSimd};

use crate::kernels::flex::tile::SEGMENT;

/// A linear transform of `IN` numbers to `OUT`.
pub(super) trait Transform<const IN: usize, const OUT: usize> {
    /// Transforms one vector of numbers per input at once.
    fn apply<S: Simd>(simd: S, numbers: [S::f32s; IN]) -> [S::f32s; OUT];
}

/// The layout of lines: `count` of `length` numbers each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines {
    pub(super) count: usize,
    pub(super) length: usize,
    /// Numbers from the start of a line of a source to the next. In targets lines are contiguous.
    pub(super) source_stride: usize,
}

impl Lines {
    /// One line.
    pub(super) fn one(length: usize) -> Self {
        Self {
            count: 1,
            length,
            source_stride: length,
        }
    }
}

/// Applies a transform across `sources`, element by element, and writes the results to `targets`.
pub(super) fn across<T: Transform<IN, OUT>, const IN: usize, const OUT: usize>(
    _transform: T,
    lines: Lines,
    sources: [&[f32]; IN],
    targets: [&mut [f32]; OUT],
) {
    Arch::new().dispatch(Across::<T, IN, OUT> {
        transform: PhantomData,
        lines,
        sources,
        targets,
    });
}

struct Across<'a, T, const IN: usize, const OUT: usize> {
    transform: PhantomData<T>,
    lines: Lines,
    sources: [&'a [f32]; IN],
    targets: [&'a mut [f32]; OUT],
}

impl<T: Transform<IN, OUT>, const IN: usize, const OUT: usize> WithSimd for Across<'_, T, IN, OUT> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Lines {
            count,
            length,
            source_stride,
        } = self.lines;
        let zero = simd.splat_f32s(0.0);
        for line in 0..count {
            let (from, to) = (line * source_stride, line * length);
            let mut sources: [(&[S::f32s], &[f32]); IN] = [(&[], &[]); IN];
            for (parts, source) in sources.iter_mut().zip(self.sources) {
                *parts = S::as_simd_f32s(&source[from..from + length]);
            }
            let mut targets: [(&mut [S::f32s], &mut [f32]); OUT] = from_fn(|_| Default::default());
            for (parts, target) in targets.iter_mut().zip(&mut self.targets) {
                *parts = S::as_mut_simd_f32s(&mut target[to..to + length]);
            }
            let mut numbers = [zero; IN];
            for slot in 0..length / S::F32_LANES {
                for (number, (whole, _)) in numbers.iter_mut().zip(&sources) {
                    *number = whole[slot];
                }
                let results = T::apply(simd, numbers);
                for ((whole, _), result) in targets.iter_mut().zip(results) {
                    whole[slot] = result;
                }
            }
            if !length.is_multiple_of(S::F32_LANES) {
                for (number, (_, rest)) in numbers.iter_mut().zip(&sources) {
                    *number = simd.partial_load_f32s(rest);
                }
                let results = T::apply(simd, numbers);
                for ((_, rest), result) in targets.iter_mut().zip(results) {
                    simd.partial_store_f32s(rest, result);
                }
            }
        }
    }
}

/// The first lines of `length` numbers of a buffer.
pub(super) fn lines<const COUNT: usize>(buffer: &mut [f32], length: usize) -> [&mut [f32]; COUNT] {
    let mut rest = buffer;
    from_fn(|_| {
        let (line, others) = take(&mut rest).split_at_mut(length);
        rest = others;
        line
    })
}

/// As many numbers as a segment has tiles.
pub(super) type Line = [f32; SEGMENT];

/// The first line of some numbers.
#[inline(always)]
pub(super) fn line(numbers: &[f32]) -> &Line {
    numbers
        .first_chunk()
        .expect("a line of each point was computed")
}

/// Transforms lines, vector by vector, and gives each result to `put`, with the number of its line and its place there.
#[inline(always)]
pub(super) fn transform<S: Simd, T: Transform<IN, OUT>, const IN: usize, const OUT: usize>(
    simd: S,
    sources: [&Line; IN],
    mut put: impl FnMut(usize, usize, S::f32s),
) {
    for part in 0..SEGMENT / S::F32_LANES {
        let mut numbers = [simd.splat_f32s(0.0); IN];
        for (number, line) in numbers.iter_mut().zip(sources) {
            *number = S::as_simd_f32s(line).0[part];
        }
        for (index, result) in T::apply(simd, numbers).into_iter().enumerate() {
            put(index, part, result);
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "whole numbers, of which none is rounded")]
mod tests {
    use super::*;

    struct Small;

    impl Transform<3, 2> for Small {
        fn apply<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 2] {
            [simd.sub_f32s(a, c), simd.mul_f32s(b, simd.splat_f32s(0.5))]
        }
    }

    #[test]
    fn a_transform_is_applied_to_lines_of_any_length() {
        for length in 0..20 {
            let line = |first: f32| -> Vec<f32> { (0..length).map(|i| first + i as f32).collect() };
            let [a, b, c] = [line(1.0), line(20.0), line(400.0)];
            let mut made = vec![f32::NAN; 2 * length];
            across(
                Small,
                Lines::one(length),
                [&a, &b, &c],
                lines(&mut made, length),
            );
            let (first, second) = made.split_at(length);
            assert_eq!(first, vec![-399.0; length]);
            assert!(
                second
                    .iter()
                    .zip(&b)
                    .all(|(half, whole)| half * 2.0 == *whole)
            );
        }
    }
}
