//! The functions of `c10d/process_group.cpp`: PyTorch's engine for processes that compute together, on buffers of the host.
#![expect(unsafe_code, reason = "calls C++")]

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{NonNull, null};
use std::time::Duration;

/// How a process joins a group.
#[derive(Debug, Clone)]
pub struct GroupOptions {
    /// Number of the process, from 0.
    pub rank: usize,
    /// How many processes there are.
    pub size: usize,
    /// Host and port of the store that introduces the processes to each other.
    pub store: (String, u16),
    /// Whether this process serves it.
    pub serves_store: bool,
    /// What keeps the entries of this group in the store apart from those of others.
    pub prefix: String,
    /// Network interface, if one is named; else `address` counts.
    pub interface: Option<String>,
    /// Name or address of this machine at which the others reach it.
    pub address: String,
    /// How long to wait for the others.
    pub limit: Duration,
}

/// [`GroupOptions`] as `process_group.cpp` has them.
#[repr(C)]
struct Options {
    rank: i32,
    size: i32,
    store_address: *const c_char,
    store_port: u16,
    serves_store: bool,
    prefix: *const c_char,
    interface: *const c_char,
    address: *const c_char,
    timeout_ms: i64,
}

type Handle = *mut c_void;

unsafe extern "C" {
    fn translate_group_join(options: *const Options, group: *mut Handle) -> *const c_char;

    fn translate_group_leave(group: Handle);

    fn translate_group_sum(
        group: Handle,
        values: *mut f32,
        count: i64,
        timeout_ms: i64,
    ) -> *const c_char;

    fn translate_group_broadcast(
        group: Handle,
        bytes: *mut u8,
        count: i64,
        root: i32,
        timeout_ms: i64,
    ) -> *const c_char;

    fn translate_group_collect(
        group: Handle,
        own: *mut u8,
        all: *mut u8,
        count: i64,
        timeout_ms: i64,
    ) -> *const c_char;

    fn translate_group_send(
        group: Handle,
        bytes: *mut u8,
        count: i64,
        receiver: i32,
        timeout_ms: i64,
    ) -> *const c_char;

    fn translate_group_receive(
        group: Handle,
        bytes: *mut u8,
        count: i64,
        sender: i32,
        timeout_ms: i64,
    ) -> *const c_char;
}

/// A group of processes. All of them call the same functions in the same order, with buffers of the same length; the engine
/// notices neither if they do not. Errors are the engine's own texts; after one the group is of no use.
#[derive(Debug)]
pub struct ProcessGroup {
    handle: NonNull<c_void>,
    size: usize,
}

// SAFETY: the engine is not bound to the thread that made it; its parts are counted atomically.
unsafe impl Send for ProcessGroup {}

impl ProcessGroup {
    /// Waits until all processes are there.
    ///
    /// # Errors
    /// They are not within the limit, or an address is wrong.
    pub fn join(options: &GroupOptions) -> Result<Self, String> {
        let text = |text: &str| CString::new(text).map_err(|error| error.to_string());
        let store_address = text(&options.store.0)?;
        let prefix = text(&options.prefix)?;
        let address = text(&options.address)?;
        let interface = options.interface.as_deref().map(text).transpose()?;
        let converted = Options {
            rank: options.rank as i32,
            size: options.size as i32,
            store_address: store_address.as_ptr(),
            store_port: options.store.1,
            serves_store: options.serves_store,
            prefix: prefix.as_ptr(),
            interface: interface.as_ref().map_or(null(), |name| name.as_ptr()),
            address: address.as_ptr(),
            timeout_ms: milliseconds(options.limit),
        };
        let mut handle = std::ptr::null_mut();
        // SAFETY: the texts live through the call, which copies them, and there is room for the handle.
        check(unsafe { translate_group_join(&raw const converted, &raw mut handle) })?;
        Ok(Self {
            handle: NonNull::new(handle).expect("a group is made where no problem is reported"),
            size: options.size,
        })
    }

    /// Replaces the numbers by their sums over all processes, which have the same bits in all of them.
    ///
    /// # Errors
    /// A process is gone, or does not come within the limit.
    pub fn sum(&self, values: &mut [f32], limit: Duration) -> Result<(), String> {
        let count = values.len() as i64;
        // SAFETY: the group lives, and so does the buffer, which nobody else uses, until the call returns.
        check(unsafe {
            translate_group_sum(
                self.handle.as_ptr(),
                values.as_mut_ptr(),
                count,
                milliseconds(limit),
            )
        })
    }

    /// Replaces the bytes by those of process `root`.
    ///
    /// # Errors
    /// As [`ProcessGroup::sum`].
    pub fn broadcast(&self, bytes: &mut [u8], root: usize, limit: Duration) -> Result<(), String> {
        let count = bytes.len() as i64;
        // SAFETY: as in `sum`.
        check(unsafe {
            translate_group_broadcast(
                self.handle.as_ptr(),
                bytes.as_mut_ptr(),
                count,
                root as i32,
                milliseconds(limit),
            )
        })
    }

