//! Networks that are ready.

use burn::tensor::Device;

use crate::apply::{
    LabelTranslator, Looks, NetworkFiller, NetworkTranslator, SampleOptions, Translator,
};
use crate::config::{Direction, Mode};
use crate::kernels::Precision;
use crate::nn::{ForwardMode, NormStats};
use crate::style::{Manifest, StyleError, StyleFolder};

/// The network of a style, of the kind that its mode has.
pub(super) enum Loaded {
    Pictures(Box<NetworkTranslator>),
    Labels(Box<LabelTranslator>),
    Holes(Box<NetworkFiller>),
}

impl Loaded {
    /// Loads the network of a style as `translate apply` does.
    ///
    /// # Errors
    /// The style is damaged, or has no network for this direction.
    pub(super) fn load(
        folder: &StyleFolder,
        manifest: &Manifest,
        direction: Option<Direction>,
        dropout: bool,
        device: &Device,
    ) -> Result<Self, StyleError> {
        let mode = ForwardMode::inference(NormStats::usual(&manifest.recipe), dropout);
        let precision = Precision::F32;
        Ok(match manifest.recipe.mode {
            Mode::Inpaint => {
                let filler = NetworkFiller::load(folder, mode, precision, device)?;
                Self::Holes(Box::new(filler))
            }
            Mode::Pix2pixhd => {
                let sampling = SampleOptions {
                    samples: 1,
                    seed: 0,
                };
                let labels =
                    LabelTranslator::load(folder, direction, sampling, mode, precision, device)?;
                Self::Labels(Box::new(labels))
            }
            _ => {
                let network = NetworkTranslator::load(folder, direction, mode, precision, device)?;
                Self::Pictures(Box::new(network))
            }
        })
    }

    /// The network as one that translates, with these draws; none where it fills holes.
    pub(super) fn translator(&mut self, sampling: SampleOptions) -> Option<&mut dyn Translator> {
        match self {
            Self::Pictures(network) => {
                network.set_seed(sampling.seed);
                // One picture has the look of the mean code.
                network.set_looks(match sampling.samples {
                    0 | 1 => Looks::Mean,
                    _ => Looks::Sampled(sampling),
                });
                Some(&mut **network)
            }
            Self::Labels(network) => {
                network.set_sampling(sampling);
                Some(&mut **network)
            }
            Self::Holes(_) => None,
        }
    }

    /// The network as one that fills holes.
    pub(super) fn filler(&mut self) -> Option<&mut NetworkFiller> {
        match self {
            Self::Holes(network) => Some(&mut **network),
            Self::Pictures(_) | Self::Labels(_) => None,
        }
    }
}
