//! `coracle generate`: the man pages and shell completions, from the command line's own description. For packagers; hidden.

use super::Cli;
use super::error::CliError;
use clap::{Args, Command, CommandFactory as _, ValueEnum};
use clap_complete::Shell;
use std::io;
use std::path::{Path, PathBuf};

/// Write the man pages or the shell completions
#[derive(Debug, Args)]
pub struct GenerateArgs {
    #[arg(value_enum)]
    what: What,
    /// An existing folder
    dir: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Man,
    Completions,
}

/// Writes the files into the folder.
///
/// # Errors
/// A file cannot be written.
pub fn run(args: &GenerateArgs) -> Result<i32, CliError> {
    let fail = |source| CliError::Generate { dir: args.dir.clone(), source };
    match args.what {
        What::Man => man(&args.dir),
        What::Completions => completions(&args.dir),
    }
    .map_err(fail)?;
    Ok(0)
}

/// The description, the same on every machine: the width of a help text must not depend on the terminal it is made on.
fn description() -> Command {
    Cli::command().term_width(100)
}

fn man(dir: &Path) -> io::Result<()> {
    let mut command = description();
    command.build();
    page(&command, dir)
}

/// Writes the page of a command and those of its subcommands: `coracle.1`, `coracle-run.1`.
fn page(command: &Command, dir: &Path) -> io::Result<()> {
    clap_mangen::Man::new(command.clone()).manual("coracle").generate_to(dir)?;
    let mut visible = command.get_subcommands().filter(|inner| !inner.is_hide_set());
    visible.try_for_each(|inner| page(inner, dir))
}

fn completions(dir: &Path) -> io::Result<()> {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut description(), "coracle", dir)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
