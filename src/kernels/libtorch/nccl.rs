//! NCCL: sums over the NVIDIA GPUs of several processes, without a way by the host.
//!
//! LibTorch with CUDA brings the library and has it loaded; its functions are looked up by name, so that nothing is linked and no
//! headers are needed. NCCL itself waits without an end for a process that is gone: the limits are kept here.
#![expect(unsafe_code, reason = "calls C functions that are looked up by name")]
#![expect(
    deprecated,
    reason = "Burn's LibTorch backend is deprecated, and the fastest there is"
)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::transmute_copy;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use burn::backend::libtorch::LibTorch;
use burn::tensor::Tensor;
use tch::{Device, Kind};

/// Bytes of the name of a group.
const ID_BYTES: usize = 128;

const SUCCESS: c_int = 0;
/// `ncclInProgress`.
const IN_PROGRESS: c_int = 7;
/// `ncclFloat32`.
const FLOAT32: c_int = 7;
/// `ncclSum`.
const SUM: c_int = 0;
/// `cudaErrorNotReady`.
const NOT_READY: c_int = 600;
/// The stream on which LibTorch computes unless it is told otherwise.
const DEFAULT_STREAM: *mut c_void = null_mut();
/// How long the processor watches for the end of a sum before it sleeps between two looks.
const WATCHED: Duration = Duration::from_millis(2);
/// How long it sleeps.
const PAUSE: Duration = Duration::from_micros(100);

/// The name of a group.
#[repr(C)]
#[derive(Clone, Copy)]
struct UniqueId([u8; ID_BYTES]);

type Communicator = *mut c_void;

/// The functions of NCCL and of the CUDA runtime that are called.
#[derive(Clone, Copy)]
pub struct Nccl {
    get_unique_id: unsafe extern "C" fn(*mut UniqueId) -> c_int,
    init_rank: unsafe extern "C" fn(*mut Communicator, c_int, UniqueId, c_int) -> c_int,
    all_reduce: unsafe extern "C" fn(
        *const c_void,
        *mut c_void,
        usize,
        c_int,
        c_int,
        Communicator,
        *mut c_void,
    ) -> c_int,
    async_error: unsafe extern "C" fn(Communicator, *mut c_int) -> c_int,
    abort: unsafe extern "C" fn(Communicator) -> c_int,
    destroy: unsafe extern "C" fn(Communicator) -> c_int,
    error_text: unsafe extern "C" fn(c_int) -> *const c_char,
    set_gpu: unsafe extern "C" fn(c_int) -> c_int,
    stream_query: unsafe extern "C" fn(*mut c_void) -> c_int,
}

impl std::fmt::Debug for Nccl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Nccl")
    }
}

impl Nccl {
    /// Looks the functions up.
    ///
    /// # Errors
    /// A library is not there, or lacks one of them.
    pub fn load() -> Result<Self, String> {
        let nccl = library(c"libnccl.so.2")?;
        let cuda = library(c"libcudart.so.12")?;
        // SAFETY: the types are those of these functions in the headers of NCCL 2 and CUDA 12.
        unsafe {
            Ok(Self {
                get_unique_id: function(nccl, c"ncclGetUniqueId")?,
                init_rank: function(nccl, c"ncclCommInitRank")?,
                all_reduce: function(nccl, c"ncclAllReduce")?,
                async_error: function(nccl, c"ncclCommGetAsyncError")?,
                abort: function(nccl, c"ncclCommAbort")?,
                destroy: function(nccl, c"ncclCommDestroy")?,
                error_text: function(nccl, c"ncclGetErrorString")?,
                set_gpu: function(cuda, c"cudaSetDevice")?,
                stream_query: function(cuda, c"cudaStreamQuery")?,
            })
        }
    }

    /// A name for a new group, which all of its processes must know.
    ///
    /// # Errors
    /// NCCL finds no network interface.
    pub fn new_id(&self) -> Result<Vec<u8>, String> {
        let mut id = UniqueId([0; ID_BYTES]);
        // SAFETY: there is room for the name.
        self.check(unsafe { (self.get_unique_id)(&raw mut id) })?;
        Ok(id.0.to_vec())
    }

    fn check(&self, code: c_int) -> Result<(), String> {
        if code == SUCCESS || code == IN_PROGRESS {
            return Ok(());
        }
        // SAFETY: the function returns text that is part of the library.
        let text = unsafe { CStr::from_ptr((self.error_text)(code)) };
        Err(format!("NCCL: {}", text.to_string_lossy()))
    }

    /// Makes `gpu` the one that this thread's calls are for.
    fn select(&self, gpu: usize) -> Result<(), String> {
        // SAFETY: changes a number of this thread.
        match unsafe { (self.set_gpu)(gpu as c_int) } {
            SUCCESS => Ok(()),
            code => Err(format!("CUDA: error {code} when GPU {gpu} was selected")),
        }
    }
}

/// A group of processes, each with a GPU of its own. All of them call the same functions in the same order. After an error it is of no
/// use.
#[derive(Debug)]
pub struct GpuGroup {
    nccl: Nccl,
    /// Null after an error.
    communicator: Communicator,
    gpu: usize,
}

