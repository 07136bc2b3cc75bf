//! Messages on standard error.

use std::fmt::Result;
use std::io::{IsTerminal, Write};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use super::globals::{Globals, LogFormat, ProgressForm};
use crate::progress::{self, ProgressMode};

/// Starts logging as the flags ask; `RUST_LOG` overrides them. Of several processes that train together all but the first say only
/// what is wrong, with their number.
pub(super) fn start(globals: &Globals, rank: usize) {
    let directives = match (globals.quiet, globals.verbose) {
        (true, _) => "error",
        (false, 0) if rank > 0 => "warn",
        (false, 0) => "warn,translate=info",
        (false, 1) => "warn,translate=debug",
        (false, _) => "debug,translate=trace",
    };
    progress::set_mode(if rank > 0 {
        ProgressMode::None
    } else {
        form(globals)
    });
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(directives));
    let logger = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(BesideBars);
    match globals.log_format {
        LogFormat::Text => logger.event_format(Plain { rank }).init(),
        LogFormat::Json => logger.json().init(),
    }
}

/// How progress is shown.
fn form(globals: &Globals) -> ProgressMode {
    let usual = || match globals.log_format {
        _ if globals.quiet => ProgressMode::None,
        LogFormat::Json => ProgressMode::Json,
        LogFormat::Text if can_draw() => ProgressMode::Bar,
        LogFormat::Text => ProgressMode::Plain,
    };
    match globals.progress {
        ProgressForm::Auto => usual(),
        ProgressForm::Bar => ProgressMode::Bar,
        ProgressForm::Plain => ProgressMode::Plain,
        ProgressForm::Json => ProgressMode::Json,
        ProgressForm::None => ProgressMode::None,
    }
}

/// Whether standard error is a terminal that moves its cursor.
fn can_draw() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|name| name == "dumb");
    std::io::stderr().is_terminal() && !is_dumb
}

/// The message alone; its level where something is wrong, and the number of the process if it is not the first.
struct Plain {
    rank: usize,
}

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> Result {
        if self.rank > 0 {
            write!(writer, "process {}: ", self.rank)?;
        }
        match *event.metadata().level() {
            Level::ERROR => writer.write_str("error: ")?,
            Level::WARN => writer.write_str("warning: ")?,
            Level::INFO => {}
            _ => write!(writer, "{}: ", event.metadata().target())?,
        }
        context
            .field_format()
            .format_fields(writer.by_ref(), event)?;
        writer.write_char('\n')
    }
}

/// Standard error, with the progress bars out of the way while a line is written. A reader that has gone away is no
/// reason to stop: there is nobody left to tell.
struct BesideBars;

impl Write for BesideBars {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = progress::without_bars(|| std::io::stderr().write_all(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

impl MakeWriter<'_> for BesideBars {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}
