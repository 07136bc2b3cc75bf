//! What is translated to where, decided before any work.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::ImageFormat;
use rayon::prelude::*;

use super::collisions::CollisionCheck;
use super::error::ApplyError;
use super::input::{EntryKind, InputKind, InputListing};
use super::inputs::find_all;
use super::instance_files::without_maps;
use super::options::{ApplyOptions, OnExisting};
use super::report_file::check_report;
use crate::data::LeftOut;
use crate::files::resolved;
use crate::picture::{has_picture_extension, is_truncated_file, with_extension};

/// Every picture of the input and what is to be done with it. Copies share the list.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The pictures, sorted by path.
    entries: Arc<[Entry]>,
    /// What their paths are relative to.
    root: Arc<Path>,
    /// The name of the one translation, where it is not that of its input.
    name: Option<Arc<Path>>,
    /// What is in the input and not translated: files that are not called like pictures, links that lead round in circles.
    pub left_out: LeftOut,
    /// Maps in the input that belong to others of its pictures: instances, and colours for the eye.
    pub maps: usize,
    /// The output folder.
    pub output: PathBuf,
    /// Two pictures whose outputs differ by case alone, if there are such, in the whole input.
    pub(super) alike: Option<[PathBuf; 3]>,
    /// Whether the one picture came through standard input.
    pub from_stdin: bool,
    /// Whether its translation goes to standard output.
    pub to_stdout: bool,
}

/// One picture of a plan, small: there may be a million.
#[derive(Debug, Clone)]
struct Entry {
    /// The picture, below the plan's root.
    relative: Box<Path>,
    /// Its place in the whole input, of which a shard has a part.
    place: u32,
    /// Which translation of the picture; 0 where there is only one.
    sample: u16,
    what: EntryAction,
}

#[derive(Debug, Clone)]
enum EntryAction {
    Translate(ImageFormat),
    Skip(ImageFormat),
    Unrecognised,
    Unusable(Box<str>),
}

/// One picture of a [`Plan`].
#[derive(Debug, Clone)]
pub struct PlannedPicture {
    /// The picture.
    pub input: PathBuf,
    /// Its path below the input.
    pub relative: PathBuf,
    /// What is to be done with it.
    pub task: Task,
    /// Its place in the whole input, whatever the shard: what is drawn at random for it depends on this.
    pub place: u64,
}

/// What is to be done with a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Translate it.
    Translate {
        /// Where the translation goes.
        output: PathBuf,
        /// The format of the translation.
        format: ImageFormat,
    },
    /// Leave it: its translation exists.
    Skip {
        /// The translation.
        output: PathBuf,
    },
    /// Its bytes are of no picture, so that no format can be kept. Reading it will tell why.
    Unrecognised,
    /// It is no file, or a folder that cannot be listed.
    Unusable {
        /// What is wrong.
        message: String,
    },
}

impl PlannedPicture {
    /// The format of its output; an error where it was no picture when the plan was made, and is one now.
    pub(super) fn format(&self) -> Result<ImageFormat, String> {
        match self.task {
            Task::Translate { format, .. } => Ok(format),
            _ => Err(format!(
                "`{}` changed while the program ran",
                self.input.display()
            )),
        }
    }
}

impl Task {
    /// Where the translation is or will be.
    pub fn output(&self) -> Option<&Path> {
        match self {
            Self::Translate { output, .. } | Self::Skip { output } => Some(output),
            Self::Unrecognised | Self::Unusable { .. } => None,
        }
    }
}

impl Plan {
    /// Number of pictures; several translations of one count as several.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none, as in a shard of a few pictures.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The pictures, sorted by path.
    pub fn pictures(&self) -> impl Iterator<Item = PlannedPicture> {
        self.entries.iter().map(|entry| self.planned(entry))
    }

    /// One of the pictures.
    pub fn picture(&self, index: usize) -> Option<PlannedPicture> {
        self.entries.get(index).map(|entry| self.planned(entry))
    }

    /// Number of translations that exist and are left.
    pub fn skipped(&self) -> usize {
        let skips = |entry: &&Entry| matches!(entry.what, EntryAction::Skip(_));
        self.entries.iter().filter(skips).count()
    }