// SAFETY: NCCL does not bind a communicator to the thread that made it.
unsafe impl Send for GpuGroup {}

impl GpuGroup {
    /// Waits until all `size` processes of the group with this `id` are there; this one is number `rank` and has `gpu`.
    ///
    /// # Errors
    /// The GPU does not answer, or another process has the same one.
    pub fn join(
        nccl: Nccl,
        id: &[u8],
        [rank, size]: [usize; 2],
        gpu: usize,
    ) -> Result<Self, String> {
        let bytes: [u8; ID_BYTES] = id
            .try_into()
            .map_err(|_| format!("NCCL: a name of {} bytes", id.len()))?;
        nccl.select(gpu)?;
        let mut communicator = null_mut();
        let id = UniqueId(bytes);
        // SAFETY: there is room for the handle.
        nccl.check(unsafe {
            (nccl.init_rank)(&raw mut communicator, size as c_int, id, rank as c_int)
        })?;
        Ok(Self {
            nccl,
            communicator,
            gpu,
        })
    }

    /// The sums of the numbers of all processes. `values` are on this process's GPU, in 32 bits.
    ///
    /// # Errors
    /// A process is gone, or does not come within the limit.
    pub fn sum(&mut self, values: Tensor<1>, limit: Duration) -> Result<Tensor<1>, String> {
        let values = values
            .try_into_primitive::<LibTorch>()
            .map_err(|error| format!("{error:?}"))?;
        let is_there = values.tensor.device() == Device::Cuda(self.gpu);
        if !is_there || values.tensor.kind() != Kind::Float || self.communicator.is_null() {
            return Err(format!("these numbers are not on GPU {}", self.gpu));
        }
        let values = values.tensor.contiguous();
        let sums = values.empty_like();
        self.nccl.select(self.gpu)?;
        // SAFETY: both tensors have as many numbers, on the GPU of the communicator, and live until the stream has reached the end:
        // this function waits for it. What made the values was put on the same stream before.
        let code = unsafe {
            (self.nccl.all_reduce)(
                values.data_ptr(),
                sums.data_ptr(),
                values.numel(),
                FLOAT32,
                SUM,
                self.communicator,
                DEFAULT_STREAM,
            )
        };
        let done = self.nccl.check(code).and_then(|()| self.wait(limit));
        if let Err(message) = done {
            self.give_up();
            return Err(message);
        }
        Ok(Tensor::from_primitive::<LibTorch>(
            burn::backend::tensor::FloatTensor::<LibTorch>::new(sums),
        ))
    }

    /// Waits for the end of all that the GPU was given.
    fn wait(&self, limit: Duration) -> Result<(), String> {
        let started = Instant::now();
        loop {
            // SAFETY: asks about the stream that always exists.
            match unsafe { (self.nccl.stream_query)(DEFAULT_STREAM) } {
                SUCCESS => return Ok(()),
                NOT_READY => {}
                code => return Err(format!("CUDA: error {code} in a sum over GPUs")),
            }
            let mut failure = SUCCESS;
            // SAFETY: the communicator lives, and there is room for the number.
            self.nccl
                .check(unsafe { (self.nccl.async_error)(self.communicator, &raw mut failure) })?;
            self.nccl.check(failure)?;
            let waited = started.elapsed();
            if waited > limit {
                return Err("Operation timed out!".to_owned());
            }
            if waited > WATCHED {
                std::thread::sleep(PAUSE);
            }
        }
    }

    /// Ends what is under way, which would wait for ever.
    fn give_up(&mut self) {
        let communicator = std::mem::replace(&mut self.communicator, null_mut());
        // SAFETY: the handle is not used after this.
        let _ = unsafe { (self.nccl.abort)(communicator) };
    }
}

impl Drop for GpuGroup {
    fn drop(&mut self) {
        if !self.communicator.is_null() {
            // SAFETY: the handle is not used after this.
            let _ = unsafe { (self.nccl.destroy)(self.communicator) };
        }
    }
}

/// A library by its name; LibTorch with CUDA has loaded both that are asked for.
fn library(name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: NVIDIA's libraries do nothing when they are loaded that others would have to know of.
    let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
    if handle.is_null() {
        return Err(format!(
            "{} is not there: it comes with `scripts/libtorch.sh cuda`",
            name.to_string_lossy()
        ));
    }
    Ok(handle)
}

/// A function of a library.
///
/// # Safety
/// `F` is the type of a pointer to the function of this name.
unsafe fn function<F>(library: *mut c_void, name: &CStr) -> Result<F, String> {
    // SAFETY: the library stays open as long as the program runs.
    let address = unsafe { libc::dlsym(library, name.as_ptr()) };
    if address.is_null() {
        return Err(format!("NCCL lacks {}", name.to_string_lossy()));
    }
    // SAFETY: a pointer to a function, of the type that the caller vouches for.
    Ok(unsafe { transmute_copy(&address) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_nccl_the_library_is_named() {
        match Nccl::load() {
            Ok(nccl) => assert_eq!(nccl.new_id().map(|id| id.len()), Ok(ID_BYTES)),
            Err(message) => assert!(
                message.starts_with("libnccl.so.2 is not there"),
                "{message}"
            ),
        }
    }
}
