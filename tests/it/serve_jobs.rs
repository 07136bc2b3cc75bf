//! Folders through a server.

use std::io::{BufRead, BufReader, Write};
use std::time::Instant;

use serde_json::{Value, json};

use crate::serve_support::Served;

fn place(root: &str, path: &str) -> Value {
    json!({"root": root, "path": path})
}

#[test]
fn a_folder_becomes_what_apply_makes_of_it() {
    let served = with_data();
    served
        .place
        .run("apply data/in --style tiny --output expected")
        .failed(3, &["broken.png"]);
    let request =
        json!({"input": place("data", "in"), "output": place("data", "out/new"), "style": "tiny"});
    let job = served.post("/api/jobs", &request);
    assert_eq!(job.status, 202, "{}", job.text());
    let path = format!("/api/jobs/{}", job.json()["id"].as_str().unwrap());
    let job = served.until(&path, |job| {
        ["done", "failed"].contains(&job["status"].as_str().unwrap())
    });
    assert_eq!(job["status"], "done", "{job}");
    assert_eq!(
        (&job["done"], &job["failed"], &job["total"]),
        (&json!(4), &json!(1), &json!(5))
    );
    assert_eq!(job["failures"][0]["file"], "broken.png");
    let told = job.to_string();
    assert!(
        !told.contains(&served.place.path("").display().to_string()),
        "{told}"
    );
    for name in crate::cli_support::names(&served.place.path("expected")) {
        assert!(
            served.place.read(&format!("data/out/new/{name}"))
                == served.place.read(&format!("expected/{name}")),
            "{name}"
        );
    }
    let report = served.get(&format!("{path}/report")).ok().text();
    assert_eq!(report.lines().count(), 5);
    assert!(report.contains("\"input\":\"sub/3.png\""), "{report}");
    // The same again leaves what is there, and goes on with what is not.
    std::fs::remove_file(served.place.path("data/out/new/0.png")).unwrap();
    let again = served.post("/api/jobs", &request).json();
    let path = format!("/api/jobs/{}", again["id"].as_str().unwrap());
    let again = served.until(&path, |job| job["status"] == "done");
    assert_eq!((&again["done"], &again["skipped"]), (&json!(1), &json!(3)));
    assert_eq!(served.json("/api/jobs").as_array().unwrap().len(), 2);
}

#[test]
fn styles_that_enlarge_or_keep_brightness_do_so_in_folders() {
    let made = crate::cli_support::Place::with_photos();
    let settings = "--config super-resolution-small --data photos --set data.crop_size=16 --set data.batch_size=2 \
        --set generator.channels=4 --set generator.blocks=1";
    made.run(&format!("train {settings} --name large --steps 1"))
        .done();
    made.picture("data/in/a.png", 70, 64, 7);
    let served = Served::start_in(made, |options| options.roots = vec!["data".into()]);
    for style in ["large", "monet"] {
        let apply = format!("apply data/in --style {style} --output expected/{style}");
        served.place.run(&apply).done();
        let output = format!("out/{style}");
        let request =
            json!({"input": place("data", "in"), "output": place("data", &output), "style": style});
        let job = served.post("/api/jobs", &request).json();
        let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
        let job = served.until(&path, |job| {
            ["done", "failed"].contains(&job["status"].as_str().unwrap())
        });
        assert_eq!((&job["done"], &job["failed"]), (&json!(1), &json!(0)));
        let read = |folder: &str| served.place.read(&format!("{folder}/{style}/a.png"));
        assert!(read("data/out") == read("expected"), "{style}");
    }
}

fn with_data() -> Served {
    let made = crate::cli_support::Place::new();
    for index in 0..3 {
        made.picture(&format!("data/in/{index}.png"), 70, 64, index);
    }
    made.picture("data/in/sub/3.png", 66, 70, 3);
    made.write("data/in/broken.png", "no picture");
    let source = Served::start();
    for name in crate::cli_support::names(&source.place.path("checkpoints")) {
        made.write(
            &format!("checkpoints/{name}"),
            source.place.read(&format!("checkpoints/{name}")),
        );
    }
    drop(source);
    Served::start_in(made, |options| options.roots = vec!["data".into()])
}

#[test]
fn single_pictures_pass_folders_and_jobs_can_be_stopped() {
    let served = with_data();
    for index in 0..60 {
        served
            .place
            .picture(&format!("data/many/{index}.png"), 400, 400, index);
    }
    served.place.picture("a.png", 70, 64, 1);
    let request =
        json!({"input": place("data", "many"), "output": place("data", "out"), "style": "tiny"});
    let job = served.post("/api/jobs", &request).json();
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    served.until(&path, |job| job["done"].as_u64().unwrap() > 0);
    let started = Instant::now();
    let task = json!({"picture": served.send("a.png"), "style": "tiny"});
    let report = served.finish(&served.post("/api/translations", &task));
    assert_eq!(report["status"], "done", "{report}");
    let job = served.json(&path);
    assert_eq!(
        job["status"],
        "running",
        "after {:?}: {job}",
        started.elapsed()
    );
    assert_eq!(served.request("DELETE", &path, &[], b"").status, 204);
    let job = served.until(&path, |job| job["status"] == "stopped");
    assert!(job["done"].as_u64().unwrap() < 60);
}

