//! Opening a data set: finding its layout and its files.

use std::path::Path;

use super::aligned;
use super::dataset::Dataset;
use super::error::DataError;
use super::labelled::{self, Folders};
use super::layout::Layout;
use super::made_input;
use super::masked;
use super::pages::take_pages;
use super::raster_cache::RasterCache;
use super::side::Sides;
use super::single;
use super::split::Split;
use super::transform::Transform;
use super::unaligned;
use crate::config::{Colours, Direction, Mode, Pages, Recipe, Samples};

impl Dataset {
    /// Finds the pictures of `split` in `root` and pairs them as the recipe's mode asks. Reads no picture: see
    /// [`Dataset::check`].
    ///
    /// # Errors
    /// The folder or the layout is missing, a side is empty, or pictures have no partner or two.
    pub fn open(root: &Path, recipe: &Recipe, split: Split) -> Result<Self, DataError> {
        Self::open_optional(root, recipe, split)?.ok_or_else(|| match recipe.mode {
            Mode::Pix2pixhd => Folders::missing(root, recipe, split),
            _ => Layout::missing(root, recipe, split),
        })
    }

    /// As [`Dataset::open`], with `None` where the data set has no such split.
    ///
    /// # Errors
    /// As [`Dataset::open`], but for the missing layout.
    pub fn open_optional(
        root: &Path,
        recipe: &Recipe,
        split: Split,
    ) -> Result<Option<Self>, DataError> {
        if recipe.mode.samples() == Samples::Maps {
            let Some(folders) = Folders::find(root, recipe, split)? else {
                return Ok(None);
            };
            let sides = labelled::sides(root, &folders, recipe)?;
            return Ok(Some(Self::of_sides(root, recipe, sides)));
        }
        let Some(layout) = Layout::find(root, recipe, split)? else {
            return Ok(None);
        };
        let samples = recipe.mode.samples();
        let (mut input, mut target) = match (samples, &layout) {
            (Samples::Sets, Layout::TwoFolders(a, b)) => match recipe.data.direction {
                // Of mode cycle the direction is a matter of what is shown.
                Direction::BToA if recipe.mode == Mode::Contrastive => unaligned::sides(b, a)?,
                _ => unaligned::sides(a, b)?,
            },
            (Samples::Pairs, Layout::Plain(_)) => made_input::sides(root, &layout)?,
            (Samples::Holes, _) => masked::sides(root, &layout, recipe)?,
            (Samples::Pictures, _) => single::sides(root, &layout, recipe)?,
            _ => aligned::sides(root, &layout, recipe.data.direction)?,
        };
        if recipe.data.pages == Pages::All {
            let is_paired = samples == Samples::Pairs;
            take_pages(&mut input, &mut target, is_paired)?;
        }
        let sides = Sides {
            input,
            target,
            instances: None,
            features: None,
        };
        Ok(Some(Self::of_sides(root, recipe, sides)))
    }

    fn of_sides(root: &Path, recipe: &Recipe, mut sides: Sides) -> Self {
        let data = &recipe.data;
        let (input, output) = match data.colours {
            // Both are made of pictures in colour.
            Colours::Lab => (3, 3),
            // The pictures alone.
            Colours::Rgb if recipe.mode.makes_pictures() => {
                (data.output_channels, data.output_channels)
            }
            Colours::Rgb => (data.input_channels, data.output_channels),
        };
        let all = [
            (Some(&mut sides.input), input),
            (Some(&mut sides.target), output),
            (sides.instances.as_mut(), 1),
            (sides.features.as_mut(), recipe.encoder.features),
        ];
        for (side, channels) in all {
            let Some(side) = side else { continue };
            if recipe.data.max_images > 0 {
                side.files.truncate(recipe.data.max_images);
            }
            side.channels = channels;
            side.range = recipe.data.value_range();
            side.cache = RasterCache::new(side.files.len());
        }
        Self {
            root: root.to_owned(),
            a: sides.input,
            b: sides.target,
            instances: sides.instances,
            features: sides.features,
            recipe: recipe.clone(),
            transform: Transform::new(recipe),
        }
    }
}
