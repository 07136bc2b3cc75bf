//! Progress bars that share the terminal with log lines.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

static BARS: LazyLock<MultiProgress> = LazyLock::new(|| {
    // Four times a second is enough for eyes, and slow terminals keep up.
    MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(4))
});
static QUIET: AtomicBool = AtomicBool::new(false);

/// Shows no bars from now on.
pub fn hide() {
    QUIET.store(true, Ordering::Relaxed);
}

/// A bar over `total` on standard error; hidden where that is no terminal.
pub fn bar(total: u64, style: ProgressStyle) -> ProgressBar {
    if QUIET.load(Ordering::Relaxed) {
        return ProgressBar::hidden();
    }
    BARS.add(ProgressBar::new(total).with_style(style))
}

/// A bar that counts `what`.
pub fn counter(total: u64, what: &str) -> ProgressBar {
    let template = format!("{what} {{wide_bar}} {{pos}}/{{len}} {{eta}} left");
    let style = ProgressStyle::with_template(&template);
    bar(
        total,
        style.unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
}

/// Does `write` while no bar is drawn.
pub fn without_bars<T>(write: impl FnOnce() -> T) -> T {
    BARS.suspend(write)
}
