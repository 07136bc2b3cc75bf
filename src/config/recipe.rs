//! The resolved recipe: every choice of a training run, with the defaults of the papers' implementations.

use serde::{Deserialize, Serialize};

use super::architectures::{DiscriminatorArch, GeneratorArch};
use super::colours::Colours;
use super::conditioning::{ClassSource, Condition};
use super::degradation::Degradation;
use super::growth_level::GrowthLevel;
use super::latent_place::LatentPlace;
use super::options::{
    Augment, Direction, Distance, Downsample, GanObjective, HoleFill, InitKind, MaskKind, Mode,
    NormKind, Pages, Policy, Preprocess, UnlabelledKind, Upsample,
};
use super::synthesis_recipe::SynthesisRecipe;
use crate::kernels::Precision;

/// Everything that determines a training run. Saved with the style; `configs/` explains each key and its default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Training method.
    pub mode: Mode,
    /// Pictures and their preprocessing.
    pub data: DataRecipe,
    /// Generator network.
    pub generator: GeneratorRecipe,
    /// Encoder of instance features (pix2pixhd) or of the latent code (pix2pix).
    pub encoder: EncoderRecipe,
    /// Discriminator network.
    pub discriminator: DiscriminatorRecipe,
    /// Losses and their weights.
    pub loss: LossRecipe,
    /// What the networks of mode generate have besides.
    pub synthesis: SynthesisRecipe,
    /// Optimisers and schedule.
    pub optim: OptimRecipe,
    /// The loop: seed, logging, previews, checkpoints.
    pub train: TrainRecipe,
}

/// Section `[data]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRecipe {
    /// Folder of the data set; empty for the sample in the program.
    pub root: String,
    /// Which side is the input.
    pub direction: Direction,
    /// How pictures are transformed to the training size.
    pub preprocess: Preprocess,
    /// Side (or width) that pictures are resized to before cropping, in pixels.
    pub load_size: usize,
    /// Side of the square crop, in pixels.
    pub crop_size: usize,
    /// Mirror pictures left to right at random.
    pub flip: bool,
    /// Draw a new order in every epoch; otherwise pictures are sorted by name.
    pub shuffle: bool,
    /// Pictures per step.
    pub batch_size: usize,
    /// Pictures of the batch that reference and virtual batch normalisation take their statistics from.
    #[serde(default = "usual_reference_batch")]
    pub reference_batch: usize,
    /// Threads that decode and prepare pictures.
    pub workers: usize,
    /// How inputs are made of their targets; empty where the data set has both (pix2pix).
    pub degrade: Vec<Degradation>,
    /// Standard deviation of the blur, lowest and highest, in pixels (pix2pix).
    pub blur: Vec<f64>,
    /// Standard deviation of the noise, lowest and highest, in levels of 255 (pix2pix).
    pub noise: Vec<f64>,
    /// What the channels of pictures are (pix2pix).
    pub colours: Colours,
    /// Use only this many pictures of each side, the first ones; 0 for all.
    pub max_images: usize,
    /// Which numbers of pictures that are not of 8 bits are black and white, `[low, high]`; empty for all that 16 bits have.
    pub range: Vec<f64>,
    /// Pages of files that have several.
    pub pages: Pages,
    /// Channels of the generator's input (domain A in mode cycle): 3 for colour, 1 for grey, others for TIFF files of as many bands.
    pub input_channels: usize,
    /// Channels of the generator's output (domain B in mode cycle): 3 for colour, 1 for grey, others for TIFF files of as many bands.
    pub output_channels: usize,
    /// Number of classes of the label maps; 0 where the inputs are pictures (pix2pixhd).
    pub classes: usize,
    /// Id of the pixels that belong to no class, such as 255; none where all pixels are labelled (pix2pixhd).
    pub unlabelled: Option<u32>,
    /// What the networks are shown of such pixels (pix2pixhd).
    pub unlabelled_as: UnlabelledKind,
    /// Colours of label maps and their classes: a file, or its text; empty for maps that hold ids (pix2pixhd).
    pub palette: String,
    /// Show the networks the boundaries of instances, if the data set has instance maps (pix2pixhd).
    pub instances: bool,
    /// Holes to learn from (inpaint).
    pub masks: MaskKind,
    /// Folder of mask files, for `masks = "folder"`; empty for `masks/` in the data set (inpaint).
    pub mask_folder: String,
    /// Share of white from which on a pixel of a mask file is a hole (inpaint).
    pub mask_threshold: f64,
    /// Where the classes of pictures come from (generate, vae).
    pub classes_from: ClassSource,
    /// Names of the classes; empty until they are taken from the data (generate, vae).
    pub class_names: Vec<String>,
    /// Name of the file beside the pictures of each split that has a vector for each of them; empty for none (generate, vae).
    pub embeddings: String,
    /// Numbers of such a vector; 0 until the file has been read (generate, vae).
    pub embedding_length: usize,
}

