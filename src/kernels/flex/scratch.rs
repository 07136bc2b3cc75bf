//! Memory that threads keep from one kernel to the next.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Buffers that a thread keeps at most.
const KEPT: usize = 8;

thread_local! {
    static BUFFERS: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Numbers to work with, of no particular value at first; whoever reads one has written it before.
///
/// Measured: with a fresh buffer for each call a quarter of the time of a convolution went into pages that the system clears
/// and zeros that are never read.
pub(super) struct Scratch {
    buffer: Vec<f32>,
    length: usize,
}

impl Scratch {
    /// This many numbers, from a buffer that this thread has used before if there is one.
    pub(super) fn new(length: usize) -> Self {
        let mut buffer = BUFFERS
            .with_borrow_mut(|buffers| {
                // The smallest that is large enough, or else the largest, which then grows.
                let fits = |buffer: &&(usize, usize)| buffer.1 >= length;
                let sizes = buffers.iter().map(Vec::len).enumerate();
                let sizes: Vec<_> = sizes.collect();
                let best = sizes.iter().filter(fits).min_by_key(|(_, size)| *size);
                let best = best.or_else(|| sizes.iter().max_by_key(|(_, size)| *size));
                best.map(|(index, _)| buffers.swap_remove(*index))
            })
            .unwrap_or_default();
        if buffer.len() < length {
            // What it holds need not be copied, and the system's fresh pages are zeros already.
            drop(buffer);
            buffer = vec![0.0; length];
        }
        Self { buffer, length }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        // At the end of a thread there may be nothing left to keep it in.
        let _ = BUFFERS.try_with(|buffers| {
            if let Ok(mut buffers) = buffers.try_borrow_mut()
                && buffers.len() < KEPT
            {
                buffers.push(buffer);
            }
        });
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.buffer[..self.length]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.buffer[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again() {
        let first = {
            let mut scratch = Scratch::new(1000);
            scratch.fill(1.0);
            scratch.as_ptr()
        };
        let again = Scratch::new(10);
        assert_eq!((again.len(), again.as_ptr()), (10, first));
        assert_ne!(Scratch::new(10).as_ptr(), first);
    }
}
