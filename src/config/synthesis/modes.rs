//! Recipes of the modes that make pictures from noise: defaults, sizes and validation.

use crate::config::architectures::{DiscriminatorArch, GeneratorArch};
use crate::config::conditioning::{ClassSource, Condition, usual_classification};
use crate::config::error::ConfigError;
use crate::config::mode::Mode;
use crate::config::options::{GanObjective, NormKind, Policy, Preprocess};
use crate::config::recipe::Recipe;
use crate::config::validation::require;

/// The sides of pictures that networks without an input picture are made for, in pixels: powers of two.
const SIDES: std::ops::RangeInclusive<usize> = 8..=256;
/// Most values of a latent vector.
const MAX_LATENT: usize = 4_096;
/// Most classes.
const MAX_CLASSES: usize = 4_096;

impl Recipe {
    /// Turns common defaults into those of DCGAN, whose networks an autoencoder has too.
    pub(in crate::config) fn apply_synthesis_defaults(&mut self) {
        let data = &mut self.data;
        data.preprocess = Preprocess::ScaleShortsideAndCrop;
        data.load_size = 64;
        data.crop_size = 64;
        data.batch_size = 128;
        data.flip = false;
        self.generator.arch = GeneratorArch::Dcgan;
        self.generator.norm = NormKind::Batch;
        self.generator.dropout = false;
        self.generator.latent = 100;
        self.discriminator.arch = DiscriminatorArch::Dcgan;
        self.discriminator.norm = NormKind::Batch;
        self.loss.gan = GanObjective::Vanilla;
        let optim = &mut self.optim;
        // The paper has 25 of three million pictures; few have as many.
        optim.epochs = 200;
        optim.decay_epochs = 0;
        optim.policy = Policy::Constant;
        optim.pool_size = 0;
        if self.mode == Mode::Vae {
            data.batch_size = 64;
            self.generator.latent = 64;
            self.loss.kl = 1.0;
            optim.lr = 1e-3;
            optim.beta1 = 0.9;
        }
    }

    /// Whether the networks are told vectors of the data set.
    pub fn tells_vectors(&self) -> bool {
        !self.data.embeddings.is_empty() && self.generator.condition != Condition::None
    }

    /// Values that tell the networks of a picture: one for each class, or those of its vector; 0 where they are told nothing.
    pub fn class_count(&self) -> usize {
        match self.generator.condition {
            Condition::None => 0,
            // Until the data has told there is one.
            _ if self.tells_vectors() => self.data.embedding_length.max(1),
            Condition::Concat | Condition::Projection | Condition::Auxiliary => {
                self.data.class_names.len().max(1)
            }
        }
    }

