//! Products of blocks of bfloat16: sums of 16 x 16 outputs at a time.
#![expect(unsafe_code, reason = "products read and write memory by pointers")]

use std::arch::asm;
use std::arch::x86_64::{
    __m512, __m512bh, _mm512_dpbf16_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps,
    _mm512_storeu_ps,
};

use super::grid::LANES;
use super::level::Level;

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

/// What one product of tiles reads, in bytes after the first tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Step {
    pub(super) left: usize,
    pub(super) right: usize,
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

    /// Sums over products of tiles, those at `left` and `right` plus each of `steps`. Adds to what is in `sums` if `add` is set. If the second
    /// right tile is the first again, its sums are not computed.
    ///
    /// # Safety
    /// All these tiles can be read. Rows of tiles follow each other without gaps.
    #[inline]
    pub(super) unsafe fn multiply(
        &self,
        left: [*const u16; 2],
        right: [*const u16; 2],
        steps: &[Step],
        sums: &mut Sums,
        add: bool,
    ) {
        if steps.is_empty() {
            if !add {
                *sums = Sums::ZERO;
            }
            return;
        }
        // SAFETY: the caller's promise, and the level's.
        unsafe {
            match self.level {
                Level::Tiles if right[0] == right[1] => {
                    multiply_column(left, right[0], steps, sums, add);
                }
                Level::Tiles => multiply_tiles(left, right, steps, sums, add),
                Level::Dots => multiply_dots(left, right, steps, sums, add),
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
/// As [`Tiles::multiply`]; the registers are set up, and there is at least one step.
#[inline]
unsafe fn multiply_tiles(
    left: [*const u16; 2],
    right: [*const u16; 2],
    steps: &[Step],
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
            "mov {from}, [{step}]",
            "mov {with}, [{step} + 8]",
            "lea {from1}, [{left1} + {from}]",
            "lea {with1}, [{right1} + {with}]",
            "add {from}, {left0}",
            "add {with}, {right0}",
            "tileloadd tmm4, [{from} + {row}]",
            "tileloadd tmm6, [{with} + {row}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{with1} + {row}]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tileloadd tmm5, [{from1} + {row}]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {step}, 16",
            "cmp {step}, {end}",
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
            right0 = in(reg) right[0],
            right1 = in(reg) right[1],
            step = inout(reg) steps.as_ptr() => _,
            end = in(reg) steps.as_ptr().add(steps.len()),
            from = out(reg) _,
            from1 = out(reg) _,
            with = out(reg) _,
            with1 = out(reg) _,
            options(nostack),
        );
    }
}

/// # Safety
/// As [`multiply_tiles`].
#[inline]
unsafe fn multiply_column(
    left: [*const u16; 2],
    right: *const u16,
    steps: &[Step],
    sums: &mut Sums,
    add: bool,
) {
    // SAFETY: reads what the caller says, and writes the sums.
    unsafe {
        asm!(
            "test {add:e}, {add:e}",
            "jz 3f",
            "tileloadd tmm0, [{sums} + {row}]",
            "tileloadd tmm2, [{sums} + {row} + 2048]",
            "jmp 2f",
            "3:",
            "tilezero tmm0",
            "tilezero tmm2",
            "2:",
            "mov {from}, [{step}]",
            "mov {with}, [{step} + 8]",
            "lea {from1}, [{left1} + {from}]",
            "add {from}, {left0}",
            "add {with}, {right}",
            "tileloadd tmm4, [{from} + {row}]",
            "tileloadd tmm6, [{with} + {row}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{from1} + {row}]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "add {step}, 16",
            "cmp {step}, {end}",
            "jne 2b",
            "tilestored [{sums} + {row}], tmm0",
            "tilestored [{sums} + {row} + 2048], tmm2",
            add = in(reg) u32::from(add),
            sums = in(reg) sums,
            row = in(reg) 64_usize,
            left0 = in(reg) left[0],
            left1 = in(reg) left[1],
            right = in(reg) right,
            step = inout(reg) steps.as_ptr() => _,
            end = in(reg) steps.as_ptr().add(steps.len()),
            from = out(reg) _,
            from1 = out(reg) _,
            with = out(reg) _,
            options(nostack),
        );
    }
}

/// # Safety
/// As [`Tiles::multiply`].
#[expect(
    clippy::cast_ptr_alignment,
    reason = "tiles begin with a line of memory, and steps are lines"
)]
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn multiply_dots(
    left: [*const u16; 2],
    right: [*const u16; 2],
    steps: &[Step],
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
            for step in steps {
                // SAFETY: both tiles can be read, as the caller promises.
                let (left, right) = unsafe {
                    (
                        left.byte_add(step.left).cast::<f32>(),
                        right.byte_add(step.right).cast::<f32>(),
                    )
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
