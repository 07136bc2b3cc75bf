//! Vector operations on 16 numbers that are about to be rounded, or were summed.
//!
//! Closures that are given to functions of the standard library are not compiled into these, which do not have the instructions: hence loops
//! over indices here and in those that call them.
#![expect(unsafe_code, reason = "vector instructions read and write memory")]

use std::arch::x86_64::{
    __m512, __m512bh, _mm512_castpd_ps, _mm512_castps_pd, _mm512_castps_si512, _mm512_castsi512_ps,
    _mm512_cvtne2ps_pbh, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mask_loadu_ps,
    _mm512_permutex2var_ps, _mm512_permutexvar_epi16, _mm512_setr_epi32, _mm512_setzero_ps,
    _mm512_shuffle_f32x4, _mm512_unpackhi_pd, _mm512_unpackhi_ps, _mm512_unpacklo_pd,
    _mm512_unpacklo_ps,
};

use super::grid::{LANES, Span};

/// Transposes 16 x 16 elements of 32 bits.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn transpose(rows: &[__m512; LANES]) -> [__m512; LANES] {
    let mut pairs = [_mm512_setzero_ps(); LANES];
    for row in 0..8 {
        pairs[2 * row] = _mm512_unpacklo_ps(rows[2 * row], rows[2 * row + 1]);
        pairs[2 * row + 1] = _mm512_unpackhi_ps(rows[2 * row], rows[2 * row + 1]);
    }
    let mut quads = [_mm512_setzero_ps(); LANES];
    for group in 0..4 {
        for half in 0..2 {
            let low = _mm512_castps_pd(pairs[4 * group + half]);
            let high = _mm512_castps_pd(pairs[4 * group + half + 2]);
            quads[4 * group + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            quads[4 * group + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    }
    let mut columns = [_mm512_setzero_ps(); LANES];
    for lane in 0..4 {
        let even = _mm512_shuffle_f32x4::<0x88>(quads[lane], quads[lane + 4]);
        let odd = _mm512_shuffle_f32x4::<0xdd>(quads[lane], quads[lane + 4]);
        let more_even = _mm512_shuffle_f32x4::<0x88>(quads[lane + 8], quads[lane + 12]);
        let more_odd = _mm512_shuffle_f32x4::<0xdd>(quads[lane + 8], quads[lane + 12]);
        columns[lane] = _mm512_shuffle_f32x4::<0x88>(even, more_even);
        columns[lane + 8] = _mm512_shuffle_f32x4::<0xdd>(even, more_even);
        columns[lane + 4] = _mm512_shuffle_f32x4::<0x88>(odd, more_odd);
        columns[lane + 12] = _mm512_shuffle_f32x4::<0xdd>(odd, more_odd);
    }
    columns
}

/// Rounds two vectors to bfloat16, one after the other.
#[target_feature(enable = "avx512f,avx512bf16")]
#[inline]
pub(super) fn round(first: __m512, second: __m512) -> __m512 {
    // SAFETY: both are 512 bits, of which any are valid.
    unsafe { std::mem::transmute::<__m512bh, __m512>(_mm512_cvtne2ps_pbh(second, first)) }
}

/// Rounds two vectors to bfloat16, element by element in turn.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
#[inline]
pub(super) fn round_in_turn(first: __m512, second: __m512) -> __m512 {
    const TURN: [u16; 32] = {
        let mut turn = [0; 32];
        let mut index = 0;
        while index < 16 {
            turn[2 * index] = index as u16;
            turn[2 * index + 1] = 16 + index as u16;
            index += 1;
        }
        turn
    };
    // SAFETY: the array has the vector's size.
    let turn = unsafe { _mm512_loadu_si512(TURN.as_ptr().cast()) };
    let rounded = _mm512_castps_si512(round(first, second));
    _mm512_castsi512_ps(_mm512_permutexvar_epi16(turn, rounded))
}

/// Reads the cells of a plane that `spans` lead to, `STEP` elements apart; 0 where there is none. `piece` gives where each piece of the
/// plane starts.
///
/// # Safety
/// The spans lie in their pieces.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) unsafe fn read_cells<const STEP: usize>(
    piece: impl Fn(usize) -> *const f32,
    spans: &[Span],
) -> __m512 {
    let (mut first, mut second) = (_mm512_setzero_ps(), _mm512_setzero_ps());
    for span in spans {
        let start = piece(span.piece).wrapping_offset(span.start);
        // SAFETY: masked elements alone are read, which lie in the piece.
        unsafe {
            first = _mm512_mask_loadu_ps(first, span.masks[0], start);
            if STEP == 2 {
                second = _mm512_mask_loadu_ps(second, span.masks[1], start.wrapping_add(LANES));
            }
        }
    }
    if STEP == 1 {
        return first;
    }
    let every_second = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    _mm512_permutex2var_ps(first, every_second, second)
}

/// Two vectors, element by element in turn.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn in_turn(first: __m512, second: __m512) -> [__m512; 2] {
    let low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    let high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    [
        _mm512_permutex2var_ps(first, low, second),
        _mm512_permutex2var_ps(first, high, second),
    ]
}

/// Transposes rows of numbers in memory.
#[target_feature(enable = "avx512f")]
#[inline]
pub(super) fn columns(rows: &[[f32; LANES]; LANES]) -> [__m512; LANES] {
    let mut vectors = [_mm512_setzero_ps(); LANES];
    for row in 0..LANES {
        // SAFETY: a row has 16 numbers.
        vectors[row] = unsafe { _mm512_loadu_ps(rows[row].as_ptr()) };
    }
    transpose(&vectors)
}
