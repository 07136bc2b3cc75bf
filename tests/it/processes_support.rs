//! Several processes of the program that train together on this machine.

use std::net::TcpListener;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::cli_support::{Outcome, Place, names};

/// Processes that were started together, by rank.
pub struct Processes<'a> {
    place: &'a Place,
    pub children: Vec<Child>,
}

/// Step of the checkpoint of a style.
pub fn saved_step(place: &Place, style: &str) -> u64 {
    let names = names(&place.path(&format!("checkpoints/{style}/state")));
    let step = names[0].split_once('/').unwrap().0;
    step.trim_start_matches("step-").parse().unwrap()
}

/// A port on which nobody listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The program as process `rank` of `size`, as a person starts it by hand.
pub fn process(place: &Place, place_of: (usize, usize), port: u16, line: &str) -> Command {
    placed(place.command(line), place_of, port)
}

/// A command as process `rank` of `size`.
pub fn placed(mut command: Command, (rank, size): (usize, usize), port: u16) -> Command {
    let variables = [
        ("RANK", rank.to_string()),
        ("WORLD_SIZE", size.to_string()),
        ("LOCAL_WORLD_SIZE", size.to_string()),
        ("MASTER_ADDR", "127.0.0.1".to_owned()),
        ("MASTER_PORT", port.to_string()),
        ("OMP_NUM_THREADS", "1".to_owned()),
    ];
    command.envs(variables);
    command
}

impl<'a> Processes<'a> {
    /// Processes that were started elsewhere.
    pub fn of(place: &'a Place, children: Vec<Child>) -> Self {
        Self { place, children }
    }

    /// Starts one process for each of `lines`.
    pub fn start_each(place: &'a Place, lines: &[String]) -> Self {
        let port = free_port();
        let start = |(rank, line): (usize, &String)| {
            let mut command = process(place, (rank, lines.len()), port, line);
            command.spawn().unwrap()
        };
        Self {
            place,
            children: lines.iter().enumerate().map(start).collect(),
        }
    }

    /// Starts `size` processes with the same `line`.
    pub fn start(place: &'a Place, size: usize, line: &str) -> Self {
        Self::start_each(place, &vec![line.to_owned(); size])
    }

    /// Waits until a run has logged `step`.
    pub fn reach(&mut self, style: &str, step: u64) {
        let place = self.place;
        assert!(
            place.reaches(&mut self.children[0], style, step),
            "the run has ended before step {step}"
        );
    }

    /// What became of each of them, within a time that no test needs.
    pub fn wait(mut self) -> Vec<Outcome> {
        let started = Instant::now();
        for child in &mut self.children {
            while child.try_wait().unwrap().is_none() {
                if started.elapsed() > Duration::from_mins(1) {
                    child.kill().unwrap();
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let children = self.children.into_iter();
        children.map(|child| self.place.wait(child)).collect()
    }
}

/// Runs `size` processes to their end, which is good for all.
pub fn run_together(place: &Place, size: usize, line: &str) -> Vec<Outcome> {
    let outcomes = Processes::start(place, size, line).wait();
    outcomes.into_iter().map(Outcome::done).collect()
}

/// Sends a signal by its name to a process.
pub fn send(child: &Child, signal: &str) {
    let id = child.id().to_string();
    let status = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(status.unwrap().success());
}
