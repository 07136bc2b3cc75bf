//! What the API of a server does: the bytes of `translate apply`, in order, and never more than there is room for.

use std::io::{BufRead, BufReader, Write};

use serde_json::{Value, json};
use translate::picture::PictureLimits;

use crate::serve_support::Served;

fn status_of(report: &Value) -> &str {
    report["status"].as_str().unwrap()
}

/// The first result of a task.
fn result(served: &Served, report: &Value) -> (String, Vec<u8>) {
    assert_eq!(status_of(report), "done", "{report}");
    let id = report["id"].as_str().unwrap();
    let answer = served.get(&format!("/api/tasks/{id}/files/0")).ok();
    let name = report["files"][0]["name"].as_str().unwrap().to_owned();
    (name, answer.body)
}

#[test]
fn downloads_are_the_files_of_apply() {
    let served = Served::start();
    let place = &served.place;
    place.picture("in/wide.png", 83, 50, 1);
    place.save(
        "in/deep.tif",
        image::DynamicImage::ImageRgb8(crate::cli_support::picture(40, 70, 2)).to_rgb16(),
    );
    let jpeg = image::DynamicImage::ImageRgb8(crate::cli_support::picture(70, 64, 3));
    place.save("in/photo.jpg", jpeg);
    place.run("apply in --style tiny --output kept").done();
    place
        .run("apply in --style tiny --output small --size 40x --format png")
        .done();
    for (name, settings, expected) in [
        ("in/wide.png", json!({}), "kept/wide.png"),
        ("in/deep.tif", json!({}), "kept/deep.tif"),
        (
            "in/photo.jpg",
            json!({"direction": "AtoB"}),
            "kept/photo.jpg",
        ),
        (
            "in/photo.jpg",
            json!({"size": "40x", "format": "png"}),
            "small/photo.png",
        ),
    ] {
        let mut request = settings;
        request["picture"] = served.send(name).into();
        request["style"] = "tiny".into();
        let report = served.finish(&served.post("/api/translations", &request));
        let (own, bytes) = result(&served, &report);
        assert_eq!(own, expected.rsplit('/').next().unwrap());
        assert!(bytes == place.read(expected), "{expected}");
        let id = report["id"].as_str().unwrap();
        let preview = served.get(&format!("/api/tasks/{id}/files/0/preview")).ok();
        assert!(image::load_from_memory(&preview.body).is_ok());
    }
}

#[test]
fn filled_holes_are_those_of_apply() {
    let served = Served::start();
    let place = &served.place;
    place.picture("photo.png", 96, 80, 4);
    place.save(
        "mask.png",
        image::GrayImage::from_fn(96, 80, |x, y| {
            image::Luma([255 * u8::from((30..44).contains(&x) && (20..40).contains(&y))])
        }),
    );
    place
        .run("apply photo.png --style hole --mask mask.png --output out --dilate 2")
        .done();
    let request = json!({"picture": served.send("photo.png"), "mask": served.send("mask.png"), "style": "hole", "dilate": 2});
    let report = served.finish(&served.post("/api/fills", &request));
    assert!(result(&served, &report).1 == place.read("out/photo.png"));
    assert_eq!(report["notes"], json!([]));
    let mut lossy = request;
    lossy["format"] = "jpg".into();
    let report = served.finish(&served.post("/api/fills", &lossy));
    assert_eq!(
        report["notes"],
        json!(["JPEG changes every pixel a little, also those outside the holes"])
    );
    let wrong = json!({"picture": served.send("photo.png"), "style": "hole"});
    let report = served.finish(&served.post("/api/translations", &wrong));
    assert_eq!(status_of(&report), "failed");
}

