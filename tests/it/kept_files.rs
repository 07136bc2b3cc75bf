//! Files of the user that commands must not write over, though they could.

use std::collections::BTreeMap;
use std::fs;

use walkdir::WalkDir;

use crate::cli_inpaint::with_styles;
use crate::cli_support::{Outcome, Place};

/// Everything below a folder.
fn contents(place: &Place, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = WalkDir::new(place.path(folder)).into_iter();
    let files = entries
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let name = entry.path().to_str().unwrap().to_owned();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Runs `line`, which must fail with this code and these words, and leave `folder` as it is.
#[track_caller]
fn refused(place: &Place, folder: &str, line: &str, code: i32, parts: &[&str]) -> Outcome {
    let before = contents(place, folder);
    let run = place.run(line).failed(code, parts);
    assert!(contents(place, folder) == before, "{line}");
    run
}

#[test]
fn inputs_are_found_behind_folders_that_are_not_there_yet() {
    let place = Place::new();
    place.picture("in/one.png", 40, 30, 1);
    for line in [
        "apply in --style monet --output new/../in --overwrite",
        "apply in --style monet --output new/../in/deep",
        "data edges --input in --output new/../in --overwrite",
        "data degrade --input in --output new/./../new/../in --noise 5 --overwrite",
    ] {
        refused(&place, "in", line, 2, &["in", "output"]);
        assert!(!place.path("new").exists(), "{line}");
    }
}

#[test]
fn masks_are_not_filled_photos() {
    let place = with_styles();
    place.picture("in/one.png", 40, 30, 1);
    let mask = image::GrayImage::from_fn(40, 30, |x, y| {
        image::Luma([u8::from((10..20).contains(&x) && (5..15).contains(&y)) * 255])
    });
    fs::create_dir(place.path("masks")).unwrap();
    mask.save(place.path("masks/one.png")).unwrap();
    for (masks, output) in [
        ("masks", "masks"),
        ("masks", "masks/deep"),
        ("masks/one.png", "masks"),
        ("masks/one.png", "masks/one.png"),
    ] {
        let line =
            format!("apply in/one.png --style free --mask {masks} --output {output} --overwrite");
        refused(&place, "masks", &line, 2, &["would stand among the masks"]);
    }
    // What links lead to is a mask, too.
    #[cfg(unix)]
    {
        fs::create_dir_all(place.path("links")).unwrap();
        fs::create_dir_all(place.path("store")).unwrap();
        fs::copy(place.path("masks/one.png"), place.path("store/one.png")).unwrap();
        std::os::unix::fs::symlink("../store/one.png", place.path("links/one.png")).unwrap();
        for masks in ["links", "links/one.png"] {
            let line =
                format!("apply in/one.png --style free --mask {masks} --output store --overwrite");
            refused(&place, "store", &line, 2, &["would stand among the masks"]);
        }
    }
    // A folder around them is no such place.
    place
        .run("apply in --style free --mask masks --output .")
        .done();
}

#[test]
fn results_that_are_no_pictures_are_not_called_like_one() {
    let place = Place::new();
    for side in ["real", "fake"] {
        place.picture(&format!("{side}/one.png"), 30, 20, 1);
    }
    let evaluate = "evaluate --real real --fake fake";
    for line in [
        "--metrics l1 --report real/one.png",
        "--study real/one.png",
        "--metrics l1 --report new.JPG",
    ] {
        let line = format!("{evaluate} {line}");
        refused(&place, "real", &line, 2, &["called like a picture"]);
    }
    place
        .run(&format!("{evaluate} --report real/one.json"))
        .done();
}

#[test]
fn a_report_takes_the_place_of_reports_alone() {
    let place = Place::new();
    place.picture("in/one.png", 40, 30, 1);
    fs::create_dir(place.path("notes")).unwrap();
    fs::write(place.path("notes/notes.txt"), "mine").unwrap();
    let apply = "apply in --style monet --device cpu --overwrite --output out";
    let line = format!("{apply} --report notes/notes.txt");
    refused(&place, "notes", &line, 2, &["no report by its name"]);
    let line = format!("{apply} --report notes");
    refused(&place, "notes", &line, 2, &["`notes` is a folder"]);
    // What somebody else has written; and half of something.
    for (name, text) in [
        ("package.json", r#"{"name":"mine","files":["a"]}"#),
        ("list.json", "[1, 2]"),
        ("half.json", r#"{"inputs": 1, "files": ["#),
        (
            "log.jsonl",
            "{\"time\":1}\n{\"input\":\"a\",\"status\":\"done\"}\n",
        ),
        ("notes.jsonl", "mine"),
        ("rows.jsonl", "[12, null, \"one\", \"active\", null]\n"),
        ("cut.jsonl", "{\"time\":1"),
        ("bytes.jsonl", "\0mine"),
    ] {
        fs::write(place.path(&format!("notes/{name}")), text).unwrap();
        let line = format!("{apply} --report notes/{name}");
        refused(&place, "notes", &line, 2, &["apply has not written it"]);
    }
    // Reports of both kinds; of a run that was killed; and what has nothing in it.
    let line = r#"{"input":"in/one.png","output":"out/one.png","status":"done","error":null}"#;
    fs::write(place.path("killed.jsonl"), format!("{line}\n{{\"inp")).unwrap();
    fs::write(place.path("empty.json"), "").unwrap();
    fs::write(place.path("cut.jsonl"), r#"{"input":"in/o"#).unwrap();
    fs::write(place.path("zeros.jsonl"), [0; 100]).unwrap();
    for report in [
        "new.txt",
        "new.json",
        "new.json",
        "new.jsonl",
        "new.jsonl",
        "killed.jsonl",
        "empty.json",
        "cut.jsonl",
        "zeros.jsonl",
    ] {
        place.run(&format!("{apply} --report {report}")).done();
    }
}

/// A file would take the place of the pipe, and of a device just so.
#[cfg(unix)]
#[test]
fn a_report_is_written_to_a_pipe_which_stays_one() {
    use std::os::unix::fs::FileTypeExt;

    let place = Place::new();
    for side in ["real", "fake"] {
        place.picture(&format!("{side}/one.png"), 30, 20, 1);
    }
    let pipe = place.path("pipe.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::read_to_string(pipe).unwrap())
    };
    place
        .run("evaluate --real real --fake fake --metrics l1 --report pipe.json")
        .done();
    assert!(pipe.metadata().unwrap().file_type().is_fifo());
    let report: serde_json::Value = serde_json::from_str(&reader.join().unwrap()).unwrap();
    assert_eq!(report["metrics"]["l1"], 0.0, "{report}");
}

#[test]
fn reports_of_evaluations_take_the_place_of_reports_alone() {
    let place = Place::new();
    for side in ["real", "fake"] {
        place.picture(&format!("{side}/one.png"), 30, 20, 1);
    }
    fs::create_dir(place.path("notes")).unwrap();
    fs::write(place.path("notes/notes.txt"), "mine").unwrap();
    // Of a study, whose answers nobody gives twice; and what someone has written by hand.
    fs::write(
        place.path("notes/answers.json"),
        r#"{"study":"ab","answers":[]}"#,
    )
    .unwrap();
    fs::write(place.path("notes/index.html"), "<!doctype html>\n<p>mine").unwrap();
    let evaluate = "evaluate --real real --fake fake";
    for line in ["--metrics l1 --report notes", "--study notes"] {
        let line = format!("{evaluate} {line}");
        refused(&place, "notes", &line, 2, &["`notes` is a folder"]);
    }
    for line in [
        "--metrics l1 --report notes/answers.json",
        "--metrics l1 --report notes/index.html",
        "--study notes/index.html",
    ] {
        let line = format!("{evaluate} {line}");
        refused(&place, "notes", &line, 2, &["evaluate has not written it"]);
    }
    for line in [
        "--metrics l1 --report notes/notes.txt",
        "--study notes/notes.txt",
    ] {
        let line = format!("{evaluate} {line}");
        refused(&place, "notes", &line, 2, &["no report by its name"]);
    }
    // The folder is made, and reports are replaced.
    for line in [
        "--metrics l1 --report new/scores.json --report new/page.html",
        "--metrics colour --report new/scores.json",
        "--study new/page.html",
        "--metrics l1 --report new/scores.json --report new/page.html",
    ] {
        place.run(&format!("{evaluate} {line}")).done();
    }
}
