//! Runs whose pictures grow from level to level.

use super::architectures::{DiscriminatorArch, GeneratorArch};
use super::error::ConfigError;
use super::growth_level::GrowthLevel;
use super::options::{Policy, Preprocess};
use super::recipe::Recipe;
use super::validation::require;

/// The key that most of this is about.
const GROW: &str = "train.grow";

impl Recipe {
    /// The recipes of the sizes in `train.grow`: the same networks on the same pictures, which are first resized to less. The schedules of
    /// learning rate and noise go on through all of them.
    ///
    /// Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", 2018.
    pub(super) fn levels(&self) -> Vec<Self> {
        let sizes = &self.train.grow;
        let mut epochs = self.lower_epochs();
        epochs.push(self.schedule_epochs() - epochs.iter().sum::<usize>());
        let mut from = None;
        let mut levels = Vec::with_capacity(sizes.len());
        for (&size, epochs) in sizes.iter().zip(epochs) {
            let mut level = self.clone();
            let data = &mut level.data;
            // Each size shows as much of the picture as the last one.
            data.load_size = (data.load_size * size).div_ceil(data.crop_size);
            data.crop_size = size;
            level.train.grow.clear();
            level.train.grow_epochs.clear();
            level.train.level = Some(GrowthLevel {
                from,
                last: self.data.crop_size,
                epochs,
            });
            levels.push(level);
            from = Some(size);
        }
        levels
    }

    /// Side of the largest pictures of the run, in pixels.
    pub fn last_side(&self) -> usize {
        let level = self.train.level;
        level.map_or(self.data.crop_size, |level| level.last)
    }

    /// The epochs of all sizes but the last: epochs that are added to a run are its.
    fn lower_epochs(&self) -> Vec<usize> {
        let (sizes, own) = (&self.train.grow, &self.train.grow_epochs);
        if !own.is_empty() {
            return own.clone();
        }
        let share = (self.optim.epochs + self.optim.decay_epochs) / sizes.len();
        vec![share; sizes.len() - 1]
    }

    pub(super) fn validate_growth(&self) -> Result<(), ConfigError> {
        let Self { data, train, .. } = self;
        let (sizes, epochs) = (&train.grow, &train.grow_epochs);
        if sizes.is_empty() {
            return require(epochs.is_empty(), "train.grow_epochs", || {
                "has no effect without `train.grow`".to_owned()
            });
        }
        let grows =
            |pair: &[usize]| pair[0] > 0 && pair[1] > pair[0] && pair[1].is_multiple_of(pair[0]);
        require(
            (2..=8).contains(&sizes.len()) && sizes.windows(2).all(grows),
            GROW,
            || {
                "must be from 2 to 8 sizes, each a multiple of the one before, such as [64, 128, 256]"
                    .to_owned()
            },
        )?;
        let last = sizes[sizes.len() - 1];
        require(last == data.crop_size, GROW, || {
            format!(
                "must end with `data.crop_size`, which is {}, not with {last}",
                data.crop_size
            )
        })?;
        let resizes = matches!(
            data.preprocess,
            Preprocess::ResizeAndCrop
                | Preprocess::ScaleWidthAndCrop
                | Preprocess::ScaleShortsideAndCrop
        );
        require(resizes, GROW, || {
            "needs pictures that are resized and cropped: take `data.preprocess = \"resize_and_crop\"`, \"scale_width_and_crop\" or \"scale_shortside_and_crop\"".to_owned()
        })?;
        require(self.optim.policy != Policy::Plateau, GROW, || {
            "does not go with `optim.policy = \"plateau\"`: losses of one size say nothing about those of another"
                .to_owned()
        })?;
        let is_made = self.mode.makes_pictures();
        let grows = self.generator.arch == GeneratorArch::Progressive
            && self.discriminator.arch == DiscriminatorArch::Progressive;
        require(grows || !is_made, GROW, || {
            "needs networks that grow in mode generate: take \"progressive\" for `generator.arch` and `discriminator.arch`"
                .to_owned()
        })?;
        self.validate_level_sizes()?;
        let all = self.optim.epochs + self.optim.decay_epochs;
        if epochs.is_empty() {
            return require(all >= sizes.len(), GROW, || {
                format!(
                    "needs an epoch for each size, and there are {all}: raise `optim.epochs` or `--epochs`"
                )
            });
        }
        let count = epochs.len();
        require(count + 1 == sizes.len(), "train.grow_epochs", || {
            format!(
                "has {count} numbers for the {} sizes before the last",
                sizes.len() - 1
            )
        })?;
        let has_none = epochs.contains(&0);
        // The numbers are the user's: their sum may be more than a number holds.
        let sum = epochs
            .iter()
            .try_fold(0usize, |sum, &epochs| sum.checked_add(epochs));
        let is_within = sum.is_some_and(|sum| sum < all);
        require(!has_none && is_within, "train.grow_epochs", || {
            format!(
                "must be 1 or more each, and together fewer than the {all} epochs of the run, the rest of which is for the last size"
            )
        })
    }

