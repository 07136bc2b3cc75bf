//! What network a set of tensors belongs to.

use burn::tensor::Device;

use crate::coarse_to_fine::MultiscaleDiscriminator;
use crate::config::{
    DiscriminatorArch, DiscriminatorRecipe, EncoderRecipe, GeneratorArch, GeneratorRecipe, Mode,
    NormKind, Recipe, Upsample,
};
use crate::nn::{Discriminator, Generator, NamedTensors, TensorError, WeightInit};

/// What the user knows and the file may not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hints {
    /// Normalisation of the network.
    pub norm: Option<NormKind>,
    /// Classes of the label maps that a generator of pix2pixHD takes.
    pub classes: Option<usize>,
    /// Numbers of the latent code that a generator takes with its picture.
    pub latent: Option<usize>,
    /// Whether it is of pix2pixHD, whose global generator can look like CycleGAN's.
    pub is_coarse_to_fine: bool,
}

/// A network that was recognised.
#[derive(Debug, Clone, PartialEq)]
pub enum Architecture {
    /// A generator.
    Generator {
        /// Network, widths and norm; the rest are defaults.
        recipe: GeneratorRecipe,
        /// Channels of its input.
        input: usize,
        /// Channels of its output.
        output: usize,
    },
    /// A discriminator.
    Discriminator {
        /// Network, widths and norm.
        recipe: DiscriminatorRecipe,
        /// Channels of its input.
        input: usize,
    },
    /// An encoder of instance features (pix2pixHD).
    Encoder {
        /// Widths and features; the rest are defaults.
        recipe: EncoderRecipe,
        /// Its norm.
        norm: NormKind,
        /// How it doubles the size.
        upsample: Upsample,
        /// Channels of its input.
        input: usize,
    },
}

impl Architecture {
    /// Whether it is a generator.
    pub fn is_generator(&self) -> bool {
        matches!(self, Self::Generator { .. })
    }

    /// What it is, for people: "resnet_9blocks, 64 channels, instance norm, 3 to 3 channels".
    pub fn description(&self) -> String {
        match self {
            Self::Generator {
                recipe,
                input,
                output,
            } => {
                let code = match recipe.latent {
                    0 => String::new(),
                    length => format!(" with a latent code of {length} numbers"),
                };
                let enlarges = match recipe.scale {
                    1 => String::new(),
                    scale => format!(" x{scale}"),
                };
                format!(
                    "{}{enlarges}, {} channels, {}, {input} to {output} colour channels{code}",
                    recipe.arch.name(),
                    recipe.channels,
                    norm_text(recipe.norm)
                )
            }
            Self::Discriminator { recipe, input } => {
                let arch = match recipe.arch {
                    DiscriminatorArch::Patch => format!("PatchGAN of {} layers", recipe.layers),
                    DiscriminatorArch::Pixel => "PixelGAN".to_owned(),
                    DiscriminatorArch::Multiscale => format!(
                        "multi-scale discriminator of {} scales with {} layers",
                        recipe.scales, recipe.layers
                    ),
                    DiscriminatorArch::Context => "context discriminator".to_owned(),
                    arch => format!("discriminator of mode generate ({})", arch.name()),
                };
                format!(
                    "{arch}, {} channels, {}, {input} colour channels",
                    recipe.channels,
                    norm_text(recipe.norm)
                )
            }
            Self::Encoder {
                recipe,
                norm,
                input,
                ..
            } => format!(
                "encoder of {} instance features, {} channels, {}, {input} colour channels",
                recipe.features,
                recipe.channels,
                norm_text(*norm)
            ),
        }
    }

    /// Whether its norms do not use running statistics: PyTorch before 0.4 wrote them for instance normalisation too.
    pub(super) fn drops_running_statistics(&self) -> bool {
        self.norm().uses_bias()
    }

    /// Its normalisation.
    pub(super) fn norm(&self) -> NormKind {
        match self {
            Self::Generator { recipe, .. } => recipe.norm,
            Self::Discriminator { recipe, .. } => recipe.norm,
            Self::Encoder { norm, .. } => *norm,
        }
    }

