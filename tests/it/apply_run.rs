//! Carrying out a plan: failures, skipping, stopping.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use image::ImageFormat;
use translate::apply::{ApplyError, ApplyOptions, OnExisting, OutputFormat, Status, plan, run};

use crate::apply_network::{Network, apply, files, folder, noise, save};

#[test]
fn bad_pictures_are_reported_and_the_others_done() {
    let (input, output) = (folder(), folder());
    for name in ["a.png", "m/good.png", "panics.png", "refused.png", "z.png"] {
        save(&noise(40, 30, 5), &input.path().join(name));
    }
    fs::write(input.path().join("text.png"), "this is text").unwrap();
    fs::write(input.path().join("zero.jpg"), "").unwrap();
    let whole = fs::read(input.path().join("a.png")).unwrap();
    fs::write(
        input.path().join("truncated.png"),
        &whole[..whole.len() / 2],
    )
    .unwrap();
    let report = output.path().join("reports/report.json");
    let options = ApplyOptions {
        report: Some(report.clone()),
        ..ApplyOptions::default()
    };

    // In the plan's order: a, m/good, panics, refused, text, truncated, z, zero.
    let mut network = Network::new(|values, index| match index {
        2 => panic!("shapes {index} do not fit"),
        3 => Err("not today".to_owned()),
        _ => Ok(values),
    });
    let translated = output.path().join("translated");
    let summary = apply(input.path(), &translated, &mut network, &options).unwrap();

    assert_eq!(summary.count(Status::Done), 3);
    let messages = [
        ("panics.png", "shapes 2 do not fit"),
        ("refused.png", "not today"),
        ("text.png", "is not a picture"),
        ("truncated.png", "damaged"),
        ("zero.jpg", "empty"),
    ];
    let failed: Vec<_> = summary.failed().collect();
    assert_eq!(failed.len(), messages.len());
    for (file, (name, message)) in failed.iter().zip(messages) {
        assert!(file.input.ends_with(name), "{file:?}");
        assert!(file.error.as_ref().unwrap().contains(message), "{file:?}");
    }
    let expected = ["a.png", "m/good.png", "z.png"].map(PathBuf::from);
    assert_eq!(files(&translated), expected);

    let json: serde_json::Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    for (key, count) in [
        ("inputs", 8),
        ("done", 3),
        ("skipped", 0),
        ("failed", 5),
        ("not_reached", 0),
    ] {
        assert_eq!(json[key], count, "{key}");
    }
    assert!(json["seconds"].as_f64().unwrap() > 0.0);
    assert!(json["pictures_per_second"].as_f64().unwrap() > 0.0);
    let waited = json["network_waited"].as_f64().unwrap();
    assert!(
        waited > 0.0 && waited <= json["seconds"].as_f64().unwrap(),
        "{json}"
    );
    let [good, text] = [1, 4].map(|index| &json["files"][index]);
    assert_eq!((&good["width"], &good["height"]), (&40.into(), &30.into()));
    assert_eq!(good["status"], "done");
    assert!(good["output"].as_str().unwrap().ends_with("m/good.png"));
    assert_eq!(
        (&text["status"], &text["output"]),
        (&"failed".into(), &serde_json::Value::Null)
    );
}

#[test]
fn what_a_broken_network_gives_is_not_written() {
    let (input, output) = (folder(), folder());
    for name in ["a.png", "b.png", "c.png"] {
        save(&noise(8, 8, 1), &input.path().join(name));
    }
    let mut network = Network::new(|mut values, index| {
        match index {
            0 => values[5] = f32::NAN,
            1 => values.truncate(7),
            _ => values.fill(9.0),
        }
        Ok(values)
    });
    let options = ApplyOptions::default();
    let summary = apply(input.path(), output.path(), &mut network, &options).unwrap();
    let errors: Vec<_> = summary.failed().map(|file| file.error.unwrap()).collect();
    let expected = [
        "the network gave values that are not finite numbers",
        "the network gave 7 values instead of 192",
    ];
    assert_eq!(errors, expected);
    assert_eq!(files(output.path()), [PathBuf::from("c.png")]);
    let white = image::open(output.path().join("c.png"))
        .unwrap()
        .into_rgb8();
    assert!(white.as_raw().iter().all(|&value| value == 255));
}

