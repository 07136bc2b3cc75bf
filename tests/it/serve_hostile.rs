//! Clients that are slow, broken or hostile.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::serve_security::assert_discreet;
use crate::serve_support::{Answer, Served, form};

#[test]
fn slow_and_broken_clients_hold_nobody_up() {
    let served = Served::start();
    // Half a head, half a body, and many that say nothing.
    let mut open = Vec::new();
    for index in 0..60 {
        let mut stream = served.connect();
        let part: &[u8] = match index % 3 {
            0 => b"",
            1 => b"GET /api/styles HTTP/1.1\r\nHost: local",
            _ => b"POST /api/pictures HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n",
        };
        stream.write_all(part).unwrap();
        open.push(stream);
    }
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(served.get("/api/status").status, 200);
    }
    assert!(started.elapsed() < Duration::from_secs(5));
    drop(open);
    // Too many at once are told so.
    let many: Vec<_> = (0..300).map(|_| served.connect()).collect();
    let mut last = many.last().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut text = String::new();
    let _ = last.read_to_string(&mut text);
    assert!(text.starts_with("HTTP/1.1 503"), "{text}");
    assert!(text.contains("retry-after"));
    drop(many);
    let started = Instant::now();
    while served
        .raw(
            format!(
                "GET /api/status HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                served.address
            )
            .as_bytes(),
        )
        .is_none_or(|answer| answer.status != 200)
    {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the server does not recover"
        );
    }
}

#[test]
fn malformed_forms_are_refused() {
    let served = Served::start();
    let headers = |kind: &'static str| [("Content-Type", kind)];
    for (kind, body) in [
        ("multipart/form-data", &b"x"[..]),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a\"\r\n\r\nabc",
        ),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nabc\r\n--x--\r\n",
        ),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("text/plain", b"abc"),
        ("multipart/form-data; boundary=x", &[0xff; 3000]),
    ] {
        let answer = served.request("POST", "/api/pictures", &headers(kind), body);
        assert_eq!(answer.status, 400, "{kind}: {}", answer.text());
        assert_discreet(&answer, &served);
    }
    let huge = vec![b' '; 2 << 20];
    let answer = served.request(
        "POST",
        "/api/translations",
        &headers("application/json"),
        &huge,
    );
    assert_eq!(answer.status, 413);
}

/// Mutated requests: `PROPTEST_CASES=10000 cargo test --release hostile` sends more.
#[test]
fn hostile_requests_are_answered_or_closed() {
    let served = Served::start_with(|options| options.roots = vec![".".into()]);
    served.place.picture("a.png", 20, 20, 1);
    let (kind, body) = form("picture", "a.png", &served.place.read("a.png"));
    let host = served.address;
    let with = |line: &str, kind: &str, body: &[u8]| {
        let head = format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let seeds = [
        with("POST /api/pictures", &kind, &body),
        with(
            "POST /api/translations",
            "application/json",
            br#"{"picture":"x","style":"tiny","size":"keep","samples":2}"#,
        ),
        with(
            "POST /api/jobs",
            "application/json",
            br#"{"input":{"root":"x","path":"a"},"output":{"root":"x","path":"b"},"style":"tiny"}"#,
        ),
        with("POST /api/runs/tiny/stop", "application/json", b"{}"),
        with("GET /api/folders?root=x&path=..%2f..", "text/plain", b""),
        with("GET /api/tasks/x/files/0", "text/plain", b""),
    ];
    let before = crate::cli_support::names(&served.place.path("checkpoints"));
    let mutation = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    let strategy = (0..seeds.len(), prop::collection::vec(mutation, 1..6));
    let cases = ProptestConfig {
        cases: ProptestConfig::default().cases.min(10_000),
        ..ProptestConfig::default()
    };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() {
        cases
    } else {
        ProptestConfig {
            cases: 150,
            ..cases
        }
    };
    let mut runner = proptest::test_runner::TestRunner::new(cases);
    runner
        .run(&strategy, |(seed, changes)| {
            let mut bytes = seeds[seed].clone();
            for (place, value, kind) in changes {
                let at = place.index(bytes.len());
                match kind {
                    0 => bytes[at] = value,
                    1 => bytes.insert(at, value),
                    2 => {
                        bytes.remove(at);
                    }
                    _ => {
                        let part = bytes[at..(at + 9).min(bytes.len())].to_vec();
                        bytes.splice(at..at, part);
                    }
                }
            }
            let mut stream = served.connect();
            // Requests that promise more than they have are waited for in vain.
            let patience = Some(Duration::from_millis(700));
            stream.set_read_timeout(patience).unwrap();
            let _ = stream.write_all(&bytes);
            if let Some(answer) = Answer::read(&mut stream) {
                prop_assert!(answer.status != 500, "{}", answer.text());
                assert_discreet(&answer, &served);
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(served.get("/api/status").status, 200);
    assert_eq!(
        crate::cli_support::names(&served.place.path("checkpoints")),
        before
    );
}
