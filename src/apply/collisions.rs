//! Outputs that would get in the way of each other, or of inputs.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use super::error::ApplyError;
use super::input::{Candidate, EntryKind, InputListing};
use crate::files::resolved;

/// Where pictures of the whole input may go, before the formats of their files are known.
pub(super) struct CollisionCheck {
    /// Hashes of the stems that several pictures have, large and small letters taken for the same.
    shared_stems: HashSet<u64>,
    /// Folders below the input whose outputs go where inputs are.
    among_inputs: HashSet<PathBuf>,
    /// The inputs in those places, without links.
    inputs: HashMap<PathBuf, usize>,
}

impl CollisionCheck {
    pub(super) fn new(found: &InputListing, output: &Path) -> Self {
        let mut stems: Vec<u64> = found.candidates.iter().map(stem).collect();
        stems.sort_unstable();
        let shared_stems = stems
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
            .collect();
        let mut places = Self {
            shared_stems,
            among_inputs: HashSet::new(),
            inputs: HashMap::new(),
        };
        places.find_inputs(found, output);
        places
    }

    /// Finds the folders whose outputs go where inputs are, and those inputs.
    fn find_inputs(&mut self, found: &InputListing, output: &Path) {
        let mut own: HashMap<&Path, PathBuf> = HashMap::new();
        let mut input_folders: HashSet<PathBuf> = HashSet::new();
        let mut targets: Vec<(usize, PathBuf)> = Vec::new();
        for (index, candidate) in found.candidates.iter().enumerate() {
            let folder = candidate.folder();
            if !own.contains_key(folder) {
                let real = resolved(&found.root.join(folder));
                input_folders.insert(real.clone());
                own.insert(folder, real);
            }
            // What a link leads to would be lost too.
            if candidate.what == EntryKind::Link
                && let Ok(target) = found.root.join(&candidate.relative).canonicalize()
            {
                input_folders.extend(target.parent().map(Path::to_owned));
                targets.push((index, target));
            }
        }
        let goes_among = |folder: &&Path| input_folders.contains(&resolved(&output.join(folder)));
        self.among_inputs = own
            .keys()
            .copied()
            .filter(goes_among)
            .map(Path::to_owned)
            .collect();
        if self.among_inputs.is_empty() {
            return;
        }
        for (index, candidate) in found.candidates.iter().enumerate() {
            let (Some(folder), Some(name)) =
                (own.get(candidate.folder()), candidate.relative.file_name())
            else {
                continue;
            };
            self.inputs.insert(folder.join(name), index);
        }
        for (index, target) in targets {
            self.inputs.entry(target).or_insert(index);
        }
    }

    /// Whether this picture's output may be that of another one, or an input.
    pub(super) fn may_collide(&self, candidate: &Candidate) -> bool {
        self.shared_stems.contains(&stem(candidate))
            || self.among_inputs.contains(candidate.folder())
    }

    /// Refuses outputs with one path; gives two that differ by case alone, if there are such, and the second's output.
    ///
    /// `output_of` gives the output of a candidate, relative to the folder `output`.
    pub(super) fn check_collisions(
        &self,
        found: &InputListing,
        output: &Path,
        output_of: impl Fn(usize) -> Option<PathBuf>,
    ) -> Result<Option<[PathBuf; 3]>, ApplyError> {
        let mut exact: HashMap<PathBuf, usize> = HashMap::new();
        let mut folded: HashMap<String, usize> = HashMap::new();
        let (mut collisions, mut alike) = (Vec::new(), None);
        for (index, candidate) in found.candidates.iter().enumerate() {
            if !self.shared_stems.contains(&stem(candidate)) {
                continue;
            }
            let Some(path) = output_of(index) else {
                continue;
            };
            if let Some(other) = folded.insert(path.to_string_lossy().to_lowercase(), index)
                && alike.is_none()
            {
                alike = Some((other, index, path.clone()));
            }
            if let Some(first) = exact.insert(path.clone(), index) {
                collisions.push((first, index, path));
            }
        }
        let input = |index: usize| found.root.join(&found.candidates[index].relative);
        if let Some((first, second, path)) = collisions.first() {
            return Err(ApplyError::Collision {
                first: input(*first),
                second: input(*second),
                output: output.join(path),
                count: collisions.len(),
            });
        }
        Ok(alike.map(|(first, second, path)| [input(first), input(second), output.join(path)]))
    }

    /// Refuses outputs that would replace an input.
    pub(super) fn check_overwritten_inputs<Outputs: Iterator<Item = PathBuf>>(
        &self,
        found: &InputListing,
        output: &Path,
        outputs_of: impl Fn(usize) -> Outputs,
    ) -> Result<(), ApplyError> {
        if self.among_inputs.is_empty() {
            return Ok(());
        }
        for (index, candidate) in found.candidates.iter().enumerate() {
            if !self.among_inputs.contains(candidate.folder()) {
                continue;
            }
            let input = |index: usize| found.root.join(&found.candidates[index].relative);
            for path in outputs_of(index) {
                if let Some(&replaced) = self.inputs.get(&resolved(&output.join(path))) {
                    return Err(ApplyError::ReplacesInput {
                        input: input(index),
                        replaced: input(replaced),
                    });
                }
            }
        }
        Ok(())
    }
}

impl Candidate {
    fn folder(&self) -> &Path {
        self.relative.parent().unwrap_or(Path::new(""))
    }
}

/// A hash of the path without its extension, the same for large and small letters.
fn stem(candidate: &Candidate) -> u64 {
    let mut hasher = DefaultHasher::new();
    let stem = candidate.relative.with_extension("");
    stem.to_string_lossy().to_lowercase().hash(&mut hasher);
    hasher.finish()
}
