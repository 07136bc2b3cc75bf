//! Processes that train together end together, and their run goes on with any number of them.

use std::time::{Duration, Instant};

use crate::cli_support::{CYCLE, Outcome, PIX2PIX, Place, assert_same, names};
use crate::processes_support::{
    Processes, free_port, placed, process, run_together, saved_step, send,
};

const SETTINGS: &str = "--set train.log_every=1 --set train.checkpoint_every=20 --set train.preview_every=1000 --set optim.pool_size=4";

fn line(name: &str, steps: u64) -> String {
    format!("--device cpu train {PIX2PIX} {SETTINGS} --steps {steps} --name {name} --timeout 20")
}

fn resume(name: &str) -> String {
    format!("--device cpu train --resume --name {name}")
}

#[test]
fn a_signal_to_one_process_stops_all_and_the_run_goes_on_to_the_bit() {
    // Ctrl-C, and what a launcher sends.
    stops_all("INT", 0);
    stops_all("TERM", 1);
}

fn stops_all(signal: &str, rank: usize) {
    let place = Place::with_pairs();
    run_together(&place, 2, &line("whole", 60));
    let mut processes = Processes::start(&place, 2, &line("stopped", 60));
    processes.reach("stopped", 20);
    send(&processes.children[rank], signal);
    let outcomes = processes.wait();
    for outcome in outcomes {
        outcome.done();
    }
    let step = place.last_step("stopped");
    assert!((20..60).contains(&step));
    run_together(&place, 2, &resume("stopped"));
    assert_same(&place.learnt("stopped"), &place.learnt("whole"));
}

#[test]
fn a_killed_process_ends_the_others_and_another_number_goes_on() {
    let place = Place::with_pairs();
    let mut processes = Processes::start(&place, 3, &line("killed", 100_000));
    processes.reach("killed", 25);
    processes.children[2].kill().unwrap();
    let started = Instant::now();
    let outcomes = processes.wait();
    assert!(started.elapsed() < Duration::from_secs(10));
    let mut outcomes = outcomes.into_iter();
    for _ in 0..2 {
        outcomes.next().unwrap().failed(
            1,
            &[
                "after step",
                "another process has ended",
                "`--resume` goes on",
            ],
        );
    }
    let step = saved_step(&place, "killed");
    let more = |name: &str, steps: u64| format!("{} --steps {steps}", resume(name));
    place
        .run(&more("killed", step + 10))
        .done()
        .says(&format!("resuming after step {step} of"));
    assert_eq!(place.last_step("killed"), step + 10);
    // Six pairs: three steps of two processes are an epoch.
    run_together(&place, 2, &more("killed", step + 16));
    let text = place.text("checkpoints/killed/metrics.jsonl");
    let epochs: Vec<u64> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["epoch"]
                .as_u64()
                .unwrap()
        })
        .collect();
    assert!(epochs.is_sorted());
    let last = &epochs[epochs.len() - 6..];
    assert!(last[5] - last[0] >= 1, "{last:?}");
}

#[test]
fn a_process_that_hangs_is_noticed() {
    let place = Place::with_pairs();
    let hasty = line("hanging", 100_000).replace("--timeout 20", "--timeout 4");
    let mut processes = Processes::start(&place, 2, &hasty);
    processes.reach("hanging", 25);
    send(&processes.children[1], "STOP");
    let mut hanging = processes.children.pop().unwrap();
    let outcomes = processes.wait();
    hanging.kill().unwrap();
    hanging.wait().unwrap();
    let first = outcomes.into_iter().next().unwrap();
    first.failed(1, &["process 1 has not answered for 4 s"]);
}

#[test]
fn a_process_that_is_missing_is_named() {
    let place = Place::with_pairs();
    let hasty = line("alone", 20).replace("--timeout 20", "--timeout 1");
    let child = process(&place, (0, 2), free_port(), &hasty)
        .spawn()
        .unwrap();
    place.wait(child).failed(
        1,
        &["process 1 of 2 has not come within 1 s", "`--timeout`"],
    );
}

#[test]
fn processes_that_were_started_differently_are_refused_by_name() {
    let place = Place::with_pairs();
    let lines = [
        line("unequal", 20),
        format!("{} --set optim.lr=0.5", line("unequal", 20)),
    ];
    for outcome in Processes::start_each(&place, &lines).wait() {
        outcome.failed(
            2,
            &["process 1 has another recipe than process 0 (optim.lr = 0.5; process 0: optim.lr = 0.0002)"],
        );
    }
    assert!(!place.path("checkpoints/unequal").exists());
}

#[test]
fn what_fails_in_one_process_ends_all() {
    let place = Place::with_pairs();
    run_together(&place, 2, &line("taken", 4));
    let mut outcomes = Processes::start(&place, 2, &line("taken", 4))
        .wait()
        .into_iter();
    outcomes
        .next()
        .unwrap()
        .failed(2, &["there is already a style `taken`"]);
    outcomes.next().unwrap().failed(
        1,
        &["process 0 has failed: there is already a style `taken`"],
    );
}

/// Starts two processes of which one may write no file that is longer than `blocks` of 512 bytes.
fn with_full_disk(place: &Place, rank: usize, blocks: u32, line: &str) -> Vec<Outcome> {
    let port = free_port();
    let start = |process: usize| {
        let command = if process == rank {
            place.command_under(&format!("trap '' XFSZ; ulimit -f {blocks}"), line)
        } else {
            place.command(line)
        };
        placed(command, (process, 2), port).spawn().unwrap()
    };
    Processes::of(place, vec![start(0), start(1)]).wait()
}

#[test]
fn a_checkpoint_that_cannot_be_written_ends_all_and_leaves_the_one_before() {
    let place = Place::new();
    // The image pools of both processes grow with each step: in the end their files are over the limit.
    let line = format!(
        "--device cpu train {CYCLE} --steps 60 --set train.checkpoint_every=10 --set train.log_every=1 --set train.preview_every=1000"
    );
    run_together(&place, 2, &format!("{line} --name whole"));
    let mut outcomes = with_full_disk(&place, 0, 280, &format!("{line} --name s")).into_iter();
    let leader = outcomes.next().unwrap();
    let leader = leader.failed(1, &["cannot write `checkpoints/s/state/", "File too large"]);
    assert_eq!(leader.stderr.matches("error:").count(), 1, "{leader:#?}");
    outcomes.next().unwrap().failed(
        1,
        &["process 0 has failed: cannot write `checkpoints/s/state/"],
    );
    let files = names(&place.path("checkpoints/s/state"));
    let step = saved_step(&place, "s");
    assert!(
        step > 0 && step < 60 && step.is_multiple_of(10),
        "{files:?}"
    );
    run_together(&place, 2, "--device cpu train --resume --name s");
    assert_same(&place.learnt("s"), &place.learnt("whole"));
}

#[test]
fn a_full_disk_of_another_process_ends_all() {
    let place = Place::new();
    // The sample that the program brings is unpacked by each process.
    let line = format!("--device cpu train {CYCLE} --steps 4 --name s");
    let mut outcomes = with_full_disk(&place, 1, 0, &line).into_iter();
    let leader = outcomes.next().unwrap();
    leader.failed(1, &["process 1 has failed", "File too large"]);
    let other = outcomes.next().unwrap();
    other.failed(1, &["File too large"]);
    assert!(!place.path("checkpoints/s").exists());
}
