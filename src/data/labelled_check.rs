//! Looking for what is wrong with a labelled data set before training.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::check::{CheckReport, ImageInfo, notes, read_info, report};
use super::conversion::Progress;
use super::dataset::Dataset;
use super::error::DataError;
use super::folder::PictureFile;
use super::labelled::same_size;
use super::side::Side;
use crate::picture::{PictureError, RasterKind};

/// Ids by which data sets mark unlabelled pixels.
const UNLABELLED: [u32; 2] = [255, 65_535];

/// What one readable map of ids is.
#[derive(Debug, Clone, Copy)]
struct Ids {
    highest: u32,
    /// The highest but for the number whose bits are all ones, which often stands for unlabelled pixels.
    highest_class: u32,
    bits: usize,
    has_palette: bool,
    has_colours: bool,
}

/// What one readable file is: ids only of maps.
type Read = Result<(ImageInfo, Option<Ids>), DataError>;

impl Dataset {
    /// As [`Dataset::check`]: also whether all labels are classes, and the maps of a sample have one size.
    pub(super) fn check_labelled(&self, progress: Progress<'_>) -> Result<CheckReport, DataError> {
        let total = self.labelled_sides().map(|side| side.files.len()).sum();
        let done = AtomicUsize::new(0);
        let mut problems = Vec::new();
        let mut facts: Vec<Vec<Option<ImageInfo>>> = Vec::new();
        let mut ids = Vec::new();
        for side in self.labelled_sides() {
            let read = |file: &PictureFile| {
                let read = read_file(side, file);
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
                read
            };
            let read: Vec<Read> = side.files.par_iter().map(read).collect();
            ids.push(
                read.iter()
                    .map(|read| read.as_ref().ok()?.1)
                    .collect::<Vec<_>>(),
            );
            let read = read.into_iter().map(|read| read.map(|(facts, _)| facts));
            let mut own = Vec::new();
            let judged = self.check_side(side, read.collect(), &mut own);
            if let Some(input) = facts.first() {
                // What is wrong with the size of a sample is said once, of its input.
                let has_size_of_input = |index: usize| match (&judged[index], &input[index]) {
                    (Some(own), Some(input)) => own.size == input.size,
                    _ => false,
                };
                let files = side.files.iter().enumerate();
                let said: HashSet<&Path> = files
                    .filter(|(index, _)| has_size_of_input(*index))
                    .map(|(_, file)| file.path.as_path())
                    .collect();
                own.retain(|problem| {
                    !matches!(
                        problem,
                        DataError::Unsuitable { path, .. }
                            | DataError::Picture(PictureError::NotAnIdMap { path, .. })
                            if said.contains(path.as_path())
                    )
                });
            }
            problems.extend(own);
            facts.push(judged);
        }
        for (side, other) in self.labelled_sides().zip(&facts).skip(1) {
            for (index, (first, second)) in facts[0].iter().zip(other).enumerate() {
                if let (Some(first), Some(second)) = (first, second) {
                    let (input, path) = (&self.a.files[index].path, &side.files[index].path);
                    problems.extend(same_size(input, first.size, path, second.size).err());
                }
            }
        }
        problems.extend(self.labels_beyond(&ids[0]));
        if self.features.is_some() && self.recipe.encoder.features != 3 {
            problems.push(DataError::BadSetting(format!(
                "`encoder.features` is {}, and the pictures of a feature folder have 3: set it to 3, or to 0 to leave them out",
                self.recipe.encoder.features
            )));
        }
        DataError::from_problems(&self.root, problems)?;
        let sides = || self.labelled_sides().zip(&facts);
        let mut all_notes = notes(sides().flat_map(|(side, facts)| side.files.iter().zip(facts)));
        for side in self.labelled_sides() {
            all_notes.extend(side.left_out()?);
        }
        let mut warnings = Vec::new();
        for (side, ids) in self.labelled_sides().zip(&ids) {
            let maps = ids.iter().flatten();
            let with_palette = maps.clone().filter(|ids| ids.has_palette).count();
            if with_palette > 0 {
                all_notes.push(format!(
                    "{}: {with_palette} with a palette; the ids are the places in it, not its colours",
                    side.name
                ));
            }
            let is_instances = self
                .instances
                .as_ref()
                .is_some_and(|own| std::ptr::eq(own, side));
            if !is_instances {
                continue;
            }
            let panoptic = maps.clone().filter(|ids| ids.has_colours).count();
            if panoptic > 0 {
                warnings.push(format!(
                    "{}: {panoptic} instance maps have colours, which are taken for the ids of COCO's panoptic format (R + 256 G + 65536 B): edges are right, but instance features are not told the class; save them with 16 bits as `class * 1000 + number`",
                    side.name
                ));
            }
            let small = maps.filter(|ids| ids.bits <= 8 && !ids.has_colours).count();
            if small > 0 {
                warnings.push(format!(
                    "{}: {small} instance maps have 8 bits, which hold no `class * 1000 + number`: edges are right, but instance features take each id for a class; save them with 16 bits",
                    side.name
                ));
            }
        }
        warnings.extend(self.unused_classes());
        Ok(CheckReport {
            samples: self.len(),
            notes: all_notes,
            warnings,
            sides: sides().map(|(side, facts)| report(side, facts)).collect(),
        })
    }

