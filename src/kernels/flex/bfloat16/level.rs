//! What the processor offers for products of bfloat16.
#![expect(unsafe_code, reason = "asks the processor and the system")]

use std::arch::x86_64::{__cpuid_count, _xgetbv};
use std::sync::OnceLock;

/// How products of bfloat16 are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// Tiles of 16 x 16 sums (AMX): ten times as many products in a cycle as with numbers of 32 bits.
    Tiles,
    /// Vectors of sums of two products (AVX512-BF16).
    Dots,
}

/// What this processor, and the system on it, have. The first call asks the system for tiles.
pub(super) fn level() -> Option<Level> {
    static LEVEL: OnceLock<Option<Level>> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let vectors = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512bf16");
        vectors.then(|| {
            if has_tiles() {
                Level::Tiles
            } else {
                Level::Dots
            }
        })
    })
}

/// Whether this processor has either.
pub(in crate::kernels) fn has_products_of_bfloat16() -> bool {
    level().is_some()
}

/// Whether there are tiles, and the system has granted them to this process.
fn has_tiles() -> bool {
    /// Bits of register `edx` of leaf 7: tiles, and their products of bfloat16.
    const TILES: u32 = 1 << 24 | 1 << 22;
    /// State of tiles in the register of what the system saves.
    const SAVED: u64 = 1 << 17 | 1 << 18;
    // AVX-512, which was found, implies the leaf and the register.
    let features = __cpuid_count(7, 0).edx;
    // SAFETY: the system has enabled the register, or AVX-512 would not have been found.
    let saved = unsafe { saved_state() };
    features & TILES == TILES && saved & SAVED == SAVED && permitted()
}

#[target_feature(enable = "xsave")]
fn saved_state() -> u64 {
    // SAFETY: register 0 exists wherever the instruction does.
    unsafe { _xgetbv(0) }
}

/// Asks Linux for the state of tiles, which a process does not have from its beginning.
#[cfg(target_os = "linux")]
fn permitted() -> bool {
    /// `ARCH_REQ_XCOMP_PERM` of the kernel's `asm/prctl.h`.
    const REQUEST: libc::c_long = 0x1023;
    /// `XFEATURE_XTILEDATA`.
    const TILE_DATA: libc::c_long = 18;
    // SAFETY: changes nothing but what the process may use.
    unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST, TILE_DATA) == 0 }
}

#[cfg(not(target_os = "linux"))]
fn permitted() -> bool {
    false
}
