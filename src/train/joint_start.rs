//! How processes that train together begin alike: what they were given is compared, and the leader's weights and state are those
//! of all.

use std::fmt::Write;

use super::checkpoint::OwnParts;
use super::error::TrainError;
use super::packed::{Parts, pack, unpack};
use crate::config::Recipe;
use crate::device::OpenDevice;
use crate::distributed::Group;
use crate::method::{Method, MethodState};
use crate::nn::TensorError;

/// Checks that all processes have the same program, kind of device, recipe and pictures.
///
/// # Errors
/// One of them has others; or another process has failed.
pub(super) fn compare_setup(
    group: &Group,
    recipe: &Recipe,
    fingerprint: &str,
    device: &OpenDevice,
) -> Result<(), TrainError> {
    if group.size() == 1 {
        return Ok(());
    }
    let kind = device.name.to_string();
    let kind = kind.split(':').next().unwrap_or_default();
    Ok(group.compare(&[
        (
            "version of the program",
            env!("CARGO_PKG_VERSION").to_owned(),
        ),
        ("device", kind.to_owned()),
        ("recipe", recipe_lines(recipe)),
        ("data set", format!("hash of names and sizes {fingerprint}")),
    ])?)
}

/// One line for each key of a recipe, without those that say where files are: they may be elsewhere on each machine.
fn recipe_lines(recipe: &Recipe) -> String {
    const PLACES: [&str; 4] = [
        "data.mask_folder",
        "data.root",
        "data.workers",
        "loss.perceptual_weights",
    ];
    let mut lines = String::new();
    for (section, values) in recipe.to_table() {
        let toml::Value::Table(values) = values else {
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{section} = {values}");
            continue;
        };
        for (key, value) in values {
            let key = format!("{section}.{key}");
            if !PLACES.contains(&key.as_str()) {
                let _ = writeln!(lines, "{key} = {value}");
            }
        }
    }
    lines
}

/// The leader's value, in all processes.
///
/// # Errors
/// Another process has failed.
pub(super) fn share_value<T>(group: &Group, own: T) -> Result<T, TrainError>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    if group.size() == 1 {
        return Ok(own);
    }
    let text = serde_json::to_vec(&own).expect("values that are shared are numbers and names");
    Ok(serde_json::from_slice(&group.share(text)?).map_err(damaged)?)
}

/// Gives all processes the leader's weights and state, and each what it had for itself when the checkpoint was written.
///
/// # Errors
/// The networks are not the same, or another process has failed.
pub(super) fn share_method(
    group: &Group,
    method: &mut dyn Method,
    own_parts: OwnParts,
) -> Result<(), TrainError> {
    if group.size() == 1 {
        return Ok(());
    }
    compare_networks(group, method)?;
    for stem in method.networks() {
        let weights = Parts::from([((*stem).to_owned(), method.weights(stem))]);
        let shared = share_parts(group, weights)?;
        if let Some(weights) = shared.into_values().next() {
            method.load_weights(stem, weights)?;
        }
    }
    let mut state = method.state();
    let counts = share_value(group, state.counts.clone())?;
    let mut received = MethodState::default();
    for (part, count) in counts {
        let is_own = state.own.contains(&part);
        let (tensors, _) = state.take(&part);
        let tensors = if is_own {
            tensors
        } else {
            let shared = share_parts(group, Parts::from([(part.clone(), tensors)]))?;
            shared.into_values().next().unwrap_or_default()
        };
        received.insert(&part, (tensors, count));
    }
    let mut all: Vec<Parts> = vec![Parts::new(); group.size()];
    for (process, parts) in own_parts {
        if let Some(slot) = all.get_mut(process) {
            *slot = parts;
        }
    }
    let packed: Result<Vec<_>, _> = all.into_iter().map(pack).collect();
    for (part, tensors) in unpack(&group.scatter(packed?)?)? {
        received.insert(&part, (tensors, 0));
    }
    Ok(method.restore(received)?)
}

/// Checks that all processes have networks of the same tensors.
fn compare_networks(group: &Group, method: &dyn Method) -> Result<(), TrainError> {
    let mut lines = String::new();
    for stem in method.networks() {
        for (name, data) in method.weights(stem).0 {
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "{stem}: {name} {:?}", data.shape());
        }
    }
    Ok(group.compare(&[("layout of the networks", lines)])?)
}

fn share_parts(group: &Group, parts: Parts) -> Result<Parts, TrainError> {
    let own = if group.is_leader() {
        pack(parts)?
    } else {
        Vec::new()
    };
    Ok(unpack(&group.share(own)?)?)
}

fn damaged(error: serde_json::Error) -> TensorError {
    TensorError::Format(error.to_string())
}
