//! Running the program as users do: in a folder of its own, on tiny data sets made for the test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage};
use serde_json::Value;
use tempfile::TempDir;
use translate::style::read_weights;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_translate");

/// Settings of the smallest pix2pix: steps of a few milliseconds.
pub const PIX2PIX: &str = "--mode pix2pix --data pairs --set data.load_size=72 --set data.crop_size=64 \
    --set generator.arch=unet_64 --set generator.channels=2 --set discriminator.channels=2 --set discriminator.layers=1";

/// Settings of the smallest cycle.
pub const CYCLE: &str = "--config cycle --set data.load_size=18 --set data.crop_size=16 \
    --set generator.arch=resnet_6blocks --set generator.channels=2 --set discriminator.channels=2 --set discriminator.layers=1";

/// Settings of the smallest CUT.
pub const CONTRASTIVE: &str = "--config contrastive --set data.load_size=18 --set data.crop_size=16 \
    --set generator.arch=resnet_6blocks --set generator.channels=2 --set discriminator.channels=2 \
    --set discriminator.layers=1 --set loss.nce_channels=8";

/// Settings of the smallest pix2pixHD with all its parts; one stage unless `optim.global_epochs` says otherwise.
pub const PIX2PIXHD: &str = "--mode pix2pixhd --data labels --set data.classes=5 --set data.load_size=32 \
    --set generator.arch=local --set generator.channels=2 --set generator.downsamplings=1 --set generator.blocks=1 \
    --set generator.enhancer_blocks=1 --set discriminator.channels=2 --set discriminator.layers=1 \
    --set encoder.features=3 --set encoder.channels=2 --set encoder.downsamplings=1";
/// Settings of the smallest inpaint.
pub const INPAINT: &str = "--mode inpaint --data photos --set data.load_size=40 --set data.crop_size=32 --set loss.overlap=2 \
    --set data.batch_size=2 --set generator.channels=2 --set discriminator.channels=2";

/// A working directory that goes away with this value.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    /// A place with the paired data set `pairs`.
    pub fn with_pairs() -> Self {
        let place = Self::new();
        for index in 0..6 {
            place.picture(&format!("pairs/A/{index}.png"), 80, 76, index);
            place.picture(&format!("pairs/B/{index}.png"), 80, 76, 100 + index);
        }
        place
    }

    /// A place with `photos`.
    pub fn with_photos() -> Self {
        let place = Self::new();
        for index in 0..6 {
            place.picture(
                &format!("photos/{index}.png"),
                90 - index,
                76 + index,
                index,
            );
        }
        place
    }

    /// A place with the labelled data set `labels`, named as Cityscapes is: 8-bit labels, 16-bit instances.
    pub fn with_labels() -> Self {
        let place = Self::new();
        for index in 0..6 {
            place.labelled("train", index);
        }
        place
    }

    /// One sample of a labelled data set: 48 x 32, labels 0 to 4, of which 3 and 4 have two instances each.
    pub fn labelled(&self, split: &str, index: u32) {
        let label = |x: u32, y: u32| ((x + index * 3) / 12 + y / 16) % 5;
        let labels = GrayImage::from_fn(48, 32, |x, y| Luma([label(x, y) as u8]));
        let instances = ImageBuffer::from_fn(48, 32, |x, y| {
            let label = label(x, y);
            Luma([if label >= 3 {
                label * 1000 + y / 16
            } else {
                label
            } as u16])
        });
        self.save(
            &format!("labels/{split}_label/ulm_{index}_gtFine_labelIds.png"),
            labels,
        );
        self.save(
            &format!("labels/{split}_inst/ulm_{index}_gtFine_instanceIds.png"),
            instances,
        );
        self.picture(
            &format!("labels/{split}_img/ulm_{index}_leftImg8bit.png"),
            48,
            32,
            index,
        );
    }

    /// Writes any picture.
    pub fn save(&self, name: &str, picture: impl Into<DynamicImage>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        picture.into().save(path).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Not into the old file: weights have a second name in the state.
        let _ = fs::remove_file(&path);
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// Writes a picture of coloured waves; `kind` tells them apart.
    pub fn picture(&self, name: &str, width: u32, height: u32, kind: u32) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        picture(width, height, kind).save(path).unwrap();
    }

    /// Size of a picture.
    pub fn size(&self, name: &str) -> (u32, u32) {
        image::image_dimensions(self.path(name)).unwrap()
    }

    /// The program with the arguments in `line`, which are separated by blanks.
    pub fn command(&self, line: &str) -> Command {
        self.prepared(Command::new(PROGRAM), line)
    }

    fn prepared(&self, mut command: Command, line: &str) -> Command {
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .env_remove("RUST_LOG")
            // A run that is killed leaves the unpacked sample where temporary files are.
            .env("TMPDIR", self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, line: &str) -> Outcome {
        self.wait(self.command(line).spawn().unwrap())
    }

    /// Runs the program under a shell that first does `before`.
    pub fn run_under(&self, before: &str, line: &str) -> Outcome {
        self.wait(self.command_under(before, line).spawn().unwrap())
    }

    /// The program under a shell that first does `before`.
    pub fn command_under(&self, before: &str, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\""), PROGRAM]);
        self.prepared(shell, line)
    }

    /// What became of a running program.
    pub fn wait(&self, child: Child) -> Outcome {
        let output = child.wait_with_output().unwrap();
        let real = self.folder.path().canonicalize().unwrap();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&*real.to_string_lossy(), "[PLACE]")
                .replace(&*self.folder.path().to_string_lossy(), "[PLACE]")
        };
        Outcome {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Number of the last step in the metrics of a style; 0 for none.
    pub fn last_step(&self, style: &str) -> u64 {
        let path = self.path(&format!("checkpoints/{style}/metrics.jsonl"));
        let text = fs::read_to_string(path).unwrap_or_default();
        let last = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .next_back();
        last.map_or(0, |line| line["step"].as_u64().unwrap())
    }

    /// Waits until a run has logged `step`; false where it has ended before.
    pub fn reaches(&self, child: &mut Child, style: &str, step: u64) -> bool {
        let started = Instant::now();
        while self.last_step(style) < step {
            assert!(
                started.elapsed() < Duration::from_mins(2),
                "the run is stuck before step {step}"
            );
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }

    /// Everything that a run has learnt and written, without its times: weights, state, losses, previews.
    pub fn learnt(&self, style: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.path("checkpoints").join(style);
        let mut files = BTreeMap::new();
        for name in names(&root) {
            let mut bytes = fs::read(root.join(&name)).unwrap();
            if name == ".lock" || name == "report.html" || name.ends_with("style.toml") {
                continue;
            }
            if name == "metrics.jsonl" || name.ends_with("progress.json") {
                let values = serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>();
                let timeless: Vec<String> = values
                    .map(|value| {
                        let mut value = value.unwrap();
                        value.as_object_mut().unwrap().remove("seconds").unwrap();
                        value.to_string()
                    })
                    .collect();
                bytes = timeless.join("\n").into_bytes();
            }
            files.insert(name, bytes);
        }
        files
    }
}

pub fn picture(width: u32, height: u32, kind: u32) -> RgbImage {
    let wave = |at: u32, period: u32| ((at * 255 / period.max(1)) % 256) as u8;
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([
            wave(x + kind, 23 + kind % 40),
            wave(y * 2 + x, 31 + kind % 20),
            wave(y + kind * 7, 17 + kind % 30),
        ])
    })
}

