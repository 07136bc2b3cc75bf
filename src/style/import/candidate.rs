//! What in a weight file looks like a network.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::architecture::{Architecture, Hints};
use super::naming::Naming;
use super::shapes::{Shapes, Unrecognized};
use super::weight_file::WeightFile;

/// Wrapped around a network by PyTorch's data parallelism and averages of weights.
const WRAPPER: &str = "module.";

/// Tensors that look like a network.
pub(super) struct Candidate {
    /// What stands before the names of its tensors.
    pub(super) prefix: String,
    /// Names in the file by those of the reference.
    pub(super) names: BTreeMap<String, String>,
    pub(super) recognized: Result<Architecture, Unrecognized>,
}

impl Candidate {
    /// All of `file`, or of its entry `entry`.
    pub(super) fn find_all(file: &WeightFile, entry: Option<&str>, hints: Hints) -> Vec<Self> {
        let found = find(file, entry, hints, &Naming::ALL);
        if found.is_empty() {
            return find(file, entry, hints, &Naming::INNER);
        }
        found
    }

    /// The key of the dictionary in which it stands; empty for the file itself.
    pub(super) fn entry(&self) -> &str {
        let mut entry = self.prefix.as_str();
        while let Some(outer) = entry.strip_suffix(WRAPPER) {
            entry = outer;
        }
        entry.strip_suffix('.').unwrap_or(entry)
    }

    pub(super) fn is_discriminator(&self) -> bool {
        matches!(&self.recognized, Ok(network) if !network.is_generator())
    }

    /// Its key and what it is.
    pub(super) fn description(&self) -> String {
        let what = match &self.recognized {
            Ok(network) => network.description(),
            Err(Unrecognized::Unsupported(what) | Unrecognized::Ambiguous(what)) => what.clone(),
            Err(Unrecognized::Unknown) => "unknown".to_owned(),
        };
        format!("`{}` ({what})", self.entry())
    }
}

fn find(
    file: &WeightFile,
    entry: Option<&str>,
    hints: Hints,
    namings: &[Naming],
) -> Vec<Candidate> {
    let shapes: BTreeMap<&str, &[usize]> = file.shapes().collect();
    let entry = entry.map(|entry| format!("{entry}."));
    let mut found: Vec<Candidate> = Vec::new();
    for naming in namings {
        for prefix in naming.prefixes(shapes.keys().copied()) {
            let is_asked = entry.as_ref().is_none_or(|entry| prefix.starts_with(entry));
            let is_inner = found.iter().any(|outer| prefix.starts_with(&outer.prefix));
            if !is_asked || is_inner {
                continue;
            }
            let own = shapes.iter().filter_map(|(name, shape)| {
                Some((Cow::Borrowed(name.strip_prefix(prefix.as_str())?), *shape))
            });
            let own = Shapes(own.collect());
            let candidate = recognize(*naming, &own, hints);
            let (names, recognized) = match candidate {
                Ok((names, architecture)) => (names, Ok(architecture)),
                Err(Unrecognized::Unknown) => continue,
                Err(reason) => (BTreeMap::new(), Err(reason)),
            };
            let names = names
                .into_iter()
                .map(|(public, name)| (public, format!("{prefix}{name}")));
            found.push(Candidate {
                names: names.collect(),
                prefix,
                recognized,
            });
        }
    }
    found
}

/// The network of these tensors, with the names of the reference for them.
fn recognize(
    naming: Naming,
    shapes: &Shapes<'_>,
    hints: Hints,
) -> Result<(BTreeMap<String, String>, Architecture), Unrecognized> {
    let names = naming.translate(shapes)?;
    let public = names
        .iter()
        .filter_map(|(public, name)| Some((Cow::Borrowed(public.as_str()), *shapes.0.get(name)?)));
    let public = Shapes(public.collect());
    let architecture = Architecture::recognize(&public, hints)?;
    architecture.check_size(public.count())?;
    let names = names.iter();
    let names = names.map(|(public, name)| (public.clone(), name.to_string()));
    Ok((names.collect(), architecture))
}
