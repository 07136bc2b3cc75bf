//! Reading every picture of a data set before training, so that wrong data is found at once and not after hours.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::ImageFormat;
use rayon::prelude::*;

use super::batch::size_mismatch;
use super::conversion::Progress;
use super::dataset::Dataset;
use super::error::DataError;
use super::folder::PictureFile;
use super::side::{Part, Side, raster_halves};
use super::transform::Size;
use crate::wording::counted;

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
        let samples = counted(self.samples, "sample");
        write!(formatter, "{samples} per epoch, all readable")
    }
}

impl fmt::Display for SideReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pictures = counted(self.pictures, "picture");
        write!(formatter, "{}: {pictures}, ", self.name)?;
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
    /// The lowest and the highest value that networks see; none where that is not asked.
    pub(super) extent: Option<(f32, f32)>,
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
        let read = |side: &Side, file: &PictureFile| {
            let facts = read_info(side, file);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            facts
        };
        let facts = |side: &Side, files: &[PictureFile]| {
            let facts = files.par_iter().map(|file| read(side, file));
            facts.collect::<Vec<_>>()
        };
        let (a, b) = (facts(&self.a, &self.a.files), facts(&self.b, second));

        let (mut problems, mut mask_notes) = (Vec::new(), Vec::new());
        let a = self.check_side(&self.a, a, &mut problems);
        let b = if self.has_holes() {
            problems.extend(self.wrong_masks(&mut mask_notes));
            b.into_iter().map(Result::ok).collect()
        } else if self.makes_inputs() {
            Vec::new()
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
        let files = self.a.files.iter().zip(&a).chain(second.iter().zip(&b));
        let mut all_notes = [notes(files), mask_notes, self.a.left_out()?].concat();
        if self.a.part == Part::Whole {
            all_notes.extend(self.b.left_out()?);
        }
        Ok(CheckReport {
            samples: self.len(),
            notes: all_notes,
            sides: vec![report(&self.a, &a), report(&self.b, &b)],
            warnings: [(&self.a, &a), (&self.b, &b)]
                .into_iter()
                .filter_map(|(side, facts)| small_range(side, facts))
                .collect(),
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

pub(super) fn read_info(side: &Side, file: &PictureFile) -> Result<ImageInfo, DataError> {
    let picture = side.sample_of(file)?;
    let (mut raster, mut notes) = (picture.raster, picture.notes);
    if side.part != Part::Whole {
        if raster.size().0 % 2 == 1 {
            notes.push(
                "its width is odd, which that of two pictures side by side is not; the last column is left out"
                    .to_owned(),
            );
        }
        (raster, _) = raster_halves(&file.path, &raster)?;
    }
    Ok(ImageInfo {
        size: raster.size(),
        format: picture.format,
        extent: raster.extent(),
        notes,
    })
}

/// A warning for a side whose pictures use less than an eighth of what they could, as 12 bits in files of 16 bits do.
fn small_range(side: &Side, facts: &[Option<ImageInfo>]) -> Option<String> {
    let extents = facts.iter().flatten().filter_map(|facts| facts.extent);
    let (low, high) =
        extents.reduce(|(low, high), (lowest, highest)| (low.min(lowest), high.max(highest)))?;
    // Values are in [-1, 1]; pictures of one colour are left to whoever looks at them.
    if high - low >= 2.0 / 8.0 || high <= low {
        return None;
    }
    let [black, white] = side.range.unwrap_or([0.0, 65_535.0]);
    let number = |value: f32| black + f64::from(f32::midpoint(value, 1.0)) * (white - black);
    Some(format!(
        "{}: its pictures use {:.1} % of the range that they could; if they are of 16 bits, `data.range = [{:.0}, {:.0}]` takes all of it",
        side.name,
        (high - low) * 50.0,
        number(low).floor(),
        number(high).ceil()
    ))
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
