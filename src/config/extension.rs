//! Training a run for longer than its recipe says.

use super::options::Policy;
use super::recipe::Recipe;

impl Recipe {
    /// Adds `epochs` after all that the recipe has.
    pub fn extend(&mut self, epochs: usize) {
        if epochs > 0 {
            self.optim.extensions.push(epochs);
        }
    }

    /// The epochs that must be added for `steps` steps, with `per_epoch` in each epoch.
    pub fn missing_epochs(&self, steps: u64, per_epoch: u64) -> usize {
        let epochs = steps.div_ceil(per_epoch.max(1)) as usize;
        epochs.saturating_sub(self.total_epochs())
    }

    /// What the learning rate does in the epochs that were added last, in words.
    pub fn extension_rule(&self) -> String {
        let added = self.optim.extensions.last().copied().unwrap_or_default();
        match self.optim.policy {
            Policy::Linear if self.optim.decay_epochs > 0 && added > 1 => {
                let decay = added / 2;
                format!(
                    "{} at the full learning rate, then {decay} in which it goes towards zero",
                    added - decay
                )
            }
            Policy::Linear | Policy::Constant => "at the full learning rate".to_owned(),
            Policy::Cosine => "half a cosine from the full learning rate towards zero".to_owned(),
            Policy::Step => "the learning rate falls every 50 epochs as before".to_owned(),
            Policy::Plateau => "the learning rate falls on plateaus as before".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mode;

    #[test]
    fn steps_beyond_the_recipe_add_whole_epochs() {
        let mut recipe = Recipe::defaults(Mode::Cycle);
        assert_eq!(recipe.missing_epochs(200 * 7, 7), 0);
        assert_eq!(recipe.missing_epochs(200 * 7 + 1, 7), 1);
        recipe.extend(5);
        assert_eq!(recipe.total_epochs(), 205);
        assert_eq!(
            recipe.extension_rule(),
            "3 at the full learning rate, then 2 in which it goes towards zero"
        );
        recipe.optim.decay_epochs = 0;
        assert_eq!(recipe.extension_rule(), "at the full learning rate");
    }
}
