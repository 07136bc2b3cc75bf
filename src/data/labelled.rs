//! The layout of pix2pixHD: label maps (or pictures) and what should come out of them, with maps of instances and features
//! where the data set has such.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::augmentation::{Augmentation, sample_random};
use super::batch::Sample;
use super::class_palette::inlined;
use super::dataset::Dataset;
use super::error::DataError;
use super::folder::{PictureFile, describe_folder, require_pictures, same_name};
use super::label_coding::LabelCoding;
use super::pair_name::{differ_by_case, pair_name};
use super::picture_class::name_classes;
use super::side::{Part, Side, Sides};
use super::single::measure_embeddings;
use super::split::Split;
use super::transform::Transform;
use crate::config::{ConfigError, Direction, Mode, Recipe};
use crate::picture::{Raster, RasterKind};

/// Ends of names that the files of one Cityscapes sample do not share.
const SUFFIXES: [&str; 5] = [
    "_leftImg8bit",
    "_gtFine_labelIds",
    "_gtFine_instanceIds",
    "_gtCoarse_labelIds",
    "_gtCoarse_instanceIds",
];

/// The folders of one split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folders {
    input: PathBuf,
    target: PathBuf,
    instances: Option<PathBuf>,
    features: Option<PathBuf>,
}

impl Folders {
    /// The folders of `split` in `root` that `recipe` needs, or `None` where one of them is not there.
    ///
    /// # Errors
    /// `root` is not a folder.
    pub(super) fn find(
        root: &Path,
        recipe: &Recipe,
        split: Split,
    ) -> Result<Option<Self>, DataError> {
        if !root.is_dir() {
            return Err(DataError::NotAFolder(root.to_owned()));
        }
        let [input, target] = names(recipe);
        let folder = |name: &str| root.join(format!("{}_{name}", split.prefix()));
        let present = |path: PathBuf| path.is_dir().then_some(path);
        let (input, target) = (folder(input), folder(target));
        let instances = recipe.data.instances.then(|| folder("inst"));
        let needed = [Some(&input), Some(&target), instances.as_ref()];
        if !needed.into_iter().flatten().all(|path| path.is_dir()) {
            return Ok(None);
        }
        let wants_features = recipe.encoder.features > 0;
        Ok(Some(Self {
            input,
            target,
            instances,
            features: wants_features.then(|| folder("feat")).and_then(present),
        }))
    }

    /// The error for a split that is needed and not there.
    pub(super) fn missing(root: &Path, recipe: &Recipe, split: Split) -> DataError {
        let prefix = split.prefix();
        let [input, target] = names(recipe);
        let has = |name: &str| root.join(format!("{prefix}_{name}")).is_dir();
        let hint = if recipe.data.classes > 0 && has("A") && has("B") {
            "; for pictures of two kinds set `data.classes=0`"
        } else if recipe.data.classes == 0 && has("label") {
            "; for label maps set `data.classes` to their number of classes"
        } else {
            ""
        };
        let instances = if recipe.data.instances {
            format!(" and `{prefix}_inst/`")
        } else {
            String::new()
        };
        let wanted = format!("`{prefix}_{input}/` and `{prefix}_{target}/`{instances}{hint}");
        DataError::NoLayout {
            root: root.to_owned(),
            mode: recipe.mode,
            split,
            wanted,
            found: describe_folder(root),
        }
    }
}

/// The ends of the names of the folders of input and target.
fn names(recipe: &Recipe) -> [&'static str; 2] {
    match (recipe.data.classes, recipe.data.direction) {
        (0, Direction::AToB) => ["A", "B"],
        (0, Direction::BToA) => ["B", "A"],
        _ => ["label", "img"],
    }
}

/// Switches `data.instances` off where the training pictures in `root` have no instance maps, so that the recipe says what
/// the networks are shown; also where `root` is empty. Puts the text of a palette where its file is named, so that a style needs
/// nothing beside it. Takes the names of classes from folders, and the length of vectors from their file, where the recipe asks for it.
///
/// # Errors
/// The recipe makes no sense without instance maps, its palette or its vectors cannot be read, or there are no such folders.
pub fn fit_to_data(recipe: &mut Recipe, root: &Path) -> Result<(), ConfigError> {
    if recipe.mode != Mode::Pix2pixhd {
        name_classes(recipe, root)?;
        return measure_embeddings(recipe, root);
    }
    let folder = format!("{}_inst", Split::Train.prefix());
    let is_named = !root.as_os_str().is_empty();
    recipe.data.instances &= is_named && root.join(folder).is_dir();
    recipe.data.palette =
        inlined(&recipe.data.palette, root).map_err(|error| ConfigError::BadValue {
            key: "data.palette".to_owned(),
            message: error.to_string(),
        })?;
    recipe.validate()
}

