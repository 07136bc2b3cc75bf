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
    /// More pictures than one.
    #[error("`--output -` takes one picture, and `{}` with these options gives {count}: name a folder", input.display())]
    SeveralPictures {
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
    /// The input, or where the picture from standard input is.
    pub(super) input: PathBuf,
    /// The output folder, or where the picture for standard output will be.
    pub(super) output: PathBuf,
    /// The format, which the name of an output file decides where nothing else does.
    pub(super) format: OutputFormat,
    from_stdin: bool,
    to_stdout: bool,
    /// The file that the picture from standard input goes to, if it is not a folder that was named.
    file: Option<PathBuf>,
    /// Vanishes with this value.
    _folder: Option<TempDir>,
}

impl Streams {
    /// Reads standard input where `input` is `-`, and makes room for what goes to standard output where `output` is.
    ///
    /// # Errors
    /// A stream is a terminal, or the picture cannot be stored.
    pub(super) fn open(input: &Path, output: &Path, format: OutputFormat) -> anyhow::Result<Self> {
        let pipe = Path::new("-");
        let (from_stdin, to_stdout) = (input == pipe, output == pipe);
        if from_stdin && std::io::stdin().is_terminal() {
            return Err(StreamError::InputIsTerminal.into());
        }
        if to_stdout && std::io::stdout().is_terminal() {
            return Err(StreamError::OutputIsTerminal.into());
        }
        let folder = (from_stdin || to_stdout)
            .then(tempfile::tempdir)
            .transpose()
            .context("cannot make a temporary folder")?;
        let (mut real_input, mut real_output) = (input.to_owned(), output.to_owned());
        let (mut file, mut chosen) = (None, format);
        if let Some(folder) = &folder {
            let mut name = PathBuf::from("stdin");
            if to_stdout {
                real_output = folder.path().join("out");
            } else if has_picture_extension(output) && !output.is_dir() {
                file = Some(output.to_owned());
                real_output = output.parent().map(Path::to_owned).unwrap_or_default();
                name = output.file_name().map(PathBuf::from).unwrap_or(name);
                if format == OutputFormat::Same {
                    chosen = OutputFormat::of_extension(output);
                }
            }
            if from_stdin {
                real_input = folder.path().join(name);
                store(&real_input).context("cannot store the picture from standard input")?;
            }
        }
        Ok(Self {
            input: real_input,
            output: real_output,
            format: chosen,
            from_stdin,
            to_stdout,
            file,
            _folder: folder,
        })
    }

    /// The plan with the streams in it.
    ///
    /// # Errors
    /// It does not give one picture, or gives it another extension than was asked for.
    pub(super) fn checked(&self, mut plan: Plan) -> Result<Plan, StreamError> {
        plan.from_stdin = self.from_stdin;
        plan.to_stdout = self.to_stdout;
        if self.to_stdout && plan.len() != 1 {
            return Err(StreamError::SeveralPictures {
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
        if self.from_stdin {
            "-".into()
        } else {
            self.input.clone()
        }
    }
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
