//! The stages of a run: coarse to fine, each with its own recipe.

use super::architectures::GeneratorArch;
use super::recipe::Recipe;

impl Recipe {
    /// The recipes that are trained one after the other, each from the weights of the one before; for most recipes
    /// only the recipe itself.
    ///
    /// With arch `local` and `optim.global_epochs` or `optim.global_decay_epochs` the global generator comes first, at
    /// a size that is half as large for each enhancer; then one enhancer after the other is added, each at twice the
    /// size, for `optim.epochs` and `optim.decay_epochs`. Each stage has one scale of the discriminator more than the
    /// one before (the first has at least one), so that a scale always judges pictures of the same size.
    /// Wang et al., "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", 2018, section 3.1.
    pub fn stages(&self) -> Vec<Self> {
        if !self.train.grow.is_empty() {
            return self.levels();
        }
        if !self.is_staged() {
            return vec![self.clone()];
        }
        (0..=self.generator.enhancers)
            .map(|enhancers| self.stage(enhancers))
            .collect()
    }

    /// Whether the networks get further parts from one stage to the next.
    pub fn is_staged(&self) -> bool {
        let optim = &self.optim;
        self.generator.arch == GeneratorArch::Local
            && optim.global_epochs + optim.global_decay_epochs > 0
    }

    /// Number of epochs in the schedules of all stages.
    pub fn total_epochs(&self) -> usize {
        let stages = self.stages();
        stages.iter().map(Self::stage_epochs).sum()
    }

    /// Number of epochs of this recipe as one stage.
    pub fn stage_epochs(&self) -> usize {
        match self.train.level {
            Some(level) => level.epochs,
            None => self.schedule_epochs(),
        }
    }

    /// Number of epochs in the schedule of the learning rate, which goes on through all sizes of a run that grows.
    pub fn schedule_epochs(&self) -> usize {
        let optim = &self.optim;
        optim.epochs + optim.decay_epochs + optim.extensions.iter().sum::<usize>()
    }

    /// Least width and height, in full size, of pictures of mode pix2pixhd for the networks of all stages.
    pub fn min_side(&self) -> usize {
        /// The perceptual loss halves the size four times.
        const PERCEPTUAL: usize = 16;
        let stages = self.stages();
        let min = stages.iter().rev().enumerate().map(|(halvings, stage)| {
            let perceptual = if stage.loss.is_perceptual() {
                PERCEPTUAL
            } else {
                1
            };
            stage.generator.min_size().max(perceptual) << halvings
        });
        min.max().unwrap_or(1)
    }

    /// The stage with this many enhancers.
    fn stage(&self, enhancers: usize) -> Self {
        let halvings = self.generator.enhancers - enhancers;
        let mut stage = self.clone();
        stage.data.load_size >>= halvings;
        stage.data.crop_size >>= halvings;
        stage.generator.channels <<= halvings;
        let scales = stage.discriminator.scales;
        stage.discriminator.scales = scales.saturating_sub(halvings).max(1);
        if enhancers == 0 {
            stage.generator.arch = GeneratorArch::Global;
            stage.optim.epochs = self.optim.global_epochs;
            stage.optim.decay_epochs = self.optim.global_decay_epochs;
            stage.optim.fix_global_epochs = 0;
        } else {
            stage.generator.enhancers = enhancers;
        }
        stage.optim.global_epochs = 0;
        stage.optim.global_decay_epochs = 0;
        if halvings > 0 {
            // What is added to a run comes after all of it.
            stage.optim.extensions.clear();
        }
        stage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mode;

    #[test]
    fn each_stage_has_half_the_size_and_twice_the_channels_of_the_next() {
        let mut recipe = Recipe::defaults(Mode::Pix2pixhd);
        assert_eq!(recipe.stages(), [recipe.clone()]);
        recipe.generator.arch = GeneratorArch::Local;
        recipe.generator.channels = 16;
        recipe.generator.enhancers = 2;
        recipe.discriminator.scales = 3;
        recipe.data.load_size = 2048;
        recipe.optim.epochs = 50;
        recipe.optim.decay_epochs = 50;
        assert_eq!(
            recipe.stages(),
            [recipe.clone()],
            "without epochs for the first stage"
        );
        recipe.optim.global_epochs = 80;
        recipe.optim.global_decay_epochs = 20;
        recipe.optim.fix_global_epochs = 10;
        recipe.optim.extensions = vec![7, 3];
        let stages = recipe.stages();
        let facts: Vec<_> = stages
            .iter()
            .map(|stage| {
                (
                    stage.generator.arch.name(),
                    stage.generator.channels,
                    stage.data.load_size,
                    stage.discriminator.scales,
                    stage.stage_epochs(),
                    stage.optim.fix_global_epochs,
                )
            })
            .collect();
        assert_eq!(
            facts,
            [
                ("global", 64, 512, 1, 100, 0),
                ("local", 32, 1024, 2, 100, 10),
                ("local", 16, 2048, 3, 110, 10),
            ]
        );
        assert_eq!(stages[1].generator.enhancers, 1);
        assert_eq!(recipe.total_epochs(), 310);
        recipe.generator.downsamplings = 1;
        assert_eq!(recipe.min_side(), 32, "8 in the first stage");
        recipe.loss.perceptual_weights = "vgg.pth".to_owned();
        assert_eq!(recipe.min_side(), 64);
        assert_eq!(recipe.stages()[2].min_side(), 16);
        assert!(stages.iter().all(|stage| !stage.is_staged()));
    }
}
