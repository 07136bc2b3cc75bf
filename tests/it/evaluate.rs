//! Comparing two folders of pictures.

use std::fs;
use std::path::Path;

use image::{GrayImage, RgbImage};
use safetensors::SafeTensors;
use tempfile::TempDir;
use translate::evaluate::{EvaluateError, EvaluateOptions, Metric, PairSuffixes, evaluate};

struct Folders {
    root: TempDir,
}

impl Folders {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for side in ["real", "fake"] {
            fs::create_dir(root.path().join(side)).unwrap();
        }
        Self { root }
    }

    /// A picture of one value, or with `spread` a ramp from it.
    fn add(&self, name: &str, side: u32, value: u8, spread: u8) {
        let path = self.root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let picture = RgbImage::from_fn(side, side, |x, y| {
            image::Rgb([
                value,
                value + (x as u8 % 8) * spread,
                value + (y as u8 % 8) * spread,
            ])
        });
        picture.save(path).unwrap();
    }

    fn evaluate(
        &self,
        metrics: &[Metric],
    ) -> Result<translate::evaluate::Evaluation, EvaluateError> {
        let options = EvaluateOptions {
            metrics: metrics.to_vec(),
            ..EvaluateOptions::default()
        };
        let side = |name: &str| self.root.path().join(name);
        evaluate(&side("real"), &side("fake"), &options)
    }
}