    /// Lets the pictures that have a `reason` fail with it, unread; their path precedes it.
    pub(crate) fn refuse(&mut self, reason: impl Fn(&PlannedPicture) -> Option<&'static str>) {
        let reasons: Vec<_> = self.pictures().map(|picture| reason(&picture)).collect();
        for (entry, reason) in Arc::make_mut(&mut self.entries).iter_mut().zip(reasons) {
            if let Some(reason) = reason {
                entry.what = EntryAction::Unusable(reason.into());
            }
        }
    }

    /// Where the animation of the pictures that are made of an input goes.
    pub(super) fn animation_of(&self, picture: &PlannedPicture) -> PathBuf {
        let name = self.name.as_deref().unwrap_or(&picture.relative);
        self.output.join(name).with_extension("gif")
    }

    /// What the translation of a picture is called, but for the extension.
    fn name_of<'a>(&'a self, entry: &'a Entry) -> &'a Path {
        self.name.as_deref().unwrap_or(&entry.relative)
    }

    fn planned(&self, entry: &Entry) -> PlannedPicture {
        let input = self.root.join(&entry.relative);
        let output = |format| {
            self.output
                .join(output_of(self.name_of(entry), format, entry.sample))
        };
        let task = match &entry.what {
            &EntryAction::Translate(format) => Task::Translate {
                output: output(format),
                format,
            },
            &EntryAction::Skip(format) => Task::Skip {
                output: output(format),
            },
            EntryAction::Unrecognised => Task::Unrecognised,
            EntryAction::Unusable(message) => Task::Unusable {
                message: format!("`{}` {message}", input.display()),
            },
        };
        PlannedPicture {
            input,
            relative: entry.relative.to_path_buf(),
            task,
            place: entry.place.into(),
        }
    }
}

/// Plans the translation of one input into a folder: see [`plan_inputs`].
///
/// # Errors
/// As [`plan_inputs`].
pub fn plan(input: &Path, output: &Path, options: &ApplyOptions) -> Result<Plan, ApplyError> {
    plan_inputs(&[input.to_owned()], output, None, options)
}

/// Plans the translation of `inputs`, each a picture, a folder (with all folders in it) or a pattern, into the folder `output`,
/// under the name `name` where there is one picture that has one.
///
/// The output mirrors the input's tree with the same stems, to which the number of the sample is added where there are several. Extensions fit the format: a PNG that is called `.jpg` becomes `.png`.
/// In folders and patterns only files that are called like pictures count; a file that is named itself is always tried.
/// Links to folders are followed, but not round in circles. Patterns do not match names that are not UTF-8; folders find them. A folder within the
/// input that cannot be listed is planned as something that fails.
///
/// A shard is planned as a part of the whole input: whether there are collisions does not depend on the shard.
///
/// # Errors
/// Nothing is found, or some output would replace an input, another output or (unless `options` say so) an existing file.
pub fn plan_inputs(
    inputs: &[PathBuf],
    output: &Path,
    name: Option<&Path>,
    options: &ApplyOptions,
) -> Result<Plan, ApplyError> {
    if !output.is_dir() && (output.exists() || has_picture_extension(output)) {
        return Err(ApplyError::OutputNotAFolder(output.to_owned()));
    }
    if let Some(report) = &options.report {
        check_report(report)?;
    }
    let mut found = find_all(inputs)?;
    let name = name.filter(|_| found.candidates.len() == 1);
    let mut maps = 0;
    if options.instance_maps && !found.folders.is_empty() {
        let all = found.candidates.len();
        found.candidates = without_maps(found.candidates);
        maps = all - found.candidates.len();
    }
    check_folders(output, &found)?;

    let samples: u16 = options.samples.clamp(1, u16::MAX.into()) as u16;
    let numbers = if samples == 1 { 0..=0 } else { 1..=samples };
    let is_own = |path: &Path| options.shard.is_none_or(|shard| shard.contains(path));
    let places = CollisionCheck::new(&found, output);
    // To find out a format a file must be opened: only those of this shard are, and others that may be in their way.
    let formats: Vec<Option<ImageFormat>> = found
        .candidates
        .par_iter()
        .map(|candidate| {
            let is_file = matches!(candidate.what, EntryKind::File | EntryKind::Link);
            let is_wanted =
                is_file && (is_own(&candidate.relative) || places.may_collide(candidate));
            is_wanted
                .then(|| options.format.of(&found.root.join(&candidate.relative)))
                .flatten()
        })
        .collect();
    let outputs_of = |index: usize| {
        let relative = name.unwrap_or(&found.candidates[index].relative);
        let numbers = numbers.clone();
        let of_format = move |format| {
            let all = numbers.clone();
            all.map(move |sample| output_of(relative, format, sample))
        };
        formats[index].into_iter().flat_map(of_format)
    };
    // The numbers of several translations keep apart what differs without them.
    let alike = places.check_collisions(&found, output, |index| outputs_of(index).next())?;
    places.check_overwritten_inputs(&found, output, outputs_of)?;

    let mut entries = Vec::new();
    for (index, (candidate, format)) in found.candidates.into_iter().zip(formats).enumerate() {
        // A folder that this machine cannot list holds pictures of every shard.
        let is_unlisted = matches!(candidate.what, EntryKind::Unreadable(_));
        if !is_unlisted && !is_own(&candidate.relative) {
            continue;
        }
        for sample in numbers.clone() {
            entries.push(Entry {
                relative: candidate.relative.clone(),
                place: (index * usize::from(samples)) as u32 + u32::from(sample.max(1) - 1),
                sample,
                what: match (&candidate.what, format) {
                    (EntryKind::Unreadable(message), _) => {
                        EntryAction::Unusable(format!("cannot be listed: {message}").into())
                    }
                    (EntryKind::Special, _) => {
                        EntryAction::Unusable("is not a regular file".into())
                    }
                    (_, Some(format)) => EntryAction::Translate(format),
                    (_, None) => EntryAction::Unrecognised,
                },
            });
            if is_unlisted {
                break;
            }
        }
    }
    check_existing(&mut entries, output, name, options.existing)?;
    Ok(Plan {
        entries: entries.into(),
        root: found.root.into(),
        name: name.map(Arc::from),
        left_out: found.left_out,
        maps,
        output: output.to_owned(),
        alike,
        from_stdin: false,
        to_stdout: false,
    })
}