/// Pairs the files of `folders`.
///
/// # Errors
/// A folder is empty, or files have no partner or two; all of them are listed.
pub(super) fn sides(root: &Path, folders: &Folders, recipe: &Recipe) -> Result<Sides, DataError> {
    let side = |folder: &Path, files, content| {
        let name = folder.strip_prefix(root).unwrap_or(folder).display();
        let mut side = Side::new(name.to_string(), folder, files, Part::Whole);
        side.kind = content;
        side
    };
    let mut problems = Vec::new();
    let input = files(&folders.input, &mut problems)?;
    let target = files(&folders.target, &mut problems)?;
    unmatched(&target, &input, &folders.input, &mut problems);
    let targets = partners(&input, &target, &folders.target, &mut problems);
    let mut optional = |folder: &Option<PathBuf>, content| -> Result<Option<Side>, DataError> {
        let Some(folder) = folder else {
            return Ok(None);
        };
        let found = files(folder, &mut problems)?;
        let files = partners(&input, &found, folder, &mut problems);
        Ok(Some(side(folder, files, content)))
    };
    let instances = optional(&folders.instances, RasterKind::Ids)?;
    let features = optional(&folders.features, RasterKind::Features)?;
    DataError::from_problems(root, problems)?;
    let labels = if recipe.data.classes > 0 {
        RasterKind::Ids
    } else {
        RasterKind::Colours
    };
    let mut input = side(&folders.input, input.into_values().collect(), labels);
    input.labels = LabelCoding::new(&recipe.data, root)?;
    Ok(Sides {
        input,
        target: side(&folders.target, targets, RasterKind::Colours),
        instances,
        features,
    })
}

/// The files of `found`, those of the folder `other`, that belong to the files of `input`, in the order of these.
fn partners(
    input: &BTreeMap<String, PictureFile>,
    found: &BTreeMap<String, PictureFile>,
    other: &Path,
    problems: &mut Vec<DataError>,
) -> Vec<PictureFile> {
    unmatched(input, found, other, problems);
    input
        .keys()
        .filter_map(|key| found.get(key).cloned())
        .collect()
}

/// What the files of one sample share: the relative path without extension and without the ends that Cityscapes adds.
pub fn sample_key(stem: &str) -> &str {
    let ends = SUFFIXES.iter().filter_map(|end| stem.strip_suffix(end));
    ends.min_by_key(|key| key.len()).unwrap_or(stem)
}

/// The pictures of a folder by their keys; files with one key are problems.
fn files(
    folder: &Path,
    problems: &mut Vec<DataError>,
) -> Result<BTreeMap<String, PictureFile>, DataError> {
    let mut by_key: BTreeMap<String, PictureFile> = BTreeMap::new();
    for file in require_pictures(folder)? {
        let key = pair_name(sample_key(file.stem()));
        if let Some(first) = by_key.get(&key) {
            problems.push(same_name(first, &file));
        } else {
            by_key.insert(key, file);
        }
    }
    Ok(by_key)
}

/// Files of one folder without a partner in `other`, which holds `partners`.
fn unmatched(
    files: &BTreeMap<String, PictureFile>,
    partners: &BTreeMap<String, PictureFile>,
    other: &Path,
    problems: &mut Vec<DataError>,
) {
    let alone = files.iter().filter(|(key, _)| !partners.contains_key(*key));
    problems.extend(alone.map(|(key, file)| {
        DataError::Unmatched {
            path: file.path.clone(),
            stem: key.clone(),
            other: other.to_owned(),
            near: partners
                .iter()
                .find(|(name, _)| differ_by_case(key, name))
                .map(|(_, partner)| partner.path.clone()),
        }
    }));
}

impl Dataset {
    /// Whether samples have the layout of pix2pixHD.
    pub(super) fn is_labelled(&self) -> bool {
        self.recipe.mode == Mode::Pix2pixhd
    }

