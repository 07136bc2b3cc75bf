//! Defaults that follow from what the user has chosen.

use toml::Value;

use super::mode::Mode;
use super::recipe::Recipe;

impl Recipe {
    /// Turns the defaults of a mode into those of a recipe with this latent code and this architecture, as far as they are chosen.
    pub(super) fn apply_dependent_defaults(&mut self, code: Option<&Value>, arch: Option<&Value>) {
        let length = code.and_then(Value::as_integer);
        if self.mode == Mode::Pix2pix && length.is_some_and(|length| length > 0) {
            self.apply_latent_defaults();
        }
        let arch = arch.and_then(|arch| arch.clone().try_into().ok());
        if let Some(arch) = arch {
            self.apply_network_defaults(arch);
        }
    }
}
