//! The parts of the program that could be left out, and the way to them.

use burn::tensor::Device;
use clap::{ArgMatches, Command, FromArgMatches, Subcommand};

use super::exit::Exit;
use super::extension::{Extension, Verb};
use super::globals::Globals;
use crate::config::Recipe;
use crate::method::Method;
use crate::style::import::ImportOptions;
use crate::style::onnx::OnnxOptions;
use crate::style::{Manifest, OnnxFile, StyleError, StyleFolder};
use crate::train::{self, TrainError};

/// All of them. One is left out with its line here and the declarations of its modules.
const EXTENSIONS: &[&dyn Extension] = &[
    // Pictures from noise.
    &super::synthesis::Synthesis,
];

/// A verb of one of them.
#[derive(Debug)]
pub struct ExtensionVerb(Box<dyn Verb>);

impl ExtensionVerb {
    /// Carries it out.
    pub(super) fn run(self, globals: &Globals) -> anyhow::Result<Exit> {
        self.0.run(globals)
    }
}

impl FromArgMatches for ExtensionVerb {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let name = matches.subcommand_name().unwrap_or_default();
        let owner = EXTENSIONS.iter().find(|owner| owner.has_verb(name));
        let owner =
            owner.ok_or_else(|| clap::Error::new(clap::error::ErrorKind::InvalidSubcommand))?;
        owner.parse(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for ExtensionVerb {
    fn augment_subcommands(command: Command) -> Command {
        EXTENSIONS
            .iter()
            .fold(command, |command, owner| owner.add_verbs(command))
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        EXTENSIONS.iter().any(|owner| owner.has_verb(name))
    }
}

/// The method of a recipe: a [`train::BuildMethod`].
pub(super) fn build_method(
    recipe: &Recipe,
    device: &Device,
) -> Result<Box<dyn Method>, TrainError> {
    for owner in EXTENSIONS {
        if let Some(method) = owner.method(recipe, device)? {
            return Ok(method);
        }
    }
    train::build(recipe, device)
}

/// The ONNX model of a style of theirs.
pub(super) fn onnx(
    folder: &StyleFolder,
    manifest: &Manifest,
    options: &OnnxOptions,
    device: &Device,
) -> Result<Option<OnnxFile>, StyleError> {
    let models = EXTENSIONS.iter();
    let mut models = models.map(|owner| owner.onnx(folder, manifest, options, device));
    models.find_map(Result::transpose).transpose()
}

/// Imports a network of theirs.
pub(super) fn import(
    globals: &Globals,
    options: &ImportOptions,
    folder: &StyleFolder,
    device: &Device,
) -> anyhow::Result<Option<Exit>> {
    let imports = EXTENSIONS.iter();
    let mut imports = imports.map(|owner| owner.import(globals, options, folder, device));
    imports.find_map(Result::transpose).transpose()
}