/// The place of a translation below the output folder.
fn output_of(relative: &Path, format: ImageFormat, sample: u16) -> PathBuf {
    let path = with_extension(relative, format);
    if sample == 0 {
        path
    } else {
        numbered(path, sample)
    }
}

/// `a/b.png` as `a/b_2.png` for the second of several samples.
fn numbered(path: PathBuf, sample: u16) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("_{sample}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Refuses an output folder whose pictures the same input would find the next time.
fn check_folders(output: &Path, found: &InputListing) -> Result<(), ApplyError> {
    let output_folder = resolved(output);
    let inside = |input: &Path| ApplyError::OutputInsideInput {
        input: input.to_owned(),
        output: output.to_owned(),
    };
    let root = resolved(&found.root);
    let leads_there = |link: &&PathBuf| output_folder.starts_with(resolved(&root.join(link)));
    if let Some(link) = found.links.iter().find(leads_there) {
        return Err(inside(&found.root.join(link)));
    }
    let mut folders = found.folders.iter();
    if let Some(folder) = folders.find(|folder| output_folder.starts_with(resolved(folder))) {
        return Err(inside(folder));
    }
    let folder = root;
    // An output folder that is the pattern's own holds inputs rightly; that none is replaced is checked elsewhere.
    if found.kind != InputKind::Pattern
        || output_folder == folder
        || !output_folder.starts_with(&folder)
    {
        return Ok(());
    }
    let mut candidates = found.candidates.iter();
    if candidates.any(|candidate| folder.join(&candidate.relative).starts_with(&output_folder)) {
        return Err(inside(&found.root));
    }
    Ok(())
}

/// Looks for outputs that are there already.
fn check_existing(
    entries: &mut [Entry],
    output: &Path,
    name: Option<&Path>,
    existing: OnExisting,
) -> Result<(), ApplyError> {
    if existing == OnExisting::Overwrite {
        return Ok(());
    }
    let there = entries.par_iter_mut().filter_map(|entry| {
        let EntryAction::Translate(format) = entry.what else {
            return None;
        };
        let name = name.unwrap_or(&entry.relative);
        let path = output.join(output_of(name, format, entry.sample));
        if !path.is_file() {
            return None;
        }
        if existing == OnExisting::Skip && !is_truncated_file(&path, format) {
            entry.what = EntryAction::Skip(format);
        }
        Some((path, 1))
    });
    // The first in the plan's order, and how many.
    let there = there.reduce_with(|(first, count), (_, more)| (first, count + more));
    match there {
        Some((first, count)) if existing == OnExisting::Refuse => {
            Err(ApplyError::OutputExists { first, count })
        }
        _ => Ok(()),
    }
}