    pub(in crate::config) fn validate_synthesis(&self) -> Result<(), ConfigError> {
        let Self {
            data,
            generator,
            discriminator,
            ..
        } = self;
        let makes = generator.arch.makes_pictures();
        let judges = discriminator.arch.judges_synthesis();
        if !self.mode.makes_pictures() {
            require(!makes, "generator.arch", || {
                let meant = match generator.arch {
                    GeneratorArch::Resnet if self.mode != Mode::Pix2pixhd => {
                        "; did you mean \"resnet_9blocks\" or \"resnet_6blocks\"?"
                    }
                    _ => "",
                };
                format!(
                    "\"{}\" makes pictures from noise: it is for mode generate{meant}",
                    generator.arch.name()
                )
            })?;
            return require(!judges, "discriminator.arch", || {
                format!(
                    "\"{}\" judges pictures from noise: it is for mode generate",
                    discriminator.arch.name()
                )
            });
        }
        let mode = self.mode.name();
        let is_vae = self.mode == Mode::Vae;
        let fits = makes && (!is_vae || generator.arch == GeneratorArch::Dcgan);
        require(fits, "generator.arch", || {
            let others = if is_vae {
                ""
            } else {
                ", \"resnet\", \"progressive\", \"style\", \"laplacian\" or \"stack\""
            };
            format!("mode {mode} takes \"dcgan\"{others}")
        })?;
        require(judges, "discriminator.arch", || {
            format!("mode {mode} takes \"dcgan\", \"resnet\", \"progressive\" or \"style\"")
        })?;
        self.validate_networks()?;
        let crops = !matches!(data.preprocess, Preprocess::ScaleWidth | Preprocess::None);
        require(crops, "data.preprocess", || {
            format!(
                "must end in a crop in mode {mode}: take \"scale_shortside_and_crop\", \"resize_and_crop\" or \"crop\""
            )
        })?;
        let side = data.crop_size;
        let fits = side.is_power_of_two() && SIDES.contains(&side);
        require(fits, "data.crop_size", || {
            format!(
                "must be a power of two from {} to {} in mode {mode}, and {side} is none",
                SIDES.start(),
                SIDES.end()
            )
        })?;
        self.validate_synthesis_stages()?;
        require(!generator.dropout, "generator.dropout", || {
            "the networks of this mode have no dropout: leave it out".to_owned()
        })?;
        require(
            (1..=MAX_LATENT).contains(&generator.latent),
            "generator.latent",
            || format!("must be from 1 to {MAX_LATENT}"),
        )?;
        let is_simple = matches!(generator.condition, Condition::None | Condition::Concat);
        require(
            is_simple || self.has_discriminator(),
            "generator.condition",
            || "must be \"none\" or \"concat\": mode vae has no discriminator".to_owned(),
        )?;
        let is_auxiliary = generator.condition == Condition::Auxiliary;
        let classification = self.loss.classification;
        let is_usual = classification.total_cmp(&usual_classification()).is_eq();
        require(is_auxiliary || is_usual, "loss.classification", || {
            "has an effect only with `generator.condition = \"auxiliary\"`".to_owned()
        })?;
        self.validate_classes()
    }

    fn validate_vectors(&self) -> Result<(), ConfigError> {
        let (name, length) = (&self.data.embeddings, self.data.embedding_length);
        require(
            !name.is_empty() || length == 0,
            "data.embedding_length",
            || "has no effect without `data.embeddings`".to_owned(),
        )?;
        if name.is_empty() {
            return Ok(());
        }
        let is_file = !name.contains(['/', '\\'])
            && [".npy", ".safetensors"]
                .iter()
                .any(|end| name.ends_with(end));
        require(is_file, "data.embeddings", || {
            format!(
                "must be the name of a file beside the pictures that ends in .npy or .safetensors, and `{name}` is none"
            )
        })?;
        let condition = self.generator.condition;
        require(condition != Condition::None, "data.embeddings", || {
            "has no effect without `generator.condition`: set that to \"concat\" or \"projection\""
                .to_owned()
        })?;
        require(
            condition != Condition::Auxiliary,
            "generator.condition",
            || {
                "must be \"concat\" or \"projection\" with `data.embeddings`: a discriminator tells classes, not vectors"
                .to_owned()
            },
        )?;
        let is_alone = self.data.classes_from == ClassSource::None;
        require(is_alone, "data.classes_from", || {
            "does not go with `data.embeddings`: networks are told one of both".to_owned()
        })?;
        require(length <= MAX_CLASSES, "data.embedding_length", || {
            format!("is {length}, and {MAX_CLASSES} is the most")
        })
    }

