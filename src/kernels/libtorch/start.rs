//! Settings of LibTorch, made once before it computes.
#![cfg_attr(
    all(target_os = "linux", target_env = "gnu"),
    expect(unsafe_code, reason = "calls the C library")
)]

use super::shim;

/// Freed blocks up to this size stay with the program, in bytes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const KEPT_BLOCK: libc::c_int = 1 << 30;

/// Sets the number of LibTorch's threads, which is one per core by default. To be called before [`start`].
pub fn set_threads(threads: usize) {
    tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
}

/// How many GPUs LibTorch finds.
pub fn gpu_count() -> usize {
    usize::try_from(tch::Cuda::device_count()).unwrap_or(0)
}

/// Why there is no GPU with this index; `None` if there is one.
pub fn missing_gpu(index: usize) -> Option<String> {
    if !tch::Cuda::is_available() {
        return Some(if tch::utils::has_cudart() {
            "LibTorch finds no NVIDIA GPU, or no driver of one".to_owned()
        } else {
            "this LibTorch is for the processor: `scripts/libtorch.sh cuda` installs the other"
                .to_owned()
        });
    }
    let count = tch::Cuda::device_count();
    (index as i64 >= count).then(|| format!("LibTorch finds {count} GPUs, counted from 0"))
}

/// Makes LibTorch reuse memory, and denormal numbers count as zero.
///
/// LibTorch allocates with the C library, which on Linux takes fresh pages for each block over 32 MiB. These cost more than the
/// arithmetic on them: the gradients of a U-Net's widest layers are such blocks.
pub fn start() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: sets two numbers of the allocator, which it reads under its own lock.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT_BLOCK);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BLOCK);
        }
    }
    shim::flush_denormals();
}
