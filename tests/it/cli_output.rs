//! What the program says, where, and in what form.

use clap::{CommandFactory, Parser};
use serde_json::Value;
use translate::cli::Cli;

use crate::cli_support::{CYCLE, Place};

/// The examples in the help of `command` and of all commands below it.
fn examples(command: &clap::Command, found: &mut Vec<String>) {
    if let Some(help) = command.get_after_help() {
        let text = help.to_string();
        let lines = text.lines().map(str::trim);
        found.extend(
            lines
                .filter(|line| line.starts_with("translate "))
                .map(str::to_owned),
        );
    }
    for below in command.get_subcommands() {
        examples(below, found);
    }
}

#[test]
fn the_examples_in_the_help_are_accepted() {
    let mut found = Vec::new();
    examples(&Cli::command(), &mut found);
    assert!(found.len() >= 9, "{found:?}");
    for line in &found {
        // What follows these is the shell's.
        let words = line
            .split('"')
            .enumerate()
            .flat_map(|(place, part)| match place % 2 {
                0 => part.split_whitespace().collect(),
                _ => vec![part],
            })
            .take_while(|word| !["<", ">", "|"].contains(word))
            .map(|word| word.trim_matches('\''));
        if let Err(error) = Cli::try_parse_from(words) {
            panic!("{line}: {error}");
        }
    }
    let place = Place::new();
    for line in ["--help", "help", "train --help", "apply -h", "--version"] {
        let run = place.run(line).done();
        assert!(run.stdout.contains("translate"), "{run:#?}");
        assert_eq!(run.stderr, "");
    }
    let bare = place.run("");
    assert_eq!(bare.code, Some(2));
    assert!(bare.stderr.contains("Usage: translate"), "{bare:#?}");
}

#[test]
fn json_messages_are_one_object_a_line() {
    let place = Place::new();
    place.picture("in/one.png", 20, 20, 1);
    place.write("in/two.png", "this is text");
    let train = format!("train {CYCLE} --steps 12 --name s");
    for (line, code) in [
        (train.as_str(), 0),
        (&train, 2),
        ("train --resume --name s", 0),
        ("apply --input in --style s", 3),
        ("apply --input in --style t", 2),
        ("data check missing --mode cycle", 1),
    ] {
        let run = place.run(&format!("{line} --log-format json -v"));
        assert_eq!(run.code, Some(code), "{run:#?}");
        let messages: Vec<Value> = run
            .stderr
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
            .collect();
        // Progress has lines of its own.
        let (progress, messages): (Vec<_>, Vec<_>) = messages
            .into_iter()
            .partition(|message| message["task"].is_string());
        assert!(progress.iter().all(|line| line["done"].is_u64()));
        assert!(!messages.is_empty());
        for message in &messages {
            assert!(message["level"].is_string() && message["fields"]["message"].is_string());
        }
        let errors = messages
            .iter()
            .filter(|message| message["level"] == "ERROR");
        assert_eq!(errors.count(), usize::from(code != 0), "{run:#?}");
    }
}

#[test]
fn quiet_means_that_only_errors_are_said() {
    let place = Place::new();
    place.picture("in/one.png", 20, 20, 1);
    let train = format!("train {CYCLE} --steps 12 --name s");
    for line in [
        train.as_str(),
        "train --resume --name s",
        "apply --input in --style s",
        "evaluate --real in --fake translated",
        "data check in --mode cycle",
        "styles",
        "devices",
    ] {
        let run = place.run(&format!("{line} -q"));
        if run.code == Some(0) {
            assert_eq!(run.stderr, "", "{line}");
            let is_result = !line.starts_with("apply") && !line.starts_with("train");
            assert_eq!(!run.stdout.is_empty(), is_result, "{run:#?}");
        } else {
            assert!(line.starts_with("data check"), "{run:#?}");
            run.failed(1, &["no training pictures"]);
        }
    }
    place.run(&format!("{train} -q")).failed(2, &["already"]);
}

#[test]
fn readers_that_have_gone_away_stop_nothing() {
    let place = Place::new();
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        writer
    };
    let train = format!("train {CYCLE} --steps 12 --set train.log_every=1 --name");
    for line in ["devices", "styles", "--help", &format!("{train} stdout")] {
        let child = place.command(line).stdout(closed()).spawn().unwrap();
        place.wait(child).done();
    }
    let child = place
        .command(&format!("{train} stderr"))
        .stderr(closed())
        .spawn()
        .unwrap();
    place.wait(child).done();
    assert_eq!(place.last_step("stderr"), 12);
    // An error that nobody hears still has its exit code.
    let child = place
        .command("styles show missing")
        .stderr(closed())
        .spawn()
        .unwrap();
    assert_eq!(place.wait(child).code, Some(2));
}

#[test]
fn demo_leaves_other_folders_alone() {
    let place = Place::new();
    place.write("demo/notes.txt", "precious");
    place
        .run("demo --steps 2")
        .failed(2, &["`demo` is not the folder of an earlier demo"]);
    assert_eq!(
        crate::cli_support::names(&place.path("demo")),
        ["notes.txt"]
    );
    let file = "demo --steps 2 --overwrite --output demo/notes.txt";
    place.run(file).failed(
        2,
        &["`demo/notes.txt` is not the folder of an earlier demo"],
    );
    assert_eq!(place.text("demo/notes.txt"), "precious");
    place.run("demo --steps 1").failed(2, &["--steps"]);
}