    fn validate_classes(&self) -> Result<(), ConfigError> {
        let names = &self.data.class_names;
        let has_classes = self.data.classes_from != ClassSource::None;
        let is_told = self.generator.condition != Condition::None;
        let has_vectors = !self.data.embeddings.is_empty();
        self.validate_vectors()?;
        require(has_classes || names.is_empty(), "data.class_names", || {
            "has no effect without `data.classes_from = \"folders\"`".to_owned()
        })?;
        let is_known = has_classes || has_vectors;
        require(is_known || !is_told, "generator.condition", || {
            "needs classes or vectors: set `data.classes_from = \"folders\"` or `data.embeddings`, or leave it at \"none\""
                .to_owned()
        })?;
        require(is_told || !has_classes, "data.classes_from", || {
            "has no effect without `generator.condition`: set that to \"concat\", \"projection\" or \"auxiliary\""
                .to_owned()
        })?;
        require(names.len() <= MAX_CLASSES, "data.class_names", || {
            format!("has {} names, and {MAX_CLASSES} are the most", names.len())
        })?;
        let is_new = |(place, name): (usize, &String)| !names[..place].contains(name);
        require(
            names.iter().enumerate().all(is_new),
            "data.class_names",
            || "names a class twice".to_owned(),
        )?;
        require(!is_told || self.loss.dragan == 0.0, "loss.dragan", || {
            "does not go with `generator.condition`: it changes a little all that the discriminator sees, and a class cannot be changed a little: take `loss.r1` or `loss.gradient_penalty`".to_owned()
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
    fn classes_come_from_folders_and_are_told_to_the_networks() {
        let recipe = resolve(&["data.classes_from=folders", "generator.condition=concat"]);
        let mut recipe = recipe.unwrap();
        recipe.data.class_names = vec!["cat".to_owned(), "dog".to_owned()];
        recipe.validate().unwrap();
        assert_eq!(recipe.class_count(), 2);
        recipe.data.class_names.push("cat".to_owned());
        assert!(recipe.validate().is_err());
        assert_eq!(resolve(&[]).unwrap().class_count(), 0);
    }

    #[test]
    fn an_autoencoder_has_no_discriminator() {
        for setting in [
            "loss.gan=hinge",
            "discriminator.channels=8",
            "optim.lr_discriminator=1",
        ] {
            let mut overlay = Overlay::default();
            overlay.set(setting).unwrap();
            let error = overlay.resolve(Mode::Vae).unwrap_err().to_string();
            assert!(error.contains("has no effect in mode vae"), "{error}");
        }
        let mut overlay = Overlay::default();
        overlay.set("generator.arch=resnet").unwrap();
        let error = overlay.resolve(Mode::Cycle).unwrap_err().to_string();
        assert!(
            error.ends_with("did you mean \"resnet_9blocks\" or \"resnet_6blocks\"?"),
            "{error}"
        );
        let mut overlay = Overlay::default();
        overlay.set("data.classes_from=folders").unwrap();
        overlay.set("generator.condition=projection").unwrap();
        let error = overlay.resolve(Mode::Vae).unwrap_err().to_string();
        assert!(error.contains("or \"concat\""), "{error}");
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_a_remedy() {
        for (settings, part) in [
            (&["data.crop_size=48"][..], "a power of two from 8 to 256"),
            (
                &["data.crop_size=512", "data.load_size=512"],
                "from 8 to 256",
            ),
            (&["data.preprocess=none"], "must end in a crop"),
            (&["generator.arch=unet_64"], "takes \"dcgan\""),
            (&["discriminator.arch=patch"], "takes \"dcgan\""),
            (&["generator.latent=0"], "from 1 to 4096"),
            (&["generator.condition=concat"], "needs classes"),
            (&["data.classes_from=folders"], "has no effect without"),
            (
                &[
                    "data.classes_from=folders",
                    "generator.condition=projection",
                    "discriminator.norm=none",
                    "loss.dragan=10",
                ],
                "take `loss.r1`",
            ),
            (&["data.direction=BtoA"], "has no effect in mode generate"),
        ] {
            let message = resolve(settings).unwrap_err();
            assert!(message.contains(part), "{settings:?}: {message}");
        }
        for setting in ["generator.arch=dcgan", "discriminator.arch=dcgan"] {
            let mut overlay = Overlay::default();
            overlay.set(setting).unwrap();
            let error = overlay.resolve(Mode::Inpaint).unwrap_err().to_string();
            assert!(error.contains("generate"), "{error}");
        }
    }
}
