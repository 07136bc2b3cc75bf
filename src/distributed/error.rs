//! Errors of training on several processes.

use std::time::Duration;

use super::launcher::Launcher;

/// Environment variables that do not say what a process must know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaunchError {
    /// One of two variables that belong together.
    #[error("{set} is set and {unset} is not: set both, or neither for one process")]
    Half {
        /// The one that is there.
        set: &'static str,
        /// The one that is not.
        unset: &'static str,
    },
    /// A number of a process that there is not.
    #[error("{} is {} and {} is {}: processes are counted from 0", rank.0, rank.1, size.0, size.1)]
    RankTooLarge {
        /// Name and value of the number of the process.
        rank: (&'static str, usize),
        /// Name and value of the number of processes.
        size: (&'static str, usize),
    },
    /// A variable that is no number.
    #[error("{name} is `{value}`, which is no number{}", if *name == "MASTER_PORT" { " up to 65535" } else { "" })]
    NotANumber {
        /// Name.
        name: &'static str,
        /// Value.
        value: String,
    },
    /// Processes that do not know where to meet.
    #[error(
        "this is one of {size} processes, and {missing} does not say where they meet: {}",
        launcher.remedy()
    )]
    NoRendezvous {
        /// How many there are.
        size: usize,
        /// The variable that is not set.
        missing: &'static str,
        /// Who has started them.
        launcher: Launcher,
    },
}

/// Why processes cannot go on together. After one of these they do not talk to each other any more.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// The program has no engine.
    #[error(
        "this is one of {0} processes, and this program trains on one: build it on Linux with `scripts/libtorch.sh` and \
         `cargo build --release --features libtorch`"
    )]
    NotCompiled(usize),
    /// Gradients cannot go from GPU to GPU.
    #[error(
        "the processes cannot go from GPU to GPU ({0}): `--exchange host` goes by way of the processor"
    )]
    NoNccl(String),
    /// The processes have not found each other.
    #[error(
        "the processes have not found each other at {rendezvous} ({message}): see that all of them are started, that MASTER_ADDR is \
         the machine of process 0 and that MASTER_PORT is free there; `--timeout` waits longer"
    )]
    NotFound {
        /// Host and port.
        rendezvous: String,
        /// What the engine says.
        message: String,
    },
    /// A process has ended, or cannot be reached any more.
    #[error(
        "{} ({message}): the first error in the messages of the others says why",
        lost_text(*other)
    )]
    Lost {
        /// The other process, if there is only one.
        other: Option<usize>,
        /// What the engine says.
        message: String,
    },
    /// A process does not answer.
    #[error(
        "{} for {} s: it hangs, or needs more time, which `--timeout` gives it",
        silent_text(*other),
        limit.as_secs()
    )]
    Silent {
        /// The other process, if there is only one.
        other: Option<usize>,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The engine reports something else.
    #[error("the processes cannot go on together: {0}")]
    Engine(String),
    /// Processes that were not started alike.
    #[error(
        "process {rank} has another {part} than process 0 ({difference}): start all of them alike"
    )]
    Unequal {
        /// The first that differs.
        rank: usize,
        /// In what.
        part: &'static str,
        /// How.
        difference: String,
    },
    /// Another process has failed.
    #[error("process {rank} has failed: {message}")]
    Other {
        /// Its number.
        rank: usize,
        /// What it said.
        message: String,
    },
}

impl GroupError {
    /// What a text of the engine means. `other` is the only other process, if there is one; it was waited for as long as `limit`.
    pub(super) fn of_engine(message: String, other: Option<usize>, limit: Duration) -> Self {
        let has = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
        if has(&["imed out", "imeout"]) {
            Self::Silent { other, limit }
        } else if has(&["onnection", "Read error", "Write error", "Broken pipe"]) {
            // Behind the place in the engine's source.
            let text = message.rsplit("] ").next().unwrap_or_default().to_owned();
            Self::Lost {
                other,
                message: text,
            }
        } else {
            Self::Engine(message)
        }
    }
}

fn lost_text(other: Option<usize>) -> String {
    match other {
        Some(rank) => format!("process {rank} has ended, or cannot be reached"),
        None => "another process has ended, or cannot be reached".to_owned(),
    }
}

fn silent_text(other: Option<usize>) -> String {
    match other {
        Some(rank) => format!("process {rank} has not answered"),
        None => "another process has not answered".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_engine_are_explained() {
        let limit = Duration::from_secs(8);
        let explained =
            |text: &str, other| GroupError::of_engine(text.to_owned(), other, limit).to_string();
        assert_eq!(
            explained(
                "[/a/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:26294",
                Some(1)
            ),
            "process 1 has ended, or cannot be reached (Connection closed by peer [127.0.0.1]:26294): the first error in the \
             messages of the others says why"
        );
        assert_eq!(
            explained("Operation timed out!", None),
            "another process has not answered for 8 s: it hangs, or needs more time, which `--timeout` gives it"
        );
        assert!(explained("no memory", None).ends_with("no memory"));
    }
}
