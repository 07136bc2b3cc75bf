//! Trainings as a server sees, starts and stops them.

use std::io::{BufRead, BufReader, Write};

use serde_json::{Value, json};

use crate::cli_support::{PIX2PIX, Place, differ_by_less};
use crate::serve_support::Served;

/// The settings of a line as the form gives them.
fn settings(line: &str) -> Value {
    let mut settings = serde_json::Map::new();
    for part in line
        .split_whitespace()
        .filter_map(|part| part.split_once('='))
    {
        let value = serde_json::from_str(part.1).unwrap_or_else(|_| json!(part.1));
        settings.insert(part.0.to_owned(), value);
    }
    settings.into()
}

#[test]
fn a_run_of_a_terminal_shows_up_and_is_followed() {
    let place = Place::with_pairs();
    let line = format!(
        "train {PIX2PIX} --name seen --steps 40 --set train.log_every=1 --set train.preview_every=20"
    );
    place.run(&line).done();
    let served = Served::start_in(place, |_| {});
    let runs = served.json("/api/runs");
    assert_eq!(runs[0]["name"], "seen");
    assert_eq!(runs[0]["state"], "finished");
    assert_eq!(runs[0]["epoch"], 7);
    assert_eq!(
        (&runs[0]["step"], &runs[0]["steps"]),
        (&json!(40), &json!(40))
    );
    let curves = served.json("/api/runs/seen/metrics");
    assert_eq!(curves["step"].as_array().unwrap().len(), 40);
    assert!(curves["losses"]["G_L1"][39].is_number());
    let few = served.json("/api/runs/seen/metrics?most=10");
    assert_eq!(few["step"].as_array().unwrap().len(), 10);
    assert_eq!(served.json("/api/runs/seen/previews"), json!([20, 40]));
    let preview = served.get("/api/runs/seen/previews/20").ok();
    assert!(
        preview.body
            == served
                .place
                .read("checkpoints/seen/previews/step-000020.png")
    );
    // Lines that another process adds come as events.
    let mut stream = served.connect();
    write!(
        stream,
        "GET /api/runs/seen/events?after=40 HTTP/1.1\r\nHost: {}\r\n\r\n",
        served.address
    )
    .unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    lines.find(|line| line == "event: run").unwrap();
    let path = served.place.path("checkpoints/seen/metrics.jsonl");
    let mut file = std::fs::File::options().append(true).open(path).unwrap();
    file.write_all(
        b"{\"step\":41,\"epoch\":7,\"lr\":0.1,\"seconds\":0.5,\"losses\":{\"G_L1\":2.5}}\n",
    )
    .unwrap();
    lines.find(|line| line == "event: metrics").unwrap();
    let data = lines.next().unwrap();
    let new: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(
        (&new["step"], &new["losses"]["G_L1"]),
        (&json!([41]), &json!([2.5]))
    );
}

