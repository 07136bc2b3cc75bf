//! A bound on the pixels that are in memory at one time, however many pictures they make.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Pixels that may be on their way through the program.
#[derive(Debug)]
pub(in crate::apply) struct PixelBudget {
    shared: Arc<Shared>,
    most: u64,
}

#[derive(Debug)]
struct Shared {
    taken: Mutex<u64>,
    freed: Condvar,
}

/// The right of one picture to be in memory, until it is dropped.
#[derive(Debug)]
pub(in crate::apply) struct Permit {
    shared: Arc<Shared>,
    pixels: u64,
}

impl PixelBudget {
    /// At most `most` pixels, or one picture of more.
    pub(in crate::apply) fn new(most: u64) -> Self {
        Self {
            shared: Arc::new(Shared {
                taken: Mutex::new(0),
                freed: Condvar::new(),
            }),
            most,
        }
    }

    /// Waits until there is room for a picture of so many pixels.
    pub(in crate::apply) fn acquire(&self, pixels: u64) -> Permit {
        let pixels = pixels.min(self.most);
        let taken = self.shared.taken.lock();
        // The count stays right whatever panics: it is changed in one step.
        let mut taken = self
            .shared
            .freed
            .wait_while(taken.unwrap_or_else(PoisonError::into_inner), |taken| {
                *taken + pixels > self.most
            })
            .unwrap_or_else(PoisonError::into_inner);
        *taken += pixels;
        Permit {
            shared: Arc::clone(&self.shared),
            pixels,
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = self
            .shared
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *taken -= self.pixels;
        self.shared.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn no_more_than_the_most_are_in_and_the_largest_gets_in_alone() {
        let budget = PixelBudget::new(100);
        let inside = AtomicU64::new(0);
        let worst = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..6_u64 {
                let (budget, inside, worst) = (&budget, &inside, &worst);
                scope.spawn(move || {
                    for round in 0..50 {
                        let pixels = [30, 70, 5, 400][((thread + round) % 4) as usize];
                        let permit = budget.acquire(pixels);
                        let now =
                            inside.fetch_add(pixels.min(100), Ordering::SeqCst) + pixels.min(100);
                        worst.fetch_max(now, Ordering::SeqCst);
                        inside.fetch_sub(pixels.min(100), Ordering::SeqCst);
                        drop(permit);
                    }
                });
            }
        });
        assert!(worst.load(Ordering::SeqCst) <= 100);
        assert_eq!(*budget.shared.taken.lock().unwrap(), 0);
    }
}
