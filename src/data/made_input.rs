//! Samples whose input is made of their target: a plain folder of pictures.

use std::path::Path;

use rand_chacha::ChaCha8Rng;

use super::augmentation::sample_random;
use super::batch::Sample;
use super::dataset::Dataset;
use super::degrade::DegradeSettings;
use super::error::DataError;
use super::layout::Layout;
use super::plain::{plain_files, plain_name};
use super::side::{Part, Side};
use crate::config::{Colours, Degradation, Recipe};
use crate::picture::{Raster, RasterKind};

/// Epoch from which the draws of previews come: none of training comes so far.
const PREVIEW_EPOCH: u64 = u64::MAX;

/// The targets, and a side without files for what is made of them.
pub(super) fn sides(root: &Path, layout: &Layout) -> Result<(Side, Side), DataError> {
    let Layout::Plain(folder) = layout else {
        unreachable!("inputs are made of plain folders alone");
    };
    let files = plain_files(root, folder, &[])?;
    let targets = Side::new(plain_name(root, folder), folder, files, Part::Whole);
    let made = Side::new("inputs".to_owned(), folder, Vec::new(), Part::Whole);
    Ok((targets, made))
}

/// What is done to the targets.
fn settings(recipe: &Recipe) -> DegradeSettings {
    let data = &recipe.data;
    let span = |kind, values: &[f64]| {
        let span = values.first_chunk().copied();
        span.filter(|_| data.degrades_by(kind))
    };
    DegradeSettings {
        blur: span(Degradation::Blur, &data.blur),
        downscale: data
            .degrades_by(Degradation::Downscale)
            .then_some(recipe.generator.scale),
        noise: span(Degradation::Noise, &data.noise),
    }
}

impl Dataset {
    /// Whether the inputs are made of their targets, which are then the files of `a`.
    pub(super) fn makes_inputs(&self) -> bool {
        self.recipe.data.makes_inputs()
    }

    /// Picture `index` with the crop, the flip and what spoils it as drawn for `position` of an epoch.
    pub(super) fn made_augmented(
        &self,
        epoch: u64,
        position: usize,
        index: usize,
    ) -> Result<Sample, DataError> {
        let random = &mut sample_random(self.recipe.train.seed, epoch, position as u64);
        let target = self.drawn_picture(index, random)?;
        Ok(self.with_made_input(index, target, random))
    }

    /// Picture `index` as it is shown in previews: always with the same crop, and spoilt in the same way.
    pub(super) fn made_fixed(&self, index: usize) -> Result<Sample, DataError> {
        let target = self.fixed_picture(index)?;
        let seed = self.recipe.train.seed;
        let random = &mut sample_random(seed, PREVIEW_EPOCH, index as u64);
        Ok(self.with_made_input(index, target, random))
    }

    fn with_made_input(&self, index: usize, target: Raster, random: &mut ChaCha8Rng) -> Sample {
        let of_kind = |kind| Raster {
            kind,
            ..target.clone()
        };
        let (a, b) = match self.recipe.data.colours {
            Colours::Lab => (
                of_kind(RasterKind::Lightness),
                of_kind(RasterKind::Opponents),
            ),
            Colours::Rgb => (settings(&self.recipe).apply(&target, random), target),
        };
        Sample::of_file(&self.a.files[index], a, b)
    }
}
