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
use super::side::{Part, Side};
use crate::picture::{IdMap, PictureError, RasterKind};

/// What one readable map of ids is.
#[derive(Debug, Clone, Copy)]
struct Ids {
    highest: usize,
    bits: usize,
    has_palette: bool,
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
            let small = maps.filter(|ids| ids.bits <= 8).count();
            if is_instances && small > 0 {
                warnings.push(format!(
                    "{}: {small} instance maps have 8 bits, which hold no `class * 1000 + number`: edges are right, but instance features take each id for a class; save them with 16 bits",
                    side.name
                ));
            }
        }
        Ok(CheckReport {
            samples: self.len(),
            notes: all_notes,
            warnings,
            sides: sides().map(|(side, facts)| report(side, facts)).collect(),
        })
    }

    /// Label maps with ids that are no classes; each problem proposes the number of classes that would hold all of them.
    fn labels_beyond(&self, ids: &[Option<Ids>]) -> Vec<DataError> {
        let classes = self.recipe.data.classes;
        let highest = ids.iter().flatten().map(|ids| ids.highest).max();
        let needed = highest.map_or(0, |highest| highest + 1);
        let files = self.a.files.iter().zip(ids);
        files
            .filter_map(|(file, ids)| {
                let highest = ids.as_ref()?.highest;
                (highest >= classes).then(|| DataError::Unsuitable {
                    path: file.path.clone(),
                    message: format!(
                        "has the label {highest}, and with `data.classes = {classes}` labels go up to {}: set `data.classes={needed}`",
                        classes - 1
                    ),
                })
            })
            .collect()
    }
}

fn read_file(side: &Side, file: &PictureFile) -> Read {
    if side.kind != RasterKind::Ids {
        return Ok((read_info(&file.path, Part::Whole)?, None));
    }
    let map = IdMap::read(&file.path)?;
    let facts = ImageInfo {
        size: (map.width, map.height),
        format: map.format,
        notes: Vec::new(),
    };
    let ids = Ids {
        highest: usize::from(map.highest()),
        bits: map.bits,
        has_palette: map.has_palette,
    };
    Ok((facts, Some(ids)))
}
