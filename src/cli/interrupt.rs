//! Ctrl-C and SIGTERM: the first asks for a clean end, another one after a second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A program such as `timeout` sends a signal to its child and to the whole group: what comes this soon is the same request.
const SAME_REQUEST: Duration = Duration::from_secs(1);

/// A flag that the first Ctrl-C or SIGTERM sets.
pub(super) fn flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&flag);
    let mut first: Option<Instant> = None;
    let handler = move || match first {
        Some(first) if first.elapsed() >= SAME_REQUEST => {
            #[expect(clippy::exit, reason = "the user asked twice")]
            std::process::exit(130);
        }
        Some(_) => {}
        None => {
            first = Some(Instant::now());
            shared.store(true, Ordering::SeqCst);
            tracing::info!("stopping cleanly; once more, after a second, to stop at once");
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::warn!("Ctrl-C will stop at once: {error}");
    }
    flag
}
