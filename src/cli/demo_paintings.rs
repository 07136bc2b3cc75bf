//! The first part of `translate demo`: photos as paintings.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, bail};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use crate::apply::{
    ApplyOptions, NetworkTranslator, Status, plan, run as translate, size_and_restore,
};
use crate::data::find_pictures;
use crate::device::OpenDevice;
use crate::files;
use crate::kernels::Precision;
use crate::nn::{ForwardMode, NormStats};
use crate::picture::read_rgb;
use crate::style::{Manifest, StyleFolder};

/// Folder of the paintings, below the output.
pub(super) const PAINTINGS: &str = "paintings";
/// The sheet, beside it.
pub(super) const SHEET: &str = "paintings.png";

/// Translates `photos` with `style` into a folder below `output`; returns a sheet of photos and paintings side by side.
pub(super) fn paint(
    style: &StyleFolder,
    photos: &Path,
    output: &Path,
    device: &OpenDevice,
    stop: &AtomicBool,
) -> anyhow::Result<PathBuf> {
    let paintings = output.join(PAINTINGS);
    // What an earlier demo has left could have other names.
    if paintings.is_dir() {
        std::fs::remove_dir_all(&paintings)
            .with_context(|| format!("cannot remove `{}`", paintings.display()))?;
    }
    let manifest = Manifest::read(style)?;
    let (size, restore) = size_and_restore(None, false, &manifest);
    let options = ApplyOptions {
        size,
        restore,
        ..ApplyOptions::default()
    };
    let plan = plan(photos, &paintings, &options)?;
    let mode = ForwardMode::inference(NormStats::usual(&manifest.recipe), false);
    let device = &device.device;
    let mut translator = NetworkTranslator::load(style, None, mode, Precision::F32, device)?;
    let summary = translate(&plan, &mut translator, &options, stop, |_| {})?;
    if summary.count(Status::Done) < plan.len() {
        bail!("the demo was stopped");
    }
    let sheet = sheet(photos, &paintings)?;
    let path = output.join(SHEET);
    files::write_png(&path, &sheet)?;
    Ok(path)
}

/// Photos and paintings, a pair in each row.
fn sheet(photos: &Path, paintings: &Path) -> anyhow::Result<RgbImage> {
    const WIDTH: u32 = 448;
    const GAP: u32 = 6;
    let (photos, paintings) = (find_pictures(photos)?, find_pictures(paintings)?);
    let mut rows = Vec::new();
    for (photo, painting) in photos.iter().zip(&paintings) {
        let pair = [photo, painting].map(|file| read_rgb(&file.path));
        let [photo, painting] = pair;
        rows.push([photo?.pixels, painting?.pixels].map(|picture| {
            let height = picture.height() * WIDTH / picture.width().max(1);
            imageops::resize(&picture, WIDTH, height.max(1), FilterType::CatmullRom)
        }));
    }
    let height = rows.iter().map(|[photo, _]| photo.height() + GAP);
    let size = (2 * WIDTH + 3 * GAP, height.sum::<u32>() + GAP);
    let mut sheet = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    let mut top = GAP;
    for pair in &rows {
        for (picture, column) in pair.iter().zip(0..) {
            let left = GAP + column * (WIDTH + GAP);
            imageops::replace(&mut sheet, picture, i64::from(left), i64::from(top));
        }
        top += pair[0].height() + GAP;
    }
    Ok(sheet)
}
