//! The sizes of pictures that generators take.

use super::architectures::GeneratorArch;
use super::options::{Mode, Preprocess};
use super::recipe::{DataRecipe, GeneratorRecipe, Recipe};

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
            // All but the first have one size alone, that of `data.crop_size`.
            GeneratorArch::Srresnet
            | GeneratorArch::Context
            | GeneratorArch::ContextBottleneck
            | GeneratorArch::Dcgan
            | GeneratorArch::Resnet
            | GeneratorArch::Progressive
            | GeneratorArch::Style
            | GeneratorArch::Laplacian
            | GeneratorArch::Stack => 1,
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
            Mode::Cycle | Mode::Contrastive | Mode::Pix2pixhd | Mode::Generate => true,
            Mode::Vae => false,
        }
    }

    /// Least side of the crop: the generator's input must be large enough, and the perceptual loss halves the size four times.
    pub fn min_crop(&self) -> usize {
        let is_perceptual = self.mode == Mode::Pix2pix && self.loss.is_perceptual();
        let least = if is_perceptual { 16 } else { 8 };
        least.max(8 * self.generator.scale)
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
