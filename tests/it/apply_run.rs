//! Carrying out a plan.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use tempfile::TempDir;
use translate::apply::{
    ApplyError, ApplyOptions, Existing, OutputFormat, Size, Status, Summary, Translator, plan, run,
};

type Translation = dyn FnMut(Vec<f32>, u64) -> Result<Vec<f32>, String>;

/// A network made of a function of its values and the picture's index.
struct Network {
    channels: (usize, usize),
    multiple: usize,
    smallest: usize,
    translation: Box<Translation>,
}

impl Network {
    fn new(translation: impl FnMut(Vec<f32>, u64) -> Result<Vec<f32>, String> + 'static) -> Self {
        Self {
            channels: (3, 3),
            multiple: 8,
            smallest: 1,
            translation: Box::new(translation),
        }
    }

    fn identity() -> Self {
        Self::new(|values, _| Ok(values))
    }
}

impl Translator for Network {
    fn input_channels(&self) -> usize {
        self.channels.0
    }

    fn output_channels(&self) -> usize {
        self.channels.1
    }

    fn multiple(&self) -> usize {
        self.multiple
    }

    fn smallest(&self) -> usize {
        self.smallest
    }

    fn translate(
        &mut self,
        values: Vec<f32>,
        height: usize,
        width: usize,
        index: u64,
    ) -> Result<Vec<f32>, String> {
        for side in [height, width] {
            assert!(side % self.multiple == 0 && side >= self.smallest);
        }
        assert_eq!(values.len(), self.channels.0 * height * width);
        assert!(values.iter().all(|value| (-1.0..=1.0).contains(value)));
        (self.translation)(values, index)
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A picture without regularities.
fn noise(width: u32, height: u32, seed: u32) -> RgbImage {
    let mut state = seed.wrapping_mul(2_654_435_769) | 1;
    RgbImage::from_fn(width, height, |_, _| {
        Rgb([(); 3].map(|()| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 11) as u8
        }))
    })
}

fn save(picture: &RgbImage, path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save(path).unwrap();
}

fn apply(
    input: &Path,
    output: &Path,
    network: &mut Network,
    options: &ApplyOptions,
) -> Result<Summary, ApplyError> {
    let plan = plan(input, output, options).unwrap();
    let mut heard = 0;
    let stop = AtomicBool::new(false);
    let summary = run(&plan, network, options, &stop, |event| {
        heard += 1;
        assert_eq!((event.finished, event.total), (heard, plan.pictures.len()));
        assert_ne!(event.file.status, Status::NotReached);
    })?;
    assert_eq!(heard, plan.pictures.len());
    Ok(summary)
}

/// All files below a folder, hidden ones too, relative to it.
fn files(folder: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(folder).unwrap().to_owned())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_network_that_changes_nothing_gives_the_same_pictures(
        sizes in prop::collection::vec((1u32..71, 1u32..71), 1..8),
        multiple in 4usize..65,
        smallest in 1usize..80,
        is_grey in any::<bool>(),
        threads in 0usize..4,
    ) {
        let (input, output) = (folder(), folder());
        let mut pictures = Vec::new();
        for (index, &(width, height)) in sizes.iter().enumerate() {
            let mut picture = DynamicImage::ImageRgb8(noise(width, height, index as u32 + 7));
            if is_grey {
                picture = DynamicImage::ImageLuma8(picture.to_luma8());
            }
            picture.save(input.path().join(format!("{index}.png"))).unwrap();
            pictures.push(picture);
        }
        let channels = if is_grey { 1 } else { 3 };
        let mut network = Network {
            channels: (channels, channels),
            multiple,
            smallest,
            ..Network::identity()
        };
        let options = ApplyOptions { threads, ..ApplyOptions::default() };
        let summary = apply(input.path(), output.path(), &mut network, &options).unwrap();
        prop_assert_eq!(summary.count(Status::Done), sizes.len());
        for (index, picture) in pictures.iter().enumerate() {
            let translated = image::open(output.path().join(format!("{index}.png"))).unwrap();
            prop_assert_eq!(&translated, picture);
            let report = &summary.files[index];
            prop_assert_eq!((report.width, report.height), (Some(picture.width()), Some(picture.height())));
        }
    }
}

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
    let errors: Vec<_> = summary
        .failed()
        .map(|file| file.error.as_deref().unwrap())
        .collect();
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
fn every_format_can_be_read_back() {
    let input = folder();
    let picture = RgbImage::from_fn(37, 23, |x, y| Rgb([x as u8 * 5, y as u8 * 9, 90]));
    save(&picture, &input.path().join("a.png"));
    for (extension, format) in [
        ("bmp", ImageFormat::Bmp),
        ("tiff", ImageFormat::Tiff),
        ("webp", ImageFormat::WebP),
        ("ppm", ImageFormat::Pnm),
    ] {
        let path = input.path().join(format!("{extension}.{extension}"));
        picture.save_with_format(path, format).unwrap();
    }
    for channels in [3, 1] {
        let output = folder();
        let mut network = Network {
            channels: (3, channels),
            ..Network::new(move |mut values, _| {
                values.truncate(values.len() / 3 * channels);
                Ok(values)
            })
        };
        let options = ApplyOptions::default();
        apply(input.path(), output.path(), &mut network, &options).unwrap();
        let expected = DynamicImage::ImageRgb8(if channels == 3 {
            picture.clone()
        } else {
            RgbImage::from_fn(37, 23, |x, _| Rgb([x as u8 * 5; 3]))
        });
        for name in ["a.png", "bmp.bmp", "tiff.tiff", "webp.webp", "ppm.ppm"] {
            let translated = image::open(output.path().join(name)).unwrap();
            assert_eq!(translated.to_rgb8(), expected.to_rgb8(), "{name}");
            // The WebP decoder gives colour for grey, and 8-bit BMPs have a palette.
            if !["webp.webp", "bmp.bmp"].contains(&name) {
                assert_eq!(
                    usize::from(translated.color().channel_count()),
                    channels,
                    "{name}"
                );
            }
        }
        let ppm = fs::read(output.path().join("ppm.ppm")).unwrap();
        assert!(ppm.starts_with(if channels == 3 { b"P6" } else { b"P5" }));

        let jpeg = ApplyOptions {
            format: OutputFormat::Jpg,
            existing: Existing::Overwrite,
            ..ApplyOptions::default()
        };
        apply(
            &input.path().join("a.png"),
            output.path(),
            &mut network,
            &jpeg,
        )
        .unwrap();
        let jpeg = image::open(output.path().join("a.jpg"))
            .unwrap()
            .into_rgb8();
        let pairs = jpeg.as_raw().iter().zip(expected.as_bytes());
        let largest = pairs.map(|(&one, &other)| one.abs_diff(other)).max();
        assert!(largest < Some(12), "{largest:?}");
    }
}

