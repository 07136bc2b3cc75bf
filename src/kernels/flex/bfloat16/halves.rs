//! Buffers of numbers of bfloat16.
#![expect(unsafe_code, reason = "threads write parts of one buffer")]

use crate::kernels::flex::scratch::Scratch;

/// Bytes of a line of the processor's caches. Tiles whose rows lie across two lines are read at a fifth of the speed.
const LINE: usize = 64;

/// A buffer of arbitrary numbers that begins with a line, to be written before they are read.
pub(in crate::kernels::flex) struct Halves {
    scratch: Scratch,
    /// Its first number, in numbers of 32 bits.
    start: usize,
    length: usize,
}

impl Halves {
    pub(super) fn new(length: usize) -> Self {
        let scratch = Scratch::new(length.div_ceil(2) + LINE / size_of::<f32>());
        let start = scratch.as_ptr().align_offset(LINE);
        Self {
            scratch,
            start,
            length,
        }
    }

    pub(super) fn as_ptr(&self) -> *const u16 {
        self.scratch[self.start..].as_ptr().cast()
    }

    pub(in crate::kernels::flex) fn numbers(&self) -> &[u16] {
        let numbers = bytemuck::cast_slice::<f32, u16>(&self.scratch[self.start..]);
        &numbers[..self.length]
    }

    /// The buffer, for threads that each write a part of it.
    pub(super) fn writer(&mut self) -> Writer {
        Writer {
            start: self.scratch[self.start..].as_mut_ptr().cast(),
            length: self.length,
        }
    }
}

/// Writes lines of one buffer, from several threads.
#[derive(Clone, Copy)]
pub(super) struct Writer {
    start: *mut u16,
    length: usize,
}

// SAFETY: the pointer is only followed through `line`, whose callers promise that no line is in the hands of two threads.
unsafe impl Send for Writer {}

// SAFETY: as for `Send`.
unsafe impl Sync for Writer {}

impl Writer {
    /// The line of 32 numbers from `start` on.
    ///
    /// # Safety
    /// The buffer lives, and nobody else reads or writes these numbers meanwhile.
    #[inline]
    pub(super) unsafe fn line(self, start: usize) -> *mut f32 {
        debug_assert!(start + LINE / size_of::<u16>() <= self.length);
        // SAFETY: inside the buffer, as the caller promises.
        unsafe { self.start.add(start).cast() }
    }
}
