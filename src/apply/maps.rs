//! Inputs of pix2pixHD: label maps, or pictures, and the instance maps beside them.

use std::path::Path;

use super::instance_files::instances_beside;
use super::passthrough::Passthrough;
use super::prepared::Prepared;
use super::reading::{LoadedInput, ReadOptions, padding_for, read, unreadable};
use super::tiles::{InputPlanes, SplitPolicy};
use super::translator::{InputSpec, MapSpec};
use crate::data::LabelCoding;
use crate::picture::{IdMap, PictureLimits, SampleFile};

/// Reads, resizes and pads an input: one plane of class ids (or the planes of a picture), and one of instance ids where
/// these are needed.
pub(super) fn prepare_maps(
    path: &Path,
    reading: ReadOptions<'_>,
    spec: &InputSpec,
    maps: &MapSpec,
    split: &SplitPolicy,
) -> Result<Prepared, String> {
    let (own, input) = if let Some(labels) = &maps.labels {
        let map = read_labels(path, labels, reading.limits)?;
        ((map.width, map.height), Input::Labels(map))
    } else {
        let picture = read(path, reading, spec.channels)?;
        (picture.size(), Input::Picture(picture))
    };
    let instances = maps
        .instances
        .then(|| instances_of(path, own, reading.limits));
    let instances = instances.transpose()?;
    let padding = padding_for(own, reading, spec)?;
    let of_map =
        |map: IdMap| InputPlanes::Raster(map.raster().resized((padding.width, padding.height)));
    let (layer, passthrough) = match input {
        Input::Labels(map) => {
            let restored = reading.restore.then_some(own);
            let passthrough = Passthrough {
                restored,
                ..Passthrough::default()
            };
            (of_map(map), passthrough)
        }
        Input::Picture(picture) => picture.into_network_input(&padding, reading, spec)?,
    };
    let layers = [layer].into_iter().chain(instances.map(of_map)).collect();
    Prepared::new(layers, padding, passthrough, spec, split)
}

enum Input {
    Labels(IdMap),
    Picture(LoadedInput),
}

/// The instance map beside an input of the (width, height) `own`.
fn instances_of(path: &Path, own: (usize, usize), limits: PictureLimits) -> Result<IdMap, String> {
    let beside = instances_beside(path)?;
    let file = SampleFile::read(&beside, limits).map_err(unreadable)?;
    let map = file.instance_ids().map_err(unreadable)?;
    if (map.width, map.height) != own {
        return Err(format!(
            "`{}` is {}x{}, but its instance map `{}` is {}x{}",
            path.display(),
            own.0,
            own.1,
            beside.display(),
            map.width,
            map.height
        ));
    }
    Ok(map)
}

fn read_labels(path: &Path, labels: &LabelCoding, limits: PictureLimits) -> Result<IdMap, String> {
    let map = labels.read(path, limits).map_err(unreadable)?;
    let beyond = map.ids.iter().copied().filter(|&id| labels.is_beyond(id));
    if let Some(highest) = beyond.max() {
        return Err(format!(
            "`{}` has the label {highest}, and the style knows labels up to {}",
            path.display(),
            labels.classes() - 1
        ));
    }
    Ok(labels.channels(map))
}