    /// The sides of a labelled sample, the input first.
    pub(super) fn labelled_sides(&self) -> impl Iterator<Item = &Side> {
        let maps = self.instances.iter().chain(&self.features);
        [&self.a, &self.b].into_iter().chain(maps)
    }

    /// As [`Dataset::fixed`].
    pub(super) fn labelled_fixed(&self, index: usize) -> Result<Sample, DataError> {
        let transform = self.transform.without_margin();
        let rasters = self.read_labelled(index, &transform)?;
        let augmentation = Augmentation::centre(transform.crop_range(rasters[0].size()));
        let finish = |raster: &Raster| transform.crop_and_flip(raster, augmentation);
        Ok(self.labelled_sample(index, rasters.iter().map(finish).collect()))
    }

    /// As [`Dataset::augmented`]: all maps of a sample are cropped and mirrored alike.
    pub(super) fn labelled_augmented(
        &self,
        epoch: u64,
        position: usize,
        index: usize,
    ) -> Result<Sample, DataError> {
        let random = &mut sample_random(self.recipe.train.seed, epoch, position as u64);
        let kept: Option<Vec<Arc<Raster>>> = self
            .labelled_sides()
            .map(|side| side.cache.get(index))
            .collect();
        let rasters = if let Some(kept) = kept {
            kept
        } else {
            let rasters = self.read_labelled(index, &self.transform)?;
            let sides = self.labelled_sides().zip(rasters);
            sides
                .map(|(side, raster)| side.cache.keep(index, raster))
                .collect()
        };
        let flip = self.recipe.data.flip;
        let augmentation =
            Augmentation::draw(random, self.transform.crop_range(rasters[0].size()), flip);
        let finish = |raster: &Arc<Raster>| self.transform.crop_and_flip(raster, augmentation);
        Ok(self.labelled_sample(index, rasters.iter().map(finish).collect()))
    }

    /// Reads and resizes the rasters of a sample, one for each side.
    fn read_labelled(&self, index: usize, transform: &Transform) -> Result<Vec<Raster>, DataError> {
        let input = &self.a.files[index].path;
        let mut size = None;
        self.labelled_sides()
            .map(|side| {
                let path = &side.files[index].path;
                let raster = side.read(path)?;
                // The files were checked before the training; this one may have changed since.
                let first = *size.get_or_insert(raster.size());
                same_size(input, first, path, raster.size())?;
                transform
                    .accepts(raster.size())
                    .map_err(|message| DataError::Unsuitable {
                        path: path.clone(),
                        message,
                    })?;
                Ok(transform.resize(raster))
            })
            .collect()
    }

    /// `rasters` are those of [`Dataset::labelled_sides`].
    fn labelled_sample(&self, index: usize, rasters: Vec<Raster>) -> Sample {
        let mut rasters = rasters.into_iter();
        let mut next = || rasters.next().expect("every side has given a raster");
        let (a_file, b_file) = (&self.a.files[index], &self.b.files[index]);
        Sample {
            mask: None,
            a: next(),
            b: next(),
            instances: self.instances.as_ref().map(|_| next()),
            features: self.features.as_ref().map(|_| next()),
            a_path: a_file.path.clone(),
            b_path: b_file.path.clone(),
            name: sample_key(a_file.stem()).to_owned(),
        }
    }
}

/// The error for a map that has another size than the input of its sample.
pub(super) fn same_size(
    input: &Path,
    size: (usize, usize),
    other: &Path,
    other_size: (usize, usize),
) -> Result<(), DataError> {
    if size == other_size {
        return Ok(());
    }
    let small = |(width, height): (usize, usize)| (width as u32, height as u32);
    Err(DataError::SizesDiffer {
        a: other.to_owned(),
        a_size: small(other_size),
        b: input.to_owned(),
        b_size: small(size),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_sample_share_their_key() {
        for (stem, key) in [
            ("aachen_0_leftImg8bit", "aachen_0"),
            ("a/aachen_0_gtFine_labelIds", "a/aachen_0"),
            ("aachen_0_gtFine_instanceIds", "aachen_0"),
            ("cmp_b0001", "cmp_b0001"),
        ] {
            assert_eq!(sample_key(stem), key);
        }
    }
}