impl DataRecipe {
    /// Black and white of pictures that are not of 8 bits, if they are not all that 16 bits have.
    pub fn value_range(&self) -> Option<[f64; 2]> {
        self.range.first_chunk().copied()
    }
}

/// Section `[generator]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorRecipe {
    /// Network.
    pub arch: GeneratorArch,
    /// Channels of the first layer (`ngf`).
    pub channels: usize,
    /// Normalisation.
    pub norm: NormKind,
    /// Dropout in the decoder (U-Net) or the residual blocks (ResNet).
    pub dropout: bool,
    /// Distribution of the initial weights.
    pub init: InitKind,
    /// Standard deviation or gain of that distribution.
    pub init_gain: f64,
    /// Numbers of the latent code: of one look of several, 0 for a single one (pix2pix), or of a whole picture (generate, vae).
    #[serde(default)]
    pub latent: usize,
    /// Where the code goes in (pix2pix).
    #[serde(default)]
    pub latent_at: LatentPlace,
    /// How a ResNet's encoder halves the size.
    pub downsample: Downsample,
    /// How the decoder doubles the size.
    pub upsample: Upsample,
    /// Channels of the bottleneck of `context_bottleneck` (inpaint).
    pub bottleneck: usize,
    /// What the network is shown in holes (inpaint).
    pub hole_fill: HoleFill,
    /// Halvings of the size in the global generator (pix2pixhd).
    pub downsamplings: usize,
    /// Residual blocks of the global generator (pix2pixhd) or of arch `srresnet` (pix2pix).
    pub blocks: usize,
    /// How many times larger than its input the output of arch `srresnet` is (pix2pix).
    pub scale: usize,
    /// Whether arch `srresnet` adds its result to its enlarged input (pix2pix).
    #[serde(default)]
    pub residual: bool,
    /// Share of a picture's brightness that its translation keeps (cycle, contrastive).
    #[serde(default)]
    pub keep_brightness: f64,
    /// Share of a picture's contrast that its translation keeps (cycle, contrastive).
    #[serde(default)]
    pub keep_contrast: f64,
    /// Local enhancers of arch `local`; each doubles the size (pix2pixhd).
    pub enhancers: usize,
    /// Residual blocks of each local enhancer (pix2pixhd).
    pub enhancer_blocks: usize,
    /// How the networks are told the class (generate, vae).
    pub condition: Condition,
}

/// Section `[encoder]`: the encoder of instance features (pix2pixhd), or of the latent code (pix2pix).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderRecipe {
    /// Features of each instance that the generator gets; 0 for none, and no encoder (pix2pixhd).
    pub features: usize,
    /// Channels of the first layer (`nef`).
    pub channels: usize,
    /// Halvings of the size.
    pub downsamplings: usize,
    /// Clusters per class that features are sampled from when the style is applied (pix2pixhd).
    pub clusters: usize,
}

