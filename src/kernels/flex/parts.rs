//! Parts of one buffer, written by several threads at once.
#![expect(
    unsafe_code,
    reason = "blocks of a matrix are not contiguous, so that the buffer cannot be split into slices for the threads"
)]

use std::marker::PhantomData;
use std::ops::Range;

/// A buffer whose elements several threads write, no element by two of them.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    start: *mut f32,
    length: usize,
    buffer: PhantomData<&'a mut [f32]>,
}

// SAFETY: the pointer is only followed through the unsafe methods, whose callers promise that no element is in the
// hands of two threads.
unsafe impl Send for Parts<'_> {}

// SAFETY: as for `Send`.
unsafe impl Sync for Parts<'_> {}

impl<'a> Parts<'a> {
    pub(super) fn new(buffer: &'a mut [f32]) -> Self {
        Self {
            start: buffer.as_mut_ptr(),
            length: buffer.len(),
            buffer: PhantomData,
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