#[test]
fn label_maps_give_several_looks_with_their_instances() {
    let served = Served::start();
    let place = &served.place;
    place.labelled("test", 3);
    let label = "labels/test_label/ulm_3_gtFine_labelIds.png";
    place
        .run(&format!(
            "apply {label} --style map --samples 2 --seed 5 --output out"
        ))
        .done();
    let instances = served.send("labels/test_inst/ulm_3_gtFine_instanceIds.png");
    let request = json!({"picture": served.send(label), "instances": instances, "style": "map", "samples": 2, "seed": 5});
    let report = served.finish(&served.post("/api/translations", &request));
    assert_eq!(status_of(&report), "done", "{report}");
    let id = report["id"].as_str().unwrap();
    for (index, name) in ["ulm_3_gtFine_labelIds_1.png", "ulm_3_gtFine_labelIds_2.png"]
        .iter()
        .enumerate()
    {
        let bytes = served
            .get(&format!("/api/tasks/{id}/files/{index}"))
            .ok()
            .body;
        assert!(bytes == place.read(&format!("out/{name}")), "{name}");
    }
    // The folder in which the server keeps the picture is none of the client's.
    let alone = json!({"picture": served.send(label), "style": "map"});
    let report = served.finish(&served.post("/api/translations", &alone));
    let error = report["error"].as_str().unwrap();
    assert!(error.contains("send it as `instances`"), "{error}");
    assert!(!error.contains('/'), "{error}");
    let styles = served.json("/api/styles");
    let map = styles
        .as_array()
        .unwrap()
        .iter()
        .find(|style| style["name"] == "map")
        .unwrap();
    assert_eq!(map["labels"]["count"], 5);
    assert_eq!(map["varies"], true);
    assert_eq!(map["labels"]["classes"].as_array().unwrap().len(), 5);
}

#[test]
fn requests_that_make_no_sense_are_refused_with_a_reason() {
    let served = Served::start();
    served.place.picture("a.png", 70, 64, 1);
    let picture = served.send("a.png");
    for (change, status, part) in [
        (json!({"picture": "none"}), 404, "no such picture"),
        (json!({"style": "none"}), 404, "no such style"),
        (
            json!({"style": "../checkpoints/tiny"}),
            404,
            "no such style",
        ),
        (
            json!({"style": served.place.path("checkpoints/tiny")}),
            404,
            "no such style",
        ),
        (json!({"size": "huge"}), 400, "size"),
        (json!({"direction": "up"}), 400, "direction"),
        (json!({"format": "gif"}), 400, "format"),
        (json!({"quality": 0}), 400, "quality"),
        (json!({"samples": 17}), 400, "samples"),
        (json!({"quality": 50, "format": "png"}), 400, "quality"),
        (json!({"restore": true}), 400, "restore"),
        (json!({"unknown": 1}), 400, "unknown"),
    ] {
        let mut request = json!({"picture": picture, "style": "tiny"});
        for (key, value) in change.as_object().unwrap() {
            request[key] = value.clone();
        }
        let answer = served.post("/api/translations", &request);
        assert_eq!(answer.status, status, "{request}: {}", answer.text());
        assert!(answer.text().contains(part), "{request}: {}", answer.text());
    }
    // What the network alone can tell.
    let request = json!({"picture": picture, "style": "tiny", "direction": "BtoA"});
    let report = served.finish(&served.post("/api/translations", &request));
    assert_eq!(status_of(&report), "failed");
    let error = report["error"].as_str().unwrap();
    let place = served.place.path("").display().to_string();
    assert!(
        !error.contains(&place) && !error.contains("/tmp"),
        "{error}"
    );
    for (name, bytes, status) in [
        ("a.txt", &b"no picture"[..], 415),
        ("a.png", &b""[..], 415),
        ("a.png", &served.place.read("a.png")[..20], 415),
    ] {
        let answer = served.upload(name, bytes);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(!answer.text().contains("/tmp"), "{}", answer.text());
    }
    assert_eq!(served.get("/api/nothing").status, 404);
    assert_eq!(served.get("/nothing").status, 404);
    assert_eq!(served.request("PUT", "/api/styles", &[], b"").status, 405);
    assert_eq!(served.post("/", &json!({})).status, 405);
}

