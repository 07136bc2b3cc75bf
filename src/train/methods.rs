//! Which method a mode means. The only place of `train` that knows them.

use burn::tensor::Device;

use crate::config::{Mode, Recipe};
use crate::inpainting::Inpaint;
use crate::method::Method;
use crate::paired::Pix2pix;
use crate::unpaired::CycleGan;

/// The method of `recipe` with fresh weights on `device` (without automatic differentiation).
pub fn build(recipe: &Recipe, device: &Device) -> Box<dyn Method> {
    match recipe.mode {
        Mode::Pix2pix => Box::new(Pix2pix::new(recipe, device)),
        Mode::Cycle => Box::new(CycleGan::new(recipe, device)),
        Mode::Inpaint => Box::new(Inpaint::new(recipe, device)),
    }
}
