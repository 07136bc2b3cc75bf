//! The choices that a recipe offers by name.

use serde::{Deserialize, Serialize};

/// Which of the two sides of the data is the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub enum Direction {
    /// From A (left half, `trainA`) to B.
    #[serde(rename = "AtoB")]
    #[value(name = "AtoB")]
    AToB,
    /// From B (right half, `trainB`) to A.
    #[serde(rename = "BtoA")]
    #[value(name = "BtoA")]
    BToA,
}

impl Direction {
    /// The name used on the command line and in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::AToB => "AtoB",
            Self::BToA => "BtoA",
        }
    }

    /// The other one.
    pub fn reversed(self) -> Self {
        match self {
            Self::AToB => Self::BToA,
            Self::BToA => Self::AToB,
        }
    }
}

/// How a picture is transformed to the size that the network trains on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preprocess {
    /// Resize to `load_size` x `load_size`, then crop `crop_size` x `crop_size` at random.
    ResizeAndCrop,
    /// Crop `crop_size` x `crop_size` at random from the picture as it is.
    Crop,
    /// Resize to `load_size` wide, keeping the aspect ratio (at least `crop_size` high).
    ScaleWidth,
    /// Resize to `load_size` wide, then crop `crop_size` x `crop_size` at random.
    ScaleWidthAndCrop,
    /// Resize the shorter side to `load_size`, keeping the aspect ratio, then crop `crop_size` x `crop_size` at random.
    ScaleShortsideAndCrop,
    /// Keep the size, rounded to the multiple that the network needs.
    None,
}

/// Pages of files that have several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Pages {
    /// The first one.
    #[default]
    First,
    /// Each of them.
    All,
}

/// A change of what a discriminator sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Augment {
    /// Brightness, saturation and contrast.
    Color,
    /// A shift by up to an eighth of each side.
    Translation,
    /// A hole of half of each side.
    Cutout,
}

impl Augment {
    /// The name used in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Color => "color",
            Self::Translation => "translation",
            Self::Cutout => "cutout",
        }
    }
}

/// The holes that a network learns to fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum MaskKind {
    /// The middle: half of each side, less the overlap.
    Centre,
    /// Overlapping rectangles, up to a quarter of the picture.
    Blocks,
    /// Smooth random shapes, 20 to 30 % of the picture.
    Regions,
    /// Strokes of a thick brush.
    Strokes,
    /// Mask files of the user.
    #[value(skip)]
    Folder,
}

impl MaskKind {
    /// The name used on the command line and in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Centre => "centre",
            Self::Blocks => "blocks",
            Self::Regions => "regions",
            Self::Strokes => "strokes",
            Self::Folder => "folder",
        }
    }
}

/// What a network is shown in holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoleFill {
    /// The mean colour of photos, as in the context encoder's code.
    Mean,
    /// A smooth continuation of what is around, to which the network adds.
    Smooth,
}

/// The distance between a filled hole and the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// Mean of squared differences.
    L2,
    /// Mean of absolute differences.
    L1,
}

/// What the networks are shown of unlabelled pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnlabelledKind {
    /// A class of their own, as in SPADE (Park et al., 2019).
    Class,
    /// No class: 0 in the channel of every class.
    Zeros,
}

/// Normalisation layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormKind {
    /// Batch normalisation with scale and shift.
    Batch,
    /// The same by the statistics of a fixed batch.
    ReferenceBatch,
    /// The same by the statistics of a fixed batch and of each picture together.
    VirtualBatch,
    /// Instance normalisation without scale and shift.
    Instance,
    /// Instance normalisation with scale and shift.
    InstanceAffine,
    /// Spectral normalisation of the weights of convolutions (not of the features).
    Spectral,
    /// No normalisation.
    None,
}

impl NormKind {
    /// Whether the convolutions before such a layer have a bias: in the reference implementations only those before instance
    /// normalisation do. With spectral normalisation, which no layer follows, all do.
    pub fn uses_bias(self) -> bool {
        matches!(self, Self::Instance | Self::InstanceAffine | Self::Spectral)
    }

    /// Whether features are brought to mean 0 and variance 1.
    pub fn normalises_features(self) -> bool {
        !matches!(self, Self::Spectral | Self::None)
    }

    /// Whether it has the parameters and running averages of batch normalisation.
    pub fn is_batch(self) -> bool {
        self == Self::Batch || self.has_reference()
    }

    /// Whether a network with it makes of a picture what it would make of it alone, however often it is called.
    pub fn is_of_each_sample(self) -> bool {
        // Statistics of batch normalisation are those of the whole batch, and each pass moves the singular vectors on.
        !matches!(self, Self::Batch | Self::Spectral)
    }

    /// Whether statistics are those of a fixed batch.
    pub fn has_reference(self) -> bool {
        matches!(self, Self::ReferenceBatch | Self::VirtualBatch)
    }
}

/// Distribution of the initial weights of convolutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitKind {
    /// Normal with standard deviation `init_gain`.
    Normal,
    /// Xavier (Glorot) normal with gain `init_gain`.
    Xavier,
    /// Kaiming (He) normal, fan in.
    Kaiming,
    /// Orthogonal with gain `init_gain`.
    Orthogonal,
}

/// How the decoder of a generator doubles the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upsample {
    /// Transposed convolution, as in the papers.
    Deconv,
    /// Nearest-neighbour doubling and a 3 x 3 convolution: no checkerboard.
    Resize,
    /// Doubling by a binomial filter and a 3 x 3 convolution: no aliasing.
    Blur,
}

/// How a network halves the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Downsample {
    /// Convolutions that take every second pixel, as in the papers.
    Strided,
    /// Convolutions of every pixel, and a binomial filter: no aliasing.
    Blur,
}

/// Objective of generator and discriminator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GanObjective {
    /// Cross entropy, non-saturating.
    Vanilla,
    /// Cross entropy, the original minimax game.
    Saturating,
    /// Cross entropy, with the generator's gradient of maximum likelihood.
    Likelihood,
    /// Least squares.
    Lsgan,
    /// Hinge.
    Hinge,
    /// Wasserstein with weight clipping.
    Wgan,
    /// Wasserstein with gradient penalty.
    #[serde(rename = "wgan-gp")]
    WganGp,
}

/// How the learning rate changes from epoch to epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Constant for `epochs`, then linearly to zero over `decay_epochs`.
    Linear,
    /// A tenth every 50 epochs.
    Step,
    /// A fifth when the generator's loss has not improved for 5 epochs.
    Plateau,
    /// Half a cosine over `epochs`.
    Cosine,
    /// The same in every epoch.
    Constant,
}
