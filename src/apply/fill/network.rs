//! A trained network as a filler of holes.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::filler::{FillWindow, Filler, HoleSupport};
use super::run::FillOptions;
use crate::apply::network::tile_batch_size;
use crate::config::{GeneratorArch, NormKind, Recipe};
use crate::data::hole_values;
use crate::inpainting::Inpainter;
use crate::kernels::{DeviceFailure, Precision, computes_on_own_threads};
use crate::nn::{ForwardMode, NormStats};
use crate::style::{Manifest, StyleError, StyleFolder, load_inpainter};

/// A network of mode inpaint in use.
#[derive(Debug)]
pub struct NetworkFiller {
    /// Without automatic differentiation.
    network: Inpainter,
    channels: usize,
    side: usize,
    /// Side of the middle of a window, where the network gives that alone.
    patch: Option<usize>,
    reach: HoleSupport,
    feather: usize,
    /// What the network sees in holes, for each channel.
    colour: Vec<f32>,
    norm: NormKind,
    mode: ForwardMode<'static>,
    /// Seed of what dropout draws in each window.
    seed: u64,
    device: Device,
}

impl NetworkFiller {
    /// The network of the style in `folder`, on `device`, calculating with `precision`.
    ///
    /// # Errors
    /// The style is damaged, or is of another mode.
    pub fn load(
        folder: &StyleFolder,
        mode: ForwardMode<'static>,
        precision: Precision,
        device: &Device,
    ) -> Result<Self, StyleError> {
        let mut manifest = Manifest::read(folder)?;
        manifest.recipe.train.precision = precision;
        let network = load_inpainter(folder, &manifest, device)?;
        let recipe = &manifest.recipe;
        if recipe.generator.arch == GeneratorArch::ContextBottleneck
            && recipe.generator.norm == NormKind::Batch
            && mode.norm_stats == NormStats::Batch
        {
            return Err(StyleError::NoOwnStatistics(folder.name()));
        }
        let channels = recipe.data.input_channels;
        Ok(Self {
            network,
            channels,
            side: recipe.data.crop_size,
            patch: recipe.patch_side(),
            reach: reach(recipe),
            feather: FillOptions::usual_feather(recipe),
            colour: hole_values(channels),
            norm: recipe.generator.norm,
            mode,
            seed: 0,
            device: device.clone(),
        })
    }

    /// The same network with other draws of dropout.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Changes the seed of what dropout draws.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }
}

/// A network that has learnt to fill the middle fills the middle, and every other one what it is shown.
fn reach(recipe: &Recipe) -> HoleSupport {
    let side = recipe.hole_side();
    side.map_or(HoleSupport::Anywhere, HoleSupport::CentreSquare)
}

impl Filler for NetworkFiller {
    fn channels(&self) -> usize {
        self.channels
    }

    fn side(&self) -> usize {
        self.side
    }

    fn reach(&self) -> HoleSupport {
        self.reach
    }

    fn feather(&self) -> usize {
        self.feather
    }

    fn batch_size(&self) -> usize {
        let batch_size = tile_batch_size(self.side * self.side, self.norm, self.mode);
        if batch_size > 1 && computes_on_own_threads(&self.device) {
            return batch_size.max(rayon::current_num_threads());
        }
        batch_size
    }

    fn fill(&mut self, windows: Vec<FillWindow>) -> Result<Vec<Vec<f32>>, String> {
        if !computes_on_own_threads(&self.device) {
            return self.filled(windows);
        }
        // The layers of a small network leave little to share among threads.
        let windows = windows.into_par_iter();
        let filled: Result<Vec<_>, String> =
            windows.map(|window| self.filled(vec![window])).collect();
        Ok(filled?.into_iter().flatten().collect())
    }
}

impl NetworkFiller {
    /// What the network makes of windows that go through it at once.
    fn filled(&self, mut windows: Vec<FillWindow>) -> Result<Vec<Vec<f32>>, String> {
        let (count, side, area) = (windows.len(), self.side, self.side * self.side);
        let mut holes = Vec::with_capacity(count * area);
        for FillWindow { values, mask } in &mut windows {
            for (plane, colour) in values.chunks_exact_mut(area).zip(&self.colour) {
                for (value, _) in plane.iter_mut().zip(mask.iter()).filter(|(_, mask)| **mask) {
                    *value = *colour;
                }
            }
            holes.extend(mask.iter().map(|&hole| f32::from(u8::from(hole))));
        }
        let values: Vec<&[f32]> = windows.iter().map(|window| &*window.values).collect();
        let pictures = values.concat();
        let output = DeviceFailure::catch(|| {
            let tensor = |values: Vec<f32>, channels: usize| {
                let data = TensorData::new(values, [count, channels, side, side]);
                Tensor::<4>::from_data(data, &self.device)
            };
            let (pictures, holes) = (tensor(pictures, self.channels), tensor(holes, 1));
            // Dropout draws from the device's generator: the same window gets the same draws.
            self.device.seed(self.seed);
            self.network.forward(pictures, holes, self.mode).into_data()
        });
        let output = output.map_err(|failure| format!("the network failed: {failure}"))?;
        let output: Vec<f32> = output.try_into_vec().map_err(|error| error.to_string())?;
        if output.iter().any(|value| !value.is_finite()) {
            return Err("the network gave values that are not finite numbers".to_owned());
        }
        let outputs = output.chunks_exact(output.len() / count.max(1));
        let Some(patch) = self.patch else {
            return Ok(outputs.map(<[f32]>::to_vec).collect());
        };
        let start = (side - patch) / 2;
        let with_patch = |(window, output): (FillWindow, &[f32])| {
            let mut values = window.values;
            let patches = output.chunks_exact(patch * patch);
            for (plane, filled) in values.chunks_exact_mut(area).zip(patches) {
                for (row, filled) in filled.chunks_exact(patch).enumerate() {
                    let from = (start + row) * side + start;
                    plane[from..from + patch].copy_from_slice(filled);
                }
            }
            values
        };
        Ok(windows.into_iter().zip(outputs).map(with_patch).collect())
    }
}