#[test]
fn pictures_have_at_most_so_many_bytes_and_pixels() {
    let served = Served::start_with(|options| {
        options.limits = PictureLimits {
            pixels: 5000,
            bytes: 20_000,
        };
    });
    served.place.picture("small.png", 50, 50, 1);
    served.place.picture("large.png", 101, 50, 1);
    assert_eq!(
        served
            .upload("small.png", &served.place.read("small.png"))
            .status,
        201
    );
    let answer = served.upload("large.png", &served.place.read("large.png"));
    assert_eq!(answer.status, 413, "{}", answer.text());
    // Announced, and sent in pieces without an announcement.
    assert_eq!(served.upload("long.png", &vec![0; 90_000]).status, 413);
    let (kind, body) = crate::serve_support::form("picture", "long.png", &vec![0; 60_000]);
    let mut request = format!(
        "POST /api/pictures HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: {kind}\r\n\r\n",
        served.address
    )
    .into_bytes();
    for piece in body.chunks(5000) {
        request.extend(format!("{:x}\r\n", piece.len()).bytes());
        request.extend(piece);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\n\r\n");
    assert_eq!(served.raw(&request).unwrap().status, 413);
}

#[test]
fn a_full_queue_says_when_to_come_again_and_tasks_can_be_stopped() {
    let served = Served::start_with(|options| options.queue = 2);
    served.place.picture("a.png", 900, 800, 1);
    let request = json!({"picture": served.send("a.png"), "style": "tiny"});
    let mut accepted = Vec::new();
    let refused = loop {
        let answer = served.post("/api/translations", &request);
        if answer.status != 202 {
            break answer;
        }
        accepted.push(answer.json());
        assert!(accepted.len() < 50, "the queue is never full");
    };
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    let places: Vec<&Value> = accepted.iter().map(|report| &report["place"]).collect();
    assert!(places.contains(&&json!(1)), "{places:?}");
    let last = accepted.pop().unwrap();
    let id = last["id"].as_str().unwrap();
    let path = format!("/api/tasks/{id}");
    assert_eq!(served.request("DELETE", &path, &[], b"").status, 204);
    assert_eq!(served.get(&path).status, 404);
    for report in accepted {
        let id = report["id"].as_str().unwrap();
        let report = served.json(&format!("/api/tasks/{id}?wait=60"));
        assert_eq!(status_of(&report), "done", "{report}");
    }
}

#[test]
fn progress_comes_as_events() {
    let served = Served::start();
    served.place.picture("a.png", 300, 200, 1);
    let request = json!({"picture": served.send("a.png"), "style": "tiny"});
    let task = served.post("/api/translations", &request).json();
    let mut stream = served.connect();
    write!(
        stream,
        "GET /api/tasks/{}/events HTTP/1.1\r\nHost: {}\r\n\r\n",
        task["id"].as_str().unwrap(),
        served.address
    )
    .unwrap();
    let mut statuses = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        if let Some(data) = line.strip_prefix("data: ") {
            let report: Value = serde_json::from_str(data).unwrap();
            statuses.push(status_of(&report).to_owned());
        }
        if statuses.last().is_some_and(|status| status == "done") {
            break;
        }
    }
    assert!(!statuses.is_empty());
}

#[test]
fn the_description_has_every_call() {
    let served = Served::start();
    let description = served.json("/api");
    assert!(description["openapi"].as_str().unwrap().starts_with("3."));
    let paths = description["paths"].as_object().unwrap();
    for path in [
        "/api/pictures",
        "/api/translations",
        "/api/fills",
        "/api/tasks/{id}",
        "/api/runs/{name}/events",
        "/api/jobs",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    let calls: usize = paths
        .values()
        .map(|item| item.as_object().unwrap().len())
        .sum();
    let source = include_str!("../../src/serve/router.rs");
    let routes = source.matches("get(").count()
        + source.matches("post(").count()
        + source.matches("delete(").count();
    // The page, the description and the answer to other addresses are no calls.
    assert_eq!(
        calls,
        routes - 3,
        "a call is not described, or described without being there"
    );
    // Every schema that is spoken of is there.
    let text = description.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(
            description["components"]["schemas"][name].is_object(),
            "{name}"
        );
    }
}

#[test]
fn the_page_is_whole() {
    let served = Served::start();
    let page = served.get("/").ok();
    let mut open = vec!["/".to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let text = served.get(&path).ok().text();
        let mut found = Vec::new();
        for part in text.split('"').skip(1).step_by(2) {
            let is_module = part
                .strip_suffix(".js")
                .is_some_and(|part| part.starts_with("./"));
            let is_file = part.starts_with('/')
                && [".js", ".css", ".svg"]
                    .iter()
                    .any(|end| part.strip_suffix(end).is_some());
            if is_module {
                found.push(part.trim_start_matches('.').to_owned());
            } else if is_file && path == "/" {
                found.push(part.to_owned());
            }
        }
        if !path.starts_with("/vendor") {
            open.extend(found);
        }
    }
    assert!(seen.len() > 15, "{seen:?}");
    let tag = page.header("etag").unwrap();
    assert_eq!(
        served
            .request("GET", "/", &[("If-None-Match", tag)], b"")
            .status,
        304
    );
}
