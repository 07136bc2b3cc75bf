//! One picture through standard input or to standard output.
//!
//! It is put into a temporary folder of its own, so that it goes the way of all pictures.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;

use crate::apply::{OutputFormat, Plan};
use crate::picture::has_picture_extension;

/// Standard input or output that cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// Nobody pipes anything in.
    #[error(
        "`--input -` reads a picture from standard input, which is a terminal: write `< picture.jpg` behind the command"
    )]
    InputIsTerminal,
    /// Bytes of a picture on a terminal.
    #[error(
        "`--output -` would write a picture to the terminal: write `> picture.jpg` behind the command, or name a folder"
    )]
    OutputIsTerminal,
    /// Standard input beside other inputs.
    #[error("`-` reads one picture from standard input, and cannot stand beside other inputs")]
    MixedInputs,
    /// A name that is that of a file, of a format that is not written.
    #[error("the output `{}` has the extension of no format that is written (jpg, png, webp, tiff, bmp, ppm): change it, or write `{}/` for a folder", .0.display(), .0.display())]
    UnknownExtension(PathBuf),
    /// More pictures than one.
    #[error("`--output {}` takes one picture, and `{}` with these options gives {count}: name a folder", output.display(), input.display())]
    SeveralPictures {
        /// The output.
        output: PathBuf,
        /// The input.
        input: PathBuf,
        /// How many there are.
        count: usize,
    },
    /// The extension of the output and its format.
    #[error("the translation is a picture of another kind than `{}` says: it belongs into `{}`; change the name or `--format`", file.display(), fitting.display())]
    OtherExtension {
        /// The file that was asked for.
        file: PathBuf,
        /// A name that fits.
        fitting: PathBuf,
    },
}

/// Where a run really reads and writes.
#[derive(Debug)]
pub(super) struct Streams {
    /// The inputs, or where the picture from standard input is.
    pub(super) inputs: Vec<PathBuf>,
    /// The output folder, or where the picture for standard output will be.
    pub(super) output: PathBuf,
    /// What the translation is called, if it is not called like its input.
    pub(super) name: Option<PathBuf>,
    /// The format, which the name of an output file decides where nothing else does.
    pub(super) format: OutputFormat,
    from_stdin: bool,
    to_stdout: bool,
    /// The file that the one translation goes to, if it is not a folder that was named.
    file: Option<PathBuf>,
    /// Vanishes with this value, and what is in it too.
    folder: Option<TempDir>,
}

impl Streams {
    /// Reads standard input where the input is `-`, and makes room for what goes to standard output where `output` is.
    ///
    /// # Errors
    /// A stream is a terminal, the picture cannot be stored, or the output is called like a file that cannot be written.
    pub(super) fn open(
        inputs: &[PathBuf],
        output: &Path,
        format: OutputFormat,
    ) -> anyhow::Result<Self> {
        let pipe = Path::new("-");
        let from_stdin = inputs.iter().any(|input| input == pipe);
        let to_stdout = output == pipe;
        if from_stdin && inputs.len() > 1 {
            return Err(StreamError::MixedInputs.into());
        }
        if from_stdin && std::io::stdin().is_terminal() {
            return Err(StreamError::InputIsTerminal.into());
        }
        if to_stdout && std::io::stdout().is_terminal() {
            return Err(StreamError::OutputIsTerminal.into());
        }
        if !to_stdout && has_unknown_extension(output) {
            return Err(StreamError::UnknownExtension(output.to_owned()).into());
        }
        let folder = (from_stdin || to_stdout)
            .then(tempfile::tempdir)
            .transpose()
            .context("cannot make a temporary folder")?;
        let mut streams = Self {
            inputs: inputs.to_owned(),
            output: output.to_owned(),
            name: None,
            format,
            from_stdin,
            to_stdout,
            file: None,
            folder: None,
        };
        let is_one = matches!(inputs, [input] if from_stdin || input.is_file());
        if is_one && has_picture_extension(output) && !output.is_dir() {
            streams.file = Some(output.to_owned());
            streams.output = output.parent().map(Path::to_owned).unwrap_or_default();
            streams.name = output.file_name().map(PathBuf::from);
            if format == OutputFormat::Same {
                streams.format = OutputFormat::of_extension(output);
            }
        }
        if let Some(folder) = &folder {
            if to_stdout {
                streams.output = folder.path().join("out");
            }
            if from_stdin {
                let place = folder.path().join("stdin");
                store(&place).context("cannot store the picture from standard input")?;
                streams.inputs = vec![place];
            }
        }
        streams.folder = folder;
        Ok(streams)
    }

    /// The plan with the streams in it.
    ///
    /// # Errors
    /// It does not give one picture, or gives it another extension than was asked for.
    pub(super) fn checked(&self, mut plan: Plan) -> Result<Plan, StreamError> {
        plan.from_stdin = self.from_stdin;
        plan.to_stdout = self.to_stdout;
        if (self.to_stdout || self.file.is_some()) && plan.len() != 1 {
            return Err(StreamError::SeveralPictures {
                output: self.output_name().to_owned(),
                input: self.input_name(),
                count: plan.len(),
            });
        }
        let planned = plan.picture(0).map(|picture| picture.task);
        if let (Some(file), Some(planned)) =
            (&self.file, planned.as_ref().and_then(|task| task.output()))
            && file != planned
        {
            return Err(StreamError::OtherExtension {
                file: file.clone(),
                fitting: planned.to_owned(),
            });
        }
        Ok(plan)
    }

    /// How the user calls the output.
    pub(super) fn output_name(&self) -> &Path {
        match &self.file {
            _ if self.to_stdout => Path::new("-"),
            Some(file) => file,
            None => &self.output,
        }
    }

    fn input_name(&self) -> PathBuf {
        match self.inputs.first() {
            Some(input) if !self.from_stdin => input.clone(),
            _ => "-".into(),
        }
    }
}

/// Whether a path that does not exist yet is called like a file, of a format that is not written. Versions such as `v1.2` are
/// names of folders.
fn has_unknown_extension(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    !text.ends_with(std::path::is_separator)
        && !extension.is_empty()
        && !extension.starts_with(|letter: char| letter.is_ascii_digit())
        && !has_picture_extension(path)
        && !path.is_dir()
}

/// Writes the translation to standard output, if there is one.
pub(super) fn deliver(plan: &Plan) -> anyhow::Result<()> {
    let task = plan.picture(0).map(|picture| picture.task);
    let Some(path) = task.as_ref().and_then(|task| task.output()) else {
        return Ok(());
    };
    if !path.is_file() {
        return Ok(());
    }
    let mut file = File::open(path).context("cannot read the translation")?;
    let mut stdout = std::io::stdout().lock();
    std::io::copy(&mut file, &mut stdout)
        .and_then(|_| stdout.flush())
        .context("cannot write the picture to standard output")
}

/// Copies standard input into a file.
fn store(path: &Path) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    std::io::copy(&mut std::io::stdin().lock(), &mut file)?;
    Ok(())
}
