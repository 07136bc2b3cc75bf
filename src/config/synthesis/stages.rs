//! Recipes whose pictures are made one after the other: a cascade from small to large, or a second stage after a first.

use crate::config::architectures::{DiscriminatorArch, GeneratorArch};
use crate::config::conditioning::Condition;
use crate::config::error::ConfigError;
use crate::config::options::Upsample;
use crate::config::recipe::Recipe;
use crate::config::sections::SynthesisRecipe;
use crate::config::validation::require;

/// Side of the smallest pictures that networks make from noise, in pixels.
const SMALLEST: usize = 8;
/// How many times larger the pictures of a second stage are than those of the first.
const ENLARGEMENT: usize = 4;

impl Recipe {
    /// The sides of the pictures of a cascade, from the coarsest to those that are wanted, in pixels.
    pub fn cascade_sides(&self) -> Vec<usize> {
        let coarsest = self.synthesis.coarsest;
        let sides = std::iter::successors(Some(coarsest), |side| Some(2 * side));
        sides
            .take_while(|side| *side <= self.data.crop_size)
            .collect()
    }

    /// The recipes of the levels of a cascade, from the coarsest on, which is that of a plain DCGAN: each has pictures of one side, and
    /// initial weights of its own.
    ///
    /// DCGANs are as wide at each size as one of the largest pictures would be there, twice as wide for half the side: with
    /// the channels of the whole, one of 8 pixels would have a single narrow layer.
    pub fn cascade_levels(&self) -> Vec<Self> {
        let level = |(place, side): (usize, usize)| {
            let mut level = self.clone();
            level.data.crop_size = side;
            level.train.seed = self.train.seed.wrapping_add(place as u64);
            let wider = self.data.crop_size / side;
            if level.discriminator.arch == DiscriminatorArch::Dcgan {
                level.discriminator.channels *= wider;
            }
            if place == 0 {
                level.generator.arch = GeneratorArch::Dcgan;
                level.generator.channels *= wider;
            } else {
                level.generator.latent = side * side;
                level.synthesis.is_level = true;
            }
            level
        };
        let sides = self.cascade_sides().into_iter().enumerate();
        sides.map(level).collect()
    }

    /// Values of the noise that the generator makes a picture of; those of a first stage come to them.
    pub fn noise_length(&self) -> usize {
        let is_cascade = self.generator.arch == GeneratorArch::Laplacian;
        if !is_cascade || self.synthesis.is_level {
            return self.generator.latent;
        }
        // A plane for each size but the coarsest.
        let planes = self.cascade_sides().into_iter().skip(1);
        self.generator.latent + planes.map(|side| side * side).sum::<usize>()
    }

    /// Side of the pictures of the first stage of a recipe of a second one, in pixels.
    pub fn first_stage_side(&self) -> usize {
        self.data.crop_size / ENLARGEMENT
    }

    /// Turns the defaults of mode generate into those of StackGAN's second stage.
    pub(in crate::config) fn apply_stack_defaults(&mut self) {
        self.data.batch_size = 64;
        self.generator.upsample = Upsample::Resize;
        self.generator.latent = 128;
    }

