//! Progress: bars that share the terminal with log lines, plain lines, or lines of JSON for other programs.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

static BARS: LazyLock<MultiProgress> = LazyLock::new(|| {
    // Four times a second is enough for eyes, and slow terminals keep up.
    MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(4))
});
static MODE: AtomicU8 = AtomicU8::new(ProgressMode::None as u8);

/// Least time between plain lines.
pub const LINE_EVERY: Duration = Duration::from_secs(5);
/// Least time between lines of JSON.
pub const JSON_EVERY: Duration = Duration::from_secs(1);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressMode {
    /// Not at all.
    None,
    /// A bar; hidden if standard error is not a terminal.
    Bar,
    /// A log line now and then.
    Plain,
    /// A JSON object on a line of standard error now and then.
    Json,
}

/// Sets how progress is shown; initially it is not.
pub fn set_mode(mode: ProgressMode) {
    MODE.store(mode as u8, Ordering::Relaxed);
}

/// How progress is shown.
pub fn mode() -> ProgressMode {
    let chosen = MODE.load(Ordering::Relaxed);
    [ProgressMode::Bar, ProgressMode::Plain, ProgressMode::Json]
        .into_iter()
        .find(|&mode| mode as u8 == chosen)
        .unwrap_or(ProgressMode::None)
}

/// Creates a bar over `total` on standard error; hidden if that is not a terminal or the mode is another.
pub fn bar(total: u64, style: ProgressStyle) -> ProgressBar {
    if mode() != ProgressMode::Bar {
        return ProgressBar::hidden();
    }
    BARS.add(ProgressBar::new(total).with_style(style))
}

/// Runs `write` while no bar is drawn.
pub fn without_bars<T>(write: impl FnOnce() -> T) -> T {
    BARS.suspend(write)
}

/// Writes an object as a line to standard error. If its reader has gone away, the line is dropped.
pub fn json_line(object: &Value) {
    use std::io::Write;
    let line = format!("{object}\n");
    let _ = without_bars(|| std::io::stderr().write_all(line.as_bytes()));
}

/// Shows progress over a number of items until it is dropped.
#[derive(Debug)]
pub struct Counter {
    task: String,
    bar: ProgressBar,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    done: u64,
    failed: u64,
    total: u64,
    last_line: Option<Instant>,
}

impl Counter {
    /// Creates a counter for `task`, such as "checking".
    pub fn new(task: &str) -> Self {
        let template = format!("{task} {{wide_bar}} {{pos}}/{{len}} {{eta}} left");
        let style = ProgressStyle::with_template(&template);
        Self {
            task: task.to_owned(),
            bar: bar(0, style.unwrap_or_else(|_| ProgressStyle::default_bar())),
            started: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// Reports that `done` of `total` items are done, of which `failed` have failed. Threads may report out of order.
    pub fn update(&self, done: usize, failed: usize, total: usize) {
        self.bar.set_length(total as u64);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.total = total as u64;
        state.done = state.done.max(done as u64);
        state.failed = state.failed.max(failed as u64);
        self.bar.set_position(state.done);
        let pause = match mode() {
            ProgressMode::None | ProgressMode::Bar => return,
            ProgressMode::Plain => LINE_EVERY,
            ProgressMode::Json => JSON_EVERY,
        };
        let last = *state.last_line.get_or_insert(self.started);
        if last.elapsed() >= pause {
            state.last_line = Some(Instant::now());
            self.line(&state);
        }
    }

    fn line(&self, state: &State) {
        let seconds = self.started.elapsed().as_secs_f64();
        let per_second = state.done as f64 / seconds.max(1e-9);
        let left = (state.done > 0).then(|| (state.total - state.done) as f64 / per_second);
        if mode() == ProgressMode::Json {
            json_line(&json!({
                "task": self.task,
                "done": state.done,
                "total": state.total,
                "failed": state.failed,
                "per_second": rounded(per_second),
                "seconds_left": left.map(rounded),
            }));
            return;
        }
        let failed = match state.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let left = left.map_or(String::new(), |left| {
            format!(", {} left", HumanDuration(Duration::from_secs_f64(left)))
        });
        tracing::info!(
            "{}: {} of {}{failed}, {per_second:.2} per second{left}",
            self.task,
            state.done,
            state.total
        );
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        // Readers of JSON get the final count here; people get a summary.
        if mode() == ProgressMode::Json {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            self.line(&state);
        }
    }
}

/// Rounds to thousandths, which is enough for reports.
pub fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
