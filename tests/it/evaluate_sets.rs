//! Metrics of sets, and those that need networks, on folders.

use std::fs;
use std::path::{Path, PathBuf};

use image::imageops::overlay;
use image::{GrayImage, ImageBuffer, Luma, RgbImage};
use safetensors::SafeTensors;
use tempfile::TempDir;
use translate::evaluate::{EvaluateError, EvaluateOptions, Evaluation, Metric, SetError, evaluate};
use translate::features::Resize;

use super::feature_weights::{alexnet, inception, vgg16};
use super::fixture;

/// Two folders, of real pictures and of translations.
struct Folders(TempDir);

impl Folders {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for side in ["real", "fake"] {
            fs::create_dir(root.path().join(side)).unwrap();
        }
        Self(root)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A picture that differs with `seed`.
    fn add(&self, name: &str, side: u32, seed: u32) {
        picture(side, seed).save(self.path(name)).unwrap();
    }

    /// `count` pictures a side, which differ.
    fn fill(&self, count: u32, side: u32) {
        for index in 0..count {
            self.add(&format!("real/{index}.png"), side, index);
            self.add(&format!("fake/{index}.png"), side, 100 + index);
        }
    }

    fn evaluate(&self, options: EvaluateOptions) -> Result<Evaluation, EvaluateError> {
        evaluate(&self.path("real"), &self.path("fake"), &options)
    }

    fn measure(&self, metrics: &[Metric]) -> Result<Evaluation, EvaluateError> {
        self.evaluate(options(metrics))
    }
}

fn picture(side: u32, seed: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| {
        let wave = |step: u32| ((x * step + y * (seed % 7 + 1) + seed * 31) % 256) as u8;
        image::Rgb([wave(3), wave(5), wave(seed % 11)])
    })
}

fn options(metrics: &[Metric]) -> EvaluateOptions {
    EvaluateOptions {
        metrics: metrics.to_vec(),
        ..EvaluateOptions::default()
    }
}

/// The weights of a network in a file.
fn write(tensors: translate::nn::NamedTensors, path: &Path) -> PathBuf {
    fs::write(path, tensors.to_safetensors().unwrap()).unwrap();
    path.to_owned()
}

