//! Products of blocks of bfloat16: sums of 16 x 16 outputs at a time.
#![expect(unsafe_code, reason = "products read and write memory by pointers")]

use std::arch::asm;
use std::arch::x86_64::*;

use super::level::Level;
use super::vectors::LANES;

/// Inputs that one product of tiles sums over.
pub(super) const DEPTH: usize = 32;

/// Numbers of bfloat16 in a tile: 16 rows of a left one with [`DEPTH`] inputs each, or 16 rows of a right one, of which each has two inputs
/// for each of 16 columns in turn.
pub(super) const TILE: usize = LANES * DEPTH;

/// Two by two tiles of sums: `[row of tiles][column of tiles][16 rows][16 columns]`.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Sums(pub(super) [[[[f32; LANES]; LANES]; 2]; 2]);

impl Sums {
    pub(super) const ZERO: Self = Self([[[[0.0; LANES]; LANES]; 2]; 2]);
}

/// The registers of tiles of one thread, for as long as it lives.
pub(super) struct Tiles {
    level: Level,
}

impl Tiles {
    /// Sets the registers up.
    pub(super) fn new(level: Level) -> Self {
        /// Eight tiles of 16 rows of 64 bytes.
        #[repr(C, align(64))]
        struct Configuration {
            palette: u8,
            start_row: u8,
            reserved: [u8; 14],
            row_bytes: [u16; 16],
            rows: [u8; 16],
        }
        static CONFIGURATION: Configuration = Configuration {
            palette: 1,
            start_row: 0,
            reserved: [0; 14],
            row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
            rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
        };
        if level == Level::Tiles {
            // SAFETY: the level says that the processor has tiles and the system saves them. Compiled code does not use them.
            unsafe {
                asm!("ldtilecfg [{}]", in(reg) &raw const CONFIGURATION, options(nostack, readonly));
            }
        }
        Self { level }
    }

    /// Sums over products of tiles: of left ones at `left[i]` plus each of `offsets`, in bytes, and right ones from `right[j]` on, one
    /// after the other. Adds to what is in `sums` if `add` is set.
    ///
    /// # Safety
    /// All these tiles can be read. Rows of tiles follow each other without gaps.
    #[inline]
    pub(super) unsafe fn multiply(
        &self,
        left: [*const u16; 2],
        offsets: &[usize],
        right: [*const u16; 2],
        sums: &mut Sums,
        add: bool,
    ) {
        if offsets.is_empty() {
            if !add {
                *sums = Sums::ZERO;
            }
            return;
        }
        // SAFETY: the caller's promise, and the level's.
        unsafe {
            match self.level {
                Level::Tiles => multiply_tiles(left, offsets, right, sums, add),
                Level::Dots => multiply_dots(left, offsets, right, sums, add),
            }
        }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        if self.level == Level::Tiles {
            // SAFETY: as in `new`.
            unsafe { asm!("tilerelease", options(nomem, nostack)) };
        }
    }
}

/// # Safety
/// As [`Tiles::multiply`]; the registers are set up, and there is at least one offset.
#[inline]
unsafe fn multiply_tiles(
    left: [*const u16; 2],
    offsets: &[usize],
    right: [*const u16; 2],
    sums: &mut Sums,
    add: bool,
) {
    // SAFETY: reads what the caller says, and writes the sums.
    unsafe {
        asm!(
            "test {add:e}, {add:e}",
            "jz 3f",
            "tileloadd tmm0, [{sums} + {row}]",
            "tileloadd tmm1, [{sums} + {row} + 1024]",
            "tileloadd tmm2, [{sums} + {row} + 2048]",
            "tileloadd tmm3, [{sums} + {row} + 3072]",
            "jmp 2f",
            "3:",
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "2:",
            "mov {from}, [{offset}]",
            "lea {from1}, [{left1} + {from}]",
            "add {from}, {left0}",
            "tileloadd tmm4, [{from} + {row}]",
            "tileloadd tmm6, [{right0} + {row}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{right1} + {row}]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{from1} + {row}]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {right0}, 1024",
            "add {right1}, 1024",
            "add {offset}, 8",
            "cmp {offset}, {end}",
            "jne 2b",
            "tilestored [{sums} + {row}], tmm0",
            "tilestored [{sums} + {row} + 1024], tmm1",
            "tilestored [{sums} + {row} + 2048], tmm2",
            "tilestored [{sums} + {row} + 3072], tmm3",
            add = in(reg) u32::from(add),
            sums = in(reg) sums,
            row = in(reg) 64_usize,
            left0 = in(reg) left[0],
            left1 = in(reg) left[1],
            right0 = inout(reg) right[0] => _,
            right1 = inout(reg) right[1] => _,
            offset = inout(reg) offsets.as_ptr() => _,
            end = in(reg) offsets.as_ptr().add(offsets.len()),
            from = out(reg) _,
            from1 = out(reg) _,
            options(nostack),
        );
    }
}

/// # Safety
/// As [`Tiles::multiply`].
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn multiply_dots(
    left: [*const u16; 2],
    offsets: &[usize],
    right: [*const u16; 2],
    sums: &mut Sums,
    add: bool,
) {
    for (left, sums) in left.into_iter().zip(&mut sums.0) {
        for (right, sums) in right.into_iter().zip(sums) {
            let mut vectors = [_mm512_setzero_ps(); LANES];
            if add {
                for (vector, row) in vectors.iter_mut().zip(sums.iter()) {
                    // SAFETY: a row has 16 numbers.
                    *vector = unsafe { _mm512_loadu_ps(row.as_ptr()) };
                }
            }
            for (step, offset) in offsets.iter().enumerate() {
                // SAFETY: both tiles can be read, as the caller promises.
                let [left, right] = unsafe {
                    [left.byte_add(*offset), right.add(step * TILE)].map(<*const u16>::cast::<f32>)
                };
                for pair in 0..DEPTH / 2 {
                    // SAFETY: inside the right tile. Of the same size, with any bits valid.
                    let right = unsafe {
                        std::mem::transmute::<__m512, __m512bh>(_mm512_loadu_ps(
                            right.add(pair * LANES),
                        ))
                    };
                    for (row, vector) in vectors.iter_mut().enumerate() {
                        // SAFETY: inside the left tile. Of the same size, with any bits valid.
                        let left = unsafe {
                            std::mem::transmute::<__m512, __m512bh>(_mm512_set1_ps(
                                *left.add(row * LANES + pair),
                            ))
                        };
                        *vector = _mm512_dpbf16_ps(*vector, left, right);
                    }
                }
            }
            for (vector, row) in vectors.iter().zip(sums) {
                // SAFETY: a row has 16 numbers.
                unsafe { _mm512_storeu_ps(row.as_mut_ptr(), *vector) };
            }
        }
    }
}