/// Section `[discriminator]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscriminatorRecipe {
    /// Network.
    pub arch: DiscriminatorArch,
    /// Strided layers of a PatchGAN.
    pub layers: usize,
    /// Channels of the first layer (`ndf`).
    pub channels: usize,
    /// Normalisation.
    pub norm: NormKind,
    /// How a PatchGAN halves the size.
    pub downsample: Downsample,
    /// Sizes at which pictures are judged, each half of the one before (pix2pixhd).
    pub scales: usize,
    /// How pictures are changed before they are judged, real and generated ones alike.
    pub augment: Vec<Augment>,
    /// Let one discriminator judge pictures of encoded and of random codes, instead of one each (pix2pix with a code).
    #[serde(default)]
    pub shared: bool,
    /// Show the last layer how different the pictures of the batch are.
    #[serde(default)]
    pub minibatch_deviation: bool,
    /// Kernels by which the last layer is shown how like the others of the batch each picture is; 0 for none.
    #[serde(default)]
    pub minibatch_discrimination: usize,
    /// Standard deviation of the noise on pictures that are judged, in the first epoch.
    #[serde(default)]
    pub noise: f64,
    /// Epochs in which the noise falls to nothing; 0 for all of the run.
    #[serde(default)]
    pub noise_epochs: usize,
}

/// Section `[loss]`. A weight that the mode does not use is not part of its recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossRecipe {
    /// Adversarial objective.
    pub gan: GanObjective,
    /// Weight of the L1 distance to the target (pix2pix).
    pub l1: f64,
    /// Weight of the divergence of encoded codes from the normal distribution (pix2pix with a code, vae).
    #[serde(default = "super::latent_place::usual_kl")]
    pub kl: f64,
    /// Weight of the L1 distance between a random code and what the encoder finds in its picture (pix2pix with a code).
    #[serde(default = "super::latent_place::usual_latent")]
    pub latent: f64,
    /// Weight of the cycle A -> B -> A (cycle).
    pub cycle_a: f64,
    /// Weight of the cycle B -> A -> B (cycle).
    pub cycle_b: f64,
    /// Weight of the identity loss, as a fraction of the cycle weights (cycle).
    pub identity: f64,
    /// Weight of the distance between patches of input and output by what the encoder sees in them (contrastive).
    pub nce: f64,
    /// Weight of the same for pictures of B that are translated, as a share of `nce`; the two are averaged (contrastive).
    pub nce_identity: f64,
    /// Layers of the encoder that are compared, by their place in PyTorch's sequence (contrastive).
    pub nce_layers: Vec<usize>,
    /// Places that are compared in each layer (contrastive).
    pub nce_patches: usize,
    /// Channels of what is compared (contrastive).
    pub nce_channels: usize,
    /// Divides the likeness of two places (contrastive).
    pub nce_temperature: f64,
    /// Mirror the input half of the time, and what is compared back: the translation should not depend on it (contrastive).
    pub flip_equivariance: bool,
    /// Weight of the distance between the discriminator's features of output and target (pix2pix, pix2pixhd, inpaint).
    pub feature_matching: f64,
    /// Weight of the distance between the means of the discriminator's features of generated and real pictures.
    #[serde(default)]
    pub feature_means: f64,
    /// Weight of the sliced Wasserstein distance between patches of translations and of real pictures (cycle, contrastive).
    #[serde(default)]
    pub swd: f64,
    /// Weight of the distance between VGG19's features of output and target (pix2pix, pix2pixhd).
    pub perceptual: f64,
    /// File with the weights of VGG19; empty to leave the perceptual loss out (pix2pix, pix2pixhd).
    pub perceptual_weights: String,
    /// Weight of the distance to the original in the hole and the band around it (inpaint).
    pub reconstruction: f64,
    /// Weight of the adversarial loss; 0 leaves the discriminator out (pix2pix, inpaint).
    pub adversarial: f64,
    /// Width of the band around the hole that is predicted too, in pixels (inpaint).
    pub overlap: usize,
    /// The distance to the original (inpaint).
    pub distance: Distance,
    /// Weight of the cross entropy of the classes that the discriminator tells (generate).
    pub classification: f64,
    /// The discriminator's target for real pictures is 1 minus this.
    pub label_smoothing: f64,
    /// Weight of the penalty on the length of the discriminator's gradient between real and generated pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_penalty: Option<f64>,
    /// Weight of the penalty on the length of the discriminator's gradient around real pictures.
    #[serde(default)]
    pub dragan: f64,
    /// Twice the weight of the penalty on the squared length of the discriminator's gradient at real pictures.
    #[serde(default)]
    pub r1: f64,
    /// Discriminator steps from one such penalty to the next, each as many times as strong.
    #[serde(default = "usual_r1_every")]
    pub r1_every: usize,
}

