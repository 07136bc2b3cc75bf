//! From modes to the methods that translate: the only file of `train` that knows them.

use std::path::Path;

use burn::tensor::Device;

use super::error::TrainError;
use crate::coarse_to_fine::Pix2pixHd;
use crate::config::{Mode, Recipe};
use crate::inpainting::Inpaint;
use crate::method::Method;
use crate::nn::NamedTensors;
use crate::paired::{BicycleGan, Pix2pix};
use crate::style::import::WeightFile;
use crate::style::{StyleError, StyleFolder, style_weights};
use crate::unpaired::{Contrastive, CycleGan};

/// How a training comes by its method: of a recipe, with fresh weights, on a device (without automatic differentiation).
pub type BuildMethod = fn(&Recipe, &Device) -> Result<Box<dyn Method>, TrainError>;

/// Builds the method of a recipe that translates: a [`BuildMethod`].
///
/// # Errors
/// A weight file that the recipe names cannot be read or belongs to another network; or its mode is none of those that translate.
pub fn build(recipe: &Recipe, device: &Device) -> Result<Box<dyn Method>, TrainError> {
    let bad_vgg = |source| StyleError::BadWeights {
        path: (&recipe.loss.perceptual_weights).into(),
        source,
    };
    Ok(match recipe.mode {
        Mode::Pix2pix if recipe.has_latent_code() => Box::new(BicycleGan::new(recipe, device)),
        Mode::Pix2pix => {
            let method = Pix2pix::new(recipe, device);
            match vgg_weights(recipe)? {
                Some(vgg) => Box::new(method.with_perceptual_loss(&vgg, recipe).map_err(bad_vgg)?),
                None => Box::new(method),
            }
        }
        Mode::Cycle => Box::new(CycleGan::new(recipe, device)),
        Mode::Contrastive => Box::new(Contrastive::new(recipe, device)),
        Mode::Pix2pixhd => {
            let vgg = vgg_weights(recipe)?;
            let method = Pix2pixHd::new(recipe, vgg.as_ref(), device);
            Box::new(method.map_err(bad_vgg)?)
        }
        Mode::Inpaint => Box::new(Inpaint::new(recipe, device)),
        mode @ (Mode::Generate | Mode::Vae) => return Err(TrainError::NoMethod(mode)),
    })
}

/// Checks that the first stage of `recipe` uses all of the generator in `folder`.
///
/// # Errors
/// The generator has enhancers, and the first stage has none; or its weights cannot be read.
pub(super) fn check_initial_weights(
    recipe: &Recipe,
    folder: &StyleFolder,
) -> Result<(), TrainError> {
    if !recipe.is_staged() || !folder.has_weights("generator") {
        return Ok(());
    }
    let weights = style_weights(folder, "generator")?;
    if weights.0.keys().any(|name| name.starts_with("model1_1.")) {
        return Err(TrainError::EnhancersLeftOut(folder.weights("generator")));
    }
    Ok(())
}

/// Reads the weights of VGG19 for the perceptual loss, if the recipe names their file and gives the loss a weight.
fn vgg_weights(recipe: &Recipe) -> Result<Option<NamedTensors>, TrainError> {
    let loss = &recipe.loss;
    if !loss.is_perceptual() {
        return Ok(None);
    }
    let file = WeightFile::open(Path::new(&loss.perceptual_weights))?;
    Ok(Some(file.tensors()?))
}
