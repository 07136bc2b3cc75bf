//! `translate apply --shard`: machines that share a folder.

use crate::cli_folder::{contents, lines, with_pictures};
use crate::cli_support::Outcome;

#[test]
fn shards_are_the_whole_without_overlap() {
    let place = with_pictures(40);
    place.write("in/bad.png", "this is text");
    place
        .run("apply --input in --style s --output whole")
        .failed(3, &["bad.png"]);
    let mut children = Vec::new();
    for shard in 1..=3 {
        let line = format!(
            "apply --input in --style s --output shared --shard {shard}/3 --report {shard}.jsonl"
        );
        children.push(place.command(&line).spawn().unwrap());
    }
    let runs: Vec<Outcome> = children
        .into_iter()
        .map(|child| place.wait(child))
        .collect();
    let failed = runs.iter().filter(|run| run.code == Some(3)).count();
    assert_eq!(failed, 1, "{runs:#?}");
    assert!(
        runs[1].stdout.contains(" of shard 2/3 into `shared`"),
        "{runs:#?}"
    );
    assert_eq!(contents(&place, "whole"), contents(&place, "shared"));
    let mut inputs = Vec::new();
    for shard in 1..=3 {
        let text = place.text(&format!("{shard}.jsonl"));
        let files = lines(&text);
        let files = files.iter().filter(|line| line["summary"].is_null());
        inputs.extend(files.map(|line| line["input"].as_str().unwrap().to_owned()));
    }
    inputs.sort();
    inputs.dedup();
    assert_eq!(inputs.len(), 41, "no picture is in two shards");

    // The scheduler says which.
    let auto = |variables: &[(&str, &str)], output: &str| {
        let line = format!("apply --input in --style s --output {output} --shard auto");
        let mut command = place.command(&line);
        let known = [
            "SLURM_ARRAY_TASK_ID",
            "JOB_COMPLETION_INDEX",
            "JOB_COMPLETIONS",
        ];
        for name in known {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        place.wait(command.spawn().unwrap())
    };
    for task in ["0", "2", "4"] {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", task),
            ("SLURM_ARRAY_TASK_MIN", "0"),
            ("SLURM_ARRAY_TASK_MAX", "4"),
            ("SLURM_ARRAY_TASK_COUNT", "3"),
        ];
        auto(&slurm, "slurm");
    }
    assert_eq!(contents(&place, "whole"), contents(&place, "slurm"));
    for index in ["0", "1"] {
        auto(
            &[("JOB_COMPLETION_INDEX", index), ("JOB_COMPLETIONS", "2")],
            "job",
        );
    }
    assert_eq!(contents(&place, "whole"), contents(&place, "job"));
    auto(&[], "no").failed(2, &["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"]);
    auto(&[("JOB_COMPLETION_INDEX", "1")], "no").failed(2, &["JOB_COMPLETIONS"]);
    place
        .run("apply --input in --style s --output no --shard 4/3")
        .failed(2, &["`4/3` is not a shard"]);

    // Another shard's existing files are its own affair; collisions are everybody's.
    place.write("in/0/0.tif", place.read("in/0/0.png"));
    for shard in 1..=3 {
        place
            .run(&format!(
                "apply --input in --style s --output no --shard {shard}/3"
            ))
            .failed(2, &["would both be written to `no/0/0.png`"]);
    }
}
