//! The networks of mode generate: their defaults, and what goes with them.

use crate::config::architectures::{DiscriminatorArch, GeneratorArch};
use crate::config::conditioning::Condition;
use crate::config::error::ConfigError;
use crate::config::mode::Mode;
use crate::config::options::{GanObjective, InitKind, NormKind, Upsample};
use crate::config::recipe::Recipe;
use crate::config::sections::{ClassNorm, SynthesisRecipe};
use crate::config::validation::require;
use crate::kernels::Precision;

/// Most layers of a mapping network.
const MAX_MAPPING: usize = 16;
/// Side of the smallest features of a residual generator, in pixels.
const INNERMOST: usize = 4;

impl Recipe {
    /// Turns the defaults of mode generate into those of the paper of a generator; its discriminator goes with it.
    pub(in crate::config) fn apply_network_defaults(&mut self, arch: GeneratorArch) {
        if self.mode != Mode::Generate {
            return;
        }
        let Self {
            data,
            generator,
            discriminator,
            loss,
            synthesis,
            optim,
            ..
        } = self;
        if arch == GeneratorArch::Stack {
            return self.apply_stack_defaults();
        }
        if !matches!(
            arch,
            GeneratorArch::Resnet | GeneratorArch::Progressive | GeneratorArch::Style
        ) {
            return;
        }
        optim.beta1 = 0.0;
        if arch == GeneratorArch::Resnet {
            // Those of SN-GAN.
            data.batch_size = 64;
            generator.latent = 128;
            generator.upsample = Upsample::Resize;
            discriminator.arch = DiscriminatorArch::Resnet;
            discriminator.norm = NormKind::Spectral;
            loss.gan = GanObjective::Hinge;
            optim.beta2 = 0.9;
            optim.discriminator_steps = 5;
            return;
        }
        generator.norm = NormKind::None;
        generator.latent = 512;
        discriminator.norm = NormKind::None;
        discriminator.minibatch_deviation = true;
        optim.beta2 = 0.99;
        optim.ema = 0.999;
        if arch == GeneratorArch::Progressive {
            data.batch_size = 16;
            generator.upsample = Upsample::Resize;
            discriminator.arch = DiscriminatorArch::Progressive;
            loss.gan = GanObjective::WganGp;
            synthesis.drift = 0.001;
            optim.lr = 1e-3;
        } else {
            data.batch_size = 32;
            generator.upsample = Upsample::Blur;
            discriminator.arch = DiscriminatorArch::Style;
            loss.r1 = 10.0;
            optim.lr = 2e-3;
        }
    }

