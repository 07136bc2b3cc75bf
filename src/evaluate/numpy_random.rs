//! NumPy's legacy generator, with which the public tools choose subsets: the same subsets give the same numbers.

use rand_mt::Mt;

/// `numpy.random.RandomState`.
pub(super) struct RandomState(Mt);

impl RandomState {
    /// The generator of a seed.
    pub(super) fn new(seed: u32) -> Self {
        Self(Mt::new(seed))
    }

    /// `permutation(count)`: the numbers below `count` in random order.
    pub(super) fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let other = self.up_to(last as u32) as usize;
            order.swap(last, other);
        }
        order
    }

    /// `choice(count, size, replace=False)`: the first of a permutation.
    pub(super) fn choice(&mut self, count: usize, size: usize) -> Vec<usize> {
        let mut order = self.permutation(count);
        order.truncate(size);
        order
    }

    /// A number from 0 to `highest`: draws of as few bits as hold it, until one is not above it.
    fn up_to(&mut self, highest: u32) -> u32 {
        let mask = u32::MAX >> highest.leading_zeros();
        loop {
            let value = self.0.next_u32() & mask;
            if value <= highest {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_numpy() {
        let mut state = RandomState::new(2020);
        assert_eq!(state.permutation(10), NUMPY_FIRST);
        assert_eq!(state.choice(1000, 5), NUMPY_SECOND);
    }

    const NUMPY_FIRST: [usize; 10] = [2, 4, 9, 1, 5, 7, 6, 3, 8, 0];
    const NUMPY_SECOND: [usize; 5] = [358, 763, 430, 530, 677];
}
