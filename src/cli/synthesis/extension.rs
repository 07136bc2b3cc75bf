//! The way to all that makes pictures from noise.

use burn::tensor::Device;
use clap::{ArgMatches, Command, FromArgMatches, Subcommand};

use super::import::import;
use super::verb::SynthesisVerb;
use crate::cli::exit::Exit;
use crate::cli::extension::{Extension, Verb};
use crate::cli::globals::Globals;
use crate::config::Recipe;
use crate::method::Method;
use crate::style::import::ImportOptions;
use crate::style::onnx::OnnxOptions;
use crate::style::{Manifest, OnnxFile, StyleError, StyleFolder};
use crate::synthesis;

/// Modes `generate` and `vae`, with `translate sample` and `translate encode`.
pub(in crate::cli) struct Synthesis;

impl Extension for Synthesis {
    fn add_verbs(&self, command: Command) -> Command {
        SynthesisVerb::augment_subcommands(command)
    }

    fn has_verb(&self, name: &str) -> bool {
        SynthesisVerb::has_subcommand(name)
    }

    fn parse(&self, matches: &ArgMatches) -> Result<Box<dyn Verb>, clap::Error> {
        Ok(Box::new(SynthesisVerb::from_arg_matches(matches)?))
    }

    fn method(
        &self,
        recipe: &Recipe,
        device: &Device,
    ) -> Result<Option<Box<dyn Method>>, StyleError> {
        let is_own = recipe.mode.makes_pictures();
        is_own
            .then(|| synthesis::method(recipe, device))
            .transpose()
    }

    fn onnx(
        &self,
        folder: &StyleFolder,
        manifest: &Manifest,
        options: &OnnxOptions,
        device: &Device,
    ) -> Result<Option<OnnxFile>, StyleError> {
        let is_own = manifest.recipe.mode.makes_pictures();
        let model = is_own.then(|| synthesis::generator_onnx(folder, manifest, options, device));
        model.transpose()
    }

    fn import(
        &self,
        globals: &Globals,
        options: &ImportOptions,
        folder: &StyleFolder,
        device: &Device,
    ) -> anyhow::Result<Option<Exit>> {
        import(globals, options, folder, device)
    }
}
