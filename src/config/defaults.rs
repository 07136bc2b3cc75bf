//! The recipe of each mode that the user changes: the defaults of the reference implementations.

use super::architectures::{DiscriminatorArch, GeneratorArch};
use super::colours::Colours;
use super::conditioning::{ClassSource, Condition, usual_classification};
use super::degradation::{USUAL_BLUR, USUAL_NOISE};
use super::latent_place::{LatentPlace, usual_kl, usual_latent};
use super::mode::Mode;
use super::options::{
    Direction, Distance, Downsample, GanObjective, HoleFill, InitKind, MaskKind, NormKind, Pages,
    Policy, Preprocess, UnlabelledKind, Upsample,
};
use super::recipe::Recipe;
use super::sections::{
    DataRecipe, DiscriminatorRecipe, EncoderRecipe, GeneratorRecipe, LossRecipe, OptimRecipe,
    SynthesisRecipe, TrainRecipe, usual_r1_every, usual_reference_batch,
};
use crate::kernels::Precision;

impl Recipe {
    /// The defaults of `mode`: those of the reference implementations of the papers.
    pub fn defaults(mode: Mode) -> Self {
        let mut recipe = Self::common_defaults(mode);
        if mode == Mode::Inpaint {
            recipe.apply_inpainting_defaults();
        }
        if mode == Mode::Contrastive {
            recipe.apply_contrastive_defaults();
        }
        if mode.makes_pictures() {
            recipe.apply_synthesis_defaults();
        }
        recipe
    }

    fn common_defaults(mode: Mode) -> Self {
        let paired = mode == Mode::Pix2pix;
        let coarse_to_fine = mode == Mode::Pix2pixhd;
        let norm = if paired {
            NormKind::Batch
        } else {
            NormKind::Instance
        };
        Self {
            mode,
            data: DataRecipe {
                root: String::new(),
                direction: Direction::AToB,
                preprocess: if coarse_to_fine {
                    Preprocess::ScaleWidth
                } else {
                    Preprocess::ResizeAndCrop
                },
                load_size: if coarse_to_fine { 1024 } else { 286 },
                crop_size: if coarse_to_fine { 512 } else { 256 },
                flip: true,
                shuffle: true,
                batch_size: 1,
                reference_batch: usual_reference_batch(),
                workers: 2,
                degrade: Vec::new(),
                blur: USUAL_BLUR.to_vec(),
                noise: USUAL_NOISE.to_vec(),
                colours: Colours::Rgb,
                max_images: 0,
                range: Vec::new(),
                pages: Pages::First,
                input_channels: 3,
                output_channels: 3,
                classes: 35,
                unlabelled: None,
                unlabelled_as: UnlabelledKind::Class,
                palette: String::new(),
                instances: true,
                masks: MaskKind::Centre,
                mask_folder: String::new(),
                mask_threshold: 0.5,
                classes_from: ClassSource::None,
                class_names: Vec::new(),
                embeddings: String::new(),
                embedding_length: 0,
            },
            generator: GeneratorRecipe {
                arch: match mode {
                    Mode::Pix2pix => GeneratorArch::Unet256,
                    Mode::Pix2pixhd => GeneratorArch::Global,
                    // Some change their own below.
                    _ => GeneratorArch::Resnet9Blocks,
                },
                channels: 64,
                norm,
                dropout: paired,
                init: InitKind::Normal,
                init_gain: 0.02,
                latent: 0,
                latent_at: LatentPlace::Input,
                downsample: Downsample::Strided,
                upsample: Upsample::Deconv,
                bottleneck: 4000,
                hole_fill: HoleFill::Mean,
                downsamplings: 4,
                blocks: if paired { 16 } else { 9 },
                scale: 1,
                residual: false,
                keep_brightness: 0.0,
                keep_contrast: 0.0,
                enhancers: 1,
                enhancer_blocks: 3,
                condition: Condition::None,
            },
            encoder: EncoderRecipe {
                features: 0,
                // That of a latent code sees more.
                channels: if paired { 64 } else { 16 },
                downsamplings: if paired { 5 } else { 4 },
                clusters: 10,
            },
            discriminator: DiscriminatorRecipe {
                arch: if coarse_to_fine {
                    DiscriminatorArch::Multiscale
                } else {
                    DiscriminatorArch::Patch
                },
                layers: 3,
                channels: 64,
                norm,
                downsample: Downsample::Strided,
                scales: 2,
                augment: Vec::new(),
                shared: false,
                minibatch_deviation: false,
                minibatch_discrimination: 0,
                noise: 0.0,
                noise_epochs: 0,
            },
            loss: LossRecipe {
                gan: if paired {
                    GanObjective::Vanilla
                } else {
                    GanObjective::Lsgan
                },
                l1: 100.0,
                kl: usual_kl(),
                latent: usual_latent(),
                cycle_a: 10.0,
                cycle_b: 10.0,
                identity: 0.5,
                nce: 1.0,
                nce_identity: 1.0,
                nce_layers: vec![0, 4, 8, 12, 16],
                nce_patches: 256,
                nce_channels: 256,
                nce_temperature: 0.07,
                flip_equivariance: false,
                feature_matching: if coarse_to_fine { 10.0 } else { 0.0 },
                feature_means: 0.0,
                swd: 0.0,
                perceptual: 10.0,
                perceptual_weights: String::new(),
                reconstruction: 0.999,
                adversarial: if paired { 1.0 } else { 0.001 },
                overlap: 4,
                distance: Distance::L2,
                classification: usual_classification(),
                label_smoothing: 0.0,
                gradient_penalty: None,
                dragan: 0.0,
                r1: 0.0,
                r1_every: usual_r1_every(),
            },
            synthesis: SynthesisRecipe::usual(),
            optim: OptimRecipe {
                lr: 2e-4,
                lr_discriminator: None,
                beta1: 0.5,
                beta2: 0.999,
                epochs: 100,
                decay_epochs: 100,
                extensions: Vec::new(),
                policy: Policy::Linear,
                discriminator_steps: 1,
                pool_size: if mode == Mode::Cycle { 50 } else { 0 },
                ema: 0.0,
                global_epochs: 0,
                global_decay_epochs: 0,
                fix_global_epochs: 0,
            },
            train: TrainRecipe {
                seed: 0,
                precision: Precision::F32,
                micro_batch: 0,
                sync_norm: false,
                log_every: 10,
                preview_every: 500,
                checkpoint_every: 500,
                max_steps: 0,
                keep_every: 0,
                keep_every_epochs: 0,
                evaluate_every: 0,
                metrics: String::new(),
                stop_after: 0,
                grow: Vec::new(),
                grow_epochs: Vec::new(),
                level: None,
            },
        }
    }
}
