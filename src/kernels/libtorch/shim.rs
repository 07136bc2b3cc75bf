//! The functions of `shim.cpp`, over tensors.
#![expect(unsafe_code, reason = "calls C++")]

use std::any::Any;
use std::ffi::{CStr, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::null_mut;
use std::sync::{Mutex, PoisonError};

use burn::tensor::Bytes;
use tch::Tensor;

use crate::kernels::AdamStep;

/// A tensor in C++.
type Handle = *const c_void;

/// Shape of a convolution or transposed convolution, as `shim.cpp` has it.
#[repr(C)]
pub(super) struct Convolution {
    pub(super) input_dims: [i64; 4],
    pub(super) weight_dims: [i64; 4],
    pub(super) stride: i64,
    pub(super) padding: i64,
    pub(super) output_padding: i64,
    pub(super) transposed: bool,
    pub(super) bias: bool,
}

unsafe extern "C" {
    fn translate_convolution_gradients(
        gradient: Handle,
        input: Handle,
        weight: Handle,
        shape: *const Convolution,
        outputs: *mut *mut c_void,
    ) -> *const c_char;

    fn translate_to_bfloat16(tensor: Handle, outputs: *mut *mut c_void) -> *const c_char;

    fn translate_to_float(tensor: Handle, outputs: *mut *mut c_void) -> *const c_char;

    fn translate_leaky_relu(
        input: Handle,
        slope: f64,
        in_place: bool,
        outputs: *mut *mut c_void,
    ) -> *const c_char;

    fn translate_reflection_gradient(
        gradient: Handle,
        width: i64,
        outputs: *mut *mut c_void,
    ) -> *const c_char;

    fn translate_batch_norm_gradients(
        gradient: Handle,
        input: Handle,
        scale: Handle,
        mean: Handle,
        inverse_deviation: Handle,
        epsilon: f64,
        outputs: *mut *mut c_void,
    ) -> *const c_char;

    fn translate_adam(
        parameter: Handle,
        gradient: Handle,
        first: Handle,
        second: Handle,
        learning_rate: f64,
        beta1: f64,
        beta2: f64,
        epsilon: f64,
        time: f64,
    ) -> *const c_char;

    fn translate_borrowed(
        numbers: *mut c_void,
        dims: *const i64,
        rank: i64,
        owner: *mut c_void,
        release: unsafe extern "C" fn(*mut c_void),
        outputs: *mut *mut c_void,
    ) -> *const c_char;

    fn translate_for_each(
        count: i64,
        work: unsafe extern "C" fn(*const c_void, i64, i64),
        context: *const c_void,
    ) -> *const c_char;

    fn translate_flush_denormals();
}

fn handle(tensor: &Tensor) -> Handle {
    tensor.as_ptr().cast()
}

fn optional(tensor: Option<&Tensor>) -> Handle {
    tensor.map_or(std::ptr::null(), handle)
}

/// Panics on an error, as Burn's own LibTorch operations do: shapes or devices that do not fit, or lack of memory.
fn check(problem: *const c_char) {
    if !problem.is_null() {
        // SAFETY: the functions of the shim return null or text that ends with 0 and lives until the next failure in
        // this thread.
        let text = unsafe { CStr::from_ptr(problem) };
        panic!("LibTorch: {}", text.to_string_lossy());
    }
}

/// The tensors that `call` writes; `None` for those that it leaves null.
fn outputs<const N: usize>(
    call: impl FnOnce(*mut *mut c_void) -> *const c_char,
) -> [Option<Tensor>; N] {
    let mut outputs = [null_mut::<c_void>(); N];
    check(call(outputs.as_mut_ptr()));
    outputs.map(|output| {
        // SAFETY: the shim writes null or a tensor that it has allocated and does not keep.
        (!output.is_null()).then(|| unsafe { Tensor::from_ptr(output.cast()) })
    })
}

/// Gradients of a convolution with respect to input, weight and bias. The gradient of the weight is computed if `input` is given,
/// that of the input if `weight` is given.
pub(super) fn convolution_gradients(
    gradient: &Tensor,
    input: Option<&Tensor>,
    weight: Option<&Tensor>,
    shape: &Convolution,
) -> [Option<Tensor>; 3] {
    // SAFETY: the handles are of tensors that live through the call or null where the shim allows it, and there is room
    // for three results.
    outputs(|outputs| unsafe {
        translate_convolution_gradients(
            handle(gradient),
            optional(input),
            optional(weight),
            shape,
            outputs,
        )
    })
}

/// Makes a tensor that shares the memory of 32-bit numbers in a mapped file. Writing to it does not change the file.
pub(super) fn borrowed(numbers: Bytes, shape: &[usize]) -> Tensor {
    unsafe extern "C" fn release(owner: *mut c_void) {
        // SAFETY: made from a box below; LibTorch calls this once, with the last tensor that uses the memory.
        drop(unsafe { Box::from_raw(owner.cast::<Bytes>()) });
    }
    let dims: Vec<i64> = shape.iter().map(|&side| side as i64).collect();
    let address = numbers.as_ptr().cast_mut().cast();
    let owner = Box::into_raw(Box::new(numbers)).cast();
    // SAFETY: the memory has as many numbers as the shape says, stays where it is as long as its owner lives, and is used by
    // nobody else; there is room for one result.
    one(outputs(|outputs| unsafe {
        translate_borrowed(
            address,
            dims.as_ptr(),
            dims.len() as i64,
            owner,
            release,
            outputs,
        )
    }))
}

/// Converts a tensor of four dimensions to bfloat16, with the channels last in memory.
pub(super) fn to_bfloat16(tensor: &Tensor) -> Tensor {
    // SAFETY: the tensor lives through the call, and there is room for one result.
    one(outputs(|outputs| unsafe {
        translate_to_bfloat16(handle(tensor), outputs)
    }))
}

/// Converts a tensor to 32 bits, with its elements in order.
pub(super) fn to_float(tensor: &Tensor) -> Tensor {
    // SAFETY: the tensor lives through the call, and there is room for one result.
    one(outputs(|outputs| unsafe {
        translate_to_float(handle(tensor), outputs)
    }))
}

/// The leaky ReLU.
pub(super) fn leaky_relu(input: &Tensor, slope: f64) -> Tensor {
    // SAFETY: the tensor lives through the call, which does not change it, and there is room for one result.
    one(outputs(|outputs| unsafe {
        translate_leaky_relu(handle(input), slope, false, outputs)
    }))
}

/// The leaky ReLU in place.
pub(super) fn leaky_relu_in_place(input: &mut Tensor, slope: f64) {
    // SAFETY: the tensor lives through the call and is borrowed by it alone; in place there is no result.
    check(unsafe { translate_leaky_relu(handle(input), slope, true, null_mut()) });
}

/// Gradient of a padding by reflection of `width` with respect to its input.
pub(super) fn reflection_gradient(gradient: &Tensor, width: usize) -> Tensor {
    // SAFETY: the tensor lives through the call, and there is room for one result.
    one(outputs(|outputs| unsafe {
        translate_reflection_gradient(handle(gradient), width as i64, outputs)
    }))
}

fn one([output]: [Option<Tensor>; 1]) -> Tensor {
    output.expect("the shim writes its result where it reports no problem")
}

/// Gradients of a batch normalisation with respect to input and, if there is a `scale`, scale and shift.
pub(super) fn batch_norm_gradients(
    gradient: &Tensor,
    input: &Tensor,
    scale: Option<&Tensor>,
    [mean, inverse_deviation]: [&Tensor; 2],
    epsilon: f64,
) -> [Option<Tensor>; 3] {
    // SAFETY: the handles are of tensors that live through the call or null where the shim allows it, and there is room
    // for three results.
    outputs(|outputs| unsafe {
        translate_batch_norm_gradients(
            handle(gradient),
            handle(input),
            optional(scale),
            handle(mean),
            handle(inverse_deviation),
            epsilon,
            outputs,
        )
    })
}

/// One Adam step, in place.
pub(super) fn adam(
    parameter: &mut Tensor,
    gradient: &Tensor,
    first: &mut Tensor,
    second: &mut Tensor,
    step: AdamStep,
) {
    // SAFETY: the tensors live through the call, and those that it changes are borrowed by it alone.
    check(unsafe {
        translate_adam(
            handle(parameter),
            handle(gradient),
            handle(first),
            handle(second),
            step.learning_rate,
            step.beta1,
            step.beta2,
            step.epsilon,
            step.time as f64,
        )
    });
}

/// Calls `task` with each number below `count`, on the threads that compute for LibTorch.
pub(super) fn for_each<T: Fn(usize) + Sync>(count: usize, task: &T) {
    let call = Call {
        task,
        panic: Mutex::new(None),
    };
    // SAFETY: `work` gets this `call` back, which lives until all of it is done, from threads that may share it.
    check(unsafe { translate_for_each(count as i64, work::<T>, (&raw const call).cast()) });
    let panic = call.panic.into_inner();
    if let Some(panic) = panic.unwrap_or_else(PoisonError::into_inner) {
        resume_unwind(panic);
    }
}

/// The tasks of one call of [`for_each`].
struct Call<'a, T> {
    task: &'a T,
    /// The panic of one of them, which must not go through C++.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Runs the tasks `start..end` of a [`Call`].
///
/// # Safety
/// `call` points to one whose tasks are of this type.
unsafe extern "C" fn work<T: Fn(usize) + Sync>(call: *const c_void, start: i64, end: i64) {
    // SAFETY: the caller promises it.
    let call = unsafe { &*call.cast::<Call<'_, T>>() };
    let tasks = || (start..end).for_each(|index| (call.task)(index as usize));
    if let Err(panic) = catch_unwind(AssertUnwindSafe(tasks)) {
        *call.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
    }
}

/// Makes denormal numbers count as zero, on this thread and on the threads that compute for it.
pub(super) fn flush_denormals() {
    // SAFETY: sets a mode of the processor that concerns floating-point numbers alone.
    unsafe { translate_flush_denormals() }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn each_task_is_done_once_and_a_panic_comes_back() {
        let counts: Vec<AtomicUsize> = (0..1000).map(|_| AtomicUsize::new(0)).collect();
        let task = |index: usize| {
            counts[index].fetch_add(1, Ordering::Relaxed);
        };
        for_each(counts.len(), &task);
        for_each(0, &task);
        assert!(
            counts
                .iter()
                .all(|count| count.load(Ordering::Relaxed) == 1)
        );
        let failing = |index: usize| assert_ne!(index, 7, "the eighth");
        let panic = catch_unwind(|| for_each(20, &failing)).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains("the eighth"), "{message}");
    }
}