    /// The same without instance norms, if `hints` say that it was trained with spectral norm instead: neither has tensors of its
    /// own, and the spectral norm itself is part of the weights by then. And with the latent code that they tell of.
    pub(super) fn with_hint(mut self, hints: Hints) -> Self {
        let norm = match &mut self {
            Self::Generator { recipe, .. } => &mut recipe.norm,
            Self::Discriminator { recipe, .. } => &mut recipe.norm,
            Self::Encoder { norm, .. } => norm,
        };
        if *norm == NormKind::Instance && hints.norm == Some(NormKind::Spectral) {
            *norm = NormKind::Spectral;
        }
        // The code goes in with the picture, like further channels of it.
        if let (Self::Generator { recipe, input, .. }, Some(length)) = (&mut self, hints.latent)
            && recipe.latent == 0
            && !recipe.arch.is_coarse_to_fine()
            && *input > length
        {
            recipe.latent = length;
            *input -= length;
        }
        self
    }

    /// Whether its convolutions have biases whatever the normalisation after them, as those of pix2pixHD, SRResNet and
    /// BicycleGAN.
    pub(super) fn has_biases(&self) -> bool {
        match self {
            Self::Generator { recipe, .. } => {
                recipe.arch.is_coarse_to_fine()
                    || recipe.arch == GeneratorArch::Srresnet
                    || (recipe.latent > 0 && recipe.arch.is_unet())
            }
            Self::Discriminator { recipe, .. } => recipe.arch == DiscriminatorArch::Multiscale,
            Self::Encoder { .. } => true,
        }
    }

    /// Whether the tensor `name`, if it has as many inputs as outputs, is the weight of a transposed convolution: only the
    /// innermost one of a U-Net is.
    pub(super) fn has_transposed(&self, name: &str) -> bool {
        match self {
            Self::Generator { recipe, .. } => {
                recipe.arch.is_unet()
                    && recipe.upsample == Upsample::Deconv
                    && (name.ends_with(".3.weight") || name.ends_with("up.1.weight"))
            }
            Self::Discriminator { .. } | Self::Encoder { .. } => false,
        }
    }

    /// Checks that `tensors` are exactly those of the network, and returns them as the network holds them.
    ///
    /// # Errors
    /// A tensor is missing, left over or of another shape; all such are listed.
    pub(super) fn accept(
        &self,
        tensors: NamedTensors,
        device: &Device,
    ) -> Result<NamedTensors, TensorError> {
        let mut init = WeightInit::zeros(device);
        match self {
            Self::Generator {
                recipe,
                input,
                output,
            } => {
                let network = Generator::new(&mut init, recipe, *input, *output);
                Ok(NamedTensors::from_network(&tensors.load_into(network)?))
            }
            Self::Discriminator { recipe, input }
                if recipe.arch == DiscriminatorArch::Multiscale =>
            {
                let network = MultiscaleDiscriminator::new(&mut init, recipe, *input);
                Ok(NamedTensors::from_network(&tensors.load_into(network)?))
            }
            Self::Encoder {
                recipe,
                norm,
                upsample,
                input,
            } => {
                let mut whole = Recipe::defaults(Mode::Pix2pixhd);
                whole.encoder = recipe.clone();
                whole.generator.norm = *norm;
                whole.generator.upsample = *upsample;
                whole.data.output_channels = *input;
                let network = crate::coarse_to_fine::encoder(&mut init, &whole);
                Ok(NamedTensors::from_network(&tensors.load_into(network)?))
            }
            Self::Discriminator { recipe, input } => {
                let network = Discriminator::new(&mut init, recipe, *input);
                Ok(NamedTensors::from_network(&tensors.load_into(network)?))
            }
        }
    }
}

pub(super) fn norm_text(norm: NormKind) -> &'static str {
    match norm {
        NormKind::Batch => "batch norm",
        NormKind::ReferenceBatch => "reference batch norm",
        NormKind::VirtualBatch => "virtual batch norm",
        NormKind::Instance => "instance norm",
        NormKind::InstanceAffine => "instance norm with scale and shift",
        NormKind::Spectral => "spectral norm",
        NormKind::None => "no norm",
    }
}