    /// Validates the networks of a recipe of mode generate.
    pub(in crate::config) fn validate_networks(&self) -> Result<(), ConfigError> {
        let Self {
            generator,
            discriminator,
            loss,
            synthesis,
            train,
            ..
        } = self;
        let arch = generator.arch;
        let upsample = match arch {
            GeneratorArch::Resnet | GeneratorArch::Progressive | GeneratorArch::Stack => {
                Some(Upsample::Resize)
            }
            GeneratorArch::Style => Some(Upsample::Blur),
            _ => None,
        };
        let fits = upsample.is_none_or(|own| own == generator.upsample);
        require(fits, "generator.upsample", || {
            format!(
                "has no effect with `generator.arch = \"{}\"`, which doubles sizes in its own way: leave it out",
                arch.name()
            )
        })?;
        let makes_equal = matches!(arch, GeneratorArch::Progressive | GeneratorArch::Style);
        let judges_equal = matches!(
            discriminator.arch,
            DiscriminatorArch::Progressive | DiscriminatorArch::Style
        );
        for (key, is_equal, norm) in [
            ("generator.norm", makes_equal, generator.norm),
            ("discriminator.norm", judges_equal, discriminator.norm),
        ] {
            require(!is_equal || norm == NormKind::None, key, || {
                "must be \"none\" with an arch of \"progressive\" or \"style\", which normalise in their own way"
                    .to_owned()
            })?;
        }
        let is_usual =
            generator.init == InitKind::Normal && generator.init_gain.total_cmp(&0.02).is_eq();
        require(
            !makes_equal || !judges_equal || is_usual,
            "generator.init",
            || {
                "has no effect with \"progressive\" and \"style\", whose weights begin as standard normal: leave it and `generator.init_gain` out".to_owned()
            },
        )?;
        let is_exact = train.precision == Precision::F32;
        require(
            !(makes_equal || judges_equal) || is_exact,
            "train.precision",
            || {
                "must be \"f32\" with an arch of \"progressive\" or \"style\", whose scales 16 bits do not hold"
                .to_owned()
            },
        )?;
        let clips = loss.gan == GanObjective::Wgan;
        require(!judges_equal || !clips, "loss.gan", || {
            "\"wgan\" clips weights that are standard normal with this `discriminator.arch`: take \"wgan-gp\""
                .to_owned()
        })?;
        let usual = SynthesisRecipe::usual();
        let is_style = arch == GeneratorArch::Style;
        for (key, is_usual) in [
            ("synthesis.mapping", synthesis.mapping == usual.mapping),
            (
                "synthesis.mixing",
                synthesis.mixing.total_cmp(&usual.mixing).is_eq(),
            ),
            ("synthesis.path_length", synthesis.path_length <= 0.0),
        ] {
            require(is_style || is_usual, key, || {
                "has an effect only with `generator.arch = \"style\"`".to_owned()
            })?;
        }
        require(
            (1..=MAX_MAPPING).contains(&synthesis.mapping),
            "synthesis.mapping",
            || format!("must be from 1 to {MAX_MAPPING}"),
        )?;
        require(
            (0.0..=1.0).contains(&synthesis.mixing),
            "synthesis.mixing",
            || "must be from 0 to 1".to_owned(),
        )?;
        for (key, weight) in [
            ("synthesis.orthogonal", synthesis.orthogonal),
            ("synthesis.drift", synthesis.drift),
            ("synthesis.path_length", synthesis.path_length),
        ] {
            require(weight >= 0.0 && weight.is_finite(), key, || {
                "must be 0 or more".to_owned()
            })?;
        }
        let every = synthesis.path_length_every;
        require(every > 0, "synthesis.path_length_every", || {
            "must be 1 or more".to_owned()
        })?;
        let is_usual = every == usual.path_length_every;
        let has_path = synthesis.path_length > 0.0;
        require(has_path || is_usual, "synthesis.path_length_every", || {
            "has no effect without `synthesis.path_length`".to_owned()
        })?;
        self.validate_latent_codes()?;
        self.validate_class_norm()
    }

