//! Who is answered, and what is never read, written or told.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;
use translate::serve::{ServeOptions, Server};

use crate::cli_support::{PROGRAM, Place};
use crate::serve_support::{Answer, Served, form};

/// Nothing about this machine or the program.
fn assert_discreet(answer: &Answer, served: &Served) {
    let text = format!("{}\n{}", answer.head, answer.text()).to_lowercase();
    let place = served.place.path("").display().to_string().to_lowercase();
    for word in [
        place.as_str(),
        "/tmp",
        "panick",
        env!("CARGO_PKG_VERSION"),
        "hyper",
        "axum",
        "src/",
        "\nserver:",
    ] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[test]
fn hosts_and_origins_of_others_are_refused() {
    let served = Served::start();
    let own = served.address.to_string();
    let local = format!("localhost:{}", served.address.port());
    for (method, path, headers, status) in [
        ("GET", "/", vec![("Host", own.as_str())], 200),
        ("GET", "/", vec![("Host", "localhost:1234")], 200),
        ("GET", "/", vec![("Host", "evil.example")], 403),
        ("GET", "/api/styles", vec![("Host", "evil.example")], 403),
        (
            "GET",
            "/api/styles",
            vec![("Host", "127.0.0.1.evil.example")],
            403,
        ),
        (
            "GET",
            "/api/styles",
            vec![("Host", own.as_str()), ("Host", "evil.example")],
            400,
        ),
        ("GET", "/api/styles", vec![("Host", "")], 403),
        ("GET", "http://evil.example/api/styles", vec![], 403),
        (
            "GET",
            "/api/styles",
            vec![("Origin", "http://evil.example")],
            403,
        ),
        (
            "POST",
            "/api/translations",
            vec![("Origin", "http://evil.example")],
            403,
        ),
        ("POST", "/api/translations", vec![("Origin", "null")], 403),
        (
            "POST",
            "/api/translations",
            vec![("Origin", "http://localhost:1")],
            403,
        ),
        (
            "DELETE",
            "/api/tasks/x",
            vec![("Sec-Fetch-Site", "cross-site")],
            403,
        ),
        (
            "POST",
            "/api/translations",
            vec![
                ("Host", local.as_str()),
                ("Origin", &format!("http://{local}")),
            ],
            400,
        ),
        (
            "OPTIONS",
            "/api/translations",
            vec![("Origin", "http://evil.example")],
            403,
        ),
        ("DELETE", "/api/tasks/x", vec![], 404),
    ] {
        let answer = served.request(method, path, &headers, b"");
        assert_eq!(
            answer.status,
            status,
            "{method} {path} {headers:?}: {}",
            answer.text()
        );
        assert!(answer.header("access-control-allow-origin").is_none());
        assert_discreet(&answer, &served);
    }
    let answer = served
        .raw(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        .unwrap();
    assert_eq!(answer.status, 400);
}

#[test]
fn every_answer_says_what_browsers_may_do() {
    let served = Served::start();
    for answer in [
        served.get("/"),
        served.get("/api/styles"),
        served.get("/api/nothing"),
        served.request("GET", "/", &[("Host", "evil.example")], b""),
    ] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert!(answer.header("cache-control").is_some());
    }
    let page = served.get("/").text();
    assert!(!page.contains("style=") && !page.contains("onclick=") && !page.contains("<style"));
    assert_eq!(
        page.matches("<script").count(),
        page.matches(" src=\"/").count() - page.matches("<img").count()
    );
}

#[test]
fn tokens_are_wanted_where_other_machines_can_ask() {
    let options = |place: &Place| ServeOptions {
        bind: "0.0.0.0:0".parse().unwrap(),
        token: None,
        hosts: Vec::new(),
        checkpoints: place.path("checkpoints"),
        roots: Vec::new(),
        device: translate::device::DeviceName::Cpu,
        threads: 1,
        limits: translate::picture::PictureLimits::default(),
        queue: 1,
        program: PROGRAM.into(),
    };
    let place = Place::new();
    let open = Server::open(options(&place)).unwrap();
    assert_eq!(open.token().unwrap().len(), 32);
    assert!(open.page().contains("/#token="));
    let weak = ServeOptions {
        token: Some("secret".to_owned()),
        ..options(&place)
    };
    assert!(Server::open(weak).is_err());

    let token = "0123456789abcdef-token";
    let served = Served::start_with(|options| options.token = Some(token.to_owned()));
    assert_eq!(served.token.as_deref(), Some(token));
    for path in ["/", "/api.js", "/style.css"] {
        assert_eq!(
            served.get(path).status,
            200,
            "the page has nothing of anybody"
        );
    }
    for path in [
        "/api",
        "/api/styles",
        "/api/runs",
        "/api/status",
        "/api/nothing",
    ] {
        let answer = served.get(path);
        assert_eq!(answer.status, 401, "{path}");
        assert_discreet(&answer, &served);
    }
    assert_eq!(served.upload("a.png", b"x").status, 401);
    let bearer = format!("Bearer {token}");
    assert_eq!(
        served
            .request("GET", "/api/styles", &[("Authorization", &bearer)], b"")
            .status,
        200
    );
    let wrong = served.post("/api/session", &json!({"token": "0123456789abcdef-tokem"}));
    assert_eq!(wrong.status, 401);
    let answer = served.post("/api/session", &json!({"token": token}));
    assert_eq!(answer.status, 204);
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(
        served
            .request("GET", "/api/styles", &[("Cookie", cookie)], b"")
            .status,
        200
    );
}

#[test]
fn no_path_leads_out() {
    let place = Place::new();
    place.write("root/inner/a.txt", "x");
    place.write("secret/style.toml", "secret");
    place.write("secret/a.png", "secret");
    place.write("secret/metrics.jsonl", "{}");
    place.write("checkpoints/README", "");
    place.write(
        "checkpoints/run/metrics.jsonl",
        "{\"step\":1,\"epoch\":1,\"lr\":0.1,\"seconds\":1.0,\"losses\":{}}\n",
    );
    place.write("checkpoints/run/previews/x", "");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink(place.path("secret"), place.path("root/out")).unwrap();
        symlink(place.path("secret"), place.path("checkpoints/evil")).unwrap();
        symlink(
            place.path("secret/a.png"),
            place.path("checkpoints/run/previews/step-000001.png"),
        )
        .unwrap();
    }
    let served = Served::start_in(place, |options| options.roots = vec!["root".into()]);
    for path in [
        "/../Cargo.toml",
        "/..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/vendor/../../mod.rs",
        "/.%00",
        "//etc/passwd",
        "/api/styles/..%2f..%2fsecret",
        "/api/styles/evil",
        "/api/runs/evil",
        "/api/runs/evil/metrics",
        "/api/runs/..%2fsecret/metrics",
        "/api/runs/run/previews/1",
        "/api/runs/run/previews/..%2f..%2f..",
        "/api/tasks/..%2f..",
        "/api/pictures/..%2f../file",
        "/api/folders?root=root&path=out",
        "/api/folders?root=root&path=../secret",
        "/api/folders?root=root&path=/etc",
        "/api/folders?root=..&path=",
        "/api/folders?root=root&path=inner/../../secret",
        "/api/styles/%2fetc",
        "/api/styles/.",
    ] {
        let answer = served.get(path);
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
        assert!(!answer.text().contains("secret"), "{path}");
        assert_discreet(&answer, &served);
    }
    let folder = served.json("/api/folders?root=root");
    assert_eq!(folder, json!({"folders": ["inner"], "pictures": 0}));
    assert_eq!(served.json("/api/styles"), json!([]));
}

#[test]
fn names_of_pictures_cannot_be_paths() {
    let served = Served::start();
    served.place.picture("a.png", 70, 64, 1);
    let bytes = served.place.read("a.png");
    for name in [
        "../../../evil.png",
        "/etc/evil.png",
        "..\\evil.png",
        "a/b/evil.png",
    ] {
        let report = served.upload(name, &bytes).json();
        assert_eq!(report["name"], "evil.png", "{name}");
    }
}

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
