//! Who is answered, and what is never read, written or told.

use serde_json::json;
use translate::serve::{ServeOptions, Server};

use crate::cli_support::{PROGRAM, Place};
use crate::serve_support::{Answer, Served};

/// Nothing about this machine or the program.
pub fn assert_discreet(answer: &Answer, served: &Served) {
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
    // No style but those in the program.
    let styles = served.json("/api/styles");
    let names = styles.as_array().unwrap().iter();
    let names: Vec<&str> = names.filter_map(|style| style["name"].as_str()).collect();
    assert_eq!(names, ["fill", "monet"]);
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
