//! `orgcache completions` and `orgcache man`: what shells and `man` know of the command line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;
use crate::failure::Failure;

/// Writes what a shell takes to complete words.
pub(crate) fn completions(shell: Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "orgcache", &mut script);
    io::stdout().lock().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the manual page of the command, with a section for each of its commands.
pub(crate) fn man() -> Result<ExitCode, Failure> {
    let mut command = Cli::command();
    command.build();
    let mut out = io::stdout().lock();
    Man::new(command.clone()).render(&mut out)?;
    for subcommand in command.get_subcommands().filter(|it| it.get_name() != "help") {
        write_section(subcommand, &mut out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write_section(command: &Command, out: &mut impl Write) -> io::Result<()> {
    let page = Man::new(command.clone());
    writeln!(out, ".SH \"{}\"", command.get_bin_name().unwrap_or(command.get_name()).to_uppercase())?;
    page.render_description_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_options_section(out)
}