#[test]
fn each_picture_gets_its_index_and_its_own_output() {
    let (input, output) = (folder(), folder());
    for index in 0..40 {
        let side = 1 + (index * 7) % 30;
        save(
            &noise(side, 31 - side, index),
            &input.path().join(format!("{index:02}.png")),
        );
    }
    let options = ApplyOptions {
        threads: 4,
        ..ApplyOptions::default()
    };
    let mut network = Network::new(|mut values, index| {
        values.fill(index as f32 / 127.5 - 1.0);
        Ok(values)
    });
    apply(input.path(), output.path(), &mut network, &options).unwrap();
    for index in 0..40u8 {
        let picture = image::open(output.path().join(format!("{index:02}.png"))).unwrap();
        assert!(
            picture
                .into_rgb8()
                .as_raw()
                .iter()
                .all(|&value| value == index)
        );
    }
}

#[test]
fn skipping_does_only_what_is_missing() {
    let (input, output) = (folder(), folder());
    for name in ["a.png", "b/b.png", "c.png"] {
        save(&noise(16, 16, 3), &input.path().join(name));
    }
    apply(
        input.path(),
        output.path(),
        &mut Network::identity(),
        &ApplyOptions::default(),
    )
    .unwrap();
    fs::remove_file(output.path().join("b/b.png")).unwrap();
    fs::write(output.path().join("c.png"), "left alone").unwrap();

    let options = ApplyOptions {
        existing: OnExisting::Skip,
        ..ApplyOptions::default()
    };
    let mut network = Network::new(|values, index| {
        assert_eq!(index, 1);
        Ok(values)
    });
    let summary = apply(input.path(), output.path(), &mut network, &options).unwrap();
    let statuses: Vec<Status> = summary.files().map(|file| file.status).collect();
    assert_eq!(statuses, [Status::Skipped, Status::Done, Status::Skipped]);
    assert_eq!(
        fs::read(output.path().join("c.png")).unwrap(),
        b"left alone"
    );
    let redone = image::open(output.path().join("b/b.png"))
        .unwrap()
        .into_rgb8();
    assert_eq!(redone, noise(16, 16, 3));
}

#[test]
fn files_that_change_after_the_plan_are_taken_as_they_are_then() {
    let (input, output) = (folder(), folder());
    for name in ["gone.png", "other.png", "text.png", "was.png"] {
        save(&noise(16, 12, 3), &input.path().join(name));
    }
    fs::write(input.path().join("was.png"), "no picture yet").unwrap();
    let options = ApplyOptions::default();
    let plan = plan(input.path(), output.path(), &options).unwrap();
    fs::remove_file(input.path().join("gone.png")).unwrap();
    fs::write(input.path().join("text.png"), "a picture no more").unwrap();
    for (name, format) in [
        ("other.png", ImageFormat::Bmp),
        ("was.png", ImageFormat::Png),
    ] {
        let path = input.path().join(name);
        noise(9, 7, 1).save_with_format(path, format).unwrap();
    }
    let stop = AtomicBool::new(false);
    let summary = run(&plan, &mut Network::identity(), &options, &stop, |_| {}).unwrap();
    let failed: Vec<String> = summary.failed().map(|file| file.error.unwrap()).collect();
    let parts = [
        "cannot read",
        "is not a picture",
        "changed while the program ran",
    ];
    assert_eq!(failed.len(), parts.len(), "{failed:?}");
    for (message, part) in failed.iter().zip(parts) {
        assert!(message.contains(part), "{message}");
    }
    // It keeps the format that was planned.
    assert_eq!(files(output.path()), [PathBuf::from("other.png")]);
    let bytes = fs::read(output.path().join("other.png")).unwrap();
    assert!(bytes.starts_with(b"\x89PNG"));
}

