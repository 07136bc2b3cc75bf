//! `translate apply` on folders: interrupted, oddly named, partly unreadable; what it says on the way; pipes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli_support::{CYCLE, PROGRAM, Place, names};

/// A place with a style and `count` pictures in a tree.
pub fn with_pictures(count: u32) -> Place {
    let place = Place::new();
    place
        .run(&format!("train {CYCLE} --steps 1 --name s"))
        .done();
    for index in 0..count {
        let extension = ["png", "jpg", "bmp"][index as usize % 3];
        let name = format!("in/{}/{index}.{extension}", index % 4);
        place.picture(&name, 20 + index % 7, 30 - index % 5, index);
    }
    place
}

/// The files of a folder, hidden ones too.
pub fn contents(place: &Place, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let files = names(&place.path(folder)).into_iter();
    files
        .map(|name| (name.clone(), place.read(&format!("{folder}/{name}"))))
        .collect()
}

pub fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_as_if_it_had_not_been() {
    let place = with_pictures(60);
    place
        .run("apply --input in --style s --output whole")
        .done();
    let line = "apply --input in --style s --output out --skip-existing --threads 2";
    fs::create_dir(place.path("out")).unwrap();
    let mut killed = 0;
    for round in 0..40u64 {
        if killed == 10 {
            break;
        }
        let before = names(&place.path("out")).len();
        let mut child = place.command(line).spawn().unwrap();
        // Wait until it writes, then a moment that is never the same.
        let started = Instant::now();
        while names(&place.path("out")).len() <= before && child.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < Duration::from_mins(1));
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(round * 311 % 2000));
        killed += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        // Whatever has its final name is whole.
        for (name, bytes) in contents(&place, "out") {
            let temporary = name.contains(".translate-");
            assert!(
                temporary || bytes == place.read(&format!("whole/{name}")),
                "{name}"
            );
        }
    }
    assert!(killed >= 3, "killed {killed} times");
    // A leftover whose run is certainly dead, and one from a copy that was cut off.
    place.write("out/.translate-killed.lock", "");
    place.write("out/2/.translate-killed-x1.tmp", "half a picture");
    let whole = place.read("whole/0/0.png");
    place.write("out/0/0.png", &whole[..whole.len() - 20]);
    place.write("out/1/1.jpg", "");
    let run = place.run(line).done();
    assert!(run.stdout.starts_with("translated "), "{run:#?}");
    assert_eq!(contents(&place, "whole"), contents(&place, "out"));
    let run = place.run(line).done();
    assert!(run.stdout.contains("60 were there already"), "{run:#?}");
}

#[test]
fn a_picture_goes_through_pipes() {
    let place = with_pictures(3);
    place.run("apply --input in --style s --output out").done();
    let pipe = |line: &str, name: &str| {
        let mut command = place.command(line);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(&place.read(name))
            .unwrap();
        child.wait_with_output().unwrap()
    };
    for name in ["0/0.png", "1/1.jpg", "2/2.bmp"] {
        let expected = place.read(&format!("out/{name}"));
        let through = pipe(
            "apply --input - --style s --output -",
            &format!("in/{name}"),
        );
        assert_eq!(through.status.code(), Some(0));
        assert!(through.stdout == expected, "{name}");
        let stderr = String::from_utf8(through.stderr).unwrap();
        assert!(
            stderr.contains("translated 1 of 1 pictures into `-`"),
            "{stderr}"
        );
        let line = format!("apply --input in/{name} --style s --output -");
        let from_file = place.command(&line).output().unwrap();
        assert!(from_file.stdout == expected, "{name}");
    }
    let png = place.read("out/0/0.png");
    let named = pipe(
        "apply --input - --style s --output named/cat.png",
        "in/0/0.png",
    );
    assert_eq!(named.status.code(), Some(0));
    assert_eq!(
        contents(&place, "named"),
        BTreeMap::from([("cat.png".to_owned(), png.clone())])
    );
    let stdout = String::from_utf8(named.stdout).unwrap();
    assert!(
        stdout.starts_with("translated 1 of 1 pictures into `named/cat.png`"),
        "{stdout}"
    );
    pipe("apply --input - --style s --output here.png", "in/0/0.png");
    assert_eq!(place.read("here.png"), png);
    pipe("apply --input - --style s --output folder", "in/0/0.png");
    assert_eq!(
        contents(&place, "folder"),
        BTreeMap::from([("stdin.png".to_owned(), png)])
    );
    let other = pipe(
        "apply --input - --style s --output named/cat.jpg",
        "in/0/0.png",
    );
    assert_eq!(other.status.code(), Some(0));
    assert!(
        place.read("named/cat.jpg").starts_with(b"\xff\xd8"),
        "the name decides"
    );

    place.write("text", "no picture");
    let failed = |line: &str, code: i32, part: &str| {
        let run = pipe(line, "text");
        let stderr = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(code), "{stderr}");
        assert!(run.stdout.is_empty() && stderr.contains(part), "{stderr}");
    };
    let line = "apply --input - --style s --output -";
    failed(line, 3, "error: standard input is not a picture");
    let line = "apply --input - --style s --output x.jpg --format png";
    failed(line, 2, "it belongs into `x.png`");
    let line = "apply --input in --style s --output -";
    failed(
        line,
        2,
        "`--output -` takes one picture, and `in` with these options gives 3",
    );
    let report = pipe(
        "apply --input - --style s --output - --report r.json",
        "text",
    );
    assert_eq!(report.status.code(), Some(3));
    assert_eq!(place.json("r.json")["files"][0]["input"], "-");
}

