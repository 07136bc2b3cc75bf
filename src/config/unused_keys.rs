//! Which keys a mode has no use for.

use super::mode::Mode;

/// What there is for a discriminator.
pub(super) const GAME: &[(&str, &str)] = &[
    ("discriminator", "arch"),
    ("discriminator", "channels"),
    ("discriminator", "norm"),
    ("discriminator", "augment"),
    ("discriminator", "minibatch_deviation"),
    ("discriminator", "minibatch_discrimination"),
    ("discriminator", "noise"),
    ("discriminator", "noise_epochs"),
    ("loss", "gan"),
    ("loss", "classification"),
    ("loss", "feature_means"),
    ("loss", "label_smoothing"),
    ("loss", "gradient_penalty"),
    ("loss", "dragan"),
    ("loss", "r1"),
    ("loss", "r1_every"),
    ("optim", "lr_discriminator"),
    ("optim", "discriminator_steps"),
];

/// Keys that have no meaning in a mode.
pub(super) fn unused_keys(mode: Mode) -> Vec<(&'static str, &'static str)> {
    const CYCLE: &[(&str, &str)] = &[
        ("loss", "cycle_a"),
        ("loss", "cycle_b"),
        ("loss", "identity"),
    ];
    const CONTRASTIVE: &[(&str, &str)] = &[
        ("loss", "nce"),
        ("loss", "nce_identity"),
        ("loss", "nce_layers"),
        ("loss", "nce_patches"),
        ("loss", "nce_channels"),
        ("loss", "nce_temperature"),
        ("loss", "flip_equivariance"),
    ];
    const PAIRED: &[(&str, &str)] = &[("loss", "l1")];
    // What needs no pairs.
    const UNPAIRED: &[(&str, &str)] = &[
        ("loss", "swd"),
        ("generator", "keep_brightness"),
        ("generator", "keep_contrast"),
    ];
    // What asks for the picture that a translation should be.
    const TARGET: &[(&str, &str)] = &[("loss", "feature_matching")];
    const COARSE_TO_FINE: &[(&str, &str)] = &[
        ("data", "classes"),
        ("data", "unlabelled"),
        ("data", "unlabelled_as"),
        ("data", "palette"),
        ("data", "instances"),
        ("generator", "downsamplings"),
        ("generator", "enhancers"),
        ("generator", "enhancer_blocks"),
        ("encoder", "features"),
        ("encoder", "clusters"),
        ("discriminator", "scales"),
        ("optim", "global_epochs"),
        ("optim", "global_decay_epochs"),
        ("optim", "fix_global_epochs"),
    ];
    // What a latent code asks for.
    const LATENT: &[(&str, &str)] = &[
        ("generator", "latent"),
        ("generator", "latent_at"),
        ("discriminator", "shared"),
        ("loss", "kl"),
        ("loss", "latent"),
    ];
    const ENCODER: &[(&str, &str)] = &[("encoder", "channels"), ("encoder", "downsamplings")];
    const BLOCKS: &[(&str, &str)] = &[("generator", "blocks")];
    const PERCEPTUAL: &[(&str, &str)] = &[("loss", "perceptual"), ("loss", "perceptual_weights")];
    const ADVERSARIAL: &[(&str, &str)] = &[("loss", "adversarial")];
    // Inputs that are made of their targets.
    const MADE_INPUTS: &[(&str, &str)] = &[
        ("data", "degrade"),
        ("data", "blur"),
        ("data", "noise"),
        ("data", "colours"),
        ("generator", "scale"),
        ("generator", "residual"),
    ];
    const INPAINTING: &[(&str, &str)] = &[
        ("data", "masks"),
        ("data", "mask_folder"),
        ("data", "mask_threshold"),
        ("generator", "bottleneck"),
        ("generator", "hole_fill"),
        ("loss", "reconstruction"),
        ("loss", "overlap"),
        ("loss", "distance"),
    ];
    // pix2pixHD grows by stages of its own, and context encoders are made for one size, as are autoencoders.
    const ONE_SIZE: &[(&str, &str)] = &[("train", "grow"), ("train", "grow_epochs")];
    // Modes that learn from batches as a whole.
    const MICRO_BATCH: &[(&str, &str)] = &[("train", "micro_batch")];
    const REFERENCE: &[(&str, &str)] = &[("data", "reference_batch")];
    // What the generators of pix2pixHD have no place for.
    const NOT_COARSE_TO_FINE: &[(&str, &str)] = &[
        ("data", "pages"),
        ("generator", "dropout"),
        ("generator", "downsample"),
        ("discriminator", "downsample"),
        ("optim", "discriminator_steps"),
        ("optim", "pool_size"),
    ];
    const NOT_INPAINTING: &[(&str, &str)] = &[
        ("data", "direction"),
        ("data", "range"),
        ("data", "pages"),
        ("optim", "pool_size"),
    ];
    // What makes pictures from noise.
    const SYNTHESIS: &[(&str, &str)] = &[
        ("data", "classes_from"),
        ("data", "class_names"),
        ("data", "embeddings"),
        ("data", "embedding_length"),
        ("generator", "condition"),
        ("loss", "classification"),
    ];
    // What networks of mode generate have besides.
    const NETWORKS: &[(&str, &str)] = &[
        ("synthesis", "class_norm"),
        ("synthesis", "spectral"),
        ("synthesis", "mapping"),
        ("synthesis", "mixing"),
        ("synthesis", "orthogonal"),
        ("synthesis", "drift"),
        ("synthesis", "coarsest"),
        ("synthesis", "first_stage"),
        ("synthesis", "kl"),
        ("synthesis", "categories"),
        ("synthesis", "continuous"),
        ("synthesis", "categories_weight"),
        ("synthesis", "continuous_weight"),
        ("synthesis", "path_length"),
        ("synthesis", "path_length_every"),
    ];
    const NOT_SYNTHESIS: &[(&str, &str)] = &[
        ("data", "direction"),
        ("data", "range"),
        ("data", "pages"),
        ("data", "input_channels"),
        ("generator", "latent_at"),
        ("generator", "dropout"),
        ("generator", "downsample"),
        ("discriminator", "layers"),
        ("discriminator", "downsample"),
        ("discriminator", "shared"),
        ("loss", "latent"),
        ("optim", "pool_size"),
    ];
    const DIVERGENCE: &[(&str, &str)] = &[("loss", "kl")];
    // What modes with two piles of pictures have no use for.
    const PAIRS_ALONE: &[&[(&str, &str)]] = &[
        PAIRED,
        MADE_INPUTS,
        BLOCKS,
        PERCEPTUAL,
        ADVERSARIAL,
        LATENT,
        ENCODER,
        SYNTHESIS,
        NETWORKS,
    ];
    // What modes without an input picture have no use for.
    const TRANSLATION: &[&[(&str, &str)]] = &[
        CYCLE,
        CONTRASTIVE,
        PAIRED,
        UNPAIRED,
        TARGET,
        MADE_INPUTS,
        BLOCKS,
        PERCEPTUAL,
        ADVERSARIAL,
        ENCODER,
        COARSE_TO_FINE,
        INPAINTING,
        REFERENCE,
        MICRO_BATCH,
        NOT_SYNTHESIS,
    ];
    let lists: &[&[&[(&str, &str)]]] = match mode {
        Mode::Pix2pix => &[&[
            CYCLE,
            CONTRASTIVE,
            UNPAIRED,
            COARSE_TO_FINE,
            INPAINTING,
            SYNTHESIS,
            NETWORKS,
        ]],
        Mode::Cycle => &[
            PAIRS_ALONE,
            &[TARGET, CONTRASTIVE, COARSE_TO_FINE, INPAINTING],
        ],
        Mode::Contrastive => &[PAIRS_ALONE, &[TARGET, CYCLE, COARSE_TO_FINE, INPAINTING]],
        Mode::Pix2pixhd => &[&[
            CYCLE,
            CONTRASTIVE,
            PAIRED,
            MADE_INPUTS,
            ADVERSARIAL,
            LATENT,
            SYNTHESIS,
            UNPAIRED,
            INPAINTING,
            NETWORKS,
            ONE_SIZE,
            REFERENCE,
            NOT_COARSE_TO_FINE,
        ]],
        Mode::Inpaint => &[&[
            CYCLE,
            CONTRASTIVE,
            PAIRED,
            MADE_INPUTS,
            BLOCKS,
            PERCEPTUAL,
            LATENT,
            SYNTHESIS,
            ENCODER,
            UNPAIRED,
            COARSE_TO_FINE,
            NETWORKS,
            ONE_SIZE,
            REFERENCE,
            NOT_INPAINTING,
        ]],
        Mode::Generate => &[TRANSLATION, &[DIVERGENCE]],
        Mode::Vae => &[TRANSLATION, &[GAME, ONE_SIZE, NETWORKS]],
    };
    lists.concat().concat()
}