    /// Validates what belongs to cascades and second stages, of pictures whose side is one that networks make.
    pub(in crate::config) fn validate_synthesis_stages(&self) -> Result<(), ConfigError> {
        let Self {
            data,
            generator,
            synthesis,
            ..
        } = self;
        let usual = SynthesisRecipe::usual();
        let is_plain = !matches!(
            generator.arch,
            GeneratorArch::Laplacian | GeneratorArch::Stack
        );
        let has_codes = self.code_count() > 0;
        require(is_plain || !has_codes, "generator.arch", || {
            "\"laplacian\" and \"stack\" take no latent codes: leave `synthesis.categories` and `synthesis.continuous` out"
                .to_owned()
        })?;
        let only = |arch: &str| format!("has an effect only with `generator.arch = \"{arch}\"`");
        let is_cascade = generator.arch == GeneratorArch::Laplacian;
        let is_second = generator.arch == GeneratorArch::Stack;
        let (key, coarsest) = ("synthesis.coarsest", synthesis.coarsest);
        require(is_cascade || coarsest == usual.coarsest, key, || {
            only("laplacian")
        })?;
        let is_less = coarsest.is_power_of_two() && (SMALLEST..data.crop_size).contains(&coarsest);
        require(!is_cascade || is_less, key, || {
            format!(
                "must be a power of two, at least {SMALLEST} and less than `data.crop_size`, and {coarsest} is none"
            )
        })?;
        let is_usual = synthesis.kl.total_cmp(&usual.kl).is_eq();
        require(is_second || is_usual, "synthesis.kl", || only("stack"))?;
        let is_weight = synthesis.kl >= 0.0 && synthesis.kl.is_finite();
        require(is_weight, "synthesis.kl", || "must be 0 or more".to_owned())?;
        let (key, names_one) = ("synthesis.first_stage", !synthesis.first_stage.is_empty());
        require(is_second || !names_one, key, || only("stack"))?;
        if !is_second {
            return Ok(());
        }
        require(names_one, key, || {
            "must name the folder of the style that makes the pictures of the first stage, such as \"checkpoints/small\""
                .to_owned()
        })?;
        let is_told = generator.condition != Condition::None;
        require(is_told, "generator.condition", || {
            "must not be \"none\" with `generator.arch = \"stack\"`: a second stage looks again at the class or the vector of a picture"
                .to_owned()
        })?;
        let least = ENLARGEMENT * SMALLEST;
        require(data.crop_size >= least, "data.crop_size", || {
            format!(
                "must be at least {least} with `generator.arch = \"stack\"`, {ENLARGEMENT} times that of the first stage"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mode;
    use crate::config::settings::resolved;

    fn resolve(settings: &[&str]) -> Result<Recipe, String> {
        resolved(Mode::Generate, settings)
    }

    const STACK: [&str; 4] = [
        "generator.arch=stack",
        "synthesis.first_stage=checkpoints/small",
        "data.classes_from=folders",
        "generator.condition=concat",
    ];

    #[test]
    fn a_cascade_has_levels_that_double_in_size() {
        let recipe = resolve(&["generator.arch=laplacian", "synthesis.coarsest=16"]).unwrap();
        let levels = recipe.cascade_levels();
        let sides: Vec<_> = levels.iter().map(|level| level.data.crop_size).collect();
        assert_eq!(sides, [16, 32, 64]);
        assert_eq!(levels[0].generator.arch, GeneratorArch::Dcgan);
        let noise: Vec<_> = levels.iter().map(Recipe::noise_length).collect();
        assert_eq!(noise, [100, 32 * 32, 64 * 64]);
        assert_eq!(recipe.noise_length(), noise.iter().sum::<usize>());
        assert_eq!(resolve(&[]).unwrap().noise_length(), 100);
    }

    #[test]
    fn a_second_stage_has_its_own_defaults() {
        let recipe = resolve(&STACK).unwrap();
        assert_eq!(recipe.generator.latent, 128);
        assert_eq!(recipe.first_stage_side(), 16);
        resolve(&[&STACK[..], &["generator.condition=auxiliary"]].concat()).unwrap();
    }

    #[test]
    fn what_does_not_go_with_a_cascade_or_a_second_stage_is_refused() {
        let stack = |setting| [&STACK[..], &[setting]].concat();
        for (settings, part) in [
            (vec!["synthesis.coarsest=16"], "only with"),
            (vec!["synthesis.kl=2"], "only with"),
            (vec!["synthesis.first_stage=small"], "only with"),
            (
                vec!["generator.arch=laplacian", "synthesis.coarsest=64"],
                "less than `data.crop_size`",
            ),
            (
                vec!["generator.arch=laplacian", "synthesis.coarsest=12"],
                "a power of two",
            ),
            (
                vec!["generator.arch=laplacian", "train.grow=[32,64]"],
                "networks that grow",
            ),
            (vec!["generator.arch=stack"], "must name the folder"),
            (
                vec!["generator.arch=stack", "synthesis.first_stage=small"],
                "must not be \"none\"",
            ),
            (stack("data.crop_size=16"), "at least 32"),
            (stack("synthesis.kl=-1"), "0 or more"),
            (stack("synthesis.continuous=1"), "no latent codes"),
            (stack("generator.upsample=deconv"), "leave it out"),
            (stack("synthesis.spectral=true"), "only with"),
        ] {
            let message = resolve(&settings).unwrap_err();
            assert!(message.contains(part), "{settings:?}: {message}");
        }
    }
}
