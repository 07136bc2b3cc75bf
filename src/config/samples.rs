//! Whether the samples of a batch are learnt from one by one.

use super::recipe::Recipe;

impl Recipe {
    /// Whether what is learnt from a sample is the same in whichever batch it is: the loss of a batch is then the mean of those of its
    /// samples.
    pub fn treats_samples_alone(&self) -> bool {
        let Self {
            generator,
            discriminator,
            loss,
            ..
        } = self;
        let norms = [generator.norm, discriminator.norm];
        // Passes with a reference batch are those of its pictures as well: one for each sample would cost far more.
        let are_alone = norms
            .iter()
            .all(|norm| norm.treats_samples_alone() && !norm.has_reference());
        are_alone
            && !discriminator.compares_samples()
            && !generator.dropout
            && loss.swd == 0.0
            && loss.feature_means == 0.0
    }
}
