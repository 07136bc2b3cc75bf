//! The sizes of pictures that networks take.

use super::architectures::{DiscriminatorArch, GeneratorArch};
use super::error::ConfigError;
use super::mode::Mode;
use super::options::Preprocess;
use super::recipe::Recipe;
use super::sections::{DataRecipe, GeneratorRecipe};
use super::validation::require;

impl GeneratorRecipe {
    /// Width and height of the network's input must be multiples of this.
    pub fn size_multiple(&self) -> usize {
        match self.arch {
            GeneratorArch::Unet64 => 64,
            GeneratorArch::Unet128 => 128,
            GeneratorArch::Unet256 => 256,
            GeneratorArch::Unet512 => 512,
            GeneratorArch::Resnet6Blocks | GeneratorArch::Resnet9Blocks => 4,
            GeneratorArch::Global => 1 << self.downsamplings,
            GeneratorArch::Local => 1 << (self.downsamplings + self.enhancers),
            // All but srresnet have one size alone, that of `data.crop_size`.
            _ => 1,
        }
    }

    /// Width and height of the network's output are multiples of this.
    pub fn output_multiple(&self) -> usize {
        self.size_multiple() * self.scale
    }

    /// Least width and height of the network's input: smaller ones leave nothing to mirror at its inner sizes.
    pub fn min_size(&self) -> usize {
        if self.arch.is_coarse_to_fine() {
            (2 * self.size_multiple()).max(8)
        } else {
            8
        }
    }
}

impl Recipe {
    /// Whether a discriminator takes part in the training.
    pub fn has_discriminator(&self) -> bool {
        match self.mode {
            Mode::Pix2pix | Mode::Inpaint => self.loss.adversarial > 0.0,
            // An autoencoder has none.
            mode => !mode.encodes(),
        }
    }

    /// Least side of pictures that are judged: with which the discriminator works, and in mode pix2pixhd the other networks too.
    pub fn min_judged_side(&self) -> usize {
        match self.discriminator.arch {
            _ if !self.has_discriminator() => 1,
            // Each strided layer halves the size; the two layers after them need 3 x 3 positions.
            DiscriminatorArch::Patch => 3 << self.discriminator.layers.min(16),
            // Its padding lets it work at every size; what counts are the other networks.
            DiscriminatorArch::Multiscale => self.min_side(),
            _ => 1,
        }
    }

    /// Least side of the crop: the generator's input must be large enough, and the perceptual loss halves the size four times.
    pub fn min_crop(&self) -> usize {
        let is_perceptual = self.mode == Mode::Pix2pix && self.loss.is_perceptual();
        let least = if is_perceptual { 16 } else { 8 };
        least.max(8 * self.generator.scale)
    }

    /// Validates that the networks can work at the sizes of the recipe.
    pub(super) fn validate_sizes(&self) -> Result<(), ConfigError> {
        let data = &self.data;
        let multiple = self.generator.output_multiple();
        let crop = data.crop_size;
        let crops = !matches!(data.preprocess, Preprocess::ScaleWidth | Preprocess::None);
        if self.mode == Mode::Pix2pixhd && !crops {
            return Ok(());
        }
        require(crop.is_multiple_of(multiple), "data.crop_size", || {
            let below = crop / multiple * multiple;
            let proposal = if below == 0 { multiple } else { below };
            format!(
                "`generator.arch = \"{}\"` needs a multiple of {multiple}, and {crop} is none: take {proposal}, or another arch",
                self.generator.arch.name(),
            )
        })?;
        let least = self.min_crop();
        require(crop >= least, "data.crop_size", || {
            format!("must be at least {least}")
        })?;
        let min = self.min_judged_side();
        if self.mode == Mode::Pix2pixhd {
            require(crop >= min, "data.crop_size", || {
                format!("the networks need pictures of at least {min} pixels")
            })?;
        }
        let judged = self.discriminator_side();
        require(judged >= min, "discriminator.layers", || {
            let half = if judged < crop { "the patch of " } else { "" };
            format!(
                "this PatchGAN needs pictures of at least {min} pixels, and {half}`data.crop_size` is {judged}: use fewer layers"
            )
        })?;
        let resizes = crops && data.preprocess != Preprocess::Crop;
        require(!resizes || data.load_size >= crop, "data.load_size", || {
            format!(
                "must be at least `data.crop_size` ({crop}), but is {}",
                data.load_size
            )
        })
    }
}

impl DataRecipe {
    /// The size of the pictures that the network trains on, for display.
    pub fn picture_size(&self) -> String {
        match self.preprocess {
            Preprocess::ScaleWidth => format!("{} px wide", self.load_size),
            Preprocess::None => "full size".to_owned(),
            _ => format!("{0}x{0} px", self.crop_size),
        }
    }
}
