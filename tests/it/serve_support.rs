//! A server in this process, on a free port, with tiny styles; and a client that can also be rude.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use translate::device::DeviceName;
use translate::picture::PictureLimits;
use translate::serve::{ServeError, ServeOptions, Server};

use crate::cli_support::{INPAINT, PIX2PIX, PIX2PIXHD, PROGRAM, Place};

/// Styles of one step each: `tiny` translates, `hole` fills, `map` takes label and instance maps.
fn styles() -> &'static Path {
    static STYLES: OnceLock<PathBuf> = OnceLock::new();
    STYLES.get_or_init(|| {
        let place = Place::with_pairs();
        for index in 0..6 {
            place.picture(
                &format!("photos/{index}.png"),
                90 - index,
                76 + index,
                index,
            );
            place.labelled("train", index);
        }
        for (settings, name) in [(PIX2PIX, "tiny"), (INPAINT, "hole"), (PIX2PIXHD, "map")] {
            place
                .run(&format!("train {settings} --steps 1 --name {name}"))
                .done();
        }
        // A value that is never dropped cannot remove its folder: the next run of the tests replaces it.
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("serve-styles");
        let _ = std::fs::remove_dir_all(&kept);
        for name in crate::cli_support::names(&place.path("checkpoints")) {
            let target = kept.join(&name);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(place.path("checkpoints").join(&name), target).unwrap();
        }
        kept
    })
}

/// A running server, and a place with its styles in `checkpoints`.
pub struct Served {
    pub place: Place,
    pub address: SocketAddr,
    pub token: Option<String>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Served {
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// A server with other options; relative paths in them are meant in its place.
    pub fn start_with(change: impl FnOnce(&mut ServeOptions)) -> Self {
        let place = Place::new();
        for name in crate::cli_support::names(styles()) {
            place.write(
                &format!("checkpoints/{name}"),
                std::fs::read(styles().join(&name)).unwrap(),
            );
        }
        Self::start_in(place, change)
    }

    pub fn start_in(place: Place, change: impl FnOnce(&mut ServeOptions)) -> Self {
        let mut options = ServeOptions {
            bind: "127.0.0.1:0".parse().unwrap(),
            token: None,
            hosts: Vec::new(),
            checkpoints: place.path("checkpoints"),
            roots: Vec::new(),
            device: DeviceName::Auto,
            threads: 2,
            limits: PictureLimits::default(),
            queue: 32,
            program: PathBuf::from(PROGRAM),
        };
        change(&mut options);
        for root in &mut options.roots {
            *root = place.path(&root.to_string_lossy());
        }
        let server = Server::open(options).unwrap();
        let address = server.address();
        let token = server.token().map(str::to_owned);
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = std::thread::spawn(move || server.run(&flag));
        Self {
            place,
            address,
            token,
            stop,
            thread: Some(thread),
        }
    }

    /// Stops the server, and waits for its end.
    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap().unwrap();
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        stream
    }

    /// Sends bytes as they are; none where the server closes the connection without a word.
    pub fn raw(&self, bytes: &[u8]) -> Option<Answer> {
        let mut stream = self.connect();
        // The server may have answered and closed before all is sent.
        let _ = stream.write_all(bytes);
        Answer::read(&mut stream)
    }

    /// A request with these headers, and `Host` unless there is one among them.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            write!(head, "Host: {}\r\n", self.address).unwrap();
        }
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if !body.is_empty() || method != "GET" {
            write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        let bytes = [head.as_bytes(), b"\r\n", body].concat();
        self.raw(&bytes).expect("the server answers")
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    pub fn json(&self, path: &str) -> Value {
        self.get(path).ok().json()
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let headers = [("Content-Type", "application/json")];
        self.request("POST", path, &headers, body.to_string().as_bytes())
    }

    pub fn upload(&self, name: &str, bytes: &[u8]) -> Answer {
        let (kind, body) = form("picture", name, bytes);
        self.request("POST", "/api/pictures", &[("Content-Type", &kind)], &body)
    }

    /// The identifier of a picture of the place that is sent.
    pub fn send(&self, name: &str) -> String {
        let answer = self.upload(name, &self.place.read(name)).json();
        answer["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    }

    /// What a task has become.
    pub fn finish(&self, task: &Answer) -> Value {
        assert_eq!(task.status, 202, "{task:?}");
        let id = task.json()["id"].as_str().unwrap().to_owned();
        self.json(&format!("/api/tasks/{id}?wait=60"))
    }

    /// Asks until `is` says so.
    pub fn until(&self, path: &str, is: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let value = self.json(path);
            if is(&value) {
                return value;
            }
            assert!(
                started.elapsed() < Duration::from_mins(1),
                "{path}: {value}"
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A form with one file: its media type, and its bytes.
pub fn form(field: &str, name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    const BOUNDARY: &str = "----translate-test";
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    let end = format!("\r\n--{BOUNDARY}--\r\n");
    let body = [head.as_bytes(), bytes, end.as_bytes()].concat();
    (format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// An answer of a server.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads to the end of the connection.
    pub fn read(stream: &mut impl Read) -> Option<Self> {
        let mut bytes = Vec::new();
        // A connection that is reset has told what it had to tell.
        let _ = stream.read_to_end(&mut bytes);
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let mut body = bytes.split_off(end + 4);
        let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        if is_chunked {
            body = unchunked(&body);
        }
        Some(Self { status, head, body })
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}: {}", self.head, self.text());
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.head, self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).unwrap_or("0");
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 || bytes.len() < end + 2 + size {
            break;
        }
        body.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = bytes.get(end + 4 + size..).unwrap_or_default();
    }
    body
}