#[test]
fn equals_scikit_image() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let bytes = fs::read(fixtures.join("ssim.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let text = fs::read(fixtures.join("ssim.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_slice(&text).unwrap();

    let folders = Folders::new();
    for name in ["rgb", "grey"] {
        for (side, order) in [("real", "first"), ("fake", "second")] {
            let tensor = tensors.tensor(&format!("{name}_{order}")).unwrap();
            let path = folders.root.path().join(format!("{side}/{name}.png"));
            let pixels = tensor.data().to_vec();
            let [height, width, channels] = *tensor.shape() else {
                panic!("a picture has 3 dimensions");
            };
            if channels == 3 {
                let picture = RgbImage::from_raw(width as u32, height as u32, pixels).unwrap();
                picture.save(path).unwrap();
            } else {
                let picture = GrayImage::from_raw(width as u32, height as u32, pixels).unwrap();
                picture.save(path).unwrap();
            }
        }
    }
    let evaluation = folders.evaluate(&Metric::DEFAULT).unwrap();
    assert_eq!(evaluation.pairs, 2);
    for picture in &evaluation.pictures {
        let expected = &expected[&picture.name];
        for (metric, key, scale) in [
            (Metric::Ssim, "ssim_gaussian", 1.0),
            (Metric::Psnr, "psnr", 1.0),
            (Metric::L1, "mean_absolute_error", 255.0),
        ] {
            let ours = picture.scores.get(metric).unwrap() * scale;
            let theirs = expected[key].as_f64().unwrap();
            assert!(
                (ours - theirs).abs() < 1e-9,
                "{metric} of {}: {ours}, not {theirs}",
                picture.name
            );
        }
    }
}

/// Pictures from 384 pixels on are compared as they are, and bytes span 255: see findings/piq-ssim-halves.sh and
/// findings/torchmetrics-psnr-range.sh. The values are those of scikit-image 0.26.0.
#[test]
fn large_pictures_are_not_halved() {
    let folders = Folders::new();
    let real = |x: u32, y: u32| [0, 85, 170].map(|shift| ((x * x + 3 * y * y) / 60 + shift) % 256);
    for (side, noise) in [("real", 0), ("fake", 1)] {
        let picture = RgbImage::from_fn(400, 390, |x, y| {
            let change = noise * (((37 * x + 91 * y) % 41) as i32 - 20);
            image::Rgb(real(x, y).map(|value| (value as i32 + change).clamp(0, 255) as u8))
        });
        let path = folders.root.path().join(side).join("one.png");
        picture.save(path).unwrap();
    }
    let evaluation = folders.evaluate(&[Metric::Ssim, Metric::Psnr]).unwrap();
    for (metric, expected) in [
        (Metric::Ssim, 0.916_772_190_387_195_4),
        (Metric::Psnr, 26.857_091_824_713_407),
    ] {
        let found = evaluation.pictures[0].scores.get(metric).unwrap();
        assert!((found - expected).abs() < 1e-9, "{metric}: {found}");
    }
}

#[test]
fn pictures_are_matched_by_stem_and_orphans_are_named() {
    let folders = Folders::new();
    folders.add("real/x/a.png", 16, 100, 3);
    folders.add("fake/x/a.bmp", 16, 110, 3);
    folders.add("real/b.png", 16, 100, 3);
    folders.add("fake/b.tiff", 16, 120, 3);
    folders.add("real/only.png", 16, 100, 3);
    folders.add("fake/x/b.png", 9, 100, 3);
    fs::write(folders.root.path().join("fake/notes.txt"), "not looked at").unwrap();

    let evaluation = folders
        .evaluate(&[Metric::L1, Metric::Psnr, Metric::L1])
        .unwrap();
    let names: Vec<&str> = evaluation
        .pictures
        .iter()
        .map(|picture| picture.name.as_str())
        .collect();
    assert_eq!(names, ["b", "x/a"]);
    assert_eq!(
        (&evaluation.only_real, &evaluation.only_fake),
        (&vec!["only".to_owned()], &vec!["x/b".to_owned()])
    );
    assert_eq!(
        evaluation.warnings(),
        [
            "1 picture in the real folder without a translation: only",
            "1 picture in the fake folder without a real picture: x/b",
        ]
    );
    let l1 = evaluation.metrics.get(Metric::L1).unwrap();
    assert!((l1 - 15.0 / 255.0).abs() < 1e-12, "{l1}");
    assert_eq!(evaluation.metrics.get(Metric::Ssim), None);
    let table = "\
name       psnr (dB)  l1 (0 to 1)
b             22.110       0.0784
x/a           28.131       0.0392
mean of 2     25.121       0.0588
";
    assert_eq!(evaluation.to_table(), table);
}

#[test]
fn equal_pairs_have_no_psnr_in_json_and_are_not_in_its_mean() {
    let folders = Folders::new();
    for (name, value) in [("equal", 100), ("other", 110)] {
        folders.add(&format!("real/{name}.png"), 16, 100, 3);
        folders.add(&format!("fake/{name}.png"), 16, value, 3);
    }
    let evaluation = folders.evaluate(&Metric::DEFAULT).unwrap();
    let psnr = evaluation.metrics.get(Metric::Psnr).unwrap();
    assert!((psnr - 28.130_803_608_7).abs() < 1e-9, "{psnr}");
    assert_eq!(evaluation.equal_pairs, 1);
    assert_eq!(evaluation.warnings().len(), 1);
    assert!(evaluation.to_table().contains(" inf  "));

    let report = folders.root.path().join("report.json");
    evaluation.write(&report).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert_eq!(json["pairs"], 2);
    assert_eq!(json["metrics"]["psnr"].as_f64(), Some(psnr));
    let equal = &json["pictures"][0];
    assert_eq!(
        (&equal["name"], &equal["psnr"]),
        (&"equal".into(), &serde_json::Value::Null)
    );
    assert_eq!((&equal["ssim"], &equal["l1"]), (&1.0.into(), &0.0.into()));

    fs::remove_file(folders.root.path().join("real/other.png")).unwrap();
    let evaluation = folders.evaluate(&Metric::DEFAULT).unwrap();
    assert_eq!(evaluation.metrics.get(Metric::Psnr), Some(f64::INFINITY));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folders = Folders::new();
    let refused = || folders.evaluate(&Metric::DEFAULT).unwrap_err();
    assert!(matches!(refused(), EvaluateError::Empty(path) if path.ends_with("real")));
    folders.add("real/a.png", 16, 100, 3);
    assert!(matches!(refused(), EvaluateError::Empty(path) if path.ends_with("fake")));
    folders.add("fake/b.png", 16, 100, 3);
    assert!(matches!(refused(), EvaluateError::NothingInCommon { .. }));

    folders.add("fake/a.png", 17, 100, 3);
    let error = refused();
    assert!(matches!(error, EvaluateError::Sizes(_)));
    assert!(
        error.to_string().ends_with(": `a` (16x16 and 17x17)"),
        "{error}"
    );

    folders.add("fake/a.png", 10, 100, 3);
    folders.add("real/a.png", 10, 100, 3);
    let refused_ssim = folders.evaluate(&[Metric::Ssim]).unwrap_err();
    assert!(
        matches!(refused_ssim, EvaluateError::TooSmall(names) if names == ["`a` (10x10, ssim)"])
    );
    assert!(folders.evaluate(&[Metric::Psnr]).is_ok());
    assert!(matches!(
        folders.evaluate(&[]),
        Err(EvaluateError::NoMetrics)
    ));

    fs::write(folders.root.path().join("fake/a.png"), "no picture").unwrap();
    assert!(matches!(refused(), EvaluateError::Unreadable(names) if names.len() == 1));
    folders.add("fake/a.bmp", 10, 100, 3);
    assert!(matches!(refused(), EvaluateError::AmbiguousStem { .. }));
    fs::remove_dir_all(folders.root.path().join("fake")).unwrap();
    assert!(matches!(refused(), EvaluateError::NotAFolder(path) if path.ends_with("fake")));
}

#[test]
fn names_that_differ_in_large_and_small_letters_are_no_pair_and_that_is_said() {
    let folders = Folders::new();
    folders.add("real/Photo.png", 16, 100, 3);
    folders.add("fake/photo.png", 16, 90, 3);
    let error = folders.evaluate(&[Metric::L1]).unwrap_err().to_string();
    assert!(
        error.contains("`Photo` and `photo` differ in large and small letters alone"),
        "{error}"
    );
    folders.add("real/b.png", 16, 100, 3);
    folders.add("fake/b.png", 16, 90, 3);
    let warnings = folders.evaluate(&[Metric::L1]).unwrap().warnings();
    assert!(
        warnings.iter().any(|warning| warning
            .starts_with("the names `Photo` and `photo` differ in large and small letters alone")),
        "{warnings:?}"
    );
}

#[test]
fn a_small_pair_has_no_ssim_and_the_rest_has() {
    let folders = Folders::new();
    for side in ["real", "fake"] {
        folders.add(&format!("{side}/small.png"), 10, 100, 3);
        folders.add(&format!("{side}/large.png"), 20, 100, 3);
    }
    folders.add("fake/small.png", 10, 101, 3);
    let evaluation = folders.evaluate(&Metric::DEFAULT).unwrap();
    assert_eq!(evaluation.pairs, 2);
    assert_eq!(evaluation.metrics.get(Metric::Ssim), Some(1.0));
    let small = &evaluation.pictures[1];
    assert_eq!(
        (small.name.as_str(), small.scores.get(Metric::Ssim)),
        ("small", None)
    );
    assert!(small.scores.get(Metric::Psnr).unwrap() < 60.0);
    assert_eq!(evaluation.too_small, ["`small` (10x10, ssim)"]);
    let warnings = evaluation.warnings();
    assert!(
        warnings
            .iter()
            .any(|text| text.contains("1 picture too small for a metric")),
        "{warnings:?}"
    );
    assert!(evaluation.to_table().contains("       -"));
}

#[test]
fn what_was_not_compared_is_a_warning() {
    let folders = Folders::new();
    let deep = image::ImageBuffer::from_fn(16, 16, |x, y| image::Luma([(x * 16 + y) as u16 * 16]));
    deep.save(folders.root.path().join("real/a.png")).unwrap();
    deep.save(folders.root.path().join("fake/a.png")).unwrap();
    let warnings = folders.evaluate(&Metric::DEFAULT).unwrap().warnings();
    assert!(
        warnings[0].starts_with("2 pictures of 16 bits with levels up to 4080 only"),
        "{warnings:?}"
    );
    let real = folders.root.path().join("real");
    let options = EvaluateOptions::default();
    let warnings = evaluate(&real, &real, &options).unwrap().warnings();
    assert!(
        warnings
            .iter()
            .any(|text| text.starts_with("both folders are the same")),
        "{warnings:?}"
    );
}

/// The reference's `test.py` writes `a_real_A.png`, `a_real_B.png` and `a_fake_B.png` into one folder.
#[test]
fn results_of_one_folder_are_told_apart_by_their_ends() {
    let folders = Folders::new();
    for name in ["a", "cafe\u{301}"] {
        folders.add(&format!("real/{name}_real_A.png"), 16, 9, 3);
        folders.add(&format!("real/{name}_real_B.png"), 16, 100, 3);
    }
    folders.add("real/a_fake_B.png", 16, 110, 3);
    folders.add("real/caf\u{e9}_fake_B.png", 16, 110, 3);
    let real = folders.root.path().join("real");
    let options = |fake: &str| EvaluateOptions {
        suffixes: PairSuffixes {
            real: "_real_B".to_owned(),
            fake: fake.to_owned(),
        },
        ..EvaluateOptions::default()
    };
    let evaluation = evaluate(&real, &real, &options("_fake_B")).unwrap();
    let names: Vec<&str> = evaluation
        .pictures
        .iter()
        .map(|picture| picture.name.as_str())
        .collect();
    assert_eq!(names, ["a", "caf\u{e9}"]);
    assert!(evaluation.warnings().is_empty());
    let l1 = evaluation.metrics.get(Metric::L1).unwrap();
    assert!((l1 - 10.0 / 255.0).abs() < 1e-12, "{l1}");
    let error = evaluate(&real, &real, &options("_fake_C")).unwrap_err();
    assert!(matches!(error, EvaluateError::NoSuffix { .. }), "{error}");
}
