//! The kernels of a convolution, gathered for transforms of several at a time.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "kernels are transposed by vector instructions")
)]

use std::ops::Range;

use crate::kernels::flex::prefetch::prefetch;
use crate::kernels::flex::tile::ROWS;

/// Places of the depth between a request for kernels and their use, where they lie far apart.
const AHEAD: usize = 4;

/// The kernels of a convolution, `[outputs, inputs, TAPS, TAPS]`, or of its input gradient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernels<'a> {
    pub(super) weight: &'a [f32],
    /// Outputs and inputs.
    pub(super) channels: [usize; 2],
    /// Whether they go from outputs to inputs: the taps are then in the opposite order.
    pub(super) opposite: bool,
}

impl Kernels<'_> {
    /// Channels that they go to.
    pub(super) fn rows(&self) -> usize {
        self.channels[usize::from(self.opposite)]
    }

    /// Channels that they come from.
    pub(super) fn depth(&self) -> usize {
        self.channels[usize::from(!self.opposite)]
    }

    /// Where the kernel from one channel to another begins.
    fn start<const TAPS: usize>(&self, row: usize, place: usize) -> usize {
        let [output, input] = if self.opposite {
            [place, row]
        } else {
            [row, place]
        };
        (output * self.channels[1] + input) * TAPS * TAPS
    }

    /// Writes the taps of the kernels from a part of the depth to the [`ROWS`] rows of a panel to `taps`, `[TAPS * TAPS, part, ROWS]`;
    /// those of rows that do not exist are 0.
    pub(super) fn gather<const TAPS: usize>(
        &self,
        panel: usize,
        part: Range<usize>,
        taps: &mut [f32],
    ) {
        let rows = panel * ROWS..self.rows().min((panel + 1) * ROWS);
        #[cfg(target_arch = "x86_64")]
        if rows.len() == ROWS && part.len().is_multiple_of(2) && pulp::x86::V4::try_new().is_some()
        {
            // SAFETY: the processor has the instructions.
            unsafe { avx512::gather::<TAPS>(self, rows.start, part, taps) };
            return;
        }
        self.gather_one_by_one::<TAPS>(rows, part, taps);
    }

    fn gather_one_by_one<const TAPS: usize>(
        &self,
        rows: Range<usize>,
        part: Range<usize>,
        taps: &mut [f32],
    ) {
        let length = part.len() * ROWS;
        for (number, place) in part.enumerate() {
            self.prefetch::<TAPS>(rows.start, place + AHEAD);
            let mut columns = [[[0.0; ROWS]; TAPS]; TAPS];
            let columns = columns.as_flattened_mut();
            for row in rows.clone() {
                let kernel = &self.weight[self.start::<TAPS>(row, place)..][..TAPS * TAPS];
                for (column, &weight) in columns.iter_mut().zip(kernel) {
                    column[row - rows.start] = weight;
                }
            }
            if self.opposite {
                columns.reverse();
            }
            for (tap, column) in columns.iter().enumerate() {
                taps[tap * length + number * ROWS..][..ROWS].copy_from_slice(column);
            }
        }
    }

    /// Requests the kernels from one place of the depth, if those from the next do not follow them.
    fn prefetch<const TAPS: usize>(&self, row: usize, place: usize) {
        if self.opposite {
            prefetch(
                self.weight,
                self.start::<TAPS>(row, place),
                ROWS * TAPS * TAPS,
            );
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{
        __m512, _mm512_castpd_ps, _mm512_castps_pd, _mm512_maskz_loadu_ps, _mm512_setzero_ps,
        _mm512_shuffle_f32x4, _mm512_storeu_ps, _mm512_unpackhi_pd, _mm512_unpackhi_ps,
        _mm512_unpacklo_pd, _mm512_unpacklo_ps,
    };
    use std::ops::Range;

    use super::{AHEAD, Kernels, ROWS};

    /// Numbers of a vector.
    const LANES: usize = 16;

    /// [`Kernels::gather`] for a whole panel from `row` on and an even number of places.
    #[target_feature(enable = "avx512f")]
    pub(super) fn gather<const TAPS: usize>(
        kernels: &Kernels<'_>,
        row: usize,
        part: Range<usize>,
        taps: &mut [f32],
    ) {
        let (length, count) = (part.len() * ROWS, TAPS * TAPS);
        let mask = u16::MAX >> (LANES - count);
        let taps = &mut taps[..count * length];
        for pair in 0..part.len() / 2 {
            let place = part.start + 2 * pair;
            let mut vectors = [_mm512_setzero_ps(); LANES];
            for half in 0..2 {
                kernels.prefetch::<TAPS>(row, place + half + AHEAD);
                for (number, vector) in vectors[half * ROWS..][..ROWS].iter_mut().enumerate() {
                    let start = kernels.start::<TAPS>(row + number, place + half);
                    let kernel = &kernels.weight[start..start + count];
                    // SAFETY: the mask has as many numbers as the kernel.
                    *vector = unsafe { _mm512_maskz_loadu_ps(mask, kernel.as_ptr()) };
                }
            }
            for (tap, vector) in transpose(&vectors).into_iter().enumerate().take(count) {
                let tap = if kernels.opposite {
                    count - 1 - tap
                } else {
                    tap
                };
                let target = &mut taps[tap * length + pair * LANES..][..LANES];
                // SAFETY: there are as many numbers.
                unsafe { _mm512_storeu_ps(target.as_mut_ptr(), vector) };
            }
        }
    }

    /// Exchanges rows and columns.
    #[target_feature(enable = "avx512f")]
    fn transpose(rows: &[__m512; LANES]) -> [__m512; LANES] {
        let mut columns = [_mm512_setzero_ps(); LANES];
        // Four by four in each quarter of the vectors of four rows.
        let mut quarters = [[_mm512_setzero_ps(); 4]; 4];
        for (quarter, rows) in quarters.iter_mut().zip(rows.as_chunks::<4>().0) {
            let &[a, b, c, d] = rows;
            let low = _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
            let next_low = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
            let high = _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
            let next_high = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
            *quarter = [
                _mm512_castpd_ps(_mm512_unpacklo_pd(low, next_low)),
                _mm512_castpd_ps(_mm512_unpackhi_pd(low, next_low)),
                _mm512_castpd_ps(_mm512_unpacklo_pd(high, next_high)),
                _mm512_castpd_ps(_mm512_unpackhi_pd(high, next_high)),
            ];
        }
        for column in 0..4 {
            let [a, b, c, d] = [0, 1, 2, 3].map(|group| quarters[group][column]);
            let even = [
                _mm512_shuffle_f32x4::<0x88>(a, b),
                _mm512_shuffle_f32x4::<0x88>(c, d),
            ];
            let odd = [
                _mm512_shuffle_f32x4::<0xdd>(a, b),
                _mm512_shuffle_f32x4::<0xdd>(c, d),
            ];
            columns[column] = _mm512_shuffle_f32x4::<0x88>(even[0], even[1]);
            columns[4 + column] = _mm512_shuffle_f32x4::<0x88>(odd[0], odd[1]);
            columns[8 + column] = _mm512_shuffle_f32x4::<0xdd>(even[0], even[1]);
            columns[12 + column] = _mm512_shuffle_f32x4::<0xdd>(odd[0], odd[1]);
        }
        columns
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "numbers are moved, not computed")]
mod tests {
    use super::*;

    fn check<const TAPS: usize>(channels: [usize; 2]) {
        let count = channels[0] * channels[1] * TAPS * TAPS;
        let weight: Vec<f32> = (0..count).map(|index| index as f32).collect();
        for opposite in [false, true] {
            let kernels = Kernels {
                weight: &weight,
                channels,
                opposite,
            };
            let part = 1..kernels.depth();
            let mut taps = vec![f32::NAN; TAPS * TAPS * part.len() * ROWS];
            for panel in 0..kernels.rows().div_ceil(ROWS) {
                kernels.gather::<TAPS>(panel, part.clone(), &mut taps);
                for (index, found) in taps.iter().enumerate() {
                    let row = panel * ROWS + index % ROWS;
                    let place = part.start + index / ROWS % part.len();
                    let tap = index / ROWS / part.len();
                    let expected = match (row < kernels.rows(), opposite) {
                        (false, _) => 0.0,
                        (true, false) => weight[(row * channels[1] + place) * TAPS * TAPS + tap],
                        (true, true) => {
                            let kernel = place * channels[1] + row + 1;
                            weight[kernel * TAPS * TAPS - 1 - tap]
                        }
                    };
                    assert_eq!(*found, expected, "{channels:?} {opposite} {panel} {index}");
                }
            }
        }
    }

    #[test]
    fn taps_are_gathered_by_rows() {
        for channels in [[11, 18], [16, 9], [9, 16]] {
            check::<3>(channels);
            check::<4>(channels);
        }
    }
}
