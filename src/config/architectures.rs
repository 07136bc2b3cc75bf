//! The architectures of networks.

use serde::{Deserialize, Serialize};

/// Generator network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GeneratorArch {
    /// U-Net with 6 downsamplings.
    #[serde(rename = "unet_64")]
    Unet64,
    /// U-Net with 7 downsamplings.
    #[serde(rename = "unet_128")]
    Unet128,
    /// U-Net with 8 downsamplings.
    #[serde(rename = "unet_256")]
    Unet256,
    /// U-Net with 9 downsamplings.
    #[serde(rename = "unet_512")]
    Unet512,
    /// ResNet generator with 6 residual blocks.
    #[serde(rename = "resnet_6blocks")]
    Resnet6Blocks,
    /// ResNet generator with 9 residual blocks.
    #[serde(rename = "resnet_9blocks")]
    Resnet9Blocks,
    /// Global generator of pix2pixHD.
    #[serde(rename = "global")]
    Global,
    /// Global generator at a smaller size, and local enhancers on it.
    #[serde(rename = "local")]
    Local,
    /// Residual network that can enlarge (SRResNet).
    #[serde(rename = "srresnet")]
    Srresnet,
    /// Context encoder with a channel-wise fully-connected layer.
    #[serde(rename = "context")]
    Context,
    /// Context encoder with a full bottleneck.
    #[serde(rename = "context_bottleneck")]
    ContextBottleneck,
    /// DCGAN: up-convolutions from noise.
    #[serde(rename = "dcgan")]
    Dcgan,
    /// Residual blocks from noise (WGAN-GP, SN-GAN, BigGAN).
    #[serde(rename = "resnet")]
    Resnet,
    /// Progressive GAN, whose pictures grow.
    #[serde(rename = "progressive")]
    Progressive,
    /// StyleGAN2.
    #[serde(rename = "style")]
    Style,
    /// LAPGAN: details of ever larger pictures, each by a network of its own.
    #[serde(rename = "laplacian")]
    Laplacian,
    /// StackGAN's second stage, which goes on from the pictures of a first.
    #[serde(rename = "stack")]
    Stack,
}

impl GeneratorArch {
    /// The name used in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unet64 => "unet_64",
            Self::Unet128 => "unet_128",
            Self::Unet256 => "unet_256",
            Self::Unet512 => "unet_512",
            Self::Resnet6Blocks => "resnet_6blocks",
            Self::Resnet9Blocks => "resnet_9blocks",
            Self::Global => "global",
            Self::Local => "local",
            Self::Srresnet => "srresnet",
            Self::Context => "context",
            Self::ContextBottleneck => "context_bottleneck",
            Self::Dcgan => "dcgan",
            Self::Resnet => "resnet",
            Self::Progressive => "progressive",
            Self::Style => "style",
            Self::Laplacian => "laplacian",
            Self::Stack => "stack",
        }
    }

    /// Whether it is one of the generators of pix2pixHD, whose parts the recipe counts.
    pub fn is_coarse_to_fine(self) -> bool {
        matches!(self, Self::Global | Self::Local)
    }

    /// Whether the recipe says how many residual blocks it has.
    pub fn has_blocks(self) -> bool {
        self.is_coarse_to_fine() || self == Self::Srresnet
    }

    /// Whether it is a context encoder, which is made for one size of pictures.
    pub fn is_context_encoder(self) -> bool {
        matches!(self, Self::Context | Self::ContextBottleneck)
    }

    /// Whether it is a U-Net.
    pub fn is_unet(self) -> bool {
        matches!(
            self,
            Self::Unet64 | Self::Unet128 | Self::Unet256 | Self::Unet512
        )
    }

    /// Whether it makes pictures from noise.
    pub fn makes_pictures(self) -> bool {
        matches!(
            self,
            Self::Dcgan
                | Self::Resnet
                | Self::Progressive
                | Self::Style
                | Self::Laplacian
                | Self::Stack
        )
    }
}

/// Discriminator network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscriminatorArch {
    /// PatchGAN with `discriminator.layers` strided layers.
    Patch,
    /// PixelGAN: 1 x 1 convolutions, each pixel on its own.
    Pixel,
    /// PatchGANs on the picture at several sizes.
    Multiscale,
    /// The context encoder's: strided convolutions down to one logit for the whole.
    Context,
    /// DCGAN's, which may be told the class.
    Dcgan,
    /// Residual blocks (WGAN-GP, SN-GAN, BigGAN).
    Resnet,
    /// Progressive GAN's, which grows.
    Progressive,
    /// StyleGAN2's.
    Style,
}

impl DiscriminatorArch {
    /// The name used in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Pixel => "pixel",
            Self::Multiscale => "multiscale",
            Self::Context => "context",
            Self::Dcgan => "dcgan",
            Self::Resnet => "resnet",
            Self::Progressive => "progressive",
            Self::Style => "style",
        }
    }

    /// Whether it judges pictures from noise, of any size that these have.
    pub fn judges_synthesis(self) -> bool {
        matches!(
            self,
            Self::Dcgan | Self::Resnet | Self::Progressive | Self::Style
        )
    }
}
