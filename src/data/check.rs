//! Reading every picture of a data set before training, so that wrong data is found at once and not after hours.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::ImageFormat;
use rayon::prelude::*;

use super::aligned::halves;
use super::batch::size_mismatch;
use super::conversion::Progress;
use super::dataset::Dataset;
use super::error::DataError;
use super::folder::PictureFile;
use super::side::{Part, Side};
use super::transform::Size;
use crate::picture::read_rgb;

/// What is in a data set that is in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Samples per epoch.
    pub samples: usize,
    /// The two sides, input (or A) and target (or B), and the maps that belong to the input.
    pub sides: Vec<SideReport>,
    /// Things that may well be mistakes.
    pub warnings: Vec<String>,
    /// Things that are worth knowing and no errors.
    pub notes: Vec<String>,
}

/// What is on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideReport {
    /// Folder, or folder and half.
    pub name: String,
    /// Number of pictures.
    pub pictures: usize,
    /// Smallest width and smallest height.
    pub smallest: Size,
    /// Largest width and largest height.
    pub largest: Size,
    /// Files per format, by what their bytes are.
    pub formats: BTreeMap<String, usize>,
}

impl fmt::Display for CheckReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Photos whose holes are drawn have no second side.
        for side in self.sides.iter().filter(|side| side.pictures > 0) {
            writeln!(formatter, "{side}")?;
        }
        for warning in &self.warnings {
            writeln!(formatter, "warning: {warning}")?;
        }
        for note in &self.notes {
            writeln!(formatter, "note: {note}")?;
        }
        write!(
            formatter,
            "{} samples per epoch, all readable",
            self.samples
        )
    }
}

impl fmt::Display for SideReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pictures = if self.pictures == 1 {
            "picture"
        } else {
            "pictures"
        };
        write!(formatter, "{}: {} {pictures}, ", self.name, self.pictures)?;
        let (smallest, largest) = (self.smallest, self.largest);
        if smallest == largest {
            write!(formatter, "{}x{}", smallest.0, smallest.1)?;
        } else {
            write!(
                formatter,
                "{} to {} wide, {} to {} high",
                smallest.0, largest.0, smallest.1, largest.1
            )?;
        }
        for (format, count) in &self.formats {
            write!(formatter, ", {count} {format}")?;
        }
        Ok(())
    }
}

/// What one readable picture is.
#[derive(Debug, Clone)]
pub(super) struct ImageInfo {
    pub(super) size: Size,
    pub(super) format: ImageFormat,
    /// What was read otherwise than the file has it.
    pub(super) notes: Vec<String>,
}

impl Dataset {
    /// Decodes every file and compares it with what the recipe needs, on all threads; `progress` is told how many files of how
    /// many are done.
    ///
    /// # Errors
    /// Everything that is wrong, in one error.
    pub fn check(&self, progress: Progress<'_>) -> Result<CheckReport, DataError> {
        if self.is_labelled() {
            return self.check_labelled(progress);
        }
        // The halves of side-by-side pictures are read together.
        let second = if self.a.part == Part::Whole {
            self.b.files.as_slice()
        } else {
            &[]
        };
        let total = self.a.files.len() + second.len();
        let done = AtomicUsize::new(0);
        let read = |file: &PictureFile| {
            let facts = read_info(&file.path, self.a.part);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            facts
        };
        let facts = |files: &[PictureFile]| files.par_iter().map(read).collect::<Vec<_>>();
        let (a, b) = (facts(&self.a.files), facts(second));

        let mut problems = Vec::new();
        let a = self.check_side(&self.a, a, &mut problems);
        let b = if self.has_holes() {
            problems.extend(self.wrong_masks());
            b.into_iter().map(Result::ok).collect()
        } else if self.a.part == Part::Whole {
            let b = self.check_side(&self.b, b, &mut problems);
            if self.is_paired() {
                problems.extend(self.size_mismatches(&a, &b));
            }
            b
        } else {
            a.clone()
        };
        DataError::from_problems(&self.root, problems)?;
        Ok(CheckReport {
            samples: self.len(),
            notes: notes(self.a.files.iter().zip(&a).chain(second.iter().zip(&b))),
            sides: vec![report(&self.a, &a), report(&self.b, &b)],
            warnings: Vec::new(),
        })
    }

