//! What the command line asks of a part of the program that could be left out.

use std::fmt::Debug;

use burn::tensor::Device;
use clap::{ArgMatches, Command};

use super::exit::Exit;
use super::globals::Globals;
use crate::config::Recipe;
use crate::method::Method;
use crate::style::import::ImportOptions;
use crate::style::onnx::OnnxOptions;
use crate::style::{Manifest, OnnxFile, StyleError, StyleFolder};

/// Modes that have their own methods, verbs and kinds of weight files. Answers `None` are left to the rest of the program.
pub(super) trait Extension: Sync {
    /// `command` with its verbs.
    fn add_verbs(&self, command: Command) -> Command;

    /// Whether it has a verb of this name.
    fn has_verb(&self, name: &str) -> bool;

    /// The verb that the user has called, which is one of its own.
    ///
    /// # Errors
    /// As of parsers.
    fn parse(&self, matches: &ArgMatches) -> Result<Box<dyn Verb>, clap::Error>;

    /// The method of a recipe with fresh weights on `device` (without automatic differentiation).
    ///
    /// # Errors
    /// A file or a style that the recipe names cannot be read or does not fit.
    fn method(
        &self,
        recipe: &Recipe,
        device: &Device,
    ) -> Result<Option<Box<dyn Method>>, StyleError>;

    /// An ONNX model of the generator of a style.
    ///
    /// # Errors
    /// Its weights are missing, damaged or of another network, or the options ask for what it does not have.
    fn onnx(
        &self,
        folder: &StyleFolder,
        manifest: &Manifest,
        options: &OnnxOptions,
        device: &Device,
    ) -> Result<Option<OnnxFile>, StyleError>;

    /// Imports the network of a weight file into `folder`, and says so.
    ///
    /// # Errors
    /// The file cannot be read, or the style not written.
    fn import(
        &self,
        globals: &Globals,
        options: &ImportOptions,
        folder: &StyleFolder,
        device: &Device,
    ) -> anyhow::Result<Option<Exit>>;
}

/// A verb with its arguments.
pub(super) trait Verb: Debug {
    /// Carries it out.
    ///
    /// # Errors
    /// What went wrong, for the user.
    fn run(self: Box<Self>, globals: &Globals) -> anyhow::Result<Exit>;
}
