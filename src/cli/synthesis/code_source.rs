//! Codes of pictures: by the encoder of a style, or by a search where it has none.

use std::path::{Path, PathBuf};

use anyhow::Context;
use burn::tensor::Device;

use crate::cli::exit::Exit;
use crate::cli::usage::UsageError;
use crate::config::Mode;
use crate::data::{DataError, require_pictures};
use crate::style::{Manifest, StyleFolder};
use crate::synthesis::{
    Code, CodeLaw, CodedPicture, Coder, CoderError, Inversion, PreparedPictures, ReadPictures,
};

/// Pictures that a network encodes, or makes, at once.
pub(super) const AT_ONCE: usize = 32;
/// Steps of a search where nobody says how many.
const USUAL_STEPS: usize = 300;

/// What says what a style makes pictures from that are like given ones.
pub(super) enum CodeSource {
    /// The encoder of an autoencoder.
    Encoder(Coder),
    /// A search through the generator.
    Search(Inversion),
}

impl CodeSource {
    /// That of a style, with this many `steps` of a search.
    ///
    /// # Errors
    /// The style makes no pictures, is told vectors, its weights are missing or damaged, or it has an encoder and there are `steps`.
    pub(super) fn load(
        folder: &StyleFolder,
        manifest: &Manifest,
        device: &Device,
        steps: Option<usize>,
    ) -> anyhow::Result<Self> {
        if manifest.recipe.tells_vectors() {
            return Err(UsageError::ToldVectors(folder.name()).into());
        }
        if manifest.recipe.mode == Mode::Generate {
            let steps = steps.unwrap_or(USUAL_STEPS);
            let inversion = Inversion::load(folder, manifest, device, steps)?;
            return Ok(Self::Search(inversion));
        }
        let coder = Coder::load(folder, manifest, device)?;
        match steps {
            Some(_) => Err(UsageError::SearchesNothing(folder.name()).into()),
            None => Ok(Self::Encoder(coder)),
        }
    }

    /// Reads `pictures`, whose class is the one at the place `class`, or that of their folder.
    pub(super) fn read(
        &self,
        pictures: &[CodedPicture],
        class: Option<usize>,
    ) -> Result<ReadPictures, CoderError> {
        match self {
            Self::Encoder(coder) => coder.read(pictures, class),
            Self::Search(inversion) => inversion.read(pictures, class),
        }
    }

    /// The codes of pictures, all at once.
    pub(super) fn codes(&self, pictures: &PreparedPictures) -> Vec<Code> {
        match self {
            Self::Encoder(coder) => coder.encode(pictures).into_iter().map(mean_code).collect(),
            Self::Search(inversion) => {
                let found = inversion.search(pictures).into_iter();
                found.map(|found| found.code).collect()
            }
        }
    }
}

/// Pictures that could not be read.
#[derive(Debug, Default)]
pub(super) struct Unread {
    count: usize,
}

impl Unread {
    /// Says why, and counts them.
    pub(super) fn note(&mut self, failures: &[DataError]) {
        for failure in failures {
            tracing::error!("{failure}");
        }
        self.count += failures.len();
    }

    /// What to add to the last line of a command.
    pub(super) fn suffix(&self) -> String {
        match self.count {
            0 => String::new(),
            count => format!(", {count} failed"),
        }
    }

    /// How the command ends that has done the rest.
    pub(super) fn exit(&self) -> Exit {
        match self.count {
            0 => Exit::Done,
            _ => Exit::SomeFailed,
        }
    }
}

/// What a picture is made from that has exactly the mean of a law.
pub(super) fn mean_code(law: CodeLaw) -> Code {
    Code::new(law.mean, law.class)
}

/// The pictures of all these paths, of which folders are listed.
///
/// # Errors
/// A folder cannot be listed, or there are no pictures.
pub(super) fn all_pictures<'a>(
    paths: impl Iterator<Item = &'a Path>,
) -> anyhow::Result<Vec<CodedPicture>> {
    let mut pictures = Vec::new();
    for path in paths {
        if path.is_dir() {
            let files = require_pictures(path)?.into_iter();
            pictures.extend(files.map(|file| CodedPicture {
                path: file.path,
                name: file.name,
            }));
        } else {
            let name = path.file_name().context("a picture has a name")?;
            pictures.push(CodedPicture {
                path: PathBuf::from(path),
                name: name.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(pictures)
}