    /// Keeps the facts of the readable pictures (at their places) and collects what is wrong with the files of one side.
    pub(super) fn check_side(
        &self,
        side: &Side,
        facts: Vec<Result<ImageInfo, DataError>>,
        problems: &mut Vec<DataError>,
    ) -> Vec<Option<ImageInfo>> {
        let unfit = |index: usize, message| DataError::Unsuitable {
            path: side.files[index].path.clone(),
            message,
        };
        let common = (self.recipe.data.batch_size > 1)
            .then(|| self.most_common_size(&facts))
            .flatten();
        let mut readable = Vec::with_capacity(facts.len());
        for (index, facts) in facts.into_iter().enumerate() {
            match facts {
                Err(error) => {
                    problems.push(error);
                    readable.push(None);
                }
                Ok(facts) => {
                    if let Err(message) = self.transform.accepts(facts.size) {
                        problems.push(unfit(index, message));
                    } else {
                        let size = self.transform.output_size(facts.size);
                        if let Some(common) = common.filter(|common| *common != size) {
                            problems.push(unfit(index, size_mismatch(size, common)));
                        }
                    }
                    readable.push(Some(facts));
                }
            }
        }
        readable
    }

    /// The size that most pictures have when they are prepared.
    fn most_common_size(&self, facts: &[Result<ImageInfo, DataError>]) -> Option<Size> {
        let mut counts: BTreeMap<Size, usize> = BTreeMap::new();
        for facts in facts.iter().flatten() {
            *counts
                .entry(self.transform.output_size(facts.size))
                .or_default() += 1;
        }
        counts
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map(|(size, _)| size)
    }

    fn size_mismatches(&self, a: &[Option<ImageInfo>], b: &[Option<ImageInfo>]) -> Vec<DataError> {
        let small = |(width, height): Size| (width as u32, height as u32);
        let pairs = self.a.files.iter().zip(&self.b.files);
        pairs
            .zip(a.iter().zip(b))
            .filter_map(|((a_file, b_file), (a, b))| {
                let (a, b) = (a.as_ref()?, b.as_ref()?);
                (a.size != b.size).then(|| DataError::SizesDiffer {
                    a: a_file.path.clone(),
                    a_size: small(a.size),
                    b: b_file.path.clone(),
                    b_size: small(b.size),
                })
            })
            .collect()
    }
}

pub(super) fn read_info(path: &Path, part: Part) -> Result<ImageInfo, DataError> {
    let mut picture = read_rgb(path)?;
    if part != Part::Whole {
        (picture, _) = halves(path, &picture)?;
    }
    let (width, height) = picture.pixels.dimensions();
    Ok(ImageInfo {
        size: (width as usize, height as usize),
        format: picture.format,
        notes: picture.notes,
    })
}

pub(super) fn report(side: &Side, facts: &[Option<ImageInfo>]) -> SideReport {
    let (mut smallest, mut largest) = ((usize::MAX, usize::MAX), (0, 0));
    let mut formats = BTreeMap::new();
    for facts in facts.iter().flatten() {
        let (width, height) = facts.size;
        smallest = (smallest.0.min(width), smallest.1.min(height));
        largest = (largest.0.max(width), largest.1.max(height));
        *formats.entry(format_name(facts.format)).or_default() += 1;
    }
    SideReport {
        name: side.name.clone(),
        pictures: side.files.len(),
        smallest,
        largest,
        formats,
    }
}

pub(super) fn notes<'a>(
    files: impl Iterator<Item = (&'a PictureFile, &'a Option<ImageInfo>)>,
) -> Vec<String> {
    let mut misnamed: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut read_otherwise: BTreeMap<&str, usize> = BTreeMap::new();
    for (file, facts) in files {
        let Some(facts) = facts else { continue };
        for note in &facts.notes {
            *read_otherwise.entry(note).or_default() += 1;
        }
        let extension = file.path.extension().unwrap_or_default().to_string_lossy();
        let named = ImageFormat::from_extension(extension.as_ref());
        if named.is_some_and(|named| named != facts.format) {
            let key = (format_name(facts.format), extension.to_lowercase());
            *misnamed.entry(key).or_default() += 1;
        }
    }
    let misnamed = misnamed
        .into_iter()
        .map(|((format, extension), count)| match count {
            1 => format!("1 file is {format} under a .{extension} name; it is read by its bytes"),
            _ => format!(
                "{count} files are {format} under a .{extension} name; they are read by their bytes"
            ),
        });
    let read_otherwise = read_otherwise.into_iter().map(|(note, count)| match count {
        1 => format!("1 file: {note}"),
        _ => format!("{count} files: {note}"),
    });
    misnamed.chain(read_otherwise).collect()
}

fn format_name(format: ImageFormat) -> String {
    match format {
        ImageFormat::WebP => "WebP".to_owned(),
        other => format!("{other:?}").to_uppercase(),
    }
}
