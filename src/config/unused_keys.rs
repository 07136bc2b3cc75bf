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
    let unused = match mode {
        Mode::Pix2pix => [CYCLE, CONTRASTIVE, COARSE_TO_FINE, INPAINTING].concat(),
        Mode::Cycle => [PAIRED, TARGET, CONTRASTIVE, COARSE_TO_FINE, INPAINTING].concat(),
        Mode::Contrastive => [PAIRED, TARGET, CYCLE, COARSE_TO_FINE, INPAINTING].concat(),
        Mode::Pix2pixhd => [CYCLE, CONTRASTIVE, PAIRED, INPAINTING, NOT_COARSE_TO_FINE].concat(),
        Mode::Inpaint => [CYCLE, CONTRASTIVE, PAIRED, COARSE_TO_FINE, NOT_INPAINTING].concat(),
        Mode::Generate => [
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
    if mode.makes_pictures() {
        return unused;
    }
    [&unused, SYNTHESIS].concat()
}