#[test]
fn events_of_a_job_come_with_its_pictures_and_not_with_time() {
    let served = with_data();
    for index in 0..12 {
        let name = format!("data/many/{index}.png");
        served.place.picture(&name, 300, 300, index);
    }
    let request =
        json!({"input": place("data", "many"), "output": place("data", "out"), "style": "tiny"});
    let job = served.post("/api/jobs", &request).json();
    let mut stream = served.connect();
    write!(
        stream,
        "GET /api/jobs/{}/events HTTP/1.1\r\nHost: {}\r\n\r\n",
        job["id"].as_str().unwrap(),
        served.address
    )
    .unwrap();
    let mut reports: Vec<Value> = Vec::new();
    for line in BufReader::new(stream).lines() {
        if let Some(data) = line.unwrap().strip_prefix("data: ") {
            reports.push(serde_json::from_str(data).unwrap());
        }
        if reports.last().is_some_and(|job| job["status"] == "done") {
            break;
        }
    }
    let last = reports.last().unwrap();
    assert_eq!((&last["done"], &last["total"]), (&json!(12), &json!(12)));
    // Of each picture; waiting, begun, its pictures counted, and over.
    assert!(reports.len() <= 12 + 4, "{} events", reports.len());
    let known = |job: &Value| {
        (
            job["status"].clone(),
            job["done"].clone(),
            job["total"].clone(),
        )
    };
    for pair in reports.windows(2) {
        assert_ne!(known(&pair[0]), known(&pair[1]));
    }
}

#[cfg(unix)]
#[test]
fn pictures_that_are_links_out_of_the_roots_fail_alone() {
    use std::os::unix::fs::symlink;
    let served = with_data();
    let place_of = |name: &str| served.place.path(name);
    served.place.picture("secret/s.png", 70, 64, 1);
    symlink(place_of("secret/s.png"), place_of("data/in/away.png")).unwrap();
    symlink(place_of("nothing.jpg"), place_of("data/in/dangling.jpg")).unwrap();
    symlink(place_of("data/in/0.png"), place_of("data/in/inner.png")).unwrap();
    let request =
        json!({"input": place("data", "in"), "output": place("data", "out"), "style": "tiny"});
    let job = served.post("/api/jobs", &request).json();
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    let job = served.until(&path, |job| {
        ["done", "failed"].contains(&job["status"].as_str().unwrap())
    });
    assert_eq!(job["status"], "done", "{job}");
    assert_eq!((&job["done"], &job["failed"]), (&json!(5), &json!(3)));
    for name in ["away.png", "dangling.jpg"] {
        let mut failures = job["failures"].as_array().unwrap().iter();
        let failure = failures.find(|failure| failure["file"] == name).unwrap();
        assert_eq!(
            failure["error"],
            format!("`data/in/{name}` is a link that leads nowhere or out of the roots")
        );
    }
    assert_eq!(
        crate::cli_support::names(&place_of("data/out")),
        ["0.png", "1.png", "2.png", "inner.png", "sub/3.png"]
    );
}

#[cfg(unix)]
#[test]
fn links_out_of_the_roots_are_not_followed() {
    use std::os::unix::fs::symlink;
    let served = with_data();
    served.place.picture("secret/s.png", 70, 64, 1);
    symlink(
        served.place.path("secret"),
        served.place.path("data/in/link"),
    )
    .unwrap();
    symlink(
        served.place.path("secret"),
        served.place.path("data/outside"),
    )
    .unwrap();
    let start = |input: &str, output: &str| {
        let request = json!({"input": place("data", input), "output": place("data", output), "style": "tiny"});
        served.post("/api/jobs", &request)
    };
    assert_eq!(start("outside", "out").status, 400);
    assert_eq!(start("in", "outside/x").status, 400);
    assert_eq!(start("../secret", "out").status, 400);
    // Holes are filled at the size of their photos.
    for (key, value) in [
        ("size", json!("64")),
        ("restore", json!(true)),
        ("direction", json!("AtoB")),
    ] {
        let mut request = json!({"input": place("data", "in"), "output": place("data", "out"), "masks": place("data", "in"), "style": "hole"});
        request[key] = value;
        let answer = served.post("/api/jobs", &request);
        assert_eq!(answer.status, 400, "{}", answer.text());
        let text = answer.text();
        assert!(text.contains(key) && text.contains("holes"), "{text}");
    }
    assert_eq!(start("in", "/etc").status, 400);
    let job = start("in", "out").json();
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    let job = served.until(&path, |job| job["status"] == "failed");
    assert!(
        job["error"]
            .as_str()
            .unwrap()
            .contains("leads out of the roots"),
        "{job}"
    );
    assert!(!served.place.path("data/out").exists());
}
