//! A headless Chromium, driven through the pipe that it offers for that. <https://chromedevtools.github.io/devtools-protocol>

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Programs that are Chromium, where they are.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// How long the page may take for anything.
const PATIENCE: Duration = Duration::from_mins(2);

pub struct Browser {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    last: u64,
    /// What the page complains about: errors, and what its policy forbids.
    pub complaints: Vec<String>,
    folder: TempDir,
}

impl Browser {
    /// A browser with an empty page; none where there is no Chromium.
    pub fn start() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut places =
            std::env::split_paths(&path).flat_map(|folder| PROGRAMS.map(|name| folder.join(name)));
        let program = places.find(|path| path.is_file())?;
        let folder = TempDir::new().unwrap();
        let profile = format!(
            "--user-data-dir={}",
            folder.path().join("profile").display()
        );
        let mut child = Command::new("sh")
            // Commands come through the third file, answers go to the fourth.
            .args([
                "-c",
                "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1",
            ])
            .arg(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--hide-scrollbars",
            ])
            .args(["--remote-debugging-pipe", &profile, "about:blank"])
            .env("HOME", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut browser = Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
            session: None,
            last: 0,
            complaints: Vec::new(),
            folder,
        };
        let downloads = browser.downloads();
        std::fs::create_dir_all(&downloads).unwrap();
        let behavior = json!({"behavior": "allow", "downloadPath": downloads});
        browser.call("Browser.setDownloadBehavior", &behavior);
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", &attach);
        browser.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "DOM"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Where downloads go.
    pub fn downloads(&self) -> PathBuf {
        self.folder.path().join("downloads")
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).unwrap();
        loop {
            let mut bytes = Vec::new();
            let count = self.output.read_until(0, &mut bytes).unwrap();
            assert!(count > 0, "the browser has ended at {method}");
            let answer: Value = serde_json::from_slice(&bytes[..count - 1]).unwrap();
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.hear(&answer);
        }
    }

    fn hear(&mut self, event: &Value) {
        let parameters = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.complaints
                    .push(parameters["exceptionDetails"].to_string());
            }
            Some("Log.entryAdded") if parameters["entry"]["level"] == "error" => {
                self.complaints.push(parameters["entry"].to_string());
            }
            _ => {}
        }
    }

    /// The size of the window, and whether the system wants a dark theme.
    pub fn look(&mut self, width: u32, height: u32, dark: bool) {
        let mobile = width < 600;
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile});
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", &media);
    }

    pub fn open(&mut self, address: &str) {
        self.call("Page.navigate", &json!({"url": address}));
        self.until("document.readyState === 'complete'");
    }

    /// What an expression of the page gives.
    pub fn eval(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true});
        let result = self.call("Runtime.evaluate", &parameters);
        assert!(
            result["exceptionDetails"].is_null(),
            "{expression}: {result}"
        );
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn until(&mut self, expression: &str) {
        let started = Instant::now();
        while self.eval(&format!("Boolean({expression})")) != true {
            if started.elapsed() > PATIENCE {
                let text = self.eval("document.body.innerText");
                panic!("never true: {expression}\n{text}\n{:?}", self.complaints);
            }
            std::thread::sleep(Duration::from_millis(40));
        }
    }

    /// Drops files onto the middle of the page.
    pub fn drop_files(&mut self, files: &[PathBuf]) {
        for kind in ["dragEnter", "dragOver", "drop"] {
            let data = json!({"items": [], "files": files, "dragOperationsMask": 1});
            self.call(
                "Input.dispatchDragEvent",
                &json!({"type": kind, "x": 300, "y": 300, "data": data}),
            );
        }
    }

    /// Gives a file to the input that a selector finds.
    pub fn choose_file(&mut self, selector: &str, file: &Path) {
        let document = self.call("DOM.getDocument", &json!({}));
        let node = json!({"nodeId": document["root"]["nodeId"], "selector": selector});
        let node = self.call("DOM.querySelector", &node);
        let files = json!({"nodeId": node["nodeId"], "files": [file]});
        self.call("DOM.setFileInputFiles", &files);
    }

    /// Presses the mouse on the way through some points of the window.
    pub fn draw(&mut self, points: &[(f64, f64)]) {
        let mouse = |kind: &str, (x, y): (f64, f64)| json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1, "pointerType": "mouse"});
        self.call(
            "Input.dispatchMouseEvent",
            &mouse("mousePressed", points[0]),
        );
        for &point in &points[1..] {
            self.call("Input.dispatchMouseEvent", &mouse("mouseMoved", point));
        }
        self.call(
            "Input.dispatchMouseEvent",
            &mouse("mouseReleased", points[points.len() - 1]),
        );
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "code": key});
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Clicks what a selector finds.
    #[track_caller]
    pub fn click(&mut self, selector: &str) {
        let quoted = json!(selector);
        self.until(&format!("document.querySelector({quoted})"));
        self.eval(&format!("document.querySelector({quoted}).click()"));
    }

    /// Clicks the button or link with a text.
    #[track_caller]
    pub fn click_text(&mut self, text: &str) {
        let find = format!(
            "[...document.querySelectorAll('main button, main a')].find((node) => node.innerText.trim() === {} && !node.disabled)",
            json!(text)
        );
        self.until(&find);
        self.eval(&format!("{find}.click()"));
    }

    /// Left, top, width and height of what a selector finds.
    pub fn place(&mut self, selector: &str) -> [f64; 4] {
        let value = self.eval(&format!(
            "(() => {{ const box = document.querySelector({}).getBoundingClientRect(); return [box.left, box.top, box.width, box.height]; }})()",
            json!(selector)
        ));
        serde_json::from_value(value).unwrap()
    }

    /// Keeps a picture of the window among the outputs of the tests.
    pub fn keep_screenshot(&mut self, name: &str) {
        let picture = self.call("Page.captureScreenshot", &json!({"format": "png"}));
        let bytes = BASE64.decode(picture["data"].as_str().unwrap()).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }

    /// The file of this name, once it has been downloaded.
    pub fn downloaded(&mut self, name: &str) -> Vec<u8> {
        let path = self.downloads().join(name);
        let started = Instant::now();
        // The browser takes the name with an empty file first.
        while !std::fs::metadata(&path).is_ok_and(|file| file.len() > 0) {
            assert!(started.elapsed() < PATIENCE, "{name} is not downloaded");
            // Lets the browser work.
            self.eval("1");
            std::thread::sleep(Duration::from_millis(40));
        }
        std::fs::read(path).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
