//! Requests for memory that is read soon.
#![expect(
    clippy::inline_always,
    reason = "they stand between vector instructions, which a call would interrupt"
)]

/// Numbers of a line of the caches of most processors.
pub(super) const LINE: usize = 16;

/// Requests numbers of `values` from `start` on, where the processor has an instruction for it. What lies outside is left out.
///
/// For reads far apart, whose order processors do not foresee.
#[inline(always)]
pub(super) fn prefetch(values: &[f32], start: usize, length: usize) {
    let end = (start + length).min(values.len());
    for index in (start..end).step_by(LINE) {
        prefetch_at(&raw const values[index]);
    }
}

/// Requests the line of memory around a number, which need not exist.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "calls an instruction")]
#[inline(always)]
pub(super) fn prefetch_at(number: *const f32) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    // SAFETY: every such processor has the instruction, which reads nothing into the program, from whatever address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(number.cast()) };
}

/// Requests a line that is read later: it need not come into the first cache.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "calls an instruction")]
#[inline(always)]
pub(super) fn prefetch_soon(number: *const f32) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};

    // SAFETY: as above.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(number.cast()) };
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn prefetch_soon(_number: *const f32) {}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn prefetch_at(_number: *const f32) {}