/// Paths of all files below a folder, relative to it, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let relative = entry.path().strip_prefix(folder).unwrap();
            relative.to_string_lossy().into_owned()
        })
        .collect();
    names.sort();
    names
}

/// Asserts that two runs have learnt the same to the bit.
pub fn assert_same(first: &BTreeMap<String, Vec<u8>>, second: &BTreeMap<String, Vec<u8>>) {
    let keys = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(first), keys(second));
    for (name, bytes) in first {
        assert!(bytes == &second[name], "{name} differs");
    }
}

/// How a run of the program has ended.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Asserts that all went well.
    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.calm()
    }

    /// Asserts that there is one error message with all of `parts`, and this exit code.
    #[track_caller]
    pub fn failed(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        let errors = self.stderr.matches("error: ").count();
        assert_eq!(errors, 1, "one message is wanted: {self:#?}");
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in {self:#?}");
        }
        self.calm()
    }

    /// The error message with what follows it.
    #[track_caller]
    pub fn error(&self) -> &str {
        let start = self.stderr.find("error: ").expect("there is an error");
        self.stderr[start..].trim_end()
    }

    /// Standard output of `translate styles` without the styles in the program.
    pub fn own_styles(&self) -> String {
        let lines = self.stdout.lines();
        let own: Vec<&str> = lines.filter(|line| !line.ends_with(", built-in")).collect();
        own.join("\n")
    }

    /// The error message without the names of the styles in the program.
    #[track_caller]
    pub fn error_of_own_styles(&self) -> String {
        self.error().replace("; the program has: fill, monet", "")
    }

    #[track_caller]
    pub fn says(self, part: &str) -> Self {
        assert!(self.stderr.contains(part), "no {part:?} in {self:#?}");
        self
    }

    #[track_caller]
    fn calm(self) -> Self {
        for word in ["panicked", "RUST_BACKTRACE", "unwrap", "src/"] {
            assert!(!self.stderr.contains(word), "{self:#?}");
        }
        self
    }
}

/// Asks a running program to stop.
pub fn terminate(child: &Child) {
    let status = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Whether two weight files differ by no more than steps of the smallest learning rate.
pub fn are_nearly_equal(first: &Path, second: &Path) -> bool {
    differ_by_less(first, second, 1e-20)
}

/// Whether all numbers of two weight files differ by less than `most`.
pub fn differ_by_less(first: &Path, second: &Path, most: f32) -> bool {
    let [first, second] = [first, second].map(|path| read_weights(path).unwrap().0);
    first.keys().eq(second.keys())
        && first.iter().all(|(name, first)| {
            let [first, second] =
                [first, &second[name]].map(|data| data.as_slice::<f32>().unwrap());
            let mut pairs = first.iter().zip(second);
            first.len() == second.len()
                && pairs.all(|(first, second)| (first - second).abs() < most)
        })
}
