//! Large buffers that all threads fill part by part.
#![expect(
    unsafe_code,
    reason = "the buffer is cleared part by part, where it is written, and not once before by a single thread"
)]

use std::convert::Infallible;
use std::mem::MaybeUninit;

use rayon::prelude::*;

/// Allocates `length` numbers and calls `fill` with each part of `part` numbers, all zeros, and its index. The last part may be
/// shorter.
pub(crate) fn alloc_filled(
    length: usize,
    part: usize,
    fill: impl Fn(usize, &mut [f32]) + Sync,
) -> Vec<f32> {
    let alloc_filled = try_alloc_filled(length, part, |index, values| {
        fill(index, values);
        Ok::<(), Infallible>(())
    });
    match alloc_filled {
        Ok(values) => values,
        Err(never) => match never {},
    }
}

/// As [`alloc_filled`], for a `fill` that can fail.
///
/// # Errors
/// The first error of `fill`.
pub(crate) fn try_alloc_filled<E: Send>(
    length: usize,
    part: usize,
    fill: impl Fn(usize, &mut [f32]) -> Result<(), E> + Sync,
) -> Result<Vec<f32>, E> {
    let mut values: Vec<f32> = Vec::with_capacity(length);
    values.spare_capacity_mut()[..length]
        .par_chunks_mut(part.max(1))
        .enumerate()
        .try_for_each(|(index, room)| {
            room.fill(MaybeUninit::new(0.0));
            // SAFETY: all of it was just written.
            fill(index, unsafe { room.assume_init_mut() })
        })?;
    // SAFETY: the parts together are the whole, and each of them was written.
    unsafe { values.set_len(length) };
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_written() {
        for (length, part) in [(0, 3), (1, 3), (9, 3), (11, 3), (5, 0)] {
            let values = alloc_filled(length, part, |index, values| {
                assert!(values.iter().all(|value| *value == 0.0));
                values.fill(index as f32 + 1.0);
            });
            let expected = (0..length).map(|index| (index / part.max(1)) as f32 + 1.0);
            assert_eq!(values, expected.collect::<Vec<_>>());
        }
        let failed = try_alloc_filled(
            10,
            2,
            |index, _| if index == 3 { Err("no") } else { Ok(()) },
        );
        assert_eq!(failed, Err("no"));
    }
}
