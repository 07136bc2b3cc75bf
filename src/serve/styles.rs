//! The styles that clients can name.

use std::path::PathBuf;

use serde::Serialize;
use utoipa::ToSchema;

use super::roots::below;
use crate::apply::FillOptions;
use crate::config::{Direction, Mode, Recipe};
use crate::data::LabelCoding;
use crate::style::{Manifest, Registry, StyleFolder, generator_stem};

/// The styles below one folder. Clients name them; they never give paths.
#[derive(Debug)]
pub(super) struct Styles {
    root: PathBuf,
    registry: Registry,
}

/// What clients are told about a style.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StyleReport {
    /// Its name.
    name: String,
    /// pix2pix, cycle, contrastive, pix2pixhd or inpaint.
    mode: String,
    /// The directions that it translates in, its own first.
    directions: Vec<String>,
    /// Network.
    arch: String,
    /// Size of the pictures in training.
    size: String,
    /// Steps of training.
    steps: u64,
    /// Whether its training is over.
    finished: bool,
    /// Whether it fills holes instead of translating pictures.
    fills: bool,
    /// Pixels over which what it fills in is blended into what is around a hole, unless others are asked for.
    feather: Option<usize>,
    /// Whether samples of one picture differ.
    varies: bool,
    /// Whether samples differ with dropout.
    dropout: bool,
    /// The classes of its label maps, if it takes such.
    labels: Option<LabelReport>,
    /// Whose it is.
    author: Option<String>,
    /// Under what terms it may be used.
    licence: Option<String>,
    /// States of its training that are styles of their own: NAME@STEP, NAME/best.
    states: Vec<String>,
}

/// What clients are told about label maps.
#[derive(Debug, Serialize, ToSchema)]
struct LabelReport {
    /// Number of classes.
    count: usize,
    /// Whether maps are written as colours; else as ids.
    coloured: bool,
    /// Whether instance maps are needed.
    instances: bool,
    /// The classes, with a colour for each.
    classes: Vec<ClassReport>,
}

/// What clients are told about a class.
#[derive(Debug, Serialize, ToSchema)]
struct ClassReport {
    /// What maps hold, unless they are coloured.
    id: u32,
    /// What it is called.
    name: String,
    /// Red, green and blue.
    colour: [u8; 3],
}

impl Styles {
    /// The styles below `root`, which need not exist.
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            registry: Registry::new(&root),
            root,
        }
    }

    /// Where they live.
    pub(super) fn root(&self) -> &PathBuf {
        &self.root
    }

    /// The folder of a name, whether it is a style or not, with links followed; none where that leads elsewhere.
    pub(super) fn folder(&self, name: &str) -> Option<StyleFolder> {
        let (base, state) = match (name.rsplit_once('@'), name.strip_suffix("/best")) {
            (Some((base, step)), _) => (base, Some(step)),
            (None, Some(base)) => (base, None),
            (None, None) => (name, None),
        };
        let folder = self.registry.place(base).ok()?;
        let folder = match state {
            Some(step) => folder.kept_at(step.parse().ok()?),
            None if base != name => StyleFolder::new(folder.best()),
            None => folder,
        };
        let root = self.root.canonicalize().ok()?;
        let path = below(&root, folder.path())?;
        path.is_dir().then_some(StyleFolder::new(path))
    }

    /// The style of a name, here or in the program.
    pub(super) fn find(&self, name: &str) -> Option<StyleFolder> {
        self.folder(name)
            .filter(|folder| folder.manifest().is_file())
            .or_else(|| StyleFolder::builtin(name))
    }

    /// All styles that can be used, by name. What is damaged is left out: `translate styles` says why.
    pub(super) fn all(&self) -> Vec<StyleReport> {
        let mut names = self.registry.names().unwrap_or_default();
        let builtin = self.registry.builtin().unwrap_or_default();
        names.extend(builtin.iter().map(StyleFolder::name));
        let reports = names.iter().filter_map(|name| self.report(name));
        reports.collect()
    }

    /// What clients are told about a style; none where it cannot be used.
    pub(super) fn report(&self, name: &str) -> Option<StyleReport> {
        let folder = self.find(name)?;
        let manifest = Manifest::read(&folder).ok()?;
        let recipe = &manifest.recipe;
        let own = recipe.data.direction;
        let other = match own {
            Direction::AToB => Direction::BToA,
            Direction::BToA => Direction::AToB,
        };
        let has_weights = |direction: &Direction| {
            generator_stem(recipe, *direction).is_some_and(|stem| folder.has_weights(stem))
        };
        let directions = [own, other].into_iter().filter(has_weights);
        let directions: Vec<String> = directions.map(|it| it.name().to_owned()).collect();
        if directions.is_empty() {
            return None;
        }
        let mut states = Vec::new();
        if folder.best().is_dir() {
            states.push(format!("{name}/best"));
        }
        let kept = folder.kept_steps().unwrap_or_default();
        states.extend(kept.into_iter().map(|step| format!("{name}@{step}")));
        Some(StyleReport {
            name: name.to_owned(),
            mode: recipe.mode.name().to_owned(),
            directions,
            arch: recipe.generator.arch.name().to_owned(),
            size: recipe.data.picture_size(),
            steps: manifest.training.steps,
            finished: manifest.training.finished || !manifest.training.imported_from.is_empty(),
            fills: recipe.mode == Mode::Inpaint,
            feather: (recipe.mode == Mode::Inpaint).then(|| FillOptions::usual_feather(recipe)),
            varies: recipe.has_several_looks(),
            dropout: has_dropout(recipe),
            labels: labels(recipe, &folder),
            author: manifest.author.clone(),
            licence: manifest.licence.clone(),
            states,
        })
    }
}

/// Whether translations of a style vary with dropout.
pub(super) fn has_dropout(recipe: &Recipe) -> bool {
    recipe.generator.dropout && !matches!(recipe.mode, Mode::Pix2pixhd | Mode::Inpaint)
}

fn labels(recipe: &Recipe, folder: &StyleFolder) -> Option<LabelReport> {
    // Other modes have the settings too, and no use for them.
    if recipe.mode != Mode::Pix2pixhd {
        return None;
    }
    let coding = LabelCoding::new(&recipe.data, folder.path()).ok()??;
    let classes = match coding.palette() {
        Some(palette) => {
            let classes = palette.classes().iter();
            classes
                .map(|class| ClassReport {
                    id: class.id,
                    name: class.name.clone(),
                    colour: class.colour,
                })
                .collect()
        }
        None => (0..coding.classes() as u32)
            .map(|id| ClassReport {
                id,
                name: format!("Class {id}"),
                colour: spread_colour(id),
            })
            .collect(),
    };
    Some(LabelReport {
        count: coding.classes(),
        coloured: coding.palette().is_some(),
        instances: recipe.data.instances,
        classes,
    })
}

/// A colour for a class that has none: hues a golden angle apart, in three lightnesses, so that neighbours differ.
fn spread_colour(id: u32) -> [u8; 3] {
    let hue = (f64::from(id) * 137.508) % 360.0;
    let lightness = [0.55, 0.7, 0.4][(id % 3) as usize];
    let chroma = 0.65 * f64::min(lightness, 1.0 - lightness);
    [0.0, 8.0, 4.0].map(|offset| {
        let place = (offset + hue / 30.0) % 12.0;
        let level = lightness - chroma * f64::min(place - 3.0, 9.0 - place).clamp(-1.0, 1.0);
        (level * 255.0).round() as u8
    })
}
