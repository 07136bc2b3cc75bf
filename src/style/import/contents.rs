//! What a weight file holds, for people, and the keys by which they choose.

use std::collections::{BTreeMap, BTreeSet};

use super::architecture::Hints;
use super::candidate::Candidate;
use super::error::ImportError;
use super::shapes::Unrecognized;
use super::weight_file::WeightFile;

/// At most this many names are shown in a message.
const MAX_SHOWN: usize = 8;
/// Lists of more tensors than this are taken for all parameters of a network.
const MIN_PARAMETERS: usize = 8;

/// The whole key of the entry that is meant by `key`: itself, or the only entry that ends with it.
///
/// # Errors
/// No entry is called so, or several are; the message names those that hold networks.
pub(super) fn resolve_key(
    file: &WeightFile,
    key: &str,
    hints: Hints,
) -> Result<String, ImportError> {
    let names = || {
        file.shapes()
            .chain(file.other_shapes())
            .map(|(name, _)| name)
    };
    let inside = format!("{key}.");
    if names().any(|name| name.starts_with(&inside)) {
        return Ok(key.to_owned());
    }
    let middle = format!(".{key}.");
    let entries: BTreeSet<&str> = names()
        .filter_map(|name| Some(&name[..name.find(&middle)? + middle.len() - 1]))
        .collect();
    let quoted = |entries: Vec<&str>| {
        let quoted: Vec<String> = entries.iter().map(|entry| format!("`{entry}`")).collect();
        quoted.join(", ")
    };
    let message = match entries.first() {
        Some(entry) if entries.len() == 1 => return Ok((*entry).to_owned()),
        Some(_) => format!(
            "`{key}` is a part of several keys, say the whole one: {}",
            quoted(entries.into_iter().collect())
        ),
        None => {
            let candidates = Candidate::find_all(file, None, hints);
            let is_usable = |candidate: &&Candidate| {
                !matches!(candidate.recognized, Err(Unrecognized::Unsupported(_)))
            };
            let entries: Vec<&str> = candidates
                .iter()
                .filter(is_usable)
                .map(Candidate::entry)
                .collect();
            match entries.as_slice() {
                [] => format!("it has no entry `{key}`; {}", describe(file, None)),
                [""] => format!(
                    "it has no entry `{key}`: the whole file is one network, leave `--key` out"
                ),
                _ => format!(
                    "it has no entry `{key}`; those with networks are {}",
                    quoted(entries)
                ),
            }
        }
    };
    Err(ImportError::Key {
        path: file.path().to_owned(),
        message,
    })
}

/// What a file without a known network holds, in all or in its entry `key`.
pub(super) fn describe(file: &WeightFile, key: Option<&str>) -> String {
    let prefix = key.map_or(String::new(), |key| format!("{key}."));
    let names: Vec<&str> = file
        .shapes()
        .map(|(name, _)| name)
        .filter(|name| name.starts_with(&prefix))
        .collect();
    if names.is_empty() {
        return match key {
            Some(key) => format!("`{key}` has no tensors of floating-point numbers"),
            None => "it has no tensors of floating-point numbers".to_owned(),
        };
    }
    if names == [""] {
        return "it is a single tensor".to_owned();
    }
    if let Some((list, count)) = unnamed_list(&names) {
        let what = match list {
            "" => "it is".to_owned(),
            list => format!("`{list}` is"),
        };
        return format!(
            "{what} a list of {count} tensors without names, as averages of weights are kept: copy them into the network in PyTorch, \
             `for p, v in zip(net.parameters(), tensors): p.data.copy_(v)`, and save `net.state_dict()`"
        );
    }
    let shown: Vec<String> = names
        .iter()
        .take(MAX_SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = match names.len().saturating_sub(MAX_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let place = key.map_or(String::new(), |key| format!(" under `{key}`"));
    format!(
        "U-Nets, ResNet generators, PatchGAN, PixelGAN, the networks of pix2pixHD and generators of DCGAN are known by the names of their tensors, and none is there{place}; it has {}{more}",
        shown.join(", ")
    )
}

/// The longest list of tensors whose names are their indices, if all other tensors are in such lists too.
fn unnamed_list<'a>(names: &[&'a str]) -> Option<(&'a str, usize)> {
    let mut lists: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        let (list, index) = name.rsplit_once('.').unwrap_or(("", name));
        index.parse::<usize>().ok()?;
        *lists.entry(list).or_insert(0) += 1;
    }
    let longest = lists.into_iter().max_by_key(|(_, count)| *count);
    longest.filter(|(_, count)| *count >= MIN_PARAMETERS)
}
