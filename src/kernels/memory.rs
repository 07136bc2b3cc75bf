//! Freed memory, while the program runs and at its end.
#![expect(unsafe_code, reason = "calls C interfaces")]

use std::ffi::{c_int, c_long};
use std::io::{Write, stderr, stdout};

/// mimalloc's option for the time until freed memory returns to the system; the crate has no name for it.
const PURGE_DELAY: c_int = 15;

/// Milliseconds for which freed memory is retained.
const KEPT_FOR: c_long = 10_000;

/// The same in trainings. When the time has passed, all free memory goes back at once: between two steps that is nearly all of it, and the
/// next step has to have it cleared again.
const KEPT_IN_TRAINING: c_long = 600_000;

/// Makes mimalloc retain freed memory for the next picture, instead of returning it soon and taking fresh pages, which the system clears,
/// again and again. For programs whose allocator is mimalloc, at their start. The environment variable `MIMALLOC_PURGE_DELAY` takes
/// precedence.
///
/// Measured: a cycle step of `resnet_9blocks` at 128 x 128 takes 15 % less time than with the allocator's own 10 ms (mimalloc 2), with 570
/// instead of 60 000 page faults.
pub fn retain_freed_memory() {
    retain_for(KEPT_FOR);
}

/// The same for much longer, for programs that train. Measured over 20 s where the first touch of a page is slow (a virtual machine): such
/// a step takes another 10 % less.
pub fn retain_memory_of_steps() {
    retain_for(KEPT_IN_TRAINING);
}

fn retain_for(milliseconds: c_long) {
    // SAFETY: sets one number, under a name that the allocator has checked.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, milliseconds) };
}

/// Exits at once, without destructors: the system frees all memory in one piece.
///
/// Measured: otherwise LibTorch destroys its tables of operations for 80 ms, a third of the time of `translate --version`, and
/// the allocator frees retained memory page by page.
pub fn exit_process(code: u8) -> ! {
    // Nobody is left to report an error to.
    let _ = (stdout().flush(), stderr().flush());
    #[cfg(unix)]
    // SAFETY: ends the process, in which nothing is looked at afterwards.
    unsafe {
        libc::_exit(c_int::from(code))
    }
    #[cfg(not(unix))]
    std::process::exit(i32::from(code))
}
