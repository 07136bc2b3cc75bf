//! Which keys a mode has no use for.

use super::options::Mode;

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
    // What asks for the picture that a translation should be.
    const TARGET: &[(&str, &str)] = &[("loss", "feature_matching")];
    const COARSE_TO_FINE: &[(&str, &str)] = &[
        ("data", "classes"),
        ("data", "unlabelled"),
        ("data", "unlabelled_as"),
        ("data", "palette"),
        ("data", "instances"),
        ("generator", "downsamplings"),
        ("generator", "blocks"),
        ("generator", "enhancers"),
        ("generator", "enhancer_blocks"),
        ("encoder", "features"),
        ("encoder", "channels"),
        ("encoder", "downsamplings"),
        ("encoder", "clusters"),
        ("discriminator", "scales"),
        ("loss", "perceptual"),
        ("loss", "perceptual_weights"),
        ("optim", "global_epochs"),
        ("optim", "global_decay_epochs"),
        ("optim", "fix_global_epochs"),
    ];
    const INPAINTING: &[(&str, &str)] = &[
        ("data", "masks"),
        ("data", "mask_folder"),
        ("data", "mask_threshold"),
        ("generator", "bottleneck"),
        ("generator", "hole_fill"),
        ("loss", "reconstruction"),
        ("loss", "adversarial"),
        ("loss", "overlap"),
        ("loss", "distance"),
    ];
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
        ("generator", "latent"),
        ("generator", "condition"),
        ("loss", "classification"),
    ];
    const NOT_SYNTHESIS: &[(&str, &str)] = &[
        ("data", "direction"),
        ("data", "range"),
        ("data", "pages"),
        ("data", "input_channels"),
        ("generator", "dropout"),
        ("generator", "downsample"),
        ("discriminator", "layers"),
        ("discriminator", "downsample"),
        ("optim", "pool_size"),
    ];
    const AUTOENCODING: &[(&str, &str)] = &[("loss", "kl")];
    // What there is for a discriminator.
    const GAME: &[(&str, &str)] = &[
        ("discriminator", "arch"),
        ("discriminator", "channels"),
        ("discriminator", "norm"),
        ("discriminator", "augment"),
        ("discriminator", "minibatch_deviation"),
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
    let unused = match mode {
        Mode::Pix2pix => [CYCLE, CONTRASTIVE, COARSE_TO_FINE, INPAINTING].concat(),
        Mode::Cycle => [PAIRED, TARGET, CONTRASTIVE, COARSE_TO_FINE, INPAINTING].concat(),
        Mode::Contrastive => [PAIRED, TARGET, CYCLE, COARSE_TO_FINE, INPAINTING].concat(),
        Mode::Pix2pixhd => [CYCLE, CONTRASTIVE, PAIRED, INPAINTING, NOT_COARSE_TO_FINE].concat(),
        Mode::Inpaint => [CYCLE, CONTRASTIVE, PAIRED, COARSE_TO_FINE, NOT_INPAINTING].concat(),
        Mode::Generate | Mode::Vae => [
            CYCLE,
            CONTRASTIVE,
            PAIRED,
            TARGET,
            COARSE_TO_FINE,
            INPAINTING,
            NOT_SYNTHESIS,
        ]
        .concat(),
    };
    match mode {
        Mode::Generate => [&unused, AUTOENCODING].concat(),
        Mode::Vae => [&unused, GAME].concat(),
        _ => [&unused, SYNTHESIS, AUTOENCODING].concat(),
    }
}