    /// The bytes of each process, in order of rank.
    ///
    /// # Errors
    /// As [`ProcessGroup::sum`].
    pub fn collect(&self, own: &mut [u8], limit: Duration) -> Result<Vec<u8>, String> {
        let mut all = vec![0; own.len() * self.size];
        let count = own.len() as i64;
        // SAFETY: as in `sum`; the second buffer has room for the bytes of all.
        check(unsafe {
            translate_group_collect(
                self.handle.as_ptr(),
                own.as_mut_ptr(),
                all.as_mut_ptr(),
                count,
                milliseconds(limit),
            )
        })?;
        Ok(all)
    }

    /// Sends bytes to one process, which receives as many.
    ///
    /// # Errors
    /// As [`ProcessGroup::sum`].
    pub fn send(&self, bytes: &mut [u8], receiver: usize, limit: Duration) -> Result<(), String> {
        let count = bytes.len() as i64;
        // SAFETY: as in `sum`.
        check(unsafe {
            translate_group_send(
                self.handle.as_ptr(),
                bytes.as_mut_ptr(),
                count,
                receiver as i32,
                milliseconds(limit),
            )
        })
    }

    /// Receives the bytes that one process sends.
    ///
    /// # Errors
    /// As [`ProcessGroup::sum`].
    pub fn receive(&self, bytes: &mut [u8], sender: usize, limit: Duration) -> Result<(), String> {
        let count = bytes.len() as i64;
        // SAFETY: as in `sum`.
        check(unsafe {
            translate_group_receive(
                self.handle.as_ptr(),
                bytes.as_mut_ptr(),
                count,
                sender as i32,
                milliseconds(limit),
            )
        })
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // SAFETY: made by `join`, and not used after this.
        unsafe { translate_group_leave(self.handle.as_ptr()) }
    }
}

fn milliseconds(limit: Duration) -> i64 {
    i64::try_from(limit.as_millis()).unwrap_or(i64::MAX)
}

fn check(problem: *const c_char) -> Result<(), String> {
    if problem.is_null() {
        return Ok(());
    }
    // SAFETY: the functions return null or text that ends with 0 and lives until the next failure in this thread.
    let text = unsafe { CStr::from_ptr(problem) };
    Err(text.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    /// Runs `work` in a group whose processes are threads.
    fn together<T: Send>(size: usize, work: impl Fn(usize, &ProcessGroup) -> T + Sync) -> Vec<T> {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let start = |rank: usize| {
            let group = ProcessGroup::join(&GroupOptions {
                rank,
                size,
                store: ("127.0.0.1".to_owned(), port),
                serves_store: rank == 0,
                prefix: "test".to_owned(),
                interface: None,
                address: "127.0.0.1".to_owned(),
                limit: LIMIT,
            });
            work(rank, &group.unwrap())
        };
        std::thread::scope(|scope| {
            let start = &start;
            let threads: Vec<_> = (0..size)
                .map(|rank| scope.spawn(move || start(rank)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        })
    }

    #[test]
    fn numbers_are_summed_and_bytes_passed_on() {
        let results = together(3, |rank, group| {
            let mut values: Vec<f32> = (0..5).map(|index| (rank * 10 + index) as f32).collect();
            group.sum(&mut values, LIMIT).unwrap();
            let mut bytes = [rank as u8; 4];
            group.broadcast(&mut bytes, 2, LIMIT).unwrap();
            let all = group.collect(&mut [rank as u8, 7], LIMIT).unwrap();
            let mut sent = [9, rank as u8];
            if rank == 1 {
                group.send(&mut sent, 0, LIMIT).unwrap();
            } else if rank == 0 {
                group.receive(&mut sent, 1, LIMIT).unwrap();
            }
            (values, bytes, all, sent)
        });
        for (rank, (values, bytes, all, sent)) in results.into_iter().enumerate() {
            assert_eq!(values, [30.0, 33.0, 36.0, 39.0, 42.0]);
            assert_eq!(bytes, [2; 4]);
            assert_eq!(all, [0, 7, 1, 7, 2, 7]);
            assert_eq!(sent, [9, if rank == 0 { 1 } else { rank as u8 }]);
        }
    }

    #[test]
    fn who_does_not_come_is_noticed() {
        let results = together(2, |rank, group| {
            let limit = Duration::from_millis(300);
            let text = (rank == 0).then(|| group.sum(&mut [1.0], limit).unwrap_err());
            if rank == 1 {
                std::thread::sleep(2 * limit);
            }
            text
        });
        let text = results[0].as_ref().unwrap();
        assert!(text.contains("imed out"), "{text}");
    }
}
