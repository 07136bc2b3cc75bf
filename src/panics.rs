//! Panics of foreign code (decoders, drivers) as errors.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::{Mutex, Once, PoisonError};

thread_local! {
    /// Whether a panic of this thread will be caught and reported as an error.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// The first panic of a driver's thread since somebody began to wait for one.
static BEHIND: Mutex<Option<String>> = Mutex::new(None);

/// How the names of the threads begin in which Burn's GPU backends compute. Whoever reads their results hears that they have
/// failed, but not always why.
const DRIVERS: [&str; 2] = ["DSU-", "DSD-"];

/// Runs `work` and turns a panic into an error with the first line of its message; nothing is printed.
///
/// # Errors
/// `work` has panicked.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if is_driver() {
                let mut behind = BEHIND.lock().unwrap_or_else(PoisonError::into_inner);
                behind.get_or_insert_with(|| message(info.payload()));
            } else if !CAUGHT.get() {
                print(info);
            }
        }));
    });
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CAUGHT.set(outer);
    result.map_err(|panic| message(&*panic))
}

/// The same, with the first panic of a driver's thread meanwhile.
pub fn catch_with_drivers<T>(work: impl FnOnce() -> T) -> (Result<T, String>, Option<String>) {
    let take = || {
        let mut behind = BEHIND.lock().unwrap_or_else(PoisonError::into_inner);
        behind.take()
    };
    take();
    (catch(work), take())
}

fn is_driver() -> bool {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default();
    DRIVERS.iter().any(|start| name.starts_with(start))
}

/// The first line of a panic's message.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given");
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_thread_of_a_driver_is_heard_where_its_result_is_read() {
        let (result, behind) = catch_with_drivers(|| {
            let driver = std::thread::Builder::new().name("DSU-6-0".to_owned());
            driver
                .spawn(|| panic!("no memory"))
                .unwrap()
                .join()
                .is_err()
        });
        assert_eq!((result, behind), (Ok(true), Some("no memory".to_owned())));
    }

    #[test]
    fn a_panic_becomes_its_first_line() {
        assert_eq!(catch(|| 3), Ok(3));
        assert_eq!(
            catch(|| panic!("bad {}\nmore", 7)),
            Err::<(), _>("bad 7".to_owned())
        );
        assert_eq!(
            catch(|| std::panic::panic_any(7)),
            Err::<(), _>("no reason given".to_owned())
        );
    }
}