    fn validate_class_norm(&self) -> Result<(), ConfigError> {
        let (generator, synthesis) = (&self.generator, &self.synthesis);
        let is_resnet = generator.arch == GeneratorArch::Resnet;
        let only = || "has an effect only with `generator.arch = \"resnet\"`".to_owned();
        require(is_resnet || !synthesis.spectral, "synthesis.spectral", only)?;
        let is_spectral = generator.norm == NormKind::Spectral;
        require(
            !synthesis.spectral || !is_spectral,
            "synthesis.spectral",
            || "has no effect with `generator.norm = \"spectral\"`, which is the same".to_owned(),
        )?;
        let key = "synthesis.class_norm";
        let class_norm = synthesis.class_norm;
        if class_norm == ClassNorm::None {
            return Ok(());
        }
        require(is_resnet, key, only)?;
        let is_told = matches!(
            generator.condition,
            Condition::Projection | Condition::Auxiliary
        );
        require(is_told, key, || {
            "needs classes: take \"projection\" or \"auxiliary\" for `generator.condition`"
                .to_owned()
        })?;
        require(generator.norm.normalises_features(), key, || {
            "needs a `generator.norm` that has scales: take \"batch\", with `synthesis.spectral` for weights".to_owned()
        })?;
        let parts = (self.data.crop_size / INNERMOST).max(1).ilog2() as usize + 1;
        let is_enough = class_norm != ClassNorm::Shared || generator.latent >= parts;
        require(is_enough, "generator.latent", || {
            format!(
                "must be at least {parts} with `synthesis.class_norm = \"shared\"`: a part for each block"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overlay;
    use crate::config::settings::resolved;

    fn resolve(settings: &[&str]) -> Result<Recipe, String> {
        resolved(Mode::Generate, settings)
    }

    #[test]
    fn a_generator_brings_the_defaults_of_its_paper() {
        for (arch, judge, gan) in [
            ("dcgan", DiscriminatorArch::Dcgan, GanObjective::Vanilla),
            ("resnet", DiscriminatorArch::Resnet, GanObjective::Hinge),
            (
                "progressive",
                DiscriminatorArch::Progressive,
                GanObjective::WganGp,
            ),
            ("style", DiscriminatorArch::Style, GanObjective::Vanilla),
        ] {
            let recipe = resolve(&[&format!("generator.arch={arch}")]).unwrap();
            assert_eq!(recipe.generator.arch.name(), arch);
            assert_eq!((recipe.discriminator.arch, recipe.loss.gan), (judge, gan));
        }
        let own = ["generator.arch=style", "optim.lr=1e-4", "loss.r1=1"];
        let recipe = resolve(&own).unwrap();
        assert!((recipe.optim.lr - 1e-4).abs() < 1e-12 && (recipe.loss.r1 - 1.0).abs() < 1e-12);
        let mixed = ["generator.arch=resnet", "discriminator.arch=dcgan"];
        assert_eq!(
            resolve(&mixed).unwrap().discriminator.arch,
            DiscriminatorArch::Dcgan
        );
    }

    #[test]
    fn what_does_not_go_with_a_network_is_refused() {
        let classes = [
            "generator.arch=resnet",
            "data.classes_from=folders",
            "generator.condition=projection",
            "synthesis.class_norm=shared",
        ];
        resolve(&classes).unwrap();
        let with = |setting| [&classes[..], &[setting]].concat();
        for (settings, part) in [
            (vec!["synthesis.class_norm=class"], "only with"),
            (vec!["synthesis.spectral=true"], "only with"),
            (vec!["synthesis.mixing=0.5"], "only with"),
            (vec!["synthesis.drift=-1"], "0 or more"),
            (vec!["synthesis.path_length=2"], "only with"),
            (
                vec!["generator.arch=style", "synthesis.path_length_every=2"],
                "no effect without",
            ),
            (
                vec![
                    "generator.arch=style",
                    "synthesis.path_length=2",
                    "synthesis.path_length_every=0",
                ],
                "1 or more",
            ),
            (
                vec!["generator.arch=resnet", "synthesis.class_norm=class"],
                "needs classes",
            ),
            (with("generator.norm=none"), "that has scales"),
            (with("generator.latent=3"), "at least 5"),
            (
                vec!["generator.arch=style", "generator.norm=batch"],
                "must be \"none\"",
            ),
            (
                vec!["generator.arch=style", "generator.upsample=deconv"],
                "leave it out",
            ),
            (
                vec!["generator.arch=style", "generator.init=orthogonal"],
                "has no effect",
            ),
            (
                vec!["generator.arch=progressive", "loss.gan=wgan"],
                "take \"wgan-gp\"",
            ),
            (
                vec!["generator.arch=style", "synthesis.mapping=0"],
                "from 1 to 16",
            ),
            (vec!["train.grow=[16,64]"], "networks that grow"),
        ] {
            let message = resolve(&settings).unwrap_err();
            assert!(message.contains(part), "{settings:?}: {message}");
        }
        let grown = ["generator.arch=progressive", "train.grow=[8,16,32,64]"];
        let stages = resolve(&grown).unwrap().stages();
        assert_eq!(stages.len(), 4);
        assert!(stages.iter().all(|stage| stage.last_side() == 64));
        let mut overlay = Overlay::default();
        overlay.set("synthesis.drift=1").unwrap();
        let error = overlay.resolve(Mode::Cycle).unwrap_err().to_string();
        assert!(error.contains("has no effect in mode cycle"), "{error}");
    }
}
