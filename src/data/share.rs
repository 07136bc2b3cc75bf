//! The share of one of several processes in each step.

use std::ops::Range;

/// Which of several processes reads, each its own part of every step.
///
/// A step has as many samples as all processes take together, in the order of the epoch, and process after process has a stretch of
/// them. The last step of an epoch may have fewer: they are spread evenly. A process that is left without one reads the first of
/// the step, which counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Number of the process, from 0.
    pub rank: usize,
    /// How many processes there are.
    pub size: usize,
}

impl Share {
    /// Of one process alone.
    pub const WHOLE: Self = Self { rank: 0, size: 1 };

    /// The position in an epoch at which step `within` of it begins.
    pub fn start_of_step(self, batch_size: usize, within: u64) -> usize {
        within as usize * batch_size * self.size
    }

    /// The positions in an epoch of `length` samples that step `within` of it, counted from 0, has for this process, which takes
    /// `batch_size` at a time; and the part of the step's samples that they are, in [0, 1].
    pub fn of_step(self, length: usize, batch_size: usize, within: u64) -> (Range<usize>, f32) {
        let whole = batch_size * self.size;
        let first = self.start_of_step(batch_size, within);
        let count = length.saturating_sub(first).min(whole);
        let start = first + count * self.rank / self.size;
        let end = first + count * (self.rank + 1) / self.size;
        if start == end {
            return (first..first + 1, 0.0);
        }
        (start..end, (end - start) as f32 / count as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_an_epoch_are_each_sample_once() {
        for (length, batch_size, size) in [
            (10_usize, 1, 2),
            (11, 2, 2),
            (5, 1, 4),
            (13, 3, 4),
            (3, 2, 8),
            (7, 2, 1),
        ] {
            let steps = length.div_ceil(batch_size * size) as u64;
            let mut seen = Vec::new();
            for within in 0..steps {
                let mut parts = 0.0;
                for rank in 0..size {
                    let (positions, part) =
                        Share { rank, size }.of_step(length, batch_size, within);
                    assert!(
                        !positions.is_empty()
                            && positions.len() <= batch_size
                            && positions.end <= length
                    );
                    parts += part;
                    if part > 0.0 {
                        seen.extend(positions);
                    }
                }
                assert!((parts - 1.0).abs() < 1e-6);
            }
            assert_eq!(
                seen,
                (0..length).collect::<Vec<_>>(),
                "{length} {batch_size} {size}"
            );
        }
    }

    #[test]
    fn one_process_reads_all() {
        assert_eq!(Share::WHOLE.of_step(7, 2, 3), (6..7, 1.0));
        assert_eq!(Share::WHOLE.of_step(7, 2, 0), (0..2, 1.0));
    }
}
