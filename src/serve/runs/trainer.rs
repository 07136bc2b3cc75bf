//! Runs that were started here: each is a process of its own, as from a terminal, so that nothing here can slow or end it.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::serve::options::ServeOptions;

/// Lines of a run's messages that are kept.
const LINES: usize = 30;

/// How a message that says what is wrong begins.
const ERROR: &str = "error: ";

/// Starts and stops runs.
#[derive(Debug)]
pub(in crate::serve) struct Trainer {
    program: PathBuf,
    /// What every run is called with.
    common: Vec<OsString>,
    runs: Mutex<BTreeMap<String, Run>>,
}

#[derive(Debug)]
struct Run {
    child: Child,
    is_stopping: bool,
    ended: Option<bool>,
    messages: Arc<Mutex<VecDeque<String>>>,
}

/// How a run that was started here is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) enum RunProcess {
    /// It trains.
    Running,
    /// It saves what it has learnt.
    Stopping,
    /// It is over; its last error where it failed.
    Ended(Option<String>),
}

/// A run that cannot be started.
#[derive(Debug, thiserror::Error)]
pub(in crate::serve) enum TrainerError {
    /// Two at a time would only be slower.
    #[error("`{0}` is being trained: stop it first")]
    Busy(String),
    /// The system gives no process.
    #[error("cannot start the training: {0}")]
    Start(#[from] std::io::Error),
}

impl Trainer {
    /// None runs yet.
    pub(in crate::serve) fn new(options: &ServeOptions) -> Self {
        let mut common: Vec<OsString> = vec![
            "--checkpoints".into(),
            options.checkpoints.clone().into(),
            "--device".into(),
            options.device.to_string().into(),
            "--progress".into(),
            "none".into(),
        ];
        if options.threads > 0 {
            common.extend(["--threads".into(), options.threads.to_string().into()]);
        }
        Self {
            program: options.program.clone(),
            common,
            runs: Mutex::default(),
        }
    }

    /// Starts `translate train` with these arguments, for the style `name`.
    ///
    /// # Errors
    /// Another run goes on, or the system gives no process.
    pub(in crate::serve) fn start(
        &self,
        name: &str,
        arguments: &[OsString],
    ) -> Result<(), TrainerError> {
        let mut runs = self.runs();
        for (name, run) in runs.iter_mut() {
            if run.ended().is_none() {
                return Err(TrainerError::Busy(name.clone()));
            }
        }
        let mut command = Command::new(&self.program);
        command
            .arg("train")
            .args(&self.common)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        // Ctrl-C in the server's terminal is for the server, which stops its runs itself.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let messages = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(stderr) = child.stderr.take() {
            let messages = Arc::clone(&messages);
            std::thread::Builder::new()
                .name("training messages".to_owned())
                .spawn(move || keep_last(BufReader::new(stderr), &messages))?;
        }
        let run = Run {
            child,
            is_stopping: false,
            ended: None,
            messages,
        };
        runs.insert(name.to_owned(), run);
        Ok(())
    }

    /// Asks a run to save what it has learnt and to end; whether it runs here.
    pub(in crate::serve) fn stop(&self, name: &str) -> bool {
        let mut runs = self.runs();
        let run = runs.get_mut(name).filter_map_running();
        run.is_some_and(|run| {
            run.stop();
            true
        })
    }

    /// The same for all.
    pub(in crate::serve) fn stop_all(&self) {
        for run in self.runs().values_mut() {
            if run.ended().is_none() {
                run.stop();
            }
        }
    }

    /// Whether a run goes on.
    pub(in crate::serve) fn is_busy(&self) -> bool {
        let mut runs = self.runs();
        runs.values_mut().any(|run| run.ended().is_none())
    }

    /// How a run is; none where it was not started here.
    pub(in crate::serve) fn process(&self, name: &str) -> Option<RunProcess> {
        let mut runs = self.runs();
        let run = runs.get_mut(name)?;
        Some(match (run.ended(), run.is_stopping) {
            (None, false) => RunProcess::Running,
            (None, true) => RunProcess::Stopping,
            (Some(true), _) => RunProcess::Ended(None),
            // It was stopped before it could say how it ends.
            (Some(false), true) => RunProcess::Ended(run.last_error()),
            (Some(false), false) => {
                let failed = || "it failed without a word".to_owned();
                RunProcess::Ended(Some(run.last_error().unwrap_or_else(failed)))
            }
        })
    }

    /// The names of all that were started here.
    pub(in crate::serve) fn names(&self) -> Vec<String> {
        self.runs().keys().cloned().collect()
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<String, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run, if it goes on.
trait FilterRunning<'a> {
    fn filter_map_running(self) -> Option<&'a mut Run>;
}

impl<'a> FilterRunning<'a> for Option<&'a mut Run> {
    fn filter_map_running(self) -> Option<&'a mut Run> {
        let run = self?;
        run.ended().is_none().then_some(run)
    }
}

impl Run {
    /// Whether it ended well; none while it goes on.
    fn ended(&mut self) -> Option<bool> {
        if self.ended.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.ended = Some(status.success());
        }
        self.ended
    }

    /// A second request would end it at once.
    fn stop(&mut self) {
        if std::mem::replace(&mut self.is_stopping, true) {
            return;
        }
        #[cfg(unix)]
        {
            use nix::sys::signal::{Signal, kill};
            let process = nix::unistd::Pid::from_raw(self.child.id() as i32);
            if let Err(error) = kill(process, Signal::SIGTERM) {
                tracing::warn!("cannot stop a training: {error}");
            }
        }
        // Where nobody can be asked, the last checkpoint is what it goes on from.
        #[cfg(not(unix))]
        if let Err(error) = self.child.kill() {
            tracing::warn!("cannot stop a training: {error}");
        }
    }

    /// The last message that says what is wrong, with the indented lines after it.
    fn last_error(&self) -> Option<String> {
        let messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let start = messages.iter().rposition(|line| line.starts_with(ERROR))?;
        let mut lines = messages.range(start..);
        let first = lines.next()?.strip_prefix(ERROR)?;
        let more = lines.take_while(|line| line.starts_with(' '));
        Some(more.fold(first.to_owned(), |text, line| text + "\n" + line))
    }
}

fn keep_last(lines: impl BufRead, messages: &Mutex<VecDeque<String>>) {
    for line in lines.lines().map_while(Result::ok) {
        let mut messages = messages.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() == LINES {
            messages.pop_front();
        }
        messages.push_back(line);
    }
}