#[test]
fn ms_ssim_is_that_of_pytorch_msssim() {
    let folders = Folders::new();
    let bytes = fs::read(fixture::path("metrics.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = file.tensor("large").unwrap();
    let (height, width) = (tensor.shape()[0] as u32, tensor.shape()[1] as u32);
    let picture = RgbImage::from_raw(width, height, tensor.data().to_vec()).unwrap();
    let moved = RgbImage::from_fn(width, height, |x, y| {
        *picture.get_pixel((x + width - 2) % width, y)
    });
    picture.save(folders.path("real/a.png")).unwrap();
    moved.save(folders.path("fake/a.png")).unwrap();
    let evaluation = folders.measure(&[Metric::MsSsim]).unwrap();
    let expected = fixture::json("metrics.json")["ms_ssim"].as_f64().unwrap();
    let got = evaluation.metrics.get(Metric::MsSsim).unwrap();
    assert!((got - expected).abs() < 1e-6, "{got}, not {expected}");

    folders.add("real/b.png", 160, 1);
    folders.add("fake/b.png", 160, 2);
    let evaluation = folders.measure(&[Metric::MsSsim]).unwrap();
    assert_eq!(evaluation.too_small, ["`b` (160x160, ms_ssim)"]);
    assert_eq!(evaluation.metrics.get(Metric::MsSsim), Some(got));
}

#[test]
fn sets_need_no_common_names_and_equal_sets_are_at_no_distance() {
    let folders = Folders::new();
    for index in 0..3 {
        folders.add(&format!("real/{index}.png"), 64, index);
        folders.add(&format!("fake/other{index}.png"), 64, index);
    }
    let metrics = [Metric::Swd, Metric::Colour];
    let evaluation = folders.measure(&metrics).unwrap();
    assert_eq!(evaluation.pairs, 0);
    for metric in metrics {
        assert_eq!(evaluation.metrics.get(metric), Some(0.0), "{metric}");
    }
    folders.add("fake/one_more.png", 64, 9);
    let evaluation = folders.measure(&metrics).unwrap();
    let sets = evaluation.sets.as_ref().unwrap();
    assert_eq!((sets.real, sets.fake), (3, 4));
    let sizes: Vec<usize> = sets.swd_levels.iter().map(|level| level.width).collect();
    assert_eq!(sizes, [64, 32, 16]);
    for metric in metrics {
        assert!(evaluation.metrics.get(metric).unwrap() > 0.0, "{metric}");
    }
    assert!(
        evaluation
            .to_table()
            .contains("of 3 real and 4 translated pictures")
    );
    assert_eq!(evaluation, folders.measure(&metrics).unwrap());

    // Of several sizes the centres are compared: a black frame around a picture changes nothing.
    let framed = |name: &str, index: u32, frame: u32| {
        let mut picture = RgbImage::new(64 + 2 * frame, 64 + frame);
        let inner = image::open(folders.path(&format!("real/{index}.png"))).unwrap();
        let (left, top) = (frame.into(), (frame / 2).into());
        overlay(&mut picture, &inner.into_rgb8(), left, top);
        picture.save(folders.path(name)).unwrap();
    };
    for name in ["fake/one_more.png", "fake/other2.png"] {
        fs::remove_file(folders.path(name)).unwrap();
    }
    framed("fake/other2.png", 2, 10);
    let evaluation = folders.measure(&[Metric::Swd]).unwrap();
    assert_eq!(evaluation.metrics.get(Metric::Swd), Some(0.0));
    let table = evaluation.to_table();
    assert!(table.contains("swd of their centres, 64x64"), "{table}");
    fs::write(folders.path("fake/broken.png"), "no picture").unwrap();
    let error = folders.measure(&[Metric::Colour]).unwrap_err();
    assert!(
        matches!(error, EvaluateError::Set(SetError::Unreadable(_))),
        "{error}"
    );
}

#[test]
fn masks_restrict_the_metrics_of_pixels_alone() {
    let folders = Folders::new();
    folders.fill(1, 32);
    let options = EvaluateOptions {
        mask: Some(folders.path("real")),
        ..options(&[Metric::L1, Metric::Colour])
    };
    let error = folders.evaluate(options).unwrap_err();
    assert!(
        matches!(error, EvaluateError::NoMasksFor(Metric::Colour)),
        "{error}"
    );
}

#[test]
fn inception_metrics_of_folders_and_their_cache() {
    let folders = Folders::new();
    folders.fill(6, 32);
    // Grey and 16-bit pictures count as their 8-bit copies in three channels.
    let grey = GrayImage::from_fn(32, 32, |x, y| Luma([(x * 7 + y) as u8]));
    grey.save(folders.path("real/0.png")).unwrap();
    let deep: ImageBuffer<Luma<u16>, Vec<u16>> =
        ImageBuffer::from_fn(32, 32, |x, y| Luma([(x * 7 + y) as u16 * 256 + 17]));
    deep.save(folders.path("fake/0.png")).unwrap();
    let weights = write(inception(), &folders.path("weights.safetensors"));
    let metrics = [
        Metric::Fid,
        Metric::Kid,
        Metric::Is,
        Metric::Precision,
        Metric::Recall,
        Metric::Density,
        Metric::Coverage,
    ];
    let with = |cache| EvaluateOptions {
        weights: vec![weights.clone()],
        resize: Resize::Clean,
        cache,
        ..options(&metrics)
    };
    let cached = || {
        let names = fs::read_dir(folders.0.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.contains(".features-")).count()
    };
    let plain = folders.evaluate(with(false)).unwrap();
    assert_eq!(cached(), 0);
    let first = folders.evaluate(with(true)).unwrap();
    assert_eq!(cached(), 2);
    assert_eq!(plain, first);
    assert_eq!(folders.evaluate(with(true)).unwrap(), first);
    assert_eq!(cached(), 2);
    let details = first.sets.as_ref().unwrap().inception.as_ref().unwrap();
    assert_eq!(details.kid_subsets.unwrap().size, 6);
    assert!(first.to_table().contains("--resize clean"));
    let warnings = first.warnings().join("\n");
    assert!(
        warnings.contains("fid of fewer than 2048 pictures (6 here)"),
        "{warnings}"
    );

    // A folder against a copy of itself.
    let itself = EvaluateOptions {
        weights: vec![folders.0.path().to_owned(), weights.clone()],
        ..options(&[Metric::Fid])
    };
    let real = folders.path("real");
    let evaluation = evaluate(&real, &real, &itself).unwrap();
    assert_eq!(evaluation.metrics.get(Metric::Fid), Some(0.0));

    // Other contents are other features.
    folders.add("fake/1.png", 32, 55);
    let changed = folders.evaluate(with(true)).unwrap();
    assert_eq!(cached(), 3);
    assert_ne!(
        changed.metrics.get(Metric::Fid),
        first.metrics.get(Metric::Fid)
    );

    for index in 1..6 {
        fs::remove_file(folders.path(&format!("fake/{index}.png"))).unwrap();
    }
    let error = folders.evaluate(with(false)).unwrap_err();
    assert!(
        matches!(
            error,
            EvaluateError::Set(SetError::TooFew {
                least: 2,
                found: 1,
                ..
            })
        ),
        "{error}"
    );
}

#[test]
fn weights_are_known_by_their_contents_and_missing_ones_by_name() {
    let folders = Folders::new();
    folders.fill(2, 40);
    let alexnet = write(alexnet(), &folders.path("a.safetensors"));
    let vgg16 = write(vgg16(), &folders.path("b.safetensors"));
    let metrics = [Metric::Lpips, Metric::LpipsVgg, Metric::Dists];
    let with = |weights: Vec<PathBuf>| EvaluateOptions {
        weights,
        ..options(&metrics)
    };
    let evaluation = folders
        .evaluate(with(vec![vgg16.clone(), alexnet.clone()]))
        .unwrap();
    for metric in metrics {
        assert!(evaluation.metrics.get(metric).unwrap() > 0.0, "{metric}");
        assert!(evaluation.pictures[1].scores.get(metric).unwrap() > 0.0);
    }
    // In a folder they are found by their usual names.
    let shelf = folders.path("shelf");
    fs::create_dir(&shelf).unwrap();
    fs::copy(&alexnet, shelf.join("alexnet-owt-7be5be79.pth")).unwrap();
    let error = folders.evaluate(with(vec![shelf])).unwrap_err().to_string();
    assert!(
        error.starts_with("lpips_vgg needs the weights of VGG16"),
        "{error}"
    );
    assert!(
        error.contains("`vgg16-397923af.pth` (553433881 bytes"),
        "{error}"
    );

    let mut other = translate::nn::NamedTensors::default();
    let data = burn::tensor::TensorData::new(vec![1.0_f32], [1]);
    other.0.insert("model.1.weight".to_owned(), data);
    let other = write(other, &folders.path("other.safetensors"));
    let error = folders.evaluate(with(vec![other])).unwrap_err();
    assert!(
        matches!(error, EvaluateError::Set(SetError::UnknownWeights(_))),
        "{error}"
    );

    folders.add("real/small.png", 20, 1);
    folders.add("fake/small.png", 20, 2);
    let evaluation = folders.evaluate(with(vec![alexnet, vgg16])).unwrap();
    let too_small = &evaluation.too_small;
    assert_eq!(too_small, &["`small` (for lpips)"]);
}
