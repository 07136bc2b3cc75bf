//! Buffers that threads reuse from kernel to kernel.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Most buffers that a thread retains.
const MAX_BUFFERS: usize = 8;

thread_local! {
    static BUFFERS: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of arbitrary numbers, to be written before they are read.
///
/// Measured: with a fresh buffer per call, clearing pages and writing zeros that are never read took a quarter of the time of a
/// convolution.
pub(super) struct Scratch {
    buffer: Vec<f32>,
    length: usize,
}

impl Scratch {
    /// Takes `length` numbers, from a buffer of this thread if it has one.
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
            // Its contents need not be copied, and fresh pages are zeros already.
            drop(buffer);
            buffer = vec![0.0; length];
        }
        Self { buffer, length }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        // At the end of a thread its buffers may already be gone.
        let _ = BUFFERS.try_with(|buffers| {
            if let Ok(mut buffers) = buffers.try_borrow_mut()
                && buffers.len() < MAX_BUFFERS
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
