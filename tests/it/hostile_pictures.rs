//! Folders nobody has cleaned, through the program: what is no picture is named, its neighbours are translated, memory stays low,
//! nothing is left behind.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use proptest::prelude::*;
use translate::apply::{ApplyOptions, OutputFormat, Status};

use crate::apply_network::{Network, apply, files, folder};
use crate::cli_support::{CYCLE, Place, names};
use crate::hostile_corpus::{corpus, crc, good};

/// Cases of a property, unless `PROPTEST_CASES` says how many.
pub fn cases(usual: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES");
    let cases = wanted.ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases.unwrap_or(usual))
    }
}

/// The most memory that a running program has used, in MiB, asked for until it has ended.
fn peak_memory(process: u32) -> u64 {
    let path = format!("/proc/{process}/status");
    let mut peak = 0;
    while let Ok(status) = fs::read_to_string(&path) {
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(line) = line else { break };
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        peak = peak.max(kib / 1024);
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}

#[test]
fn hostile_files_are_named_and_their_neighbours_translated() {
    let place = Place::new();
    place
        .run(&format!("train {CYCLE} --steps 1 --name s"))
        .done();
    let corpus = corpus();
    assert!(corpus.len() >= 80, "{}", corpus.len());
    for (index, (name, bytes)) in corpus.iter().enumerate() {
        place.write(&format!("in/{}/{name}", index % 3), bytes);
    }
    for (extension, bytes) in good() {
        place.write(&format!("in/1/good.{extension}"), bytes);
    }
    let mut hostile: BTreeSet<String> = corpus
        .iter()
        .enumerate()
        .map(|(index, (name, _))| format!("{}/{name}", index % 3))
        .collect();
    fs::create_dir_all(place.path("in/folder.png/empty.jpg")).unwrap();
    place.write("in/folder.png/good.png", &good()[0].1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        for (link, target) in [
            ("round.png", "round.png"),
            ("gone.jpg", "nowhere"),
            ("pipe-link.png", "pipe.png"),
            // Perhaps a folder on a disk that is not there.
            ("holiday", "disk/holiday"),
        ] {
            symlink(target, place.path("in").join(link)).unwrap();
            hostile.insert(link.to_owned());
        }
        symlink(".", place.path("in/again")).unwrap();
        let pipe = place.path("in/pipe.png");
        let status = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(status.unwrap().success());
        hostile.insert("pipe.png".to_owned());
    }

    let line = "apply --input in --style s --output out --report report.jsonl";
    let child = place.command(line).spawn().unwrap();
    let process = child.id();
    let watch = std::thread::spawn(move || peak_memory(process));
    let run = place.wait(child);
    let peak = watch.join().unwrap();
    assert_eq!(run.code, Some(3), "{run:#?}");
    for word in ["panicked", "RUST_BACKTRACE"] {
        assert!(!run.stderr.contains(word), "{run:#?}");
    }
    // None of these files is larger than a few KiB; what some promise is gigabytes.
    assert!(peak < 400, "{peak} MiB");

    let mut failed = BTreeSet::new();
    for line in place.text("report.jsonl").lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["status"] == "failed" {
            let input = line["input"].as_str().unwrap();
            let name = input.strip_prefix("in/").unwrap().to_owned();
            let message = format!("error: {}", line["error"].as_str().unwrap());
            assert!(message.contains(input), "{message}");
            assert!(run.stderr.contains(&message), "{message}");
            failed.insert(name);
        }
    }
    let difference: Vec<_> = failed.symmetric_difference(&hostile).collect();
    assert!(difference.is_empty(), "{difference:#?}");
    let messages = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "));
    assert_eq!(messages.count(), hostile.len());

    // What is wrong with a file does not depend on how it goes through the network.
    let rows = place.run(&line.replace("--output out", "--output rows --tile 8"));
    assert_eq!(rows.code, Some(3));
    let errors = |stderr: &str| -> BTreeSet<String> {
        let lines = stderr.lines().filter(|line| line.starts_with("error: "));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(errors(&rows.stderr), errors(&run.stderr));
    assert_eq!(names(&place.path("rows")), names(&place.path("out")));

    // The good ones are there, and nothing else: no half file, no temporary one.
    let mut expected: Vec<String> = good()
        .iter()
        .map(|(extension, _)| format!("1/good.{extension}"))
        .collect();
    expected.push("folder.png/good.png".to_owned());
    expected.sort();
    assert_eq!(names(&place.path("out")), expected);
    for name in expected {
        assert_eq!(
            place.size(&format!("out/{name}")),
            place.size(&format!("in/{name}"))
        );
    }
}

/// A way to damage a file.
#[derive(Debug, Clone)]
enum Damage {
    Flip(usize, u8),
    Number(usize, u32, bool),
    Cut(usize),
    Remove(usize, usize),
    Repeat(usize, usize),
}

fn damages() -> impl Strategy<Value = Damage> {
    // Most of what decides about a picture stands near the beginning of its file.
    let place = || prop_oneof![0usize..64, 0usize..1024, any::<usize>()];
    let number = prop_oneof![
        Just(0u32),
        Just(1),
        Just(0x7FFF_FFFF),
        Just(0x8000_0000),
        Just(u32::MAX),
        any::<u32>(),
        0u32..4096,
    ];
    prop_oneof![
        (place(), 1u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        (place(), number, any::<bool>())
            .prop_map(|(at, number, big)| Damage::Number(at, number, big)),
        place().prop_map(Damage::Cut),
        (place(), 1usize..200).prop_map(|(at, count)| Damage::Remove(at, count)),
        (place(), 1usize..200).prop_map(|(at, count)| Damage::Repeat(at, count)),
    ]
}

fn damage(bytes: &mut Vec<u8>, damage: &Damage) {
    let length = bytes.len().max(1);
    let within = |at: usize, count: usize| at % length..(at % length + count).min(length);
    match *damage {
        _ if bytes.is_empty() => {}
        Damage::Flip(at, bits) => bytes[at % length] ^= bits,
        Damage::Number(at, number, is_big) => {
            let number = if is_big {
                number.to_be_bytes()
            } else {
                number.to_le_bytes()
            };
            for (place, byte) in within(at, 4).zip(number) {
                bytes[place] = byte;
            }
        }
        Damage::Cut(at) => bytes.truncate(at % length),
        Damage::Remove(at, count) => drop(bytes.drain(within(at, count))),
        Damage::Repeat(at, count) => {
            let repeated = bytes[within(at, count)].to_vec();
            let at = within(at, count).end;
            bytes.splice(at..at, repeated);
        }
    }
}

/// Gives the chunks of a PNG the right checksums again, so that damage gets past them.
fn mend_checksums(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4) {
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
        let end = at.saturating_add(8).saturating_add(length);
        if end.saturating_add(4) > bytes.len() {
            return;
        }
        let sum = crc(&bytes[at + 4..end]);
        bytes[end..end + 4].copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}

proptest! {
    #![proptest_config(cases(96))]

    /// Whatever happens to a picture's bytes: it fails with a message that names it, or becomes a picture of the size that is
    /// reported. Nothing panics, nothing is left.
    #[test]
    fn damaged_pictures_fail_by_name_or_are_translated(
        kind in 0usize..6,
        damages in prop::collection::vec(damages(), 1..5),
        mend in any::<bool>(),
    ) {
        let (extension, mut bytes) = good().swap_remove(kind);
        for one in &damages {
            damage(&mut bytes, one);
        }
        if mend && extension == "png" {
            mend_checksums(&mut bytes);
        }
        let (input, output) = (folder(), folder());
        let name = format!("a.{extension}");
        fs::write(input.path().join(&name), &bytes).unwrap();
        let options = ApplyOptions { format: OutputFormat::Png, ..ApplyOptions::default() };
        let summary = apply(input.path(), output.path(), &mut Network::identity(), &options).unwrap();
        let report = summary.files().next().unwrap();
        match report.status {
            Status::Done => {
                let picture = image::open(output.path().join("a.png")).unwrap();
                prop_assert_eq!(report.width, Some(picture.width()));
                prop_assert_eq!(report.height, Some(picture.height()));
            }
            Status::Failed => {
                let error = report.error.unwrap();
                prop_assert!(error.contains(&name), "{}", error);
                prop_assert!(!error.contains("error in the program"), "{}", error);
                prop_assert!(files(output.path()).is_empty());
            }
            status => prop_assert!(false, "{:?}", status),
        }
    }
}