#[test]
fn stopping_leaves_whole_pictures_only() {
    let (input, output) = (folder(), folder());
    for index in 0..60 {
        save(
            &noise(20, 20, index),
            &input.path().join(format!("{index:02}.png")),
        );
    }
    let options = ApplyOptions::default();
    let plan = plan(input.path(), output.path(), &options).unwrap();
    let stop = AtomicBool::new(false);
    let summary = run(&plan, &mut Network::identity(), &options, &stop, |event| {
        stop.store(event.finished >= 5, Ordering::Relaxed);
    })
    .unwrap();
    let done = summary.count(Status::Done);
    assert!((5..30).contains(&done), "{done}");
    assert_eq!(done + summary.count(Status::NotReached), 60);
    let written = files(output.path());
    assert_eq!(written.len(), done);
    for path in written {
        assert_eq!(image::open(output.path().join(path)).unwrap().width(), 20);
    }
}

#[test]
fn an_output_that_cannot_be_written_is_one_error_before_any_work() {
    let (input, output) = (folder(), folder());
    save(&noise(9, 9, 1), &input.path().join("a.png"));
    fs::write(output.path().join("file"), "in the way").unwrap();
    let refused = |folder: &Path| {
        let mut network = Network::new(|_, _| panic!("nothing is translated"));
        apply(input.path(), folder, &mut network, &ApplyOptions::default()).unwrap_err()
    };
    let error = refused(&output.path().join("file/below"));
    assert!(matches!(error, ApplyError::OutputNotWritable(_)), "{error}");

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let locked = output.path().join("locked");
        fs::create_dir(&locked).unwrap();
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
        if fs::write(locked.join("probe"), "").is_ok() {
            println!("skipped: this user may write to every folder");
            return;
        }
        let error = refused(&locked);
        assert!(matches!(error, ApplyError::OutputNotWritable(_)), "{error}");
    }
}

#[test]
fn channels_that_a_format_does_not_hold_are_refused_with_one_that_does() {
    let (input, output) = (folder(), folder());
    save(&noise(9, 9, 1), &input.path().join("a.png"));
    let mut network = Network::new(|mut values: Vec<f32>, _| {
        values.extend_from_within(..values.len() / 3);
        Ok(values)
    });
    network.channels = (3, 4);
    let mut options = ApplyOptions::default();
    let summary = apply(input.path(), output.path(), &mut network, &options).unwrap();
    let error = summary.files().next().unwrap().error.unwrap();
    assert_eq!(error, "4 bands go into no file but TIFF: add --format tiff");
    options.format = OutputFormat::Tiff;
    let summary = apply(input.path(), output.path(), &mut network, &options).unwrap();
    assert_eq!(summary.count(Status::Done), 1);
}

#[cfg(unix)]
#[test]
fn names_need_not_be_utf_8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let (input, output) = (folder(), folder());
    let name = Path::new(OsStr::from_bytes(b"caf\xe9/\xff\xfe.png"));
    let source = input.path().join(name);
    fs::create_dir_all(source.parent().unwrap()).unwrap();
    let mut bytes = std::io::Cursor::new(Vec::new());
    noise(12, 9, 2)
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    fs::write(source, bytes.into_inner()).unwrap();
    let options = ApplyOptions {
        report: Some(output.path().join("report.json")),
        ..ApplyOptions::default()
    };
    let translated = output.path().join("translated");
    apply(
        input.path(),
        &translated,
        &mut Network::identity(),
        &options,
    )
    .unwrap();
    assert_eq!(files(&translated), [name]);
    let report = fs::read_to_string(output.path().join("report.json")).unwrap();
    assert!(report.contains("\u{fffd}.png"));
}
