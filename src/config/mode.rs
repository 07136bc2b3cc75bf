//! The training methods.

use serde::{Deserialize, Serialize};

/// The training method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lowercase")]
pub enum Mode {
    /// Paired pictures: pix2pix (Isola et al., 2017).
    Pix2pix,
    /// Unpaired pictures: CycleGAN (Zhu et al., 2017).
    Cycle,
    /// Unpaired pictures, one direction, in less time: CUT and FastCUT (Park et al., 2020).
    Contrastive,
    /// Label maps or pictures to large pictures: pix2pixHD (Wang et al., 2018).
    Pix2pixhd,
    /// Holes in photos: context encoders (Pathak et al., 2016).
    Inpaint,
    /// Pictures from noise: DCGAN (Radford et al., 2016).
    Generate,
    /// Pictures to codes and back: variational autoencoders (Kingma and Welling, 2014).
    Vae,
}

/// What a mode learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Samples {
    /// Pictures with the target of each.
    Pairs,
    /// Two sets of pictures that have nothing to do with each other.
    Sets,
    /// Label maps, or pictures, with the target of each, and maps of instances.
    Maps,
    /// Pictures with holes.
    Holes,
    /// Pictures alone, which networks learn to make.
    Pictures,
}

impl Mode {
    /// The name used on the command line and in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pix2pix => "pix2pix",
            Self::Cycle => "cycle",
            Self::Contrastive => "contrastive",
            Self::Pix2pixhd => "pix2pixhd",
            Self::Inpaint => "inpaint",
            Self::Generate => "generate",
            Self::Vae => "vae",
        }
    }

    /// What it learns from.
    pub fn samples(self) -> Samples {
        match self {
            Self::Pix2pix => Samples::Pairs,
            Self::Cycle | Self::Contrastive => Samples::Sets,
            Self::Pix2pixhd => Samples::Maps,
            Self::Inpaint => Samples::Holes,
            Self::Generate | Self::Vae => Samples::Pictures,
        }
    }

    /// Whether its networks make pictures without being given any.
    pub fn makes_pictures(self) -> bool {
        self.samples() == Samples::Pictures
    }

    /// Whether its networks turn pictures into codes, too.
    pub fn encodes(self) -> bool {
        self == Self::Vae
    }

    /// Whether there is a picture that each output should equal.
    pub fn has_targets(self) -> bool {
        match self.samples() {
            Samples::Pairs | Samples::Maps | Samples::Holes => true,
            Samples::Sets => false,
            // What is encoded and decoded should come out as it was.
            Samples::Pictures => self.encodes(),
        }
    }
}
