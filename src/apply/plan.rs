//! What is translated to where, decided before any work.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use image::ImageFormat;

use super::error::ApplyError;
use super::format::with_extension;
use super::input::{Found, find};
use super::maps::without_maps;
use super::options::{ApplyOptions, Existing};
use crate::data::has_picture_extension;

/// Every picture of the input and what is to be done with it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The pictures, sorted by path.
    pub pictures: Vec<PlannedPicture>,
    /// Files in the input that are left alone because they are not called like pictures.
    pub ignored: usize,
    /// The output folder.
    pub output: PathBuf,
}

/// One picture of a [`Plan`].
#[derive(Debug, Clone)]
pub struct PlannedPicture {
    /// The picture.
    pub input: PathBuf,
    /// What is to be done with it.
    pub task: Task,
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
}

impl PlannedPicture {
    /// The format of its output; an error where it was no picture when the plan was made, and is one now.
    pub(super) fn format(&self) -> Result<ImageFormat, String> {
        match self.task {
            Task::Translate { format, .. } => Ok(format),
            Task::Skip { .. } | Task::Unrecognised => Err(format!(
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
            Self::Unrecognised => None,
        }
    }
}

/// Plans the translation of `input`, a picture, a folder (with all folders in it) or a pattern, into the folder `output`.
///
/// The output mirrors the input's tree with the same stems, to which the number of the sample is added where there are several. Extensions fit the format: a PNG that is called `.jpg` becomes `.png`.
/// In folders and patterns only files that are called like pictures count; a file that is named itself is always tried.
/// Links to folders are not followed. Patterns do not match names that are not UTF-8; folders find them.
///
/// # Errors
/// Nothing is found, or some output would replace an input, another output or (unless `options` say so) an existing file.
pub fn plan(input: &Path, output: &Path, options: &ApplyOptions) -> Result<Plan, ApplyError> {
    if !output.is_dir() && (output.exists() || has_picture_extension(output)) {
        return Err(ApplyError::OutputNotAFolder(output.to_owned()));
    }
    let mut found = find(input)?;
    if options.instance_maps && found.is_whole_folder {
        let all = found.pictures.len();
        found.pictures = without_maps(found.pictures);
        found.ignored += all - found.pictures.len();
    }
    check_folders(input, output, &found)?;
    let mut pictures: Vec<PlannedPicture> = found
        .pictures
        .into_iter()
        .flat_map(|(input, relative)| {
            let format = options.format.of(&input);
            let samples = options.samples.max(1);
            (1..=samples).map(move |sample| PlannedPicture {
                task: match format {
                    Some(format) => Task::Translate {
                        output: output.join(numbered(
                            with_extension(&relative, format),
                            (samples > 1).then_some(sample),
                        )),
                        format,
                    },
                    None => Task::Unrecognised,
                },
                input: input.clone(),
            })
        })
        .collect();
    check_collisions(&pictures)?;
    check_existing(&mut pictures, options.existing)?;
    Ok(Plan {
        pictures,
        ignored: found.ignored,
        output: output.to_owned(),
    })
}

/// `a/b.png` as `a/b_2.png` for the second of several samples.
fn numbered(path: PathBuf, sample: Option<usize>) -> PathBuf {
    let Some(sample) = sample else {
        return path;
    };
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("_{sample}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Refuses an output folder whose pictures the same input would find the next time.
fn check_folders(input: &Path, output: &Path, found: &Found) -> Result<(), ApplyError> {
    let Some(folder) = &found.folder else {
        return Ok(());
    };
    let (folder, output_folder) = (resolved(folder), resolved(output));
    if !output_folder.starts_with(&folder) {
        return Ok(());
    }
    let found_before = || {
        // An output folder that is the pattern's own holds inputs rightly; that none is replaced is checked elsewhere.
        output_folder != folder
            && found
                .pictures
                .iter()
                .any(|(path, _)| resolved(path).starts_with(&output_folder))
    };
    if found.is_whole_folder || found_before() {
        return Err(ApplyError::OutputInsideInput {
            input: input.to_owned(),
            output: output.to_owned(),
        });
    }
    Ok(())
}

fn check_collisions(pictures: &[PlannedPicture]) -> Result<(), ApplyError> {
    let mut inputs: HashMap<&Path, &Path> = HashMap::with_capacity(pictures.len());
    let mut collisions = Vec::new();
    for picture in pictures {
        if let Some(output) = picture.task.output()
            && let Some(first) = inputs.insert(output, &picture.input)
        {
            collisions.push((first, &picture.input, output));
        }
    }
    match collisions.first() {
        None => Ok(()),
        Some(&(first, second, output)) => Err(ApplyError::Collision {
            first: first.to_owned(),
            second: second.clone(),
            output: output.to_owned(),
            count: collisions.len(),
        }),
    }
}

fn check_existing(pictures: &mut [PlannedPicture], existing: Existing) -> Result<(), ApplyError> {
    let there: Vec<usize> = pictures
        .iter()
        .enumerate()
        .filter(|(_, picture)| picture.task.output().is_some_and(Path::exists))
        .map(|(index, _)| index)
        .collect();
    let Some(&first) = there.first() else {
        return Ok(());
    };
    let inputs: HashMap<PathBuf, &Path> = pictures
        .iter()
        .map(|picture| (resolved(&picture.input), picture.input.as_path()))
        .collect();
    for &index in &there {
        let picture = &pictures[index];
        if let Some(output) = picture.task.output()
            && let Some(&replaced) = inputs.get(&resolved(output))
        {
            return Err(ApplyError::ReplacesInput {
                input: picture.input.clone(),
                replaced: replaced.to_owned(),
            });
        }
    }
    match existing {
        Existing::Overwrite => {}
        Existing::Skip => {
            for index in there {
                let task = &mut pictures[index].task;
                if let Some(output) = task.output().map(Path::to_owned) {
                    *task = Task::Skip { output };
                }
            }
        }
        Existing::Refuse => {
            let path = pictures[first].task.output();
            return Err(ApplyError::OutputExists {
                first: path.unwrap_or(&pictures[first].input).to_owned(),
                count: there.len(),
            });
        }
    }
    Ok(())
}

/// The absolute path without links, of which the last parts need not exist yet.
fn resolved(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for ancestor in absolute.ancestors() {
        if let Ok(real) = ancestor.canonicalize() {
            let rest = absolute.strip_prefix(ancestor).unwrap_or(Path::new(""));
            // Joining nothing would add a separator, which a file's path must not have.
            return if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            };
        }
    }
    absolute
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_whether_they_exist_or_not() {
        let here = std::env::current_dir().unwrap().canonicalize().unwrap();
        assert_eq!(resolved(Path::new("")), here);
        assert_eq!(resolved(Path::new("src/../src")), here.join("src"));
        assert_eq!(resolved(Path::new("./absent/x")), here.join("absent/x"));
    }
}
