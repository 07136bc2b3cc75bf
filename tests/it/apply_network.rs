//! Stand-ins for networks, pictures to translate, and looking at what became of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use image::{Rgb, RgbImage};
use tempfile::TempDir;
use translate::apply::{
    ApplyError, ApplyOptions, RowAccess, Status, Summary, Translator, plan, run,
};
use translate::nn::BandLimits;
use translate::picture::KeptShares;

pub(crate) type Translation = dyn FnMut(Vec<f32>, u64) -> Result<Vec<f32>, String>;

/// A network made of a function of its values and the picture's index.
pub(crate) struct Network {
    pub(crate) channels: (usize, usize),
    pub(crate) multiple: usize,
    pub(crate) smallest: usize,
    pub(crate) kept: KeptShares,
    pub(crate) translation: Box<Translation>,
}

impl Network {
    pub(crate) fn new(
        translation: impl FnMut(Vec<f32>, u64) -> Result<Vec<f32>, String> + 'static,
    ) -> Self {
        Self {
            channels: (3, 3),
            multiple: 8,
            smallest: 1,
            kept: KeptShares::default(),
            translation: Box::new(translation),
        }
    }

    pub(crate) fn identity() -> Self {
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

    fn kept(&self) -> KeptShares {
        self.kept
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

    fn bytes_per_pixel(&self) -> Option<f64> {
        Some(1.0)
    }

    fn translate_in_bands(
        &mut self,
        rows: &mut dyn RowAccess,
        limits: &BandLimits,
        index: u64,
    ) -> Result<(), String> {
        let height = rows.padded_height();
        let step = limits.rows.unwrap_or(height);
        for start in (0..height).step_by(step) {
            let band = start..(start + step).min(height);
            let values = rows.read(band.clone())?;
            rows.write(band, (self.translation)(values, index)?)?;
        }
        Ok(())
    }
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A picture without regularities.
pub(crate) fn noise(width: u32, height: u32, seed: u32) -> RgbImage {
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

pub(crate) fn save(picture: &RgbImage, path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save(path).unwrap();
}

pub(crate) fn apply(
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
        assert_eq!((event.finished, event.total), (heard, plan.len()));
        assert_ne!(event.file.status, Status::NotReached);
    })?;
    assert_eq!(heard, plan.len());
    Ok(summary)
}

/// All files below a folder, hidden ones too, relative to it.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(folder).unwrap().to_owned())
        .collect()
}
