//! `translate completions`.

use std::io::Write;

use anyhow::Context;
use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use super::exit::Exit;

/// Arguments of `translate completions`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  translate completions bash > ~/.local/share/bash-completion/completions/translate\n  translate completions zsh > ~/.zfunc/_translate\n  translate completions man > ~/.local/share/man/man1/translate.1"
)]
pub struct Arguments {
    /// Shell, or man for the manual page
    #[arg(value_enum)]
    target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
    Man,
}

impl Target {
    fn shell(self) -> Option<Shell> {
        Some(match self {
            Self::Bash => Shell::Bash,
            Self::Zsh => Shell::Zsh,
            Self::Fish => Shell::Fish,
            Self::Elvish => Shell::Elvish,
            Self::Powershell => Shell::PowerShell,
            Self::Man => return None,
        })
    }
}

/// Prints what is asked for of the whole command line.
pub(super) fn run(arguments: Arguments, mut command: Command) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    match arguments.target.shell() {
        Some(shell) => clap_complete::generate(shell, &mut command, "translate", &mut text),
        None => text = manual(command).context("cannot write the manual page")?,
    }
    // A reader that has gone away is no error.
    let _ = std::io::stdout().lock().write_all(&text);
    Ok(Exit::Done)
}

/// One page for the program and all its verbs.
fn manual(mut command: Command) -> std::io::Result<Vec<u8>> {
    command.build();
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    let mut open: Vec<Command> = command.get_subcommands().cloned().collect();
    open.reverse();
    while let Some(verb) = open.pop() {
        if verb.get_name() == "help" {
            continue;
        }
        let man = Man::new(verb.clone());
        let mut section = Vec::new();
        man.render_description_section(&mut section)?;
        man.render_options_section(&mut section)?;
        let name = verb
            .get_bin_name()
            .unwrap_or(verb.get_name())
            .to_uppercase();
        let section = String::from_utf8_lossy(&section).replace(".SH ", ".SS ");
        writeln!(page, ".SH \"{name}\"\n{}", section.trim_end())?;
        let inner: Vec<Command> = verb.get_subcommands().cloned().collect();
        open.extend(inner.into_iter().rev());
    }
    Ok(page)
}
