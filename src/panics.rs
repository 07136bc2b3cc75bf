//! Panics of foreign code (decoders, drivers) as errors.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread will be caught and reported as an error.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` and turns a panic into an error with the first line of its message; nothing is printed.
///
/// # Errors
/// `work` has panicked.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if !CAUGHT.get() {
                print(info);
            }
        }));
    });
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CAUGHT.set(outer);
    result.map_err(|panic| message(&*panic))
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