#[test]
fn reports_in_lines_grow_while_the_program_runs() {
    let place = with_pictures(12);
    place.write("in/0/bad.png", "text");
    let line = "apply --input in --style s --output out --report deep/report.jsonl";
    place.run(line).failed(3, &["bad.png"]);
    let report = lines(&place.text("deep/report.jsonl"));
    assert_eq!(report.len(), 14);
    let done = report.iter().filter(|line| line["status"] == "done");
    assert_eq!(done.count(), 12);
    let last = &report[13]["summary"];
    assert_eq!((&last["inputs"], &last["failed"]), (&13.into(), &1.into()));
    assert!(last["pictures_per_second"].as_f64().unwrap() > 0.0);
    assert!(last["files"].is_null());

    // Two runs never write one report.
    let file = fs::File::options()
        .write(true)
        .open(place.path("deep/report.jsonl"))
        .unwrap();
    file.lock().unwrap();
    place
        .run(&format!("{line} --overwrite"))
        .failed(1, &["deep/report.jsonl", "another run is writing it"]);
    place
        .run("apply --input in --style s --output no --report in/0/0.png")
        .failed(2, &["is called like a picture"]);
}

#[test]
fn progress_comes_in_the_form_that_is_wanted() {
    let place = with_pictures(6);
    place.write("in/0/bad.png", "text");
    let run = place.run("apply --input in --style s --output a --progress json");
    let shown: Vec<Value> = run
        .stderr
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let last = shown.last().unwrap();
    for (key, value) in [("task", "applying".into()), ("done", Value::from(7))] {
        assert_eq!(last[key], value, "{last}");
    }
    assert_eq!((&last["total"], &last["failed"]), (&7.into(), &1.into()));
    assert_eq!(last["seconds_left"], 0.0);
    assert!(last["per_second"].as_f64().unwrap() > 0.0);
    // What is there already is no work.
    let run = place.run("apply --input in --style s --output a --skip-existing --progress json");
    assert!(run.stderr.contains(r#""done":1,"failed":1,"#), "{run:#?}");
    for form in ["plain", "bar", "none", "auto"] {
        let line = format!("apply --input in --style s --output {form} --progress {form}");
        let run = place.run(&line);
        assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
    }
    let run = place
        .run(&format!(
            "train {CYCLE} --steps 3 --name t --progress json -q"
        ))
        .done();
    let shown: Vec<Value> = lines(&run.stderr);
    let last = shown.last().unwrap();
    assert_eq!(
        (&last["task"], &last["done"]),
        (&"training".into(), &3.into())
    );
    assert!(last["losses"]["G_A"].is_number(), "{last}");
}

/// On a terminal, which `script` makes: a bar where it moves its cursor, plain lines where it is dumb.
#[cfg(target_os = "linux")]
#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let place = with_pictures(2);
    let shown = |term: &str| {
        let line = "apply --input in --style s --output out --overwrite";
        let shell = format!("{PROGRAM} {line}");
        let mut command = Command::new("script");
        command
            .args(["-qec", &shell, "/dev/null"])
            .current_dir(place.path("."))
            .env("TERM", term)
            .stdin(Stdio::null());
        match command.output() {
            Ok(output) => Some(String::from_utf8(output.stdout).unwrap()),
            Err(_) => None,
        }
    };
    let (Some(dumb), Some(clever)) = (shown("dumb"), shown("xterm")) else {
        println!("SKIPPED: `script` is not installed");
        return;
    };
    assert!(dumb.contains("2 of 2"), "{dumb}");
    assert!(!dumb.contains('\u{1b}'), "{dumb:?}");
    assert!(clever.contains('\u{1b}'), "{clever:?}");
}

#[cfg(unix)]
#[test]
fn names_of_all_kinds_are_kept() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let place = with_pictures(1);
    let picture = place.read("in/0/0.png");
    let long = format!("{}.png", "n".repeat(251));
    let odd: [&[u8]; 6] = [
        b"two\nlines.png",
        b" blank .png",
        b"-dash.png",
        b"quote'\"`.png",
        b"caf\xe9.png",
        long.as_bytes(),
    ];
    fs::create_dir_all(place.path("odd")).unwrap();
    for name in odd {
        fs::write(place.path("odd").join(OsStr::from_bytes(name)), &picture).unwrap();
    }
    fs::create_dir_all(place.path("real")).unwrap();
    symlink("real", place.path("link")).unwrap();
    place
        .run("apply --input odd --style s --output link --report odd.json")
        .done();
    for name in odd {
        assert!(
            place.path("real").join(OsStr::from_bytes(name)).is_file(),
            "{name:?}"
        );
    }
    assert_eq!(fs::read_dir(place.path("real")).unwrap().count(), odd.len());
    let report = place.json("odd.json");
    let files = report["files"].as_array().unwrap();
    let bytes: Vec<&Value> = files.iter().map(|file| &file["input_base64"]).collect();
    // `odd/caf\xe9.png`
    let expected = Value::from("b2RkL2NhZukucG5n");
    assert_eq!(
        bytes.iter().filter(|text| **text == &expected).count(),
        1,
        "{bytes:?}"
    );
    assert_eq!(bytes.iter().filter(|text| text.is_null()).count(), 5);

    // A name cannot pass for a message.
    fs::create_dir_all(place.path("sly")).unwrap();
    place.write("sly/a\nerror: b.png", "text");
    let run = place.run("apply --input sly --style s --output no");
    assert_eq!(run.code, Some(3), "{run:#?}");
    let message = "error: `sly/a\\nerror: b.png` is not a picture";
    assert!(run.stderr.starts_with(message), "{run:#?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");

    // Links among the inputs never lead to their targets being replaced.
    symlink("../odd/-dash.png", place.path("in/-dash.png")).unwrap();
    place
        .run("apply --input in --style s --output odd --overwrite")
        .failed(2, &["would replace the input"]);
    place
        .run("apply --input /dev/null --style s --output no")
        .failed(1, &["neither a file nor a folder"]);
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_a_failure_of_its_own() {
    use std::os::unix::fs::PermissionsExt;

    let place = with_pictures(8);
    let closed = |name: &str| {
        fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o000)).unwrap();
    };
    closed("in/1");
    if fs::read_dir(place.path("in/1")).is_ok() {
        println!("skipped: this user may read every folder");
        return;
    }
    closed("in/2/2.bmp");
    let run = place.run("apply --input in --style s --output out");
    assert_eq!(run.code, Some(3), "{run:#?}");
    for part in [
        "error: `in/1` cannot be listed: ",
        "error: cannot read `in/2/2.bmp`",
    ] {
        assert!(run.stderr.contains(part), "{run:#?}");
    }
    assert_eq!(names(&place.path("out")).len(), 5);
    // Each shard says so: pictures of each may be in there.
    for shard in 1..=2 {
        let line = format!("apply --input in --style s --output {shard} --shard {shard}/2");
        let run = place.run(&line);
        assert_eq!(run.code, Some(3), "{run:#?}");
        assert!(run.stderr.contains("`in/1` cannot be listed"), "{run:#?}");
    }
}