    /// Label maps with ids that are no classes; each problem proposes the settings that would take all of them.
    fn labels_beyond(&self, ids: &[Option<Ids>]) -> Vec<DataError> {
        let Some(labels) = &self.a.labels else {
            return Vec::new();
        };
        let classes = labels.classes();
        let highest = |of: fn(&Ids) -> u32| ids.iter().flatten().map(of).max().unwrap_or(0);
        let (all, but_unlabelled) = (highest(|ids| ids.highest), highest(|ids| ids.highest_class));
        // A number far above the others is no class.
        let has_unlabelled = all > but_unlabelled + 1 && self.recipe.data.unlabelled.is_none();
        let advice = |highest: u32| {
            if !has_unlabelled {
                return format!("set `data.classes={}`", highest + 1);
            }
            let needed = but_unlabelled as usize + 1;
            let further = if needed > classes {
                format!("`data.classes={needed}` and ")
            } else {
                String::new()
            };
            format!(
                "set {further}`data.unlabelled={all}` if that is the id of pixels without a label"
            )
        };
        let files = self.a.files.iter().zip(ids);
        files
            .filter_map(|(file, ids)| {
                let ids = ids.as_ref()?;
                let beyond = [ids.highest, ids.highest_class]
                    .into_iter()
                    .find(|&id| labels.is_beyond(id))?;
                let most = if self.recipe.data.unlabelled.is_some() {
                    but_unlabelled
                } else {
                    all
                };
                Some(DataError::Unsuitable {
                    path: file.path.clone(),
                    message: format!(
                        "has the label {beyond}, and with `data.classes = {classes}` labels go up to {}: {}",
                        classes - 1,
                        advice(most)
                    ),
                })
            })
            .collect()
    }

    /// A warning about classes that no colour has.
    fn unused_classes(&self) -> Option<String> {
        let labels = self.a.labels.as_ref()?;
        let needed = labels.palette()?.highest() as usize + 1;
        (needed < labels.classes()).then(|| {
            format!(
                "the palette has classes up to {}, and `data.classes` is {}: set `data.classes={needed}`, or channels stay empty",
                needed - 1,
                labels.classes()
            )
        })
    }
}

fn read_file(side: &Side, file: &PictureFile) -> Read {
    if side.kind != RasterKind::Ids {
        return Ok((read_info(side, file)?, None));
    }
    let map = side.read_ids(&file.path)?;
    let facts = ImageInfo {
        size: (map.width, map.height),
        format: map.format,
        extent: None,
        notes: Vec::new(),
    };
    let ids = Ids {
        highest: map.highest(),
        highest_class: map
            .ids
            .iter()
            .copied()
            .filter(|id| !UNLABELLED.contains(id))
            .max()
            .unwrap_or(0),
        bits: map.bits,
        has_palette: map.has_palette,
        has_colours: map.has_colours,
    };
    Ok((facts, Some(ids)))
}
