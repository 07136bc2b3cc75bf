//! Generators from elsewhere, with the names of PyTorch's DCGAN tutorial.

use burn::tensor::Device;

use super::dcgan_generator::DcganGenerator;
use super::halvings::{INNERMOST, levels, width};
use crate::config::{Mode, Recipe, Upsample};
use crate::nn::{NamedTensors, WeightInit};
use crate::panics;
use crate::style::import::{ImportError, ImportOptions, WeightFile, install_generator};
use crate::style::{Manifest, StyleFolder};

/// Names in the first norm of a generator; before them stands what wrappers and dictionaries have put there.
const FIRST_NORM: &str = "main.1.running_mean";
/// Wrapped around a network by PyTorch's data parallelism.
const WRAPPER: &str = "module";

/// A generator that was found in a weight file.
#[derive(Debug)]
pub struct PublicGenerator {
    file: WeightFile,
    /// What stands before the names of its tensors.
    prefix: String,
    recipe: Recipe,
}

impl PublicGenerator {
    /// Looks for a generator with batch norms in the file of `options`, or in the entry that they name; none where nothing has its names.
    ///
    /// # Errors
    /// The file cannot be read, or holds several.
    pub fn find(options: &ImportOptions) -> Result<Option<Self>, ImportError> {
        let file = panics::catch(|| WeightFile::open(&options.file));
        let file = file.unwrap_or_else(|message| {
            Err(ImportError::Unreadable {
                path: options.file.clone(),
                message: format!("the reader failed: {message}"),
            })
        })?;
        let asked = |prefix: &str| {
            let entry = entry(prefix);
            let key = options.key.as_deref();
            key.is_none_or(|key| entry == key || entry.ends_with(&format!(".{key}")))
        };
        let prefixes = file.shapes().filter_map(|(name, _)| {
            let prefix = name.strip_suffix(FIRST_NORM)?;
            (prefix.is_empty() || prefix.ends_with('.')).then(|| prefix.to_owned())
        });
        let mut found: Vec<(String, Recipe)> = prefixes
            .filter(|prefix| asked(prefix))
            .filter_map(|prefix| Some((prefix.clone(), recognised(&file, &prefix)?)))
            .collect();
        if found.len() > 1 {
            return Err(ImportError::SeveralNetworks {
                path: options.file.clone(),
                networks: found
                    .iter()
                    .map(|(prefix, recipe)| format!("`{}` ({})", entry(prefix), text(recipe)))
                    .collect(),
            });
        }
        let found = found.pop();
        // One that is asked for by its key may be a part of another.
        if let (Some((prefix, _)), None) = (&found, &options.key)
            && let Some(other) = part_beside(&file, prefix)
        {
            return Err(ImportError::Unknown {
                path: options.file.clone(),
                message: format!(
                    "`{}` would be a generator, and belongs together with `{other}`, as in a cascade, of which none is imported: a style is passed on with `translate export STYLE --format style`",
                    entry(prefix)
                ),
            });
        }
        Ok(found.map(|(prefix, recipe)| Self {
            file,
            prefix,
            recipe,
        }))
    }

    /// What it is, for people: "dcgan, 64 channels, 100 values to pictures of 64x64 px".
    pub fn description(&self) -> String {
        text(&self.recipe)
    }

    /// Makes it the generator of the style in `folder`, which is made where it is missing. Returns the number of its weights.
    ///
    /// # Errors
    /// A tensor is missing, left over or of another shape, the style is another, or cannot be written.
    pub fn import(
        &self,
        folder: &StyleFolder,
        options: &ImportOptions,
        device: &Device,
    ) -> Result<usize, ImportError> {
        let mut tensors = NamedTensors::default();
        for (name, _) in self.file.shapes() {
            if let Some(own) = name.strip_prefix(&self.prefix) {
                let values = self.file.tensor(name, true)?;
                tensors.0.insert(own.to_owned(), values);
            }
        }
        let network = DcganGenerator::from_recipe(&mut WeightInit::zeros(device), &self.recipe);
        let network = tensors
            .load_into(network)
            .map_err(|source| ImportError::Mismatch {
                path: options.file.clone(),
                network: self.description(),
                source,
            })?;
        let tensors = NamedTensors::from_network(&network);
        install_generator(
            folder,
            options,
            Manifest::new(self.recipe.clone()),
            &tensors,
        )?;
        Ok(tensors.count())
    }
}

/// The key of the dictionary in which a network with this prefix stands; empty for the file itself.
fn entry(prefix: &str) -> &str {
    let mut entry = prefix.strip_suffix('.').unwrap_or(prefix);
    while let Some(outer) = entry.strip_suffix(WRAPPER) {
        entry = outer.strip_suffix('.').unwrap_or(outer);
    }
    entry
}

/// Another part of the list of networks that the one with this prefix is a part of, as `levels.16` beside `levels.8`.
fn part_beside(file: &WeightFile, prefix: &str) -> Option<String> {
    let own = entry(prefix);
    let (list, index) = own.rsplit_once('.').unwrap_or(("", own));
    index.parse::<usize>().ok()?;
    file.shapes().find_map(|(name, _)| {
        let within = name.strip_prefix(list)?;
        let within = within.strip_prefix('.').unwrap_or(within);
        let (other, _) = within.split_once('.')?;
        let is_other = other != index && other.parse::<usize>().is_ok();
        is_other.then(|| format!("{list}.{other}").trim_start_matches('.').to_owned())
    })
}

/// The recipe of the generator whose tensors have this prefix, by the shapes of its first and last layer, if it is one.
fn recognised(file: &WeightFile, prefix: &str) -> Option<Recipe> {
    let kernel = |layer: usize| -> Option<[usize; 4]> {
        let name = format!("{prefix}main.{layer}.weight");
        let mut shapes = file.shapes();
        let (_, shape) = shapes.find(|(found, _)| *found == name)?;
        shape.try_into().ok()
    };
    let [latent, first, 4, 4] = kernel(0)? else {
        return None;
    };
    // After each layer but the last come its norm and activation.
    let doublings = (1..).take_while(|doubling| kernel(3 * doubling).is_some());
    let doublings = doublings.count();
    let (upsample, channels, output) = match kernel(3 * doublings)? {
        [channels, output, 4, 4] => (Upsample::Deconv, channels, output),
        [output, channels, 3, 3] => (Upsample::Resize, channels, output),
        _ => return None,
    };
    let mut recipe = Recipe::defaults(Mode::Generate);
    let side = INNERMOST.checked_shl(u32::try_from(doublings).ok()?)?;
    (recipe.data.crop_size, recipe.data.load_size) = (side, side);
    recipe.data.output_channels = output;
    (recipe.generator.latent, recipe.generator.channels) = (latent, channels);
    recipe.generator.upsample = upsample;
    let fits = recipe.validate().is_ok() && first == width(channels, levels(side) - 1);
    fits.then_some(recipe)
}

/// Nothing in a file tells noise from what stands for a class.
fn text(recipe: &Recipe) -> String {
    let (data, generator) = (&recipe.data, &recipe.generator);
    format!(
        "{}, {} channels, {} values to pictures of {side}x{side} px with {} colour channels",
        generator.arch.name(),
        generator.channels,
        generator.latent,
        data.output_channels,
        side = data.crop_size,
    )
}