#[test]
fn runs_are_started_stopped_and_resumed_as_from_a_terminal() {
    let place = Place::with_pairs();
    // What the page starts, in a terminal.
    let common = "data.load_size=72 data.crop_size=64 generator.arch=unet_64 generator.channels=2 discriminator.channels=2 \
        discriminator.layers=1 optim.epochs=20 optim.decay_epochs=0 train.log_every=1 train.checkpoint_every=30";
    let flags: Vec<String> = common
        .split_whitespace()
        .map(|it| format!("--set {it}"))
        .collect();
    let line = format!(
        "train --config pix2pix-small --data pairs --name terminal --threads 2 {}",
        flags.join(" ")
    );
    place.run(&line).done();
    let mut served = Served::start_in(place, |options| options.roots = vec!["pairs".into()]);
    let request = json!({"name": "page", "recipe": "pix2pix-small", "data": {"root": "pairs"}, "settings": settings(common)});
    let started = served.post("/api/runs", &request);
    assert_eq!(started.status, 202, "{}", started.text());
    let busy = served.post(
        "/api/runs",
        &json!({"name": "other", "recipe": "pix2pix-small"}),
    );
    assert_eq!(busy.status, 409, "{}", busy.text());
    served.until("/api/runs/page", |run| run["step"].as_u64().unwrap() >= 5);
    assert_eq!(
        served.post("/api/runs/terminal/stop", &json!({})).status,
        409
    );
    let stopped = served.post("/api/runs/page/stop", &json!({}));
    assert!([202, 409].contains(&stopped.status), "{}", stopped.text());
    let run = served.until("/api/runs/page", |run| {
        ["stopped", "finished"].contains(&run["state"].as_str().unwrap())
    });
    if run["state"] == "stopped" {
        let resumed = served.post("/api/runs/page/resume", &json!({}));
        assert_eq!(resumed.status, 202, "{}", resumed.text());
    }
    served.until("/api/runs/page", |run| run["state"] == "finished");
    let ended = served.post("/api/runs/page/stop", &json!({}));
    assert!(ended.text().contains("has ended"), "{}", ended.text());
    let fewer = served.post("/api/runs/page/resume", &json!({"epochs": 0}));
    assert_eq!(fewer.status, 400, "{}", fewer.text());
    assert_eq!(served.json("/api/runs/page")["state"], "finished");
    let [page, terminal] = ["page", "terminal"].map(|name| {
        let file = format!("checkpoints/{name}/generator.safetensors");
        served.place.path(&file)
    });
    // LibTorch's sums may depend on where numbers lie in memory: one of ten runs on a busy machine differed.
    let most = if cfg!(feature = "libtorch") {
        1e-3
    } else {
        0.0
    };
    let read = |path| std::fs::read(path).unwrap();
    assert!(
        read(&page) == read(&terminal) || differ_by_less(&page, &terminal, most),
        "the page has trained another network"
    );
    // Wrong requests.
    let wrong = |change: Value| {
        let mut request = json!({"name": "wrong", "recipe": "pix2pix-small"});
        for (key, value) in change.as_object().unwrap() {
            request[key] = value.clone();
        }
        served.post("/api/runs", &request).status
    };
    assert_eq!(wrong(json!({"name": "../x"})), 400);
    assert_eq!(wrong(json!({"name": "page"})), 409);
    assert_eq!(wrong(json!({"recipe": "/etc/passwd"})), 400);
    assert_eq!(
        wrong(json!({"data": {"root": "pairs", "path": "../checkpoints"}})),
        400
    );
    assert_eq!(wrong(json!({"settings": {"data.root": "/etc"}})), 400);
    assert_eq!(wrong(json!({"settings": {"no.key": 1}})), 400);
    // A run that fails says why, without paths.
    assert_eq!(wrong(json!({"data": {"root": "pairs", "path": "A"}})), 202);
    let failed = served.until("/api/runs/wrong", |run| run["state"] == "failed");
    let error = failed["error"].as_str().unwrap();
    assert!(!error.is_empty() && !error.contains("/tmp"), "{error}");
    // All that it says, where it says several things.
    for name in ["A/0.png", "B/3.png"] {
        served.place.write(&format!("pairs/{name}"), "");
    }
    let request = json!({"name": "empty", "recipe": "pix2pix-small", "data": {"root": "pairs"}});
    assert_eq!(served.post("/api/runs", &request).status, 202);
    let failed = served.until("/api/runs/empty", |run| {
        run["error"].to_string().contains("B/3.png")
    });
    assert_eq!(
        failed["error"],
        "2 problems in `pairs`:\n  `pairs/A/0.png` is empty (0 bytes)\n  `pairs/B/3.png` is empty (0 bytes)"
    );
    served.stop();
}

#[test]
fn a_server_that_stops_lets_its_run_save() {
    let place = Place::with_pairs();
    let mut served = Served::start_in(place, |options| options.roots = vec!["pairs".into()]);
    let tiny = "data.load_size=72 data.crop_size=64 generator.arch=unet_64 generator.channels=2 discriminator.channels=2 train.log_every=1";
    let request = json!({"name": "long", "recipe": "pix2pix-small", "data": {"root": "pairs"}, "settings": settings(tiny)});
    assert_eq!(served.post("/api/runs", &request).status, 202);
    served.until("/api/runs/long", |run| run["step"].as_u64().unwrap() >= 2);
    served.stop();
    assert!(
        served
            .place
            .path("checkpoints/long/generator.safetensors")
            .is_file()
    );
    let last = served.place.last_step("long");
    assert!(last >= 2);
}

#[test]
fn a_run_that_has_logged_nothing_has_an_epoch() {
    let served = Served::start();
    assert!(
        served
            .place
            .read("checkpoints/tiny/metrics.jsonl")
            .is_empty()
    );
    let run = served.json("/api/runs/tiny");
    assert_eq!((&run["step"], &run["epoch"]), (&json!(1), &json!(1)));
}

#[test]
fn the_form_has_every_recipe() {
    let served = Served::start();
    let recipes = served.json("/api/recipes");
    let recipes = recipes.as_array().unwrap();
    assert!(recipes.len() >= 10);
    for recipe in recipes {
        assert!(
            recipe["keys"].as_array().unwrap().len() > 20,
            "{}",
            recipe["name"]
        );
    }
}
