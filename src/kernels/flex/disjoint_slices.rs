//! Disjoint slices of one buffer, written by several threads at once.
#![expect(
    clippy::inline_always,
    reason = "elements are written between vector instructions, which a call would interrupt"
)]
#![expect(
    unsafe_code,
    reason = "blocks of a matrix are not contiguous, so that the buffer cannot be split into slices for the threads"
)]

use std::marker::PhantomData;
use std::ops::Range;

use super::prefetch::{LINE, prefetch_at};

/// A buffer that several threads write, no element by two of them.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct DisjointSlices<'a> {
    start: *mut f32,
    length: usize,
    buffer: PhantomData<&'a mut [f32]>,
}

// SAFETY: the pointer is only followed through the unsafe methods, whose callers promise that no element is in the
// hands of two threads.
unsafe impl Send for DisjointSlices<'_> {}

// SAFETY: as for `Send`.
unsafe impl Sync for DisjointSlices<'_> {}

impl<'a> DisjointSlices<'a> {
    pub(in crate::kernels) fn new(buffer: &'a mut [f32]) -> Self {
        Self {
            start: buffer.as_mut_ptr(),
            length: buffer.len(),
            buffer: PhantomData,
        }
    }

    /// Allocates `length` elements and lets `write` fill them.
    ///
    /// # Safety
    /// `write` writes all of them with [`write`](Self::write), takes them with [`zeroed`](Self::zeroed), or has products written to a
    /// [`block`](Self::block) of them without adding, each before anything else is done with it.
    pub(super) unsafe fn fill_vec(
        length: usize,
        write: impl FnOnce(DisjointSlices<'_>),
    ) -> Vec<f32> {
        let mut buffer = Vec::<f32>::with_capacity(length);
        write(DisjointSlices {
            start: buffer.as_mut_ptr(),
            length,
            buffer: PhantomData,
        });
        // SAFETY: there is room for them, and the caller promises that all of them were written.
        unsafe { buffer.set_len(length) };
        buffer
    }

    /// The elements of `range`, to be divided further.
    pub(super) fn narrow(self, range: Range<usize>) -> Self {
        assert!(range.start <= range.end && range.end <= self.length);
        Self {
            // SAFETY: the range was just seen to be inside the buffer.
            start: unsafe { self.start.add(range.start) },
            length: range.len(),
            buffer: PhantomData,
        }
    }

    /// The elements of `range`, set to 0. Written right away, they are still in the cache.
    ///
    /// # Safety
    /// Nobody else reads or writes these elements while the slice lives.
    pub(super) unsafe fn zeroed(self, range: Range<usize>) -> &'a mut [f32] {
        assert!(range.start <= range.end && range.end <= self.length);
        // SAFETY: the range is inside the buffer, which is borrowed for 'a; the caller promises that the elements are
        // its own. Bytes of 0 are the number 0.
        unsafe {
            let start = self.start.add(range.start);
            start.write_bytes(0, range.len());
            std::slice::from_raw_parts_mut(start, range.len())
        }
    }

    /// The elements of `range`.
    ///
    /// # Safety
    /// Nobody else reads or writes these elements while the slice lives.
    pub(super) unsafe fn slice(self, range: Range<usize>) -> &'a mut [f32] {
        assert!(range.start <= range.end && range.end <= self.length);
        // SAFETY: the range is inside the buffer, which is borrowed for 'a; the caller promises that the elements are
        // its own.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }

    /// Writes `values` from `start` on.
    ///
    /// # Safety
    /// Nobody else reads or writes these elements meanwhile.
    #[inline(always)]
    pub(super) unsafe fn write(self, start: usize, values: &[f32]) {
        assert!(start + values.len() <= self.length);
        // Of a length that is known they are copied by vectors, without a call.
        let (lines, rest) = values.as_chunks::<LINE>();
        // SAFETY: the elements are inside the buffer, and the caller promises that they are its own, so that they are not those of
        // `values` either.
        unsafe {
            let mut target = self.start.add(start);
            for line in lines {
                target.copy_from_nonoverlapping(line.as_ptr(), LINE);
                target = target.add(LINE);
            }
            target.copy_from_nonoverlapping(rest.as_ptr(), rest.len());
        }
    }

    /// Requests the memory of `length` elements from `start` on, of which there may be fewer.
    #[inline(always)]
    pub(super) fn prefetch(self, start: usize, length: usize) {
        for place in (start..self.length.min(start + length)).step_by(LINE) {
            prefetch_at(self.start.wrapping_add(place));
        }
    }

    /// A matrix of `rows` by `columns` that starts at `offset` and whose rows are `stride` elements apart.
    pub(super) fn block(
        self,
        offset: usize,
        rows: usize,
        columns: usize,
        stride: usize,
    ) -> Block<'a> {
        assert!(rows > 0 && columns > 0 && columns <= stride);
        assert!(offset + (rows - 1) * stride + columns <= self.length);
        Block {
            // SAFETY: the offset was just seen to be inside the buffer.
            start: unsafe { self.start.add(offset) },
            rows,
            columns,
            stride,
            buffer: PhantomData,
        }
    }
}

/// A matrix inside a buffer, row after row; neighbours in a row are neighbours in memory.
pub(super) struct Block<'a> {
    /// The first element; the whole matrix lies inside the buffer.
    pub(super) start: *mut f32,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Elements from one row to the next.
    pub(super) stride: usize,
    buffer: PhantomData<&'a mut [f32]>,
}