/// Steps between penalties R1, as in StyleGAN2.
pub(super) fn usual_r1_every() -> usize {
    16
}

/// Pictures of a reference batch.
pub(super) fn usual_reference_batch() -> usize {
    8
}

/// Section `[optim]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimRecipe {
    /// Learning rate of the generator, and of the discriminator unless it has its own; in mode inpaint that has a tenth.
    pub lr: f64,
    /// Learning rate of the discriminator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lr_discriminator: Option<f64>,
    /// Adam's decay of the mean of gradients.
    pub beta1: f64,
    /// Adam's decay of the mean of squared gradients.
    pub beta2: f64,
    /// Epochs at the full learning rate.
    pub epochs: usize,
    /// Epochs after these in which the linear policy decays to zero.
    pub decay_epochs: usize,
    /// Epochs that were added after these, one number for each time: each has a schedule of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<usize>,
    /// How the learning rate changes.
    pub policy: Policy,
    /// Discriminator updates per generator update.
    pub discriminator_steps: usize,
    /// Earlier translations kept to show the discriminator; 0 for none.
    pub pool_size: usize,
    /// Share of the generator's averaged weights that each step keeps; 0 to use the weights as they are.
    pub ema: f64,
    /// Epochs at the full learning rate in which the global generator is trained alone, at a smaller size, before the
    /// enhancers are added; 0, with `global_decay_epochs` 0, to train all at once (pix2pixhd, arch `local`).
    pub global_epochs: usize,
    /// Epochs after these in which the linear policy decays (pix2pixhd, arch `local`).
    pub global_decay_epochs: usize,
    /// Epochs in which a new enhancer is trained while the networks below it stay frozen (pix2pixhd, arch `local`).
    pub fix_global_epochs: usize,
}

/// Section `[train]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainRecipe {
    /// Seed of initial weights, order, augmentation and dropout.
    pub seed: u64,
    /// Precision in which convolutions compute.
    #[serde(default)]
    pub precision: Precision,
    /// Whether batch normalisation takes its statistics from the samples of all processes that train together, not from those of each.
    #[serde(default)]
    pub sync_norm: bool,
    /// Steps between lines of `metrics.jsonl`.
    pub log_every: u64,
    /// Steps between previews.
    pub preview_every: u64,
    /// Steps between checkpoints.
    pub checkpoint_every: u64,
    /// Stop after this many steps; 0 to run all epochs.
    pub max_steps: u64,
    /// Steps between states of the style that are kept; 0 for none.
    #[serde(default)]
    pub keep_every: u64,
    /// Epochs between states of the style that are kept; 0 for none.
    #[serde(default)]
    pub keep_every_epochs: u64,
    /// Steps between evaluations; 0 for none.
    #[serde(default)]
    pub evaluate_every: u64,
    /// Metrics of an evaluation, separated by commas; the first decides which weights are best. Empty for those of the mode.
    #[serde(default)]
    pub metrics: String,
    /// Evaluations without a new best after which the run is over; 0 to run on.
    #[serde(default)]
    pub stop_after: u64,
    /// Sides of the crop that are trained on one after the other, the last of which is that of `data.crop_size`; empty for that
    /// alone (pix2pix, cycle, contrastive, generate).
    #[serde(default)]
    pub grow: Vec<usize>,
    /// Epochs of each of these but the last; empty to share the epochs of the run out evenly.
    #[serde(default)]
    pub grow_epochs: Vec<usize>,
    /// The place of this recipe in a run that grows: set in its [stages](Recipe::stages) alone, and in no file.
    #[serde(skip)]
    pub level: Option<GrowthLevel>,
}

impl Recipe {
    /// Learning rate of the discriminator at the start.
    pub fn discriminator_learning_rate(&self) -> f64 {
        let usual = match self.mode {
            Mode::Inpaint => self.optim.lr / 10.0,
            _ => self.optim.lr,
        };
        self.optim.lr_discriminator.unwrap_or(usual)
    }
}