    /// The networks must take all sizes: they stay the same.
    fn validate_level_sizes(&self) -> Result<(), ConfigError> {
        let generator = &self.generator;
        let multiple = generator.size_multiple();
        let min = self.min_judged_side().max(self.min_crop());
        for size in &self.train.grow {
            require(size.is_multiple_of(multiple), GROW, || {
                let remedy = if generator.arch.is_unet() {
                    "take a U-Net that is named after the first size, a ResNet, or larger sizes"
                } else {
                    "take other sizes"
                };
                format!(
                    "`generator.arch = \"{}\"` takes multiples of {multiple}, and {size} is none: {remedy}",
                    generator.arch.name()
                )
            })?;
            require(*size >= min, GROW, || {
                format!(
                    "the networks need pictures of at least {min} pixels, not {size}: begin with a larger size, or lower `discriminator.layers`"
                )
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::config::settings::resolved as resolve;
    use crate::config::{GrowthLevel, Mode, Recipe};

    #[test]
    fn sizes_share_the_epochs_and_show_as_much_of_the_pictures() {
        let recipe = resolve(Mode::Cycle, &["train.grow=[64,128,256]"]).unwrap();
        let facts = |recipe: &Recipe| -> Vec<_> {
            let levels = recipe.stages().into_iter();
            let facts = levels.map(|level| {
                assert_eq!(level.stages(), std::slice::from_ref(&level));
                let data = &level.data;
                (data.crop_size, data.load_size, level.train.level.unwrap())
            });
            facts.collect()
        };
        let level = |from, epochs| GrowthLevel {
            from,
            last: 256,
            epochs,
        };
        assert_eq!(
            facts(&recipe),
            [
                (64, 72, level(None, 66)),
                (128, 143, level(Some(64), 66)),
                (256, 286, level(Some(128), 68)),
            ]
        );
        assert_eq!(recipe.total_epochs(), 200);
        let own = ["train.grow=64,256", "train.grow_epochs=[150]"];
        let mut recipe = resolve(Mode::Contrastive, &own).unwrap();
        recipe.extend(7);
        assert_eq!(
            facts(&recipe),
            [(64, 72, level(None, 150)), (256, 286, level(Some(64), 257)),]
        );
        assert_eq!(recipe.total_epochs(), 407);
        assert!(!recipe.to_toml().contains("level"));
    }

    #[test]
    fn what_cannot_grow_is_refused() {
        let grow = "train.grow=[64,128,256]";
        resolve(Mode::Pix2pix, &[grow, "generator.arch=unet_64"]).unwrap();
        for (mode, settings, part) in [
            (Mode::Pix2pix, &[grow][..], "named after the first size"),
            (Mode::Pix2pixhd, &[grow], "has no effect in mode pix2pixhd"),
            (Mode::Inpaint, &[grow], "has no effect in mode inpaint"),
            (Mode::Cycle, &["train.grow=[256]"], "from 2 to 8 sizes"),
            (Mode::Cycle, &["train.grow=[0,256]"], "from 2 to 8 sizes"),
            (Mode::Cycle, &["train.grow=[96,256]"], "each a multiple"),
            (Mode::Cycle, &["train.grow=[64,128]"], "which is 256"),
            (Mode::Cycle, &["train.grow=[16,256]"], "at least 24 pixels"),
            (Mode::Cycle, &["train.grow=[2,256]"], "multiples of 4"),
            (
                Mode::Cycle,
                &[grow, "data.preprocess=crop"],
                "resized and cropped",
            ),
            (Mode::Cycle, &[grow, "optim.policy=plateau"], "plateau"),
            (
                Mode::Cycle,
                &[grow, "optim.epochs=2", "optim.decay_epochs=0"],
                "an epoch for each size",
            ),
            (
                Mode::Cycle,
                &[grow, "train.grow_epochs=[3]"],
                "1 numbers for the 2 sizes",
            ),
            (
                Mode::Cycle,
                &[grow, "train.grow_epochs=[100,100]"],
                "fewer than the 200",
            ),
            (
                Mode::Cycle,
                &[grow, "train.grow_epochs=[0,1]"],
                "1 or more each",
            ),
            (
                Mode::Cycle,
                &["train.grow_epochs=[3]"],
                "no effect without `train.grow`",
            ),
        ] {
            let error = resolve(mode, settings).unwrap_err();
            assert!(error.contains(part), "{settings:?}: {error}");
        }
    }
}
