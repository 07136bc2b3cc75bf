//! The training pictures that are most like what a style makes.

use std::path::PathBuf;

use image::RgbImage;
use rayon::prelude::*;

use super::pixels::rgb_pictures;
use crate::config::Recipe;
use crate::data::{DataError, prepared_picture};

/// For each of `made` the picture among `files` that differs least from it, by the sum of squared differences of pixels, prepared as
/// `recipe` prepares pictures, and why others could not be read. A generator that has learnt pictures by heart makes these.
///
/// # Errors
/// None of them can be read.
pub fn nearest_pictures(
    made: &[RgbImage],
    files: &[PathBuf],
    recipe: &Recipe,
) -> Result<(Vec<RgbImage>, Vec<DataError>), DataError> {
    let read = |path: &PathBuf| {
        let picture = rgb_pictures(&prepared_picture(path, recipe)?).remove(0);
        let distances = made.iter().map(|made| squared_distance(made, &picture));
        Ok::<_, DataError>((distances.collect::<Vec<u64>>(), picture))
    };
    let mut nearest: Vec<Option<(u64, RgbImage)>> = vec![None; made.len()];
    let mut failures = Vec::new();
    // A part at a time, so that large data sets need little memory; of equally near ones the first.
    for part in files.chunks(256) {
        let pictures: Vec<_> = part.par_iter().map(read).collect();
        for picture in pictures {
            let (distances, picture) = match picture {
                Ok(picture) => picture,
                Err(error) => {
                    failures.push(error);
                    continue;
                }
            };
            for (best, distance) in nearest.iter_mut().zip(distances) {
                if best.as_ref().is_none_or(|(least, _)| distance < *least) {
                    *best = Some((distance, picture.clone()));
                }
            }
        }
    }
    if failures.len() == files.len()
        && let Some(error) = failures.pop()
    {
        return Err(error);
    }
    let found = nearest.into_iter().flatten();
    Ok((found.map(|(_, picture)| picture).collect(), failures))
}

fn squared_distance(first: &RgbImage, second: &RgbImage) -> u64 {
    let pairs = first.as_raw().iter().zip(second.as_raw());
    pairs
        .map(|(first, second)| u64::from(first.abs_diff(*second)).pow(2))
        .sum()
}