#[test]
fn a_chosen_size_is_the_size_of_the_output() {
    let input = folder();
    save(
        &RgbImage::from_fn(64, 32, |x, _| Rgb([x as u8 * 4, 7, 255])),
        &input.path().join("a.png"),
    );
    for (text, expected) in [
        ("20", (20, 20)),
        ("50x9", (50, 9)),
        ("64x32", (64, 32)),
        ("130x70", (130, 70)),
    ] {
        for channels in [3, 1] {
            let output = folder();
            let size: Size = text.parse().unwrap();
            let options = ApplyOptions {
                size,
                ..ApplyOptions::default()
            };
            let mut network = Network {
                channels: (channels, channels),
                ..Network::identity()
            };
            let summary = apply(input.path(), output.path(), &mut network, &options).unwrap();
            let report = &summary.files[0];
            assert_eq!(
                (report.width, report.height),
                (Some(expected.0), Some(expected.1))
            );
            let picture = image::open(output.path().join("a.png"))
                .unwrap()
                .into_rgb8();
            assert_eq!(picture.dimensions(), expected);
            if channels == 3 {
                // A ramp stays a ramp from left to right whatever its length, and what is even stays even.
                let step = 256.0 / f64::from(expected.0);
                for x in 3..expected.0 - 3 {
                    let Rgb([red, green, blue]) = *picture.get_pixel(x, expected.1 / 2);
                    let ramp = (f64::from(x) + 0.5) * step - 2.0;
                    assert!(
                        (f64::from(red) - ramp).abs() < 2.0,
                        "{text}: {red} at {x}, not {ramp}"
                    );
                    assert_eq!((green, blue), (7, 255));
                }
            }
        }
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
        existing: Existing::Skip,
        ..ApplyOptions::default()
    };
    let mut network = Network::new(|values, index| {
        assert_eq!(index, 1);
        Ok(values)
    });
    let summary = apply(input.path(), output.path(), &mut network, &options).unwrap();
    let statuses: Vec<Status> = summary.files.iter().map(|file| file.status).collect();
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
fn channels_that_pictures_do_not_have_are_refused() {
    let (input, output) = (folder(), folder());
    save(&noise(9, 9, 1), &input.path().join("a.png"));
    let mut network = Network {
        channels: (3, 4),
        ..Network::identity()
    };
    let options = ApplyOptions::default();
    let error = apply(input.path(), output.path(), &mut network, &options).unwrap_err();
    assert!(matches!(
        error,
        ApplyError::Channels {
            input: 3,
            output: 4
        }
    ));
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

#[test]
fn real_pictures_keep_their_size_and_format() {
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/facades/val");
    if !input.is_dir() {
        println!("skipped: no shared/data/facades");
        return;
    }
    let output = folder();
    let options = ApplyOptions::default();
    let mut network = Network {
        multiple: 256,
        smallest: 256,
        ..Network::identity()
    };
    let summary = apply(&input, output.path(), &mut network, &options).unwrap();
    println!("{:.1} pictures per second", summary.pictures_per_second());
    assert_eq!(summary.count(Status::Done), summary.files.len());
    assert_eq!(files(output.path()), files(&input));
    for file in &summary.files {
        let path = file.output.as_ref().unwrap();
        assert_eq!(
            image::image_dimensions(path).unwrap(),
            image::image_dimensions(&file.input).unwrap()
        );
    }
}
